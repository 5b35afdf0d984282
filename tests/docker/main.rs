//! podinit under a real engine, as the entrypoint of real images.
//!
//! Needs a Docker engine: `cargo test --test docker -- --include-ignored`.

mod builder;
mod engine;
mod images;
mod pty;

#[path = "../common/markdown.rs"]
#[allow(dead_code, reason = "the suite uses the rest")]
mod markdown;

#[allow(dead_code, reason = "compiled in an image; named here for rustfmt and clippy")]
mod app;

mod capabilities;
mod confined;
mod daemon;
mod exec;
mod image;
mod leftovers;
mod lives;
mod lives_in_need;
mod memory;
mod named;
mod options;
mod probe;
mod readme;
mod signals;
mod stop;
mod terminal;
