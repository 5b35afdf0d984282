//! The flags, one table: the reader, the environment variables and the help text are made from it.

use std::ffi::CStr;
use std::time::Duration;

use crate::duration;
use crate::init::report::Level;
use crate::plan::OwnOptions;
use crate::signal::Signal;
#[cfg(feature = "probe")]
use crate::sys::line::{Output, Unfit};

/// Everything the flags set.
#[derive(Default)]
pub(super) struct Options {
    pub(super) plan: OwnOptions,
    pub(super) directory: Option<&'static CStr>,
    pub(super) user: Option<&'static str>,
    pub(super) json: bool,
    pub(super) level: Level,
    pub(super) hold: bool,
    /// `--grace-period` was given, if only to say that it is endless.
    #[cfg(feature = "probe")]
    pub(super) bounded: bool,
    #[cfg(feature = "probe")]
    pub(super) strict_hooks: bool,
    #[cfg(feature = "probe")]
    pub(super) notify: bool,
    /// Where the container's status is written.
    #[cfg(feature = "probe")]
    pub(super) status: Option<Output>,
    /// What only the planner understands.
    #[cfg(feature = "probe")]
    pub(super) asked: Vec<Asked>,
}

/// An option for the planner, as it was given.
#[cfg(feature = "probe")]
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) long: &'static str,
    /// As a variable.
    pub(super) by_variable: bool,
    pub(super) value: &'static CStr,
}

/// Flags with something in common.
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) flags: &'static [Flag],
}

/// One flag: how it is written, what it says of itself, what it does.
pub(super) struct Flag {
    pub(super) long: &'static str,
    pub(super) short: Option<u8>,
    pub(super) help: &'static str,
    pub(super) kind: Kind,
}

/// What a flag takes.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Nothing; from the environment yes or no.
    Switch(fn(&mut Options, bool)),
    /// Nothing, but may be repeated; from the environment a number, or yes or no.
    Count(fn(&mut Options, u8)),
    /// A value, called so.
    Value(&'static str, fn(&mut Options, &'static CStr) -> Result<(), String>),
    /// A value, called so, that the planner reads.
    #[cfg(feature = "probe")]
    Planned(&'static str),
}

/// All flags there are.
pub(super) fn all() -> impl Iterator<Item = &'static Flag> {
    GROUPS.iter().flat_map(|group| group.flags)
}

pub(super) static GROUPS: &[Group] = &[
    Group { title: "options", flags: &OPTIONS },
    #[cfg(feature = "probe")]
    Group { title: "hooks and probes", flags: &LIFE },
    #[cfg(feature = "manifest")]
    Group { title: "manifest", flags: &MANIFEST },
];

