//! podinit's own command line.

use std::ffi::CStr;
use std::fmt::Write;
use std::mem::ManuallyDrop;
use std::time::Duration;

use super::reader::{Item, Reader};
use super::{LICENCE, Outcome, Placed, Refusal, user};
use crate::duration;
use crate::init::report::{Level, Log, Style};
use crate::plan::{self, Holding};
use crate::sys::words::{Environment, Words};

#[cfg(feature = "probe")]
mod arguments;
#[cfg(feature = "manifest")]
pub mod downward;
mod flags;
#[cfg(feature = "manifest")]
mod objects;
#[cfg(feature = "probe")]
mod planner;
#[cfg(feature = "manifest")]
mod pod_file;
#[cfg(feature = "probe")]
pub mod probe;
#[cfg(feature = "probe")]
mod request;
#[cfg(feature = "probe")]
pub mod wait;

#[cfg(feature = "probe")]
use flags::Asked;
use flags::{Flag, GROUPS, Kind, Options};
#[cfg(feature = "probe")]
pub use planner::Instead;

/// podinit's own failure, before anything was started.
pub const FAILURE: u8 = plan::OWN_FAILURE_CODES.not_started;

const PREFIX: &str = "PODINIT_";

/// A flag that was typed, and its value.
type Typed = (&'static Flag, Option<&'static CStr>);

/// Reads the command line and what the environment adds to it.
pub fn read(words: &Words, environment: &Environment) -> Result<Outcome, Refusal> {
    match words.bytes(1) {
        Some(b"pause") => return read_pause(words),
        Some(b"install") => return read_install(words),
        Some(b"sleep") => return read_sleep(words),
        #[cfg(feature = "probe")]
        Some(b"probe") => return probe::read(words),
        #[cfg(feature = "probe")]
        Some(b"wait") => return wait::read(words),
        #[cfg(not(feature = "probe"))]
        Some(b"probe" | b"wait") => {
            return Err(refuse("built without probe and wait (feature probe)"));
        }
        #[cfg(feature = "manifest")]
        Some(b"downward") => return downward::read(words),
        #[cfg(not(feature = "manifest"))]
        Some(b"downward") => return Err(refuse("built without downward (feature manifest)")),
        _ => {}
    }
    let from = if words.bytes(1) == Some(b"init") { 2 } else { 1 };
    let mut reader = Reader::starting_at(words, from);
    let mut typed: Vec<Typed> = Vec::new();
    while let Some(item) = reader.option() {
        if let Some(said) = what_is_asked(item) {
            return Ok(Outcome::Say(said));
        }
        let (flag, inline) = find(item)?;
        let value = match (flag.kind, inline) {
            (Kind::Switch(_) | Kind::Count(_), None) => None,
            (Kind::Switch(_) | Kind::Count(_), Some(_)) => {
                return Err(refuse(&format!("--{} takes no value", flag.long)));
            }
            (_, Some(inline)) => Some(inline),
            (kind, None) => {
                let name = kind.value().unwrap_or_default();
                let missing = || refuse(&format!("--{}: its value {name} is missing", flag.long));
                Some(reader.value().ok_or_else(missing)?)
            }
        };
        typed.push((flag, value));
    }
    // Neither is freed: they are read once, and PID 1 would touch one more page of code for it.
    let typed: &[Typed] = typed.leak();
    let mut options = ManuallyDrop::new(Options::default());
    let disabled = apply_environment(&mut options, typed, environment)?;
    apply_typed(&mut options, typed)?;
    if options.hold {
        return Ok(holding());
    }
    #[cfg(feature = "probe")]
    if !options.asked.is_empty() || options.notify || options.status.is_some() {
        return planner::read(&mut options, words, environment, reader.program(), disabled);
    }
    let at = reader.program().ok_or_else(|| refuse("no program given (try podinit --help)"))?;
    let program = options.place(at)?;
    if disabled {
        return Ok(Outcome::Exec { program });
    }
    Ok(Outcome::Init { plan: plan::own(&options.plan), log: options.log(), program })
}

impl Options {
    fn place(&self, at: usize) -> Result<Placed, Refusal> {
        let credentials = self.user.map(user::look_up).transpose();
        let credentials = credentials.map_err(|problem| refuse(&format!("--user: {problem}")))?;
        let mut placed = Placed::at(at);
        placed.directory = self.directory;
        placed.credentials = credentials;
        Ok(placed)
    }

    fn log(&self) -> Log {
        Log::new(if self.json { Style::Json } else { Style::Text }, self.level)
    }
}

