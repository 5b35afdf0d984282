//! The window in which PID 1 loses a TERM: from its first instruction until TERM is blocked or caught the
//! kernel drops it. Found without chance: under ptrace, at fixed addresses, from the exec's stop to the
//! system call that blocks or catches TERM. For a dynamic binary that includes the dynamic linker.
//!
//! Instructions are counted by single steps (a repeated string instruction counts once); the time is taken
//! in runs of their own with a hardware breakpoint at that call, and includes waking the tracer: what a
//! window of a few instructions shows is that and no more.

use crate::clock::Instant;
use crate::contender::{Contender, Mode};
use crate::launch::{Command, Running};
use crate::measure::Bench;
use crate::processors::Pinned;
use crate::rounds::rounds;
use crate::table::{Bar, Row, Show, Unit};
use crate::trace::{self, Entry, Resume, Stop, Watchdog};

pub fn run(bench: &Bench) -> Vec<Row> {
    let command = |one: &Contender| one.command(Mode::Plain, &bench.witnesses.nothing).traced();
    let mut ends: Vec<Option<End>> = bench.contenders.iter().map(|_| None).collect();
    let [calls] = rounds(&bench.contenders, 1, |index, one| {
        let end = ends[index].insert(find_end(&command(one))?);
        Ok([end.calls_before as f64])
    });
    let end = |index: usize| ends[index].as_ref().ok_or("its end was not found");
    let [instructions] =
        rounds(&bench.contenders, 1, |index, one| Ok([step_to(&command(one), end(index)?)?]));
    let [time] = rounds(&bench.contenders, bench.rounds(200), |index, one| {
        Ok([run_to(&command(one), end(index)?)?])
    });
    let row = |name, unit, cells| Row { name, unit, show: Show::Ratio, bar: Bar::Open, cells };
    vec![
        row("window that loses a TERM: instructions", Unit::Count, instructions),
        row("window that loses a TERM: system calls", Unit::Count, calls),
        row("window that loses a TERM: time", Unit::Nanos, time),
    ]
}

/// The system call that ends the window.
struct End {
    /// The address of the instruction that enters the kernel.
    address: u64,
    /// How often that instruction runs until then, this time included.
    passes: u32,
    calls_before: usize,
}

fn exec_stop(command: &Command) -> Result<Running, String> {
    let traced = command.start()?;
    trace::wait(traced.pid, true)?;
    trace::prepare(traced.pid, false)?;
    Ok(traced)
}

/// Let it run on and hand back the next stop, in which a signal's arrival or its end is an error.
fn advance(traced: &Running, how: Resume) -> Result<Stop, String> {
    trace::resume(traced.pid, how, 0)?;
    match trace::wait(traced.pid, true)? {
        Some((_, Stop::Gone)) => Err("ended without having blocked or caught TERM".to_owned()),
        Some((_, stop @ (Stop::Syscall | Stop::Signal(libc::SIGTRAP)))) => Ok(stop),
        Some((_, Stop::Signal(number))) => Err(format!("signal {number} came up")),
        None => Err("no stop".to_owned()),
    }
}

fn find_end(command: &Command) -> Result<End, String> {
    let _watchdog = Watchdog::new(10);
    let traced = exec_stop(command)?;
    let mut addresses = Vec::new();
    loop {
        advance(&traced, Resume::ToSyscall)?;
        let Some(entry) = trace::entry(traced.pid)? else {
            continue;
        };
        let address = entry.after - trace::SYSCALL_INSTRUCTION;
        addresses.push(address);
        if takes_term(traced.pid, &entry) {
            let passes = addresses.iter().filter(|&&other| other == address).count() as u32;
            return Ok(End { address, passes, calls_before: addresses.len() - 1 });
        }
    }
}

/// Does this call block TERM or give it a handler?
fn takes_term(pid: i32, entry: &Entry) -> bool {
    let [first, pointer, ..] = entry.arguments;
    let term = 1 << (libc::SIGTERM - 1);
    match entry.number {
        libc::SYS_rt_sigprocmask => {
            let adds = first == libc::SIG_BLOCK as u64 || first == libc::SIG_SETMASK as u64;
            adds && pointer != 0 && trace::peek(pid, pointer) & term != 0
        }
        // The handler is the first word; SIG_DFL is 0 and SIG_IGN is 1.
        libc::SYS_rt_sigaction => {
            first == libc::SIGTERM as u64 && pointer != 0 && trace::peek(pid, pointer) > 1
        }
        _ => false,
    }
}

/// The number of instructions before the window's end.
fn step_to(command: &Command, end: &End) -> Result<f64, String> {
    let _watchdog = Watchdog::new(60);
    // A step costs a tenth when tracer and tracee need not wake each other across processors.
    let _pinned = Pinned::here();
    let traced = exec_stop(command)?;
    let mut counter = trace::program_counter(traced.pid)?;
    let (mut instructions, mut passes) = (0_u32, 0);
    loop {
        passes += u32::from(counter == end.address);
        if passes == end.passes {
            return Ok(f64::from(instructions));
        }
        advance(&traced, Resume::OneInstruction)?;
        let next = trace::program_counter(traced.pid)?;
        instructions += u32::from(next != counter);
        counter = next;
    }
}

/// The time from the first instruction to the window's end.
fn run_to(command: &Command, end: &End) -> Result<f64, String> {
    let _watchdog = Watchdog::new(10);
    let traced = exec_stop(command)?;
    trace::break_at(traced.pid, end.address)?;
    let start = Instant::now();
    for _ in 0..end.passes {
        advance(&traced, Resume::Freely)?;
    }
    Ok(start.elapsed().as_nanos() as f64)
}
