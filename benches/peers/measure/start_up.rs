//! The whole run of `INIT -- nothing` as a plain process: what an init adds to the life of a short program.
//! `nothing` is also run without an init after each: the same program in every column, it shows how much of
//! the wall time is not the init's, and by how far its ratios stray from 1 how far to trust the others.

use crate::clock::Instant;
use crate::contender::{Contender, Mode};
use crate::launch::Command;
use crate::measure::Bench;
use crate::rounds::rounds;
use crate::table::{Bar, Row, Show, Unit};
use crate::trace::{self, Resume, Stop, Watchdog};
use crate::witness::NOTHING_CODE;

pub fn run(bench: &Bench) -> Vec<Row> {
    let command = |one: &Contender| one.command(Mode::Plain, &bench.witnesses.nothing);
    let bare = Command::new(&bench.witnesses.nothing);
    let [wall, cpu, faults, floor] = rounds(&bench.contenders, bench.rounds(1000), |_, one| {
        let ([wall, cpu, faults], [floor, ..]) = (once(&command(one))?, once(&bare)?);
        Ok([wall, cpu, faults, floor])
    });
    let [calls] = rounds(&bench.contenders, 3, |_, one| Ok([system_calls(command(one))?]));
    let row = |name, unit, bar, cells| Row { name, unit, show: Show::Ratio, bar, cells };
    let bar = Bar::RatioAtMost { peer: "tini-static", must: 1.15, wish: 0.9 };
    vec![
        row("start-up: wall", Unit::Nanos, bar, wall),
        row("start-up: CPU", Unit::Nanos, Bar::Open, cpu),
        row("start-up: page faults", Unit::Count, Bar::Open, faults),
        row("start-up: system calls", Unit::Count, Bar::Open, calls),
        row("… wall of the child alone, no init", Unit::Nanos, Bar::Open, floor),
    ]
}

/// Wall time from before the clone to after the reaping, CPU time and minor faults of init and child.
fn once(command: &Command) -> Result<[f64; 3], String> {
    let start = Instant::now();
    let mut running = command.start()?;
    let ended = running.wait()?;
    let wall = start.elapsed();
    let ended = ended.expect_code(NOTHING_CODE)?;
    Ok([wall.as_nanos() as f64, ended.cpu.as_nanos() as f64, ended.minor_faults as f64])
}

/// All system calls of init and child from the init's first instruction on, the child's two included.
fn system_calls(command: Command) -> Result<f64, String> {
    let _watchdog = Watchdog::new(10);
    let traced = command.traced().start()?;
    trace::wait(traced.pid, true)?;
    trace::prepare(traced.pid, true)?;
    trace::resume(traced.pid, Resume::ToSyscall, 0)?;
    let mut calls = 0;
    while let Some((pid, stop)) = trace::wait(-1, true)? {
        let signal = match stop {
            Stop::Gone if pid == traced.pid => break,
            Stop::Gone => continue,
            Stop::Syscall => {
                calls += u32::from(trace::entry(pid)?.is_some());
                0
            }
            // A new tracee's first stop, an exec, a fork.
            Stop::Signal(libc::SIGSTOP | libc::SIGTRAP) => 0,
            Stop::Signal(number) => number,
        };
        trace::resume(pid, Resume::ToSyscall, signal)?;
    }
    traced.was_reaped();
    Ok(f64::from(calls))
}
