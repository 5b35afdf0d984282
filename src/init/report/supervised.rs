//! The facts of a container with hooks, probes and restarts, as [`super::note`] has those of any.

use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use super::Level;
use crate::agent::{Remark, Tone};
use crate::duration::Seconds;
use crate::init::start::shortage;
use crate::lifecycle::container::{Hook, KillReason, Word};
use crate::lifecycle::status::event::{ContainerEvent, Event, Severity};
use crate::plan::life::Role;
use crate::signal::Signal;
use crate::sys::Errno;
use crate::sys::wait::Exit;

/// One fact worth a line.
#[derive(Clone, Copy)]
pub enum Supervised<'a> {
    /// What the container's machine says, of the container of this name.
    Said { role: Role, name: &'a str, word: Word },
    /// Whether the container of this name is ready, as it says itself.
    Ready { name: &'a str, ready: bool },
    /// No process could be made for the agent.
    NoAgent { errno: Errno, pause: Duration },
    /// There is another after this pause.
    AgentEnded { exit: Exit, pause: Duration },
    /// It takes no orders, or somebody keeps stopping it.
    AgentHangs,
    /// What the agent says of probes and hooks, and what hooks print.
    Remarked(Remark<'a>),
    /// The agent is asked here by HTTP.
    Listening { address: SocketAddr },
    /// Nobody can be asked where an option says.
    NotListening { asked: &'a str, errno: Errno },
    /// There was no agent to run it.
    HookNotRun { hook: Hook },
    /// A signal came when there was nobody to send it to.
    Dropped { signal: Signal },
    /// The closing line (design 3.6).
    Closing { account: Account, exit: u8 },
}

/// Where the time went from the first word of the end to the last; `None` for what there was not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    pub pre_stop: Option<Duration>,
    /// The signal that asked the program to end, and how long that took.
    pub signalled: Option<(Signal, Option<Duration>)>,
    /// From the main process's end until all it left behind was gone.
    pub leftovers: Option<Duration>,
    /// All of it; `None` if nobody asked for the end.
    pub total: Option<Duration>,
    /// What a request to stop was given.
    pub grace: Option<Duration>,
    /// SIGKILL was needed.
    pub killed: bool,
    /// It is to be seen at any rate.
    pub wanted: bool,
}

impl Supervised<'_> {
    pub(super) fn level(&self) -> Level {
        match self {
            Supervised::Said { word: Word::Started | Word::Failed(_), .. } => Level::Debug,
            Supervised::Said { word: Word::Killing { reason, .. }, .. } => match reason {
                KillReason::Probe(_) | KillReason::PostStart => Level::Warning,
                KillReason::Stop | KillReason::Restart | KillReason::Reset => Level::Info,
            },
            // As the program's own output it is shown whatever is wanted of podinit's.
            Supervised::Remarked(Remark { tone: Tone::Output, .. }) => Level::Error,
            Supervised::Said { .. }
            | Supervised::Remarked(_)
            | Supervised::NoAgent { .. }
            | Supervised::AgentEnded { .. }
            | Supervised::AgentHangs
            | Supervised::HookNotRun { .. } => Level::Warning,
            Supervised::NotListening { .. } => Level::Error,
            Supervised::Listening { .. }
            | Supervised::Dropped { .. }
            | Supervised::Ready { .. } => Level::Info,
            Supervised::Closing { account, .. } if account.wanted || account.killed => {
                Level::Warning
            }
            Supervised::Closing { .. } => Level::Info,
        }
    }

    /// The `type` of the event that it is.
    pub(in crate::init) fn severity(&self) -> Severity {
        match *self {
            Supervised::Said { role, name, word } => said(role, name, word).severity(),
            _ => Severity::Warning,
        }
    }

    /// Its name in JSON lines.
    pub(in crate::init) fn event(&self) -> &'static str {
        match self {
            // As the agent's remarks, in the kubelet's words.
            Supervised::Said { role, name, word } => said(*role, name, *word).reason(),
            Supervised::Remarked(remark) => remark.reason,
            Supervised::Ready { .. } => "ready",
            Supervised::NoAgent { .. } => "no-agent",
            Supervised::AgentEnded { .. } => "agent-ended",
            Supervised::AgentHangs => "agent-hangs",
            Supervised::Listening { .. } => "listening",
            Supervised::NotListening { .. } => "not-listening",
            Supervised::HookNotRun { .. } => "hook-not-run",
            Supervised::Dropped { .. } => "dropped",
            Supervised::Closing { .. } => "terminated",
        }
    }

    /// What a program wants to read from a JSON line without taking the message apart.
    pub(super) fn write_fields(&self, out: &mut dyn Write) -> fmt::Result {
        match *self {
            Supervised::Said { word: Word::BackOff(pause), .. }
            | Supervised::NoAgent { pause, .. } => seconds(out, "pause", pause),
            Supervised::Said {
                word: Word::PreStopTimedOut(time) | Word::PostStopTimedOut(time),
                ..
            } => seconds(out, "time", time),
            Supervised::Said { word: Word::Killing { restarts, .. }, .. } => {
                write!(out, ",\"restarts\":{restarts}")
            }
            Supervised::AgentEnded { exit, pause } => {
                write!(out, ",\"exit\":{}", exit.code())?;
                seconds(out, "pause", pause)
            }
            Supervised::Ready { ready, .. } => write!(out, ",\"ready\":{ready}"),
            Supervised::Listening { address } => write!(out, ",\"address\":\"{address}\""),
            Supervised::Dropped { signal } => write!(out, ",\"signal\":\"{signal}\""),
            Supervised::Closing { account, exit } => {
                if let Some((signal, _)) = account.signalled {
                    write!(out, ",\"signal\":\"{signal}\"")?;
                }
                let to_exit = account.signalled.and_then(|(_, time)| time);
                let times = [
                    ("preStop", account.pre_stop),
                    ("toExit", to_exit),
                    ("leftovers", account.leftovers),
                    ("total", account.total),
                ];
                for (name, time) in times {
                    time.map_or(Ok(()), |time| seconds(out, name, time))?;
                }
                write!(out, ",\"killed\":{},\"exit\":{exit}", account.killed)
            }
            Supervised::Said { .. }
            | Supervised::Remarked(_)
            | Supervised::AgentHangs
            | Supervised::NotListening { .. }
            | Supervised::HookNotRun { .. } => Ok(()),
        }
    }
}

