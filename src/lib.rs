//! podinit: PID 1 for containers. See `docs/architecture.md` for the rooms and the way of a signal.

#![warn(clippy::undocumented_unsafe_blocks)]
#![deny(unsafe_op_in_unsafe_fn)]
// PID 1 cannot afford to panic, and nothing a user can type or send may make it.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable
    )
)]

#[cfg(feature = "probe")]
pub mod agent;
pub mod cli;
#[cfg(feature = "manifest")]
pub mod downward;
pub mod duration;
pub mod init;
pub mod lifecycle;
#[cfg(feature = "probe")]
pub mod link;
pub mod plan;
#[cfg(feature = "probe")]
pub mod probe;
pub mod signal;
pub mod spec;
pub mod sys;
#[cfg(feature = "probe")]
pub mod wait;
