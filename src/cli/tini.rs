//! The command line of tini and docker-init (init T).

use std::ffi::CStr;

use super::reader::{Item, Reader};
use super::{Outcome, Placed, Refusal, drop_dashes_behind_program};
use crate::init::report::{Level, Log, Style};
use crate::plan::{self, TiniOptions};
use crate::signal::Signal;
use crate::sys::words::{Environment, Words};

const USAGE: &str = "\
usage: tini [OPTIONS] PROGRAM -- [ARGS] | --version
  --version  the version, if it is the only word
  -h         this text
  -s         become a child subreaper (TINI_SUBREAPER)
  -p SIGNAL  be sent SIGNAL when the parent ends, e.g. -p SIGKILL
  -v         say more; repeat for still more (TINI_VERBOSITY=0 to 4)
  -w         warn of each zombie that is reaped
  -g         send signals to the program's process group (TINI_KILL_PROCESS_GROUP)
  -e CODE    turn this exit code into 0; repeatable
  -l         the licence
";

/// The signals tini's `-p` knows (init T5).
const PARENT_DEATH: [&str; 28] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2",
    "PIPE", "ALRM", "TERM", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ",
    "VTALRM", "PROF", "WINCH", "SYS",
];

#[inline(never)]
pub fn read(words: &mut Words, environment: &Environment) -> Result<Outcome, Refusal> {
    // init T2, init I2
    if words.len() == 2 && words.get(1) == Some(c"--version") {
        return Ok(Outcome::Say(format!("tini version {}\n", env!("CARGO_PKG_VERSION"))));
    }
    let mut verbosity: u32 = 1;
    let mut options = TiniOptions {
        group: environment.get("TINI_KILL_PROCESS_GROUP").is_some(),
        subreaper: environment.get("TINI_SUBREAPER").is_some(),
        ..TiniOptions::default()
    };
    let mut reader = Reader::new(words);
    while let Some(item) = reader.option() {
        match item {
            Item::Short(b'h') => return Ok(Outcome::Say(USAGE.to_owned())),
            Item::Short(b'l') => return Ok(Outcome::Say(super::LICENCE.to_owned())),
            Item::Short(b's') => options.subreaper = true,
            Item::Short(b'g') => options.group = true,
            Item::Short(b'w') => options.warn_on_reap = true,
            Item::Short(b'v') => verbosity += 1,
            Item::Short(b'p') => {
                let value = reader.value().ok_or_else(|| unusable("-p takes a signal"))?;
                let signal = parent_death(value).ok_or_else(|| {
                    refusal(&format!("-p: {value:?} is not a signal name such as SIGTERM"))
                })?;
                options.parent_death_signal = Some(signal);
            }
            Item::Short(b'e') => {
                let value = reader.value().ok_or_else(|| unusable("-e takes an exit code"))?;
                let code = exit_code(value.to_bytes()).ok_or_else(|| {
                    refusal(&format!("-e: {value:?} is not an exit code from 0 to 255"))
                })?;
                options.remap.insert(code);
            }
            other => return Err(unusable(&format!("{other}: there is no such option"))),
        }
    }
    let program = reader.program().ok_or(Refusal { text: USAGE.to_owned(), code: 1 })?;
    let ended_by_dashes = reader.ended_by_dashes;
    drop_dashes_behind_program(words, environment, program, ended_by_dashes);
    // init T6
    if let Some(text) = environment.get("TINI_VERBOSITY") {
        verbosity = text.to_str().ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    }
    let level = match verbosity {
        0 => Level::Error,
        1 => Level::Warning,
        2 => Level::Info,
        _ => Level::Debug,
    };
    Ok(Outcome::Init {
        plan: plan::tini(options),
        log: Log::new(Style::Tini, level),
        program: Placed::at(program),
    })
}

/// A problem that the usage text helps with (init T3).
fn unusable(problem: &str) -> Refusal {
    Refusal { text: format!("tini: {problem}\n{USAGE}"), code: 1 }
}

fn refusal(problem: &str) -> Refusal {
    Refusal { text: format!("tini: {problem}\n"), code: 1 }
}

fn parent_death(text: &CStr) -> Option<Signal> {
    let name = text.to_str().ok()?.strip_prefix("SIG")?;
    PARENT_DEATH.contains(&name).then(|| Signal::parse(name)).flatten()
}

/// A code as strtol(3) reads it: blanks and a sign before it, nothing at all is 0 (init T10).
fn exit_code(text: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(text.trim_ascii_start()).ok()?;
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if text.is_empty() {
        return Some(0);
    }
    let number =
        text.parse::<i64>().ok().filter(|_| digits.bytes().all(|byte| byte.is_ascii_digit()))?;
    u8::try_from(number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// init T5
    #[test]
    fn only_full_upper_case_names_of_tinis_own_list() {
        assert_eq!(parent_death(c"SIGTERM"), Some(Signal::TERM));
        assert_eq!(parent_death(c"SIGKILL"), Some(Signal::KILL));
        for bad in [
            c"KILL",
            c"sigterm",
            c"15",
            c"SIGSTKFLT",
            c"SIGIO",
            c"SIGPWR",
            c"SIGRTMIN",
            c"SIG15",
            c"",
        ] {
            assert_eq!(parent_death(bad), None, "{bad:?}");
        }
    }

    /// init T10
    #[test]
    fn codes_are_read_as_strtol_reads_them() {
        for (text, code) in
            [("143", 143), ("0", 0), ("", 0), (" 7", 7), ("+7", 7), ("-0", 0), ("007", 7)]
        {
            assert_eq!(exit_code(text.as_bytes()), Some(code), "{text:?}");
        }
        for bad in ["256", "-1", "7 ", "x", "0x7", "+", "--1", "99999999999999999999"] {
            assert_eq!(exit_code(bad.as_bytes()), None, "{bad:?}");
        }
    }
}