fn seconds(out: &mut dyn Write, name: &str, time: Duration) -> fmt::Result {
    write!(out, ",\"{name}Seconds\":{:.3}", time.as_secs_f64())
}

impl fmt::Display for Supervised<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Supervised::Said { name, word: Word::BackOff(pause), .. } => {
                let pause = Seconds(pause);
                write!(f, "Back-off restarting failed container {name}: {pause} after its last end")
            }
            Supervised::Said { role, name, word } => said(role, name, word).fmt(f),
            Supervised::Remarked(remark) => f.write_str(remark.text),
            Supervised::Ready { name, ready } => {
                write!(f, "Container {name} is {}ready", if ready { "" } else { "not " })
            }
            Supervised::NoAgent { errno, pause } => {
                let (why, pause) = (shortage(errno), Seconds(pause));
                write!(
                    f,
                    "no process can be made for hooks and probes: {why}; next try after {pause}"
                )
            }
            Supervised::AgentEnded { exit, pause } => {
                let pause = Seconds(pause);
                write!(
                    f,
                    "the process for hooks and probes ended ({exit}); there is another after {pause}"
                )
            }
            Supervised::AgentHangs => {
                f.write_str("the process for hooks and probes hangs, and is killed")
            }
            Supervised::Listening { address } => write!(f, "listening on {address}"),
            Supervised::NotListening { asked, errno } => {
                let remedy = match errno {
                    Errno::EACCES => " (ports below 1024 take root or CAP_NET_BIND_SERVICE)",
                    Errno::EADDRINUSE => " (somebody listens there, or it is asked for twice)",
                    Errno::EADDRNOTAVAIL => " (none of this container's addresses)",
                    _ => "",
                };
                write!(f, "{asked}: {}{remedy}", errno.desc())
            }
            Supervised::HookNotRun { hook } => {
                write!(f, "{}: there is no process to run it", hook.name())
            }
            Supervised::Dropped { signal } => {
                write!(f, "{signal} is dropped: the program does not run")
            }
            Supervised::Closing { account, exit } => write_account(f, account, exit),
        }
    }
}

