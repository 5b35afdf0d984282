//! `podinit wait CONDITION... [-- COMMAND]`: in place of loops around nslookup and nc.

use std::ffi::OsString;
use std::time::Duration;

use clap::Parser;

use super::super::{Outcome, Placed, Refusal, Start};
use super::arguments::{self, Time, Typed, some_time, some_time_or_infinity};
use super::request::Request;
use super::{FAILURE, refuse};
use crate::init::exec_in_place;
use crate::init::manners::Manners;
use crate::init::report::{Level, Log, Style};
use crate::lifecycle::conditions::Terms;
use crate::probe::Trust;
use crate::spec::action::Role;
use crate::sys::wait::Exit;
use crate::sys::words::Words;
use crate::wait::{Condition, End, Order, wait};

/// What `timeout` exits with too.
const TIMED_OUT: u8 = 124;

/// Wait until all conditions hold, then exit 0 or become COMMAND
#[derive(Parser)]
#[command(
    bin_name = "podinit wait",
    after_help = "\
CONDITION: http://[HOST][:PORT]/PATH, https://…, tcp://[HOST]:PORT, grpc://[HOST]:PORT[/SERVICE], dns://NAME,
file:PATH, exec:CMD ARG... (words as in a shell, but no shell). An empty HOST is 127.0.0.1.

All are tried at once and side by side; one that has held is not tried again. The pause between two attempts
grows from 100 ms to 2 s.

Exit code: 0, or COMMAND's own; 124 if the time is over; 128+N when signal N ended the wait; 126 if COMMAND is not
executable, 127 if it is not found; 125 if the command line cannot be understood."
)]
struct Arguments {
    /// What to wait for
    #[arg(required = true, value_name = "CONDITION", value_parser = |text: &str| Typed::parse(text, Role::Condition))]
    conditions: Vec<Typed>,

    /// How long to wait in all
    #[arg(long, value_name = "D", default_value = "infinity", value_parser = some_time_or_infinity)]
    timeout: Time,

    /// The pause between two attempts [default: 100ms, doubled up to 2s]
    #[arg(long, value_name = "D", value_parser = some_time)]
    interval: Option<Duration>,

    /// How long one attempt may take
    #[arg(long, value_name = "D", default_value = "5s", value_parser = some_time)]
    attempt_timeout: Duration,

    /// One condition is enough
    #[arg(long)]
    any: bool,

    /// Wait until they do not hold
    #[arg(long)]
    not: bool,

    #[command(flatten)]
    request: Request,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,

    /// What to become then
    #[arg(last = true)]
    command: Vec<OsString>,
}

/// A wait, and where on the command line the program stands that follows.
pub struct Job {
    order: Order,
    trust: Trust,
    program: Option<usize>,
}

#[cold]
#[inline(never)]
pub fn read(words: &Words) -> Result<Outcome, Refusal> {
    arguments::read(words, |mut arguments: Arguments| {
        let wrong = |problem: String| refuse(&format!("wait: {problem}"));
        let actions = arguments.conditions.iter_mut().map(|condition| &mut condition.action);
        let trust = arguments.request.apply(actions).map_err(wrong)?;
        let conditions = arguments.conditions.into_iter();
        let conditions =
            conditions.map(|Typed { action, text }| Condition { action, text }).collect();
        let Time(limit) = arguments.timeout;
        let terms =
            Terms { any: arguments.any, not: arguments.not, interval: arguments.interval, limit };
        let order =
            Order { conditions, terms, attempt: arguments.attempt_timeout, quiet: arguments.quiet };
        let dashes = (2..words.len()).find(|index| words.get(*index) == Some(c"--"));
        let program = dashes.map(|index| index + 1).filter(|_| !arguments.command.is_empty());
        Ok(Outcome::Wait(Job { order, trust, program }))
    })
}

impl Job {
    /// Waits, and becomes the program if there is one. Returns the exit code.
    #[cold]
    #[inline(never)]
    pub fn run(self, mut start: Start) -> u8 {
        let manners = Manners::adopt(start.mask);
        let mut prober = arguments::prober(&mut start, &manners, &self.trust);
        match (wait(&self.order, &mut prober), self.program) {
            (End::Stopped(signal), _) => Exit::Signal(signal).code(),
            (End::TimedOut, _) => TIMED_OUT,
            (End::Met, None) => 0,
            (End::Met, Some(at)) => become_program(at, start, &manners),
        }
    }
}

fn become_program(at: usize, start: Start, manners: &Manners) -> u8 {
    let log = Log::new(Style::Text, Level::Warning);
    let Some(program) = Placed::at(at).of(start) else { return FAILURE };
    manners.give_up();
    exec_in_place(program, log)
}
