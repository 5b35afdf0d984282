//! What users write, as types: parsed and checked here, carried out elsewhere.

#[cfg(feature = "probe")]
pub mod action;
pub mod quantity;
