//! podinit's own command line: one table of flags, from which the reader, the environment variables
//! and the help text are made.

use std::ffi::CStr;
use std::fmt::Write;
use std::time::Duration;

use super::words::{Item, Reader};
use super::{LICENCE, Outcome, Placed, Refusal};
use crate::duration;
use crate::init::report::{Level, Log, Style};
use crate::plan::{self, Holding, OwnOptions};
use crate::signal::Signal;
use crate::sys::credentials::Credentials;
use crate::sys::words::{Environment, Words, tail};

/// podinit's own failure, before anything was started.
pub const FAILURE: u8 = 125;

/// Everything the flags set.
#[derive(Default)]
struct Options {
    plan: OwnOptions,
    directory: Option<&'static CStr>,
    user: Option<&'static str>,
    json: bool,
    verbosity: u8,
    quiet: bool,
    hold: bool,
}

/// One flag: how it is written, what it says of itself, what it does.
struct Flag {
    long: &'static str,
    short: Option<u8>,
    /// What its value is called; a flag without is a switch.
    value: Option<&'static str>,
    help: &'static str,
    /// Values from the first of its kind on: a flag that was given replaces what the environment says.
    set: fn(&mut Options, Value) -> Result<(), String>,
}

/// What a flag was given; switches get `yes` or, from the environment, `no`.
#[derive(Clone, Copy)]
enum Value {
    Switch(bool),
    Text(&'static CStr),
}

impl Value {
    fn on(self) -> bool {
        matches!(self, Value::Switch(true))
    }

    fn c_str(self) -> &'static CStr {
        match self {
            Value::Text(text) => text,
            Value::Switch(_) => c"",
        }
    }

    fn text(self) -> Result<&'static str, String> {
        self.c_str().to_str().map_err(|_| format!("{:?} is not UTF-8", self.c_str()))
    }

    /// A list with commas, as one environment variable has to hold a repeatable flag.
    fn list(self) -> Result<impl Iterator<Item = &'static str>, String> {
        Ok(self.text()?.split(',').filter(|part| !part.is_empty()))
    }
}

