//! Command lines: whose is it today, and what does it ask for?
//!
//! The name podinit was started under decides ([`Personality`]). Under its own, the first word may be
//! a command; anything else is the program to be an init for.

use std::ffi::CStr;
use std::io::{self, Write};
use std::time::Duration;

use crate::init::report::{Level, Log, Style};
use crate::init::{self, Init, Program, hold};
#[cfg(feature = "probe")]
use crate::plan::supervision::Supervision;
use crate::plan::{Holding, Plan};
use crate::signal::SignalSet;
use crate::sys::credentials::Credentials;
#[cfg(feature = "probe")]
use crate::sys::line::Output;
use crate::sys::words::{Environment, Words};
use crate::sys::{signals, stderr};

mod catatonit;
mod dumb_init;
mod install;
mod own;
mod pause;
mod reader;
mod tini;
mod user;

const LICENCE: &str = include_str!("../../LICENSE");

/// What podinit was started with.
pub struct Start {
    pub words: Words,
    pub environment: Environment,
    /// The blocked set as it was before podinit blocked everything.
    pub mask: SignalSet,
}

/// What a command line comes to.
#[expect(
    clippy::large_enum_variant,
    reason = "there is one, it lives as long as podinit, and the heap would cost pages"
)]
enum Outcome {
    /// Be an init for the program.
    Init {
        plan: Plan,
        log: Log,
        program: Placed,
    },
    /// The same, with hooks, probes and restarts.
    #[cfg(feature = "probe")]
    Supervise {
        plan: Box<Plan>,
        supervision: Box<Supervision>,
        /// As bytes: only those that init forks look into them.
        errands: Vec<u8>,
        log: Log,
        status: Option<Output>,
        program: Placed,
    },
    /// Become the program.
    Exec {
        program: Placed,
    },
    /// Hold namespaces.
    Hold {
        holding: Holding,
        log: Log,
    },
    Install {
        directory: &'static CStr,
    },
    /// Make one attempt.
    #[cfg(feature = "probe")]
    Probe(own::probe::Job),
    /// Try conditions until they hold.
    #[cfg(feature = "probe")]
    Wait(own::wait::Job),
    /// Write what a Pod file says.
    #[cfg(feature = "manifest")]
    Downward(Box<own::downward::Job>),
    /// Do nothing, for so long or for ever.
    Sleep(Option<Duration>),
    /// What was asked for, on standard output.
    Say(String),
    /// The same on standard error (init D2, init C2).
    SayOnStderr(String),
}

/// Where on the command line the program begins, and what else it is given.
#[derive(Default)]
struct Placed {
    at: usize,
    directory: Option<&'static CStr>,
    credentials: Option<Credentials>,
    /// What a manifest says in place of all that.
    #[cfg(feature = "probe")]
    instead: Option<Box<own::Instead>>,
}

impl Placed {
    fn at(index: usize) -> Placed {
        Placed { at: index, ..Placed::default() }
    }
}

/// A command line that cannot be followed: what to say, nothing if that has been done, and the exit code.
struct Refusal {
    text: String,
    code: u8,
}

/// Whose command line and behaviour podinit takes (init X).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Personality {
    Own,
    Tini,
    DumbInit,
    Catatonit,
    Pause,
}

impl Personality {
    /// By the last part of the path podinit was started under.
    fn of(name: &CStr) -> Personality {
        match name.to_bytes().rsplit(|byte| *byte == b'/').next() {
            Some(b"tini" | b"tini-static" | b"docker-init") => Personality::Tini,
            Some(b"dumb-init") => Personality::DumbInit,
            Some(b"catatonit" | b"podman-init") => Personality::Catatonit,
            Some(b"pause") => Personality::Pause,
            _ => Personality::Own,
        }
    }
}

/// Does what the command line says; returns the exit code.
pub fn run(mut start: Start) -> u8 {
    let (words, environment) = (&mut start.words, &start.environment);
    let outcome = match Personality::of(words.get(0).unwrap_or(c"podinit")) {
        Personality::Own => own::read(words, environment),
        Personality::Tini => tini::read(words, environment),
        Personality::DumbInit => dumb_init::read(words, environment),
        Personality::Catatonit => catatonit::read(words, environment),
        Personality::Pause => Ok(pause::read(words)),
    };
    outcome.map_or_else(Refusal::tell, |outcome| outcome.carry_out(start))
}

impl Outcome {
    fn carry_out(self, start: Start) -> u8 {
        match self {
            Outcome::Init { plan, log, program } => {
                let Some(program) = program.of(start) else {
                    return plan.failure_codes.not_started;
                };
                Init::start(&plan, program, log).map_or_else(|code| code, Init::run)
            }
            #[cfg(feature = "probe")]
            Outcome::Supervise { plan, supervision, errands, log, status, program } => {
                let Some(program) = program.of(start) else {
                    return plan.failure_codes.not_started;
                };
                init::supervise(&plan, &supervision, &errands, program, log, status)
            }
            Outcome::Exec { program } => {
                let log = Log::new(Style::Text, Level::Warning);
                program.of(start).map_or(own::FAILURE, |program| init::exec_in_place(program, log))
            }
            Outcome::Hold { holding, log } => hold::hold(holding, start.mask, log),
            Outcome::Install { directory } => {
                signals::replace_mask(start.mask);
                install::install(directory, start.words.get(0)).map_or_else(Refusal::tell, |()| 0)
            }
            #[cfg(feature = "probe")]
            Outcome::Probe(job) => job.run(start),
            #[cfg(feature = "probe")]
            Outcome::Wait(job) => job.run(start),
            #[cfg(feature = "manifest")]
            Outcome::Downward(job) => job.run(start),
            Outcome::Sleep(time) => hold::sleep(time, start.mask),
            Outcome::Say(text) => match io::stdout().write_all(text.as_bytes()) {
                // Whoever closed the pipe has read enough.
                Err(error) if error.kind() != io::ErrorKind::BrokenPipe => own::FAILURE,
                _ => 0,
            },
            Outcome::SayOnStderr(text) => Refusal { text, code: 0 }.tell(),
        }
    }
}

impl Refusal {
    /// Says it; returns the code, which holds even where nobody can read (init U9).
    fn tell(self) -> u8 {
        if !self.text.is_empty() {
            let _ = stderr::write(self.text.as_bytes());
        }
        self.code
    }
}

impl Placed {
    fn of(self, start: Start) -> Option<Program> {
        #[cfg(feature = "probe")]
        if let Some(instead) = self.instead {
            return instead.of(self.at, start);
        }
        let Start { words, mut environment, mask } = start;
        if let Some(credentials) = &self.credentials {
            environment.set("HOME", &credentials.home);
        }
        let argv = words.into_program(self.at)?;
        Some(Program {
            argv,
            environment,
            directory: self.directory,
            credentials: self.credentials,
            capabilities: None,
            mask,
        })
    }
}

/// tini and catatonit as Debian builds them take options behind the program too, and drop the `--`
/// of `PROGRAM -- ARG`, the form of tini's own usage text. Only that `--` is dropped here (init X1).
fn drop_dashes_behind_program(
    words: &mut Words,
    environment: &Environment,
    program: usize,
    ended_by_dashes: bool,
) {
    let posix = environment.get("POSIXLY_CORRECT").is_some();
    if !ended_by_dashes && !posix && words.get(program + 1) == Some(c"--") {
        words.remove(program + 1);
    }
}