impl Kind {
    /// What its value is called, if it takes one.
    fn value(self) -> Option<&'static str> {
        match self {
            Kind::Switch(_) | Kind::Count(_) => None,
            Kind::Value(name, _) => Some(name),
            #[cfg(feature = "probe")]
            Kind::Planned(name) => Some(name),
        }
    }
}

/// The text an option asks for instead of a start.
fn what_is_asked(item: Item) -> Option<String> {
    match item {
        Item::Long { name: b"help", value: None } | Item::Short(b'h') => Some(help()),
        Item::Long { name: b"version", value: None } | Item::Short(b'V') => {
            Some(format!("podinit {}\n", env!("CARGO_PKG_VERSION")))
        }
        Item::Long { name: b"license", value: None } | Item::Short(b'l') => {
            Some(LICENCE.to_owned())
        }
        _ => None,
    }
}

/// The flag meant, and the value typed with `=`.
fn find(item: Item) -> Result<Typed, Refusal> {
    let (known, value) = match item {
        Item::Short(short) => (flags::all().find(|flag| flag.short == Some(short)), None),
        Item::Long { name, value } => {
            (flags::all().find(|flag| flag.long.as_bytes() == name), value)
        }
    };
    known
        .map(|flag| (flag, value))
        .ok_or_else(|| refuse(&format!("{item}: there is no such option (see podinit --help)")))
}

fn apply_typed(options: &mut Options, typed: &[Typed]) -> Result<(), Refusal> {
    for (index, (flag, value)) in typed.iter().enumerate() {
        match flag.kind {
            Kind::Switch(set) => set(options, true),
            Kind::Count(set) => {
                let times = typed
                    .iter()
                    .take(index + 1)
                    .filter(|(other, _)| other.long == flag.long)
                    .count();
                set(options, u8::try_from(times).unwrap_or(u8::MAX));
            }
            Kind::Value(_, set) => {
                let result = set(options, value.unwrap_or_default());
                result.map_err(|problem| refuse(&format!("--{}: {problem}", flag.long)))?;
            }
            #[cfg(feature = "probe")]
            Kind::Planned(_) => {
                let value = value.unwrap_or_default();
                options.asked.push(Asked { long: flag.long, by_variable: false, value });
            }
        }
    }
    Ok(())
}

/// Every flag is also a variable `PODINIT_…`, which counts where the flag was not typed and the variable
/// is not empty. Returns whether podinit is switched off.
fn apply_environment(
    options: &mut Options,
    typed: &[Typed],
    environment: &Environment,
) -> Result<bool, Refusal> {
    if !environment.iter().any(|variable| variable.to_bytes().starts_with(PREFIX.as_bytes())) {
        return Ok(false);
    }
    for flag in flags::all().filter(|flag| typed.iter().all(|(other, _)| other.long != flag.long)) {
        let name = format!("{PREFIX}{}", flag.long.replace('-', "_").to_ascii_uppercase());
        let Some(value) = environment.get(&name).filter(|value| !value.is_empty()) else {
            continue;
        };
        let wrong = |problem: String| refuse(&format!("{name}: {problem}"));
        match flag.kind {
            Kind::Switch(set) => set(options, yes_or_no(value).map_err(wrong)?),
            Kind::Count(set) => set(options, how_often(value).map_err(wrong)?),
            Kind::Value(_, set) => set(options, value).map_err(wrong)?,
            #[cfg(feature = "probe")]
            Kind::Planned(_) => {
                options.asked.push(Asked { long: flag.long, by_variable: true, value });
            }
        }
    }
    let disabled = environment.get("PODINIT_DISABLED").map_or(Ok(false), yes_or_no);
    disabled.map_err(|problem| refuse(&format!("PODINIT_DISABLED: {problem}")))
}

fn holding() -> Outcome {
    Outcome::Hold { holding: Holding::Own, log: Log::new(Style::Text, Level::Error) }
}

fn read_pause(words: &Words) -> Result<Outcome, Refusal> {
    match words.bytes(2) {
        None => Ok(holding()),
        Some(b"-h" | b"--help") => Ok(Outcome::Say(help())),
        Some(_) => Err(refuse(
            "pause: it takes nothing further (to run a program called pause: podinit -- pause)",
        )),
    }
}