const FLAGS: [Flag; 16] = [
    Flag {
        long: "grace-period",
        short: None,
        value: Some("D"),
        help: "from the first stop signal to SIGKILL: 10s, 1m30s, 0 (SIGKILL at once) or infinity [default: infinity]",
        set: |options, value| {
            let text = value.text()?;
            options.plan.grace = match text {
                "infinity" => None,
                text => Some(a_duration(text)?),
            };
            Ok(())
        },
    },
    Flag {
        long: "stop-signal",
        short: None,
        value: Some("NAME"),
        help: "sent to the program to stop it, whichever signal asked for that [default: the one that came]",
        set: |options, value| {
            options.plan.stop_signal = Some(a_signal(value.text()?)?);
            Ok(())
        },
    },
    Flag {
        long: "stop-on",
        short: None,
        value: Some("NAME"),
        help: "begin termination on this signal too, besides TERM and INT; repeatable",
        set: |options, value| {
            for name in value.list()? {
                options.plan.stop_on = options.plan.stop_on.with(a_catchable_signal(name)?);
            }
            Ok(())
        },
    },
    Flag {
        long: "rewrite",
        short: Some(b'r'),
        value: Some("FROM:TO"),
        help: "on signal FROM send TO instead, names or numbers; TO 0 drops it; repeatable",
        set: |options, value| {
            for pair in value.list()? {
                let (from, to) = pair.split_once(':').ok_or_else(|| {
                    format!(
                        "{pair:?} is not a pair of signals (try TERM:QUIT, or HUP:0 to drop HUP)"
                    )
                })?;
                let to = if to == "0" { None } else { Some(a_signal(to)?) };
                options.plan.rewrite.push((a_catchable_signal(from)?, to));
            }
            Ok(())
        },
    },
    Flag {
        long: "group",
        short: Some(b'g'),
        value: None,
        help: "send signals to the program's process group [default]",
        set: |options, value| {
            options.plan.single_child = !value.on();
            Ok(())
        },
    },
    Flag {
        long: "single-child",
        short: Some(b'c'),
        value: None,
        help: "send signals to the program alone, not to its process group",
        set: |options, value| {
            options.plan.single_child = value.on();
            Ok(())
        },
    },
    Flag {
        long: "user",
        short: None,
        value: Some("USER[:GROUP]"),
        help: "run the program as this user, by name or number, with its groups and HOME",
        set: |options, value| {
            options.user = Some(value.text()?);
            Ok(())
        },
    },
    Flag {
        long: "chdir",
        short: None,
        value: Some("DIR"),
        help: "run the program in this directory",
        set: |options, value| {
            options.directory = Some(value.c_str());
            Ok(())
        },
    },
    Flag {
        long: "subreaper",
        short: Some(b's'),
        value: None,
        help: "become a child subreaper [default unless PID 1]",
        set: |options, value| {
            options.plan.subreaper = value.on();
            Ok(())
        },
    },
    Flag {
        long: "parent-death-signal",
        short: Some(b'p'),
        value: Some("NAME"),
        help: "be sent this signal when podinit's parent ends, and forward it",
        set: |options, value| {
            options.plan.parent_death_signal = Some(a_signal(value.text()?)?);
            Ok(())
        },
    },
    Flag {
        long: "remap-exit",
        short: Some(b'e'),
        value: Some("CODE"),
        help: "turn this exit code of the program into 0; repeatable",
        set: |options, value| {
            for code in value.list()? {
                options.plan.remap.insert(an_exit_code(code)?);
            }
            Ok(())
        },
    },
    Flag {
        long: "warn-on-reap",
        short: Some(b'w'),
        value: None,
        help: "warn of each reaped process that is not the program",
        set: |options, value| {
            options.plan.warn_on_reap = value.on();
            Ok(())
        },
    },
    Flag {
        long: "log-format",
        short: None,
        value: Some("text|json"),
        help: "how podinit's own lines on standard error look [default: text]",
        set: |options, value| {
            options.json = match value.text()? {
                "text" => false,
                "json" => true,
                other => return Err(format!("{other:?} is not a log format (try text or json)")),
            };
            Ok(())
        },
    },
    Flag {
        long: "verbose",
        short: Some(b'v'),
        value: None,
        help: "say what is started and how it ended; twice: each signal and each reaped process too",
        set: |options, value| {
            options.verbosity = if value.on() { options.verbosity.saturating_add(1) } else { 0 };
            Ok(())
        },
    },
    Flag {
        long: "quiet",
        short: Some(b'q'),
        value: None,
        help: "say only why the program could not be started",
        set: |options, value| {
            options.quiet = value.on();
            Ok(())
        },
    },
    Flag {
        long: "pause",
        short: Some(b'P'),
        value: None,
        help: "run no program: hold namespaces, reap, leave on INT or TERM (as `podinit pause`)",
        set: |options, value| {
            options.hold = value.on();
            Ok(())
        },
    },
];