static OPTIONS: [Flag; 16] = [
    Flag {
        long: "grace-period",
        short: None,
        help: "from the first stop signal to SIGKILL: 10s, 1m30s, 0 (SIGKILL at once) or infinity [default: infinity]",
        kind: Kind::Value("D", |options, value| {
            options.plan.grace = match text(value)? {
                "infinity" => None,
                text => Some(a_duration(text)?),
            };
            #[cfg(feature = "probe")]
            {
                options.bounded = true;
            }
            Ok(())
        }),
    },
    Flag {
        long: "stop-signal",
        short: None,
        help: "sent to the program to stop it, whichever signal asked for that [default: the one that came]",
        kind: Kind::Value("NAME", |options, value| {
            options.plan.stop_signal = Some(a_stop_signal(text(value)?)?);
            Ok(())
        }),
    },
    Flag {
        long: "stop-on",
        short: None,
        help: "begin termination on this signal too, besides TERM and INT; repeatable",
        kind: Kind::Value("NAME", |options, value| {
            for name in list(value)? {
                options.plan.stop_on = options.plan.stop_on.with(a_received_signal(name)?);
            }
            Ok(())
        }),
    },
    Flag {
        long: "rewrite",
        short: Some(b'r'),
        help: "on signal FROM send TO instead, names or numbers; TO 0 drops it; repeatable",
        kind: Kind::Value("FROM:TO", |options, value| {
            for pair in list(value)? {
                options.plan.rewrite.push(a_rewriting(pair)?);
            }
            Ok(())
        }),
    },
    Flag {
        long: "group",
        short: Some(b'g'),
        help: "send signals to the program's process group [default]",
        kind: Kind::Switch(|options, on| options.plan.single_child = !on),
    },
    Flag {
        long: "single-child",
        short: Some(b'c'),
        help: "send signals to the program alone, not to its process group",
        kind: Kind::Switch(|options, on| options.plan.single_child = on),
    },
    Flag {
        long: "user",
        short: None,
        help: "run the program as this user, by name or number, with its groups and HOME",
        kind: Kind::Value("USER[:GROUP]", |options, value| {
            options.user = Some(text(value)?);
            Ok(())
        }),
    },
    Flag {
        long: "chdir",
        short: None,
        help: "run the program in this directory",
        kind: Kind::Value("DIR", |options, value| {
            options.directory = Some(value);
            Ok(())
        }),
    },
    Flag {
        long: "subreaper",
        short: Some(b's'),
        help: "become a child subreaper [default unless PID 1]",
        kind: Kind::Switch(|options, on| options.plan.subreaper = on),
    },
    Flag {
        long: "parent-death-signal",
        short: Some(b'p'),
        help: "be sent this signal when podinit's parent ends, and forward it",
        kind: Kind::Value("NAME", |options, value| {
            options.plan.parent_death_signal = Some(a_received_signal(text(value)?)?);
            Ok(())
        }),
    },
    Flag {
        long: "remap-exit",
        short: Some(b'e'),
        help: "turn this exit code of the program into 0; repeatable",
        kind: Kind::Value("CODE", |options, value| {
            for code in list(value)? {
                options.plan.remap.insert(an_exit_code(code)?);
            }
            Ok(())
        }),
    },
    Flag {
        long: "warn-on-reap",
        short: Some(b'w'),
        help: "warn of each reaped process that is not the program",
        kind: Kind::Switch(|options, on| options.plan.warn_on_reap = on),
    },
    Flag {
        long: "log-format",
        short: None,
        help: "how podinit's own lines on standard error look [default: text]",
        kind: Kind::Value("text|json", |options, value| {
            options.json = match text(value)? {
                "text" => false,
                "json" => true,
                other => return Err(format!("{other:?} is not a log format (try text or json)")),
            };
            Ok(())
        }),
    },
    Flag {
        long: "verbose",
        short: Some(b'v'),
        help: "say what is started and how it ended; twice: each signal and each reaped process too",
        kind: Kind::Count(|options, times| {
            options.level = match times {
                0 => Level::Warning,
                1 => Level::Info,
                _ => Level::Debug,
            };
        }),
    },
    Flag {
        long: "quiet",
        short: Some(b'q'),
        help: "say only why the program could not be started",
        kind: Kind::Switch(|options, on| {
            if on {
                options.level = Level::Error;
            }
        }),
    },
    Flag {
        long: "pause",
        short: Some(b'P'),
        help: "run no program: hold namespaces, reap, leave on INT or TERM (as `podinit pause`)",
        kind: Kind::Switch(|options, on| options.hold = on),
    },
];

#[cfg(feature = "probe")]
const fn planned(long: &'static str, value: &'static str, help: &'static str) -> Flag {
    Flag { long, short: None, help, kind: Kind::Planned(value) }
}

#[cfg(feature = "probe")]
const OPTS: &str = "OPTS";

#[cfg(feature = "probe")]
static LIFE: [Flag; 16] = [
    planned(
        "post-start",
        "ACTION",
        "do this when the program has been started; if it fails the program is ended",
    ),
    planned(
        "pre-stop",
        "ACTION",
        "do this before the program is told to end, within the grace period",
    ),
    planned("post-stop", "ACTION", "do this when the program has ended, whichever way"),
    planned(
        "startup",
        "ACTION",
        "until this succeeds the program is still starting, and nothing else is probed",
    ),
    planned(
        "startup-opts",
        OPTS,
        "KEY=VALUE,…: delay, period, timeout, grace (times), success, failure (attempts in a row) [default: delay=0,period=10s,timeout=1s,success=1,failure=3]",
    ),
    planned("liveness", "ACTION", "when this fails the program is ended"),
    planned("liveness-opts", OPTS, "the same for --liveness"),
    planned("readiness", "ACTION", "while this fails the program is not ready"),
    planned("readiness-opts", OPTS, "the same for --readiness, without grace"),
    planned("probe-host", "HOST", "where actions name no host [default: 127.0.0.1]"),
    Flag {
        long: "notify",
        short: None,
        help: "the program says by sd_notify when it has started and is ready; podinit tells its own NOTIFY_SOCKET",
        kind: Kind::Switch(|options, on| options.notify = on),
    },
    Flag {
        long: "strict-hooks",
        short: None,
        help: "a hook's request succeeds by a status from 200 to 399 only [default: by any answer]",
        kind: Kind::Switch(|options, on| options.strict_hooks = on),
    },
    planned(
        "restart",
        "WHEN",
        "start the program again when it has ended: never, on-failure, always, or pod: as the manifest says [default: never]",
    ),
    planned(
        "restart-delay",
        "D..D",
        "the first pause before that and the longest, each twice the one before; the first restart has none [default: 10s..5m]",
    ),
    Flag {
        long: "status-fd",
        short: None,
        help: "write what becomes of the program to this descriptor, a JSON object a line; podinit inherits it, the program does not",
        kind: Kind::Value("N", |options, value| {
            options.status = Some(an_output(text(value)?)?);
            Ok(())
        }),
    },
    planned(
        "listen",
        "ADDR",
        "answer /livez, /readyz and /startupz by HTTP at this address: 8080 is 127.0.0.1:8080, :8080 is all addresses; repeatable",
    ),
];

