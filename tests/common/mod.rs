//! What every test here drives an init with.
//!
//! - [`Subject`]: which program is under test (ours, ours under a peer's name, the peer itself);
//! - [`Run`]: how it is started (arguments, environment, PID 1 or not, descriptors, signal sets, terminal…);
//! - [`Running`], [`Finished`]: the started init, seen from outside, and how it ended;
//! - [`witness`]: the program an init is given to run; [`Report`] and [`Recording`] read what it wrote;
//! - [`dns`], [`image`]: a name server for podinit to ask, and a root directory of its own;
//! - [`Server`], [`serve`], [`tls`], [`Nginx`]: what a probe connects to;
//! - [`Trace`]: the system calls of a running process;
//! - [`TempDir`], [`lines`], [`poll_until`], [`DEADLINE`].
//!
//! Nothing here sleeps in order to wait and no time is asserted tightly: a test waits for a fact, and [`DEADLINE`] is
//! only there so that a failure ends.

#![allow(dead_code)] // each module of the suite uses its part

pub mod dns;
mod family;
pub mod image;
pub mod markdown;
#[cfg(feature = "probe")]
mod nginx;
mod process;
mod run;
mod running;
#[cfg(feature = "probe")]
mod server;
mod spawn;
mod subject;
mod temp;
mod terminal;
#[cfg(feature = "probe")]
pub mod tls;
mod trace;
mod witness;

#[macro_use]
mod conform;

pub use family::Family;
#[cfg(feature = "probe")]
pub use nginx::Nginx;
pub use process::*;
pub use run::{Run, Stdio, own, recorded, reported};
pub use running::{Finished, Running};
#[cfg(feature = "probe")]
pub use server::{Connection, Refusing, Server, Unaccepting, loopbacks, serve};
pub use subject::Subject;
pub use temp::TempDir;
pub use terminal::Terminal;
pub use trace::Trace;
pub use witness::{Recording, Report, witness};

use std::time::{Duration, Instant};

/// How long a fact may take to become true on a loaded machine before the test fails.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// Asks again and again until there is an answer; `None` when `deadline` has passed without one.
pub fn poll_until<T>(deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + deadline;
    let mut pause = Duration::from_micros(200);
    loop {
        // The time is read before the question, so that the last question is asked after the deadline.
        let now = Instant::now();
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if now >= end {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(10));
    }
}

/// Waits for a fact and fails the test, naming it, if it does not become true.
#[track_caller]
pub fn eventually(fact: &str, mut holds: impl FnMut() -> bool) {
    assert!(poll_until(DEADLINE, || holds().then_some(())).is_some(), "never happened: {fact}");
}

/// How many lines there are in a file; none if there is no such file.
pub fn lines(file: &str) -> usize {
    std::fs::read_to_string(file).map_or(0, |text| text.lines().count())
}

/// The pid that a shell has written to a file, once the line is whole.
pub fn pid_in(file: &str) -> Option<i32> {
    std::fs::read_to_string(file).ok()?.strip_suffix('\n')?.trim().parse().ok()
}

/// The writing end of a pipe that nobody reads: a write there fails with EPIPE, after SIGPIPE.
pub fn pipe_without_reader() -> std::os::fd::OwnedFd {
    spawn::pipe().unwrap().1
}

/// (reading end, writing end)
pub fn pipe() -> (std::fs::File, std::os::fd::OwnedFd) {
    spawn::pipe().unwrap()
}

/// A user without any other process, so that `RLIMIT_NPROC` counts from zero.
pub fn unused_user() -> u32 {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let own_range = 100_000 + (std::process::id() % 10_000) * 100;
    own_range + NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
