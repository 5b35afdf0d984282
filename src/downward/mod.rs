//! The Downward API as files and text: what `plan::pod` says is in them is written here, as the kubelet writes it.

pub mod variables;
pub mod writer;
