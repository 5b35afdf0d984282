//! What podinit's commands have in common: a command line that clap reads, and attempts to make.

use std::error::Error;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use clap::Parser;
use clap::error::{ContextKind, ErrorKind};

use super::super::{Outcome, Refusal, Start};
use super::flags::a_duration;
use super::refuse;
use crate::init::manners::Manners;
use crate::probe::{Prober, Surroundings, Trust};
use crate::spec::action::{Action, ActionError, Role};
use crate::sys::words::Words;

/// Reads what follows the command's name, and gives it to `then`. Help is an outcome too.
pub fn read<A: Parser>(
    words: &Words,
    then: impl FnOnce(A) -> Result<Outcome, Refusal>,
) -> Result<Outcome, Refusal> {
    let name = words.bytes(1).map(OsStr::from_bytes).unwrap_or_default();
    let typed = (2..words.len()).filter_map(|index| words.bytes(index)).map(OsStr::from_bytes);
    match A::try_parse_from(std::iter::once(name).chain(typed)) {
        Ok(arguments) => then(arguments),
        Err(error) => match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
                Ok(Outcome::Say(error.to_string()))
            }
            _ => Err(refuse(&format!("{}: {}", name.to_string_lossy(), problem(&error)))),
        },
    }
}

/// One line that names the option or argument and what was expected.
fn problem(error: &clap::Error) -> String {
    let context = |kind| error.get(kind).map(ToString::to_string);
    // `--timeout <D>` and `<ACTION>`.
    let argument = context(ContextKind::InvalidArg).map(|argument| {
        let name = argument.split_whitespace().next().unwrap_or_default();
        name.trim_matches(['<', '>', '.']).to_owned()
    });
    match (error.kind(), argument, error.source()) {
        (ErrorKind::ValueValidation, Some(argument), Some(source)) => {
            format!("{argument}: {source}")
        }
        _ => {
            let text = error.to_string();
            let first = text.lines().map(str::trim).filter(|line| !line.is_empty());
            // Some say what is missing on a second line.
            let told: Vec<&str> = first.take_while(|line| !line.starts_with("Usage:")).collect();
            told.join(" ")
                .trim_start_matches("error: ")
                .replace(" For more information, try '--help'.", "")
        }
    }
}

/// A time that is not zero.
pub fn some_time(text: &str) -> Result<Duration, String> {
    let time = a_duration(text)?;
    if time.is_zero() { Err(format!("{text:?} leaves no time at all (try 1s)")) } else { Ok(time) }
}

/// The same, or `infinity`.
pub fn some_time_or_infinity(text: &str) -> Result<Time, String> {
    if text == "infinity" { Ok(Time(None)) } else { some_time(text).map(|time| Time(Some(time))) }
}

/// A time that may be endless.
#[derive(Clone, Copy)]
pub struct Time(pub Option<Duration>);

/// What makes the attempts of a command that was started so.
pub fn prober<'a>(start: &'a mut Start, manners: &'a Manners, trust: &'a Trust) -> Prober<'a> {
    let surroundings = Surroundings {
        environment: &mut start.environment,
        mask: start.mask,
        child_signal: manners.child_signal,
        directory: None,
        credentials: None,
        capabilities: None,
        oom_score_adj: None,
        ledger: None,
    };
    Prober { surroundings, signals: &manners.signals, trust }
}

/// An action and how it was written.
#[derive(Clone)]
pub struct Typed {
    pub action: Action,
    pub text: String,
}

impl Typed {
    pub fn parse(text: &str, role: Role) -> Result<Typed, ActionError> {
        let action = Action::parse(text, role)?;
        Ok(Typed { action, text: text.to_owned() })
    }
}
