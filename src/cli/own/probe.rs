//! `podinit probe ACTION`: one attempt, as an exit code and a line.

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use super::super::{Outcome, Refusal, Start};
use super::arguments::{self, Typed, some_time};
use super::refuse;
use super::request::Request;
use crate::init::manners::Manners;
use crate::probe::{self, Trust, Verdict};
use crate::signal::Signal;
use crate::spec::action::Role;
use crate::sys::poll::{self, PollFd, PollFlags};
use crate::sys::signals::Source;
use crate::sys::wait::Exit;
use crate::sys::words::Words;

/// Make one probe attempt
#[derive(Parser)]
#[command(
    bin_name = "podinit probe",
    after_help = "\
ACTION: http://[HOST][:PORT]/PATH, https://…, tcp://[HOST]:PORT, grpc://[HOST]:PORT[/SERVICE], dns://NAME,
file:PATH, exec:CMD ARG... (words as in a shell, but no shell). An empty HOST is 127.0.0.1.

Exit code: 0 if it succeeds, 1 if not; 128+N when signal N ended it; 125 if the command line cannot be understood."
)]
struct Arguments {
    /// What to try
    #[arg(value_parser = |text: &str| Typed::parse(text, Role::Probe))]
    action: Typed,

    /// How long the attempt may take
    #[arg(long, value_name = "D", default_value = "1s", value_parser = some_time)]
    timeout: Duration,

    #[command(flatten)]
    request: Request,

    /// Print nothing
    #[arg(short, long)]
    quiet: bool,

    /// How what was seen is printed
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    output: Format,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// An attempt to make.
pub struct Job {
    target: Typed,
    trust: Trust,
    timeout: Duration,
    quiet: bool,
    format: Format,
}

#[cold]
#[inline(never)]
pub fn read(words: &Words) -> Result<Outcome, Refusal> {
    arguments::read(words, |arguments: Arguments| {
        let Arguments { action: mut target, timeout, request, quiet, output: format } = arguments;
        let applied = request.apply(std::iter::once(&mut target.action));
        let trust = applied.map_err(|problem| refuse(&format!("probe: {problem}")))?;
        Ok(Outcome::Probe(Job { target, trust, timeout, quiet, format }))
    })
}

impl Job {
    /// Makes the attempt and says what was seen. Returns the exit code.
    #[cold]
    #[inline(never)]
    pub fn run(self, mut start: Start) -> u8 {
        let manners = Manners::adopt(start.mask);
        let mut prober = arguments::prober(&mut start, &manners, &self.trust);
        match prober.attempt(&self.target.action, self.timeout) {
            Err(signal) => Exit::Signal(signal).code(),
            Ok(outcome) => {
                let printed =
                    if self.quiet { Ok(()) } else { self.print(&outcome, &manners.signals) };
                match printed {
                    Ok(()) => u8::from(!outcome.verdict.holds()),
                    Err(signal) => Exit::Signal(signal).code(),
                }
            }
        }
    }

    /// Who does not read, or a disk that is full, changes nothing about what the attempt has come to.
    ///
    /// # Errors
    /// The stop signal that came while nobody read.
    fn print(&self, outcome: &probe::Outcome, signals: &Source) -> Result<(), Signal> {
        let line = match self.format {
            Format::Text => text(outcome),
            Format::Json => json(&self.target.text, outcome),
        };
        let mut stdout = io::stdout();
        // What a pipe takes without waiting, once it takes anything (PIPE_BUF).
        for piece in line.as_bytes().chunks(4096) {
            until_writable(&stdout, signals)?;
            if stdout.write_all(piece).and_then(|()| stdout.flush()).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Waits for a reader, who may never come, until a signal asks to end.
fn until_writable(stdout: &io::Stdout, signals: &Source) -> Result<(), Signal> {
    loop {
        let mut watched = vec![PollFd::new(stdout.as_fd(), PollFlags::POLLOUT)];
        let own = signals.descriptor();
        watched.extend(own.map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN)));
        poll::poll(&mut watched, signals.until_look(None));
        if watched.first().and_then(PollFd::any).unwrap_or(true) {
            return Ok(());
        }
        while let Some(received) = signals.poll() {
            if received.signal != Signal::CHLD {
                return Err(received.signal);
            }
        }
    }
}

/// A line has room for so much of what was seen; Docker keeps 4096 bytes of a health check's output.
const LINE: usize = 500;

fn text(outcome: &probe::Outcome) -> String {
    let warning = if outcome.verdict == Verdict::Warning { "warning: " } else { "" };
    format!("{warning}{} in {}\n", probe::one_line(&outcome.seen, LINE), Took(outcome.took))
}

fn json(action: &str, outcome: &probe::Outcome) -> String {
    let value = serde_json::json!({
        "action": action,
        "result": outcome.verdict.name(),
        "errored": outcome.errored,
        "seen": outcome.seen,
        "output": String::from_utf8_lossy(&outcome.output),
        "seconds": outcome.took.as_secs_f64(),
    });
    let mut line = String::new();
    for c in value.to_string().chars() {
        // What JSON lets stand in strings, and a terminal obeys, all below U+10000.
        if probe::is_obeyed(c) {
            line.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            line.push(c);
        }
    }
    line + "\n"
}

/// `0.4 ms`, `3 ms`, `12.3 s`.
struct Took(Duration);

impl std::fmt::Display for Took {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let seconds = self.0.as_secs_f64();
        match seconds {
            ..0.001 => write!(f, "{:.1} ms", seconds * 1e3),
            ..10.0 => write!(f, "{:.0} ms", seconds * 1e3),
            _ => write!(f, "{seconds:.1} s"),
        }
    }
}