/// Reads the command line and what the environment adds to it.
pub fn read(words: &Words, environment: &Environment) -> Result<Outcome, Refusal> {
    match words.bytes(1) {
        Some(b"pause") => return Ok(holding()),
        Some(b"install") => return read_install(words),
        _ => {}
    }
    let from = if words.bytes(1) == Some(b"init") { 2 } else { 1 };
    let mut reader = Reader::starting_at(words, from);
    let mut options = Options::default();
    let mut given = [false; FLAGS.len()];
    while let Some(item) = reader.option() {
        let (index, typed) = match item {
            Item::Long { name: b"help", value: None } | Item::Short(b'h') => {
                return Ok(Outcome::Say(help()));
            }
            Item::Long { name: b"version", value: None } | Item::Short(b'V') => {
                return Ok(Outcome::Say(format!("podinit {}\n", env!("CARGO_PKG_VERSION"))));
            }
            Item::Long { name: b"license", value: None } | Item::Short(b'l') => {
                return Ok(Outcome::Say(LICENCE.to_owned()));
            }
            item => find(item)?,
        };
        let Some(flag) = FLAGS.get(index) else { continue };
        let value =
            match (flag.value, typed) {
                (None, None) => Value::Switch(true),
                (None, Some(_)) => return Err(refuse(&format!("--{} takes no value", flag.long))),
                (Some(_), Some(typed)) => Value::Text(typed),
                (Some(name), None) => Value::Text(reader.value().ok_or_else(|| {
                    refuse(&format!("--{}: its value {name} is missing", flag.long))
                })?),
            };
        (flag.set)(&mut options, value)
            .map_err(|problem| refuse(&format!("--{}: {problem}", flag.long)))?;
        if let Some(given) = given.get_mut(index) {
            *given = true;
        }
    }
    let disabled = apply_environment(&mut options, &given, environment)?;
    if options.hold {
        return Ok(holding());
    }
    let at = reader.program().ok_or_else(|| refuse("no program given (try podinit --help)"))?;
    let credentials = options.user.map(Credentials::look_up).transpose();
    let credentials = credentials.map_err(|problem| refuse(&format!("--user: {problem}")))?;
    let program = Placed { at, directory: options.directory, credentials };
    if disabled {
        return Ok(Outcome::Exec { program });
    }
    Ok(Outcome::Init { plan: plan::own(&options.plan), log: options.log(), program })
}

impl Options {
    fn log(&self) -> Log {
        let level = match self.verbosity {
            _ if self.quiet => Level::Error,
            0 => Level::Warning,
            1 => Level::Info,
            _ => Level::Debug,
        };
        Log::new(if self.json { Style::Json } else { Style::Text }, level)
    }
}

/// Every flag is also a variable `PODINIT_…`; a flag that was given wins. Returns whether podinit
/// is switched off.
fn apply_environment(
    options: &mut Options,
    given: &[bool; FLAGS.len()],
    environment: &Environment,
) -> Result<bool, Refusal> {
    let mut disabled = false;
    for variable in environment.iter() {
        let Some(rest) = variable.to_bytes().strip_prefix(b"PODINIT_") else { continue };
        let mut parts = rest.splitn(2, |byte| *byte == b'=');
        let (Some(name), Some(value)) = (parts.next(), parts.next()) else { continue };
        let value = tail(variable, value.len());
        if name == b"DISABLED" {
            disabled = switch("DISABLED", value)?;
        }
        let known = FLAGS.iter().zip(given).find(|(flag, _)| is_variable(flag.long, name));
        let Some((flag, false)) = known else { continue };
        let variable = String::from_utf8_lossy(name);
        let result = match flag.value {
            Some(_) if value.is_empty() => Ok(()),
            Some(_) => (flag.set)(options, Value::Text(value)),
            None => set_switches(flag, options, &variable, value)?,
        };
        result.map_err(|problem| refuse(&format!("PODINIT_{variable}: {problem}")))?;
    }
    Ok(disabled)
}

/// A switch in the environment; a number repeats it, as `PODINIT_VERBOSE=2`.
fn set_switches(
    flag: &Flag,
    options: &mut Options,
    variable: &str,
    value: &CStr,
) -> Result<Result<(), String>, Refusal> {
    let times = value
        .to_str()
        .ok()
        .and_then(|text| text.parse::<u8>().ok())
        .filter(|times| (2..=9).contains(times));
    if let Some(times) = times {
        return Ok((0..times).try_for_each(|_| (flag.set)(options, Value::Switch(true))));
    }
    let on = switch(variable, value)?;
    Ok((flag.set)(options, Value::Switch(on)))
}

/// `grace-period` and `GRACE_PERIOD`.
fn is_variable(long: &str, name: &[u8]) -> bool {
    let upper =
        long.bytes().map(|byte| if byte == b'-' { b'_' } else { byte.to_ascii_uppercase() });
    upper.eq(name.iter().copied())
}