/// What the kubelet makes of it.
fn said(role: Role, name: &str, word: Word) -> Event<'_> {
    let what = ContainerEvent::of_word(word, "", "it did not start");
    Event::Container { role, name, what }
}

fn write_account(f: &mut fmt::Formatter<'_>, account: Account, exit: u8) -> fmt::Result {
    f.write_str(if account.total.is_some() { "terminated: " } else { "ended by itself: " })?;
    if let Some(time) = account.pre_stop {
        write!(f, "preStop {}, ", Seconds(time))?;
    }
    if let Some((signal, Some(time))) = account.signalled {
        write!(f, "{signal}→exit {}, ", Seconds(time))?;
    }
    if let Some(time) = account.leftovers {
        write!(f, "leftovers {}, ", Seconds(time))?;
    }
    match (account.total, account.grace) {
        (Some(total), Some(grace)) => write!(f, "{} of {}, ", Seconds(total), Seconds(grace))?,
        (Some(total), None) => write!(f, "{} in all, ", Seconds(total))?,
        (None, _) => {}
    }
    if account.killed {
        f.write_str("SIGKILL was needed, ")?;
    }
    write!(f, "exit {exit}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::probe::Kind;

    #[test]
    fn design_3_6_the_closing_line() {
        let account = Account {
            pre_stop: Some(Duration::from_secs(5)),
            signalled: Some((Signal::TERM, Some(Duration::from_millis(1200)))),
            leftovers: Some(Duration::ZERO),
            total: Some(Duration::from_millis(6200)),
            grace: Some(Duration::from_secs(30)),
            killed: false,
            wanted: true,
        };
        let told = |account| Supervised::Closing { account, exit: 0 }.to_string();
        assert_eq!(
            told(account),
            "terminated: preStop 5s, TERM→exit 1.2s, leftovers 0s, 6.2s of 30s, exit 0"
        );
        let killed =
            Account { pre_stop: None, signalled: None, grace: None, killed: true, ..account };
        assert_eq!(
            told(killed),
            "terminated: leftovers 0s, 6.2s in all, SIGKILL was needed, exit 0"
        );
        let alone = Account { total: None, killed: false, ..killed };
        assert_eq!(told(alone), "ended by itself: leftovers 0s, exit 0");
    }

    #[test]
    fn where_no_process_is_to_be_had_the_limit_is_named() {
        let pause = Duration::from_millis(200);
        let told = Supervised::NoAgent { errno: Errno::EAGAIN, pause }.to_string();
        let begins =
            "no process can be made for hooks and probes: the limit on processes is reached (";
        assert!(told.starts_with(begins) && told.ends_with("; next try after 0.2s"), "{told}");
    }

    #[test]
    fn what_the_machine_says_is_told_in_the_kubelets_words() {
        let said = |word| Supervised::Said { role: Role::Regular, name: "app", word };
        let failed = KillReason::Probe(Kind::Liveness);
        let table = [
            (
                Word::Killing { reason: failed, restarts: true },
                Level::Warning,
                "Container app failed liveness probe, will be restarted",
            ),
            (
                Word::Killing { reason: KillReason::Stop, restarts: false },
                Level::Info,
                "Stopping container app",
            ),
            (
                Word::BackOff(Duration::from_secs(10)),
                Level::Warning,
                "Back-off restarting failed container app: 10s after its last end",
            ),
            (Word::PreStopFailed, Level::Warning, "PreStopHook failed"),
        ];
        for (word, level, text) in table {
            assert_eq!((said(word).level(), said(word).to_string()), (level, text.to_owned()));
        }
    }
}
