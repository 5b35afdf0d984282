//! One subject a file; each gives the rows of one group.

mod early_term;
mod memory;
mod orphans;
mod signal;
mod size;
mod start_up;
mod stop;
mod wake_ups;
mod window;

use std::time::Duration;

use crate::contender::Contender;
use crate::table::Row;
use crate::witness::Witnesses;

/// What every measure works with.
pub struct Bench {
    /// podinit first.
    pub contenders: Vec<Contender>,
    pub witnesses: Witnesses,
    pub quick: bool,
}

impl Bench {
    /// How often: a tenth of it, but no less than three times, when in a hurry.
    fn rounds(&self, usual: usize) -> usize {
        if self.quick { (usual / 10).max(3).min(usual) } else { usual }
    }
}

pub struct Measure {
    /// What selects it on the command line.
    pub name: &'static str,
    /// PID namespaces can be made by root only.
    pub needs_root: bool,
    pub run: fn(&Bench) -> Vec<Row>,
}

pub const ALL: &[Measure] = &[
    Measure { name: "start-up", needs_root: false, run: start_up::run },
    Measure { name: "memory", needs_root: true, run: memory::run },
    Measure { name: "wake-ups", needs_root: true, run: wake_ups::run },
    Measure { name: "orphans", needs_root: true, run: orphans::run },
    Measure { name: "signal", needs_root: true, run: signal::run },
    Measure { name: "stop", needs_root: true, run: stop::run },
    Measure { name: "size", needs_root: false, run: size::run },
    Measure { name: "window", needs_root: false, run: window::run },
    Measure { name: "early-term", needs_root: true, run: early_term::run },
];

/// Long enough for an init to have come to rest after the start of its child.
const SETTLE: Duration = Duration::from_millis(200);
