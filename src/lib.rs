//! podinit: PID 1 for containers. See `docs/architecture.md` for the rooms and the way of a signal.

#![warn(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod cli;
pub mod duration;
pub mod init;
pub mod lifecycle;
pub mod plan;
pub mod signal;
pub mod sys;
