//! Whole lives of pods in virtual time.

use super::*;
use crate::lifecycle::restart::Policy;
use crate::plan::life::PodLife;

mod again;
mod chance;
mod ending;
mod history;
mod lives;
mod order;
mod program;
mod random;
#[cfg(feature = "manifest")]
mod recorded;
mod witness;
mod world;
