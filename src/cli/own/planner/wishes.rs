//! The options for the planner, each read for itself.

use std::ffi::CStr;
use std::fmt;
#[cfg(feature = "manifest")]
use std::path::PathBuf;
use std::time::Duration;

use super::super::flags::{Asked, a_duration, list, text};
use super::listen;
use super::opts::Opts;
use crate::lifecycle::probe::Kind;
use crate::plan::life::{Pace, Policy};
#[cfg(feature = "manifest")]
use crate::plan::pod::Take;
use crate::plan::supervision::Listen;
use crate::spec::action::{Action, Address, Role};

/// What the options say; where none does, nothing.
#[derive(Default)]
pub struct Wishes {
    pub post_start: Option<Action>,
    pub pre_stop: Option<Action>,
    pub post_stop: Option<Action>,
    pub startup: ProbeWish,
    pub liveness: ProbeWish,
    pub readiness: ProbeWish,
    pub host: Option<String>,
    pub restart: Option<Restart>,
    pub pace: Option<Pace>,
    pub listen: Vec<Listen>,
    #[cfg(feature = "manifest")]
    pub manifest: ManifestWish,
}

/// What is said of one probe.
#[derive(Default)]
pub struct ProbeWish {
    pub action: Option<Action>,
    pub opts: Option<(Name, Opts)>,
}

/// What is said of the manifest, and by which option.
#[cfg(feature = "manifest")]
#[derive(Default)]
pub struct ManifestWish {
    pub file: Option<(Name, &'static CStr)>,
    pub container: Option<(Name, &'static str)>,
    pub take: Option<(Name, Take)>,
    pub env_from: Vec<(Name, String, PathBuf)>,
}

/// When to start again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Restart {
    By(Policy),
    /// As the manifest says; it was this option that asked for it.
    AsThePod(Name),
}

/// How an option is called, as it was given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Name {
    long: &'static str,
    by_variable: bool,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.by_variable {
            let name = self.long.replace('-', "_").to_ascii_uppercase();
            write!(f, "{}{name}", super::super::PREFIX)
        } else {
            write!(f, "--{}", self.long)
        }
    }
}

impl Wishes {
    /// Of one given twice the last counts, but for lists.
    ///
    /// # Errors
    /// The option, what is wrong with it, and what to write.
    pub fn read(asked: &[Asked]) -> Result<Wishes, String> {
        let mut wishes = Wishes::default();
        for one in asked {
            let name = Name { long: one.long, by_variable: one.by_variable };
            wishes.add(name, one.value).map_err(|problem| format!("{name}: {problem}"))?;
        }
        Ok(wishes)
    }

    fn add(&mut self, name: Name, value: &'static CStr) -> Result<(), String> {
        let opts = |kind| Ok::<_, String>(Some((name, Opts::parse(text(value)?, kind)?)));
        match name.long {
            "post-start" => self.post_start = action(value, Role::Hook)?,
            "pre-stop" => self.pre_stop = action(value, Role::Hook)?,
            "post-stop" => self.post_stop = action(value, Role::Hook)?,
            "startup" => self.startup.action = action(value, Role::Probe)?,
            "startup-opts" => self.startup.opts = opts(Kind::Startup)?,
            "liveness" => self.liveness.action = action(value, Role::Probe)?,
            "liveness-opts" => self.liveness.opts = opts(Kind::Liveness)?,
            "readiness" => self.readiness.action = action(value, Role::Probe)?,
            "readiness-opts" => self.readiness.opts = opts(Kind::Readiness)?,
            "probe-host" => self.host = Some(host(text(value)?)?),
            "restart" => self.restart = Some(restart(text(value)?, name)?),
            "restart-delay" => self.pace = Some(pace(text(value)?)?),
            "listen" => {
                for one in list(value)? {
                    let (address, all) = listen::parse(one)?;
                    self.listen.push(Listen { asked: format!("{name}: {one}"), address, all });
                }
            }
            #[cfg(feature = "manifest")]
            "pod" => self.manifest.file = Some((name, value)),
            #[cfg(feature = "manifest")]
            "container" => self.manifest.container = Some((name, text(value)?)),
            #[cfg(feature = "manifest")]
            "take" => self.manifest.take = Some((name, take(list(value)?)?)),
            #[cfg(feature = "manifest")]
            "env-from" => {
                for one in list(value)? {
                    let (object, folder) = an_object(one)?;
                    self.manifest.env_from.push((name, object, folder));
                }
            }
            _ => {}
        }
        Ok(())
    }
}

fn action(value: &'static CStr, role: Role) -> Result<Option<Action>, String> {
    Action::parse(text(value)?, role).map(Some).map_err(|error| error.to_string())
}

fn host(text: &str) -> Result<String, String> {
    const ANY_PORT: u16 = 1;
    match Address::new(Some(text), ANY_PORT) {
        Ok(_) => Ok(text.to_owned()),
        Err(problem) => Err(problem.to_string()),
    }
}

fn restart(text: &str, name: Name) -> Result<Restart, String> {
    match text {
        "never" => Ok(Restart::By(Policy::Never)),
        "on-failure" => Ok(Restart::By(Policy::OnFailure)),
        "always" => Ok(Restart::By(Policy::Always)),
        "pod" => Ok(Restart::AsThePod(name)),
        _ => Err(format!("{text:?} is none of never, on-failure, always, pod")),
    }
}

fn pace(text: &str) -> Result<Pace, String> {
    let (first, longest) = text.split_once("..").unwrap_or((text, text));
    let time = |text: &str| match a_duration(text)? {
        Duration::ZERO => Err(format!("{text:?} is no pause (try 10s..5m)")),
        time => Ok(time),
    };
    let (shortest, most) = (time(first)?, time(longest)?);
    if shortest > most {
        return Err(format!("{first} is more than {longest} (try {longest}..{first})"));
    }
    Ok(Pace::new(shortest, most))
}

#[cfg(feature = "manifest")]
fn take(words: impl Iterator<Item = &'static str>) -> Result<Take, String> {
    let mut take = Take { hooks: false, probes: false, environment: false, security: false };
    for word in words {
        *match word {
            "hooks" => &mut take.hooks,
            "probes" => &mut take.probes,
            "env" => &mut take.environment,
            "security" => &mut take.security,
            _ => return Err(format!("{word:?} is none of hooks, probes, env, security")),
        } = true;
    }
    Ok(take)
}

#[cfg(feature = "manifest")]
pub(in crate::cli::own) fn an_object(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, folder)) if !name.is_empty() && !folder.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(folder)))
        }
        _ => Err(format!("{text:?} is not NAME=PATH (try settings=/etc/settings)")),
    }
}
