//! Idle is idle: how often does PID 1 run while nothing happens, and how many system calls does it make?
//! All inits are watched over the same seconds: one of each untraced, for its context switches, and one
//! of each traced, for its calls.

use std::thread::sleep;
use std::time::Duration;

use crate::clock::Instant;
use crate::contender::{Contender, Mode};
use crate::launch::Running;
use crate::measure::{Bench, SETTLE};
use crate::proc;
use crate::rounds::{Cell, each};
use crate::table::{Bar, Row, Show, Unit};
use crate::trace::{self, Resume, Stop};
use crate::witness;

pub fn run(bench: &Bench) -> Vec<Row> {
    let time = Duration::from_secs(if bench.quick { 2 } else { 5 });
    let mut all = each(&bench.contenders, |one| Watched::start(bench, one));
    look_after(&mut all, SETTLE * 5);
    for_each(&mut all, Watched::set_zero);
    look_after(&mut all, time);
    for_each(&mut all, Watched::read);

    let per_minute = |count: f64| count * 60.0 / time.as_secs_f64();
    let row = |name, figure: fn(&Watched) -> f64| {
        let cells = all.iter().map(|one| match one {
            Ok(watched) => Cell::Samples(vec![per_minute(figure(watched))]),
            Err(cell) => cell.clone(),
        });
        let bar = Bar::AtMost { must: 0.0, wish: 0.0 };
        Row { name, unit: Unit::Count, show: Show::Figure, bar, cells: cells.collect() }
    };
    vec![
        row("idle: wake-ups a minute", |watched| watched.switches),
        row("idle: system calls a minute", |watched| f64::from(watched.calls)),
    ]
}

struct Watched {
    untraced: Running,
    switches: f64,
    traced: Running,
    calls: u32,
}

impl Watched {
    fn start(bench: &Bench, one: &Contender) -> Result<Self, String> {
        let command = bench.witnesses.sleeper(one, Mode::Default);
        let (untraced, _link) = witness::start(command.clone())?;
        let traced = command.traced().start()?;
        trace::wait(traced.pid, true)?;
        trace::prepare(traced.pid, false)?;
        trace::resume(traced.pid, Resume::ToSyscall, 0)?;
        Ok(Watched { untraced, switches: 0.0, traced, calls: 0 })
    }

    fn set_zero(&mut self) -> Result<(), String> {
        self.calls = 0;
        self.switches = proc::switches(self.untraced.pid)?;
        Ok(())
    }

    fn read(&mut self) -> Result<(), String> {
        self.switches = proc::switches(self.untraced.pid)? - self.switches;
        Ok(())
    }

    /// Count the traced one's calls and let it go on.
    fn attend(&mut self) -> Result<(), String> {
        while let Some((pid, stop)) = trace::wait(self.traced.pid, false)? {
            let signal = match stop {
                Stop::Gone => return Err("ended instead of waiting for its child".to_owned()),
                Stop::Syscall => {
                    self.calls += u32::from(trace::entry(pid)?.is_some());
                    0
                }
                Stop::Signal(libc::SIGTRAP) => 0,
                Stop::Signal(number) => number,
            };
            trace::resume(pid, Resume::ToSyscall, signal)?;
        }
        Ok(())
    }
}

fn look_after(all: &mut [Result<Watched, Cell>], time: Duration) {
    let end = Instant::now() + time;
    while Instant::now() < end {
        for_each(all, Watched::attend);
        sleep(Duration::from_millis(1));
    }
}

/// Whoever fails is out, with the reason in its cell.
fn for_each(all: &mut [Result<Watched, Cell>], step: fn(&mut Watched) -> Result<(), String>) {
    for one in all {
        if let Ok(watched) = one
            && let Err(why) = step(watched)
        {
            *one = Err(Cell::Failed(why));
        }
    }
}