#[cfg(feature = "manifest")]
static MANIFEST: [Flag; 4] = [
    planned(
        "pod",
        "FILE",
        "take what follows from this Pod manifest, YAML or JSON; COMMAND is what its image would start",
    ),
    planned("container", "NAME", "from this container of it [default: the only one]"),
    planned(
        "take",
        "LIST",
        "of hooks, probes, env, security no more than are listed; the rest is always taken [default: all]",
    ),
    planned(
        "env-from",
        "NAME=PATH",
        "the ConfigMap or Secret NAME is this folder, one file for each key, or this file of KEY=VALUE lines; repeatable",
    ),
];

pub(super) fn text(value: &'static CStr) -> Result<&'static str, String> {
    value.to_str().map_err(|_| format!("{value:?} is not UTF-8"))
}

/// A list with commas, as one environment variable has to hold a repeatable flag.
pub(super) fn list(value: &'static CStr) -> Result<impl Iterator<Item = &'static str>, String> {
    Ok(text(value)?.split(',').filter(|part| !part.is_empty()))
}

/// A time, which may be zero.
pub(super) fn a_duration(text: &str) -> Result<Duration, String> {
    duration::parse(text).ok_or_else(|| format!("{text:?} is not a duration (try 10s)"))
}

fn a_signal(text: &str) -> Result<Signal, String> {
    Signal::parse(text).ok_or_else(|| format!("{text:?} is not a signal (try TERM, 15 or RTMIN+3)"))
}

fn a_stop_signal(text: &str) -> Result<Signal, String> {
    if Signal::parse(text) == Some(Signal::KILL) {
        Ok(Signal::KILL)
    } else {
        a_received_signal(text)
    }
}

fn a_rewriting(pair: &str) -> Result<(Signal, Option<Signal>), String> {
    let (from, to) = pair.split_once(':').ok_or_else(|| {
        format!("{pair:?} is not a pair of signals (try TERM:QUIT, or HUP:0 to drop HUP)")
    })?;
    let to = if to == "0" { None } else { Some(a_signal(to)?) };
    Ok((a_received_signal(from)?, to))
}

fn a_received_signal(text: &str) -> Result<Signal, String> {
    let signal = a_signal(text)?;
    if signal.is_forwardable() {
        Ok(signal)
    } else {
        Err(format!(
            "{text:?} is never received (KILL and STOP cannot be caught, CHLD is init's own, 32 and 33 are libc's)"
        ))
    }
}

/// 0 is for input, whatever it is.
#[cfg(feature = "probe")]
fn an_output(text: &str) -> Result<Output, String> {
    let number: i32 = text.parse().ok().filter(|number| *number > 0).ok_or_else(|| {
        format!("{text:?} is not a descriptor to write to (try 3, and start podinit with 3>FILE)")
    })?;
    Output::inherited(number).map_err(|unfit| match unfit {
        Unfit::NotOpen => format!("{number} is not open (start podinit with {number}>FILE)"),
        Unfit::NotForWriting => {
            format!("{number} is not open for writing (start podinit with {number}>FILE)")
        }
        Unfit::Kind => format!("{number} is neither a file nor a pipe, a socket or a terminal"),
    })
}

fn an_exit_code(text: &str) -> Result<u8, String> {
    text.parse().map_err(|_| format!("{text:?} is not an exit code (try a number from 0 to 255)"))
}
