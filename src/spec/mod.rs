//! What users write, as types: parsed and checked here, carried out elsewhere.

pub mod action;
