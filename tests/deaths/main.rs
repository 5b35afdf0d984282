//! The process for hooks and probes dies a thousand times, at moments that nobody chose, on a machine with too much to do,
//! and nothing is lost: no stop request, no restart, no verdict that was given, and no command lives on (design 4, 8).
//!
//! A program of its own, since it wants the machine for itself. Many short lives are lived side by side, as the pause
//! before another agent grows with each death. What is chosen follows from a life's number, which a failure names.

#[allow(unused_imports)] // here is a part of it
#[path = "../common/mod.rs"]
mod common;
mod famine;
mod life;

use famine::Famine;
use life::{Life, Tally};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// So many deaths, by what podinit itself says of them.
const DEATHS: usize = 1000;

/// Lives at once for each processor: far more than it can serve in time.
const CROWD: usize = 6;

fn main() {
    if !is_wanted() {
        return;
    }
    let began = Instant::now();
    let famine = Famine::begin();
    let (next, total) = (AtomicU64::new(0), Mutex::new(Tally::default()));
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    let count = || total.lock().unwrap().deaths;
    std::thread::scope(|scope| {
        for _ in 0..processors * CROWD {
            scope.spawn(|| {
                while count() < DEATHS {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let _named = Named(number);
                    let tally = Life::of(number, famine.as_ref()).live();
                    total.lock().unwrap().add(tally);
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    let starved = famine.as_ref().map_or("(none could be set)".to_owned(), |famine| {
        format!("({} processes killed)", famine.killed())
    });
    println!(
        "{} deaths of the agent in {} lives: {} by SIGKILL, {} by SIGSTOP, {} with its attempts, {} by a limit of memory \
         {starved}; {} restarts; {:?}",
        total.deaths,
        next.into_inner(),
        total.killed,
        total.stopped,
        total.with_family,
        total.starved,
        total.restarts,
        began.elapsed(),
    );
    assert!(total.deaths >= DEATHS && total.restarts > 0);
    let kinds = [total.killed, total.stopped, total.with_family];
    assert!(kinds.iter().all(|kind| *kind >= DEATHS / 20), "{kinds:?}");
    if let Some(famine) = famine {
        assert!(famine.killed() > 0 && total.starved > 0);
    }
}

/// As of any test: it is only listed where that is asked for, and not run where another is named.
fn is_wanted() -> bool {
    const NAME: &str = "the_agent_dies_a_thousand_times";
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == "--list") {
        println!("{NAME}: test");
        return false;
    }
    let mut names = arguments.iter().filter(|argument| !argument.starts_with('-')).peekable();
    names.peek().is_none() || names.any(|name| NAME.contains(name.as_str()))
}

/// Says which life a failure belongs to.
struct Named(u64);

impl Drop for Named {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("that was life {}", self.0);
            // The others are of no use any more.
            std::process::exit(1);
        }
    }
}
