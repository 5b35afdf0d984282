//! The tests of what podinit does as a program, one file per capability and one link for all.
//!
//! `cargo test --test suite` drives our binary; `-- --ignored peer` drives the real tini, dumb-init and catatonit with the
//! same rules, which shows that the rules are true.

#[macro_use]
mod common;

#[path = "suite/harness.rs"]
mod harness;
