//! What users write, as types: parsed and checked here, carried out elsewhere.

#[cfg(feature = "probe")]
pub mod action;
#[cfg(feature = "manifest")]
pub mod capability;
#[cfg(feature = "manifest")]
pub mod document;
#[cfg(feature = "manifest")]
pub mod field_path;
#[cfg(feature = "manifest")]
pub mod manifest;
pub mod names;
#[cfg(feature = "manifest")]
pub mod pod;
pub mod quantity;
pub mod quote;
#[cfg(feature = "manifest")]
pub mod resource_field;
#[cfg(feature = "manifest")]
pub mod stop_signal;
#[cfg(feature = "manifest")]
pub mod volume_item;