fn read_install(words: &Words) -> Result<Outcome, Refusal> {
    let from = if words.bytes(2) == Some(b"--") { 3 } else { 2 };
    match (words.get(from), words.get(from + 1)) {
        (Some(word), None) if from == 2 && (word == c"-h" || word == c"--help") => {
            Ok(Outcome::Say(help()))
        }
        (Some(directory), None) if !directory.is_empty() => Ok(Outcome::Install { directory }),
        _ => Err(refuse("install: it takes one directory (podinit install /shared)")),
    }
}

fn read_sleep(words: &Words) -> Result<Outcome, Refusal> {
    let from = if words.bytes(2) == Some(b"--") { 3 } else { 2 };
    match (words.get(from), words.get(from + 1)) {
        (Some(word), None) if from == 2 && (word == c"-h" || word == c"--help") => {
            Ok(Outcome::Say(help()))
        }
        (Some(time), None) => match perhaps_endless(time.to_str().unwrap_or_default()) {
            Some(time) => Ok(Outcome::Sleep(time)),
            None => Err(refuse(&format!("sleep: {time:?} is not a duration (try 5s or infinity)"))),
        },
        _ => Err(refuse("sleep: it takes one duration (podinit sleep 5s)")),
    }
}

/// A duration, or nothing for `infinity`; `None` if it is neither.
fn perhaps_endless(text: &str) -> Option<Option<Duration>> {
    if text == "infinity" { Some(None) } else { duration::parse(text).map(Some) }
}

/// podinit's own refusal: one line, code 125.
pub fn refuse(problem: &str) -> Refusal {
    Refusal { text: format!("podinit: {problem}\n"), code: FAILURE }
}

fn yes_or_no(value: &CStr) -> Result<bool, String> {
    match value.to_bytes().to_ascii_lowercase().as_slice() {
        b"1" | b"true" | b"yes" | b"on" => Ok(true),
        b"" | b"0" | b"false" | b"no" | b"off" => Ok(false),
        _ => Err(format!("{value:?} is neither yes nor no (try 1 or 0)")),
    }
}

fn how_often(value: &CStr) -> Result<u8, String> {
    let number = value.to_str().ok().and_then(|text| text.parse().ok());
    number.map_or_else(|| yes_or_no(value).map(u8::from), Ok)
}

/// What the feature `probe` adds to the usage.
const PROBES: &str = if cfg!(feature = "probe") {
    "       podinit probe ACTION                      one probe attempt: exit 0 or 1
       podinit wait CONDITION... [-- COMMAND]    wait until all hold, then exit 0 or become COMMAND
"
} else {
    ""
};

/// What the feature `manifest` adds.
const DOWNWARD: &str = if cfg!(feature = "manifest") {
    "       podinit downward render|env               a pod's facts as the kubelet gives them: files, variables
"
} else {
    ""
};

fn help() -> String {
    let mut text = String::from(
        "\
podinit: an init for containers. Reaps zombies, forwards signals, ends on time.

usage: podinit [OPTIONS] [--] COMMAND [ARG]...   be COMMAND's init
",
    );
    text.push_str(PROBES);
    text.push_str(DOWNWARD);
    text.push_str(
        "       podinit sleep DURATION                    sleep, where there is no shell
       podinit pause                             hold namespaces, reap, leave on INT or TERM
       podinit install DIR                       copy this binary to DIR/podinit
",
    );
    for (index, group) in GROUPS.iter().enumerate() {
        // Writing into a String cannot fail.
        let _ = writeln!(text, "\n{}:", group.title);
        group.flags.iter().for_each(|flag| describe(flag, &mut text));
        if index == 0 {
            text.push_str(QUESTIONS);
        }
    }
    text.push_str(
        "
Each option is also a variable: PODINIT_GRACE_PERIOD=10s, PODINIT_STOP_ON=USR1,PWR, PODINIT_VERBOSE=2;
an option on the command line wins. PODINIT_DISABLED=1 runs COMMAND in podinit's place, with --user, --chdir
and a manifest's user, directory and variables.

Exit code: COMMAND's own; 128+N when signal N ended it; 126 not executable, 127 not found; 125 podinit's own error.
Linked as tini, tini-static, docker-init, dumb-init, catatonit, podman-init or pause, it takes that program's place.
",
    );
    text
}

const QUESTIONS: &str = "  -h, --help      this text
  -V, --version   the version
  -l, --license   the licence
";

fn describe(flag: &Flag, text: &mut String) {
    let short = flag.short.map_or("    ".to_owned(), |short| format!("-{}, ", char::from(short)));
    let value = flag.kind.value().map_or(String::new(), |name| format!(" {name}"));
    let _ = writeln!(text, "  {short}--{}{value}\n          {}", flag.long, flag.help);
}