fn switch(variable: &str, value: &CStr) -> Result<bool, Refusal> {
    match value.to_bytes().to_ascii_lowercase().as_slice() {
        b"1" | b"true" | b"yes" | b"on" => Ok(true),
        b"" | b"0" | b"false" | b"no" | b"off" => Ok(false),
        _ => Err(refuse(&format!(
            "PODINIT_{variable}: {value:?} is neither yes nor no (try 1 or 0)"
        ))),
    }
}

fn holding() -> Outcome {
    Outcome::Hold { holding: Holding::Own, log: Log::new(Style::Text, Level::Error) }
}

fn read_install(words: &Words) -> Result<Outcome, Refusal> {
    let from = if words.bytes(2) == Some(b"--") { 3 } else { 2 };
    match (words.get(from), words.get(from + 1)) {
        (Some(directory), None) if !directory.is_empty() => Ok(Outcome::Install { directory }),
        _ => Err(refuse("install: it takes one directory (podinit install /shared)")),
    }
}

/// The flag meant, by its place in the table, and the value typed with `=`.
fn find(item: Item) -> Result<(usize, Option<&'static CStr>), Refusal> {
    let (index, value) = match item {
        Item::Short(short) => (FLAGS.iter().position(|flag| flag.short == Some(short)), None),
        Item::Long { name, value } => {
            (FLAGS.iter().position(|flag| flag.long.as_bytes() == name), value)
        }
    };
    let typed = match item {
        Item::Short(short) => format!("-{}", short.escape_ascii()),
        Item::Long { name, .. } => format!("--{}", name.escape_ascii()),
    };
    index
        .map(|index| (index, value))
        .ok_or_else(|| refuse(&format!("{typed}: there is no such option (see podinit --help)")))
}

/// podinit's own refusal: one line, code 125.
pub fn refuse(problem: &str) -> Refusal {
    Refusal { text: format!("podinit: {problem}\n"), code: FAILURE }
}

fn a_duration(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| format!("{text:?} is not a duration (try 10s)"))
}

fn a_signal(text: &str) -> Result<Signal, String> {
    Signal::parse(text).ok_or_else(|| format!("{text:?} is not a signal (try TERM, 15 or RTMIN+3)"))
}

fn a_catchable_signal(text: &str) -> Result<Signal, String> {
    let signal = a_signal(text)?;
    if signal.is_forwardable() {
        Ok(signal)
    } else {
        Err(format!(
            "{text:?} is never received (KILL and STOP cannot be caught, CHLD is init's own)"
        ))
    }
}

fn an_exit_code(text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| format!("{text:?} is not an exit code (try a number from 0 to 255)"))
}

fn help() -> String {
    let mut text = String::from(
        "\
podinit: an init for containers. Reaps zombies, forwards signals, ends on time.

usage: podinit [OPTIONS] [--] COMMAND [ARG]...   be COMMAND's init
       podinit pause                             hold namespaces, reap, leave on INT or TERM
       podinit install DIR                       copy this binary to DIR/podinit

options:
",
    );
    for flag in &FLAGS {
        let short =
            flag.short.map_or("    ".to_owned(), |short| format!("-{}, ", char::from(short)));
        let value = flag.value.map_or(String::new(), |value| format!(" {value}"));
        // Writing into a String cannot fail.
        let _ = writeln!(text, "  {short}--{}{value}\n          {}", flag.long, flag.help);
    }
    text.push_str(
        "  -h, --help      this text
  -V, --version   the version
  -l, --license   the licence

Each option is also a variable: PODINIT_GRACE_PERIOD=10s, PODINIT_STOP_ON=USR1,PWR, PODINIT_VERBOSE=2;
an option on the command line wins. PODINIT_DISABLED=1 runs COMMAND in podinit's place, with --user and --chdir.

Exit code: COMMAND's own; 128+N when signal N ended it; 126 not executable, 127 not found; 125 podinit's own error.
Linked as tini, tini-static, docker-init, dumb-init, catatonit, podman-init or pause, it takes that program's place.
",
    );
    text
}
