//! The facts: what each says to people, what it is called and what it holds for programs.

use std::ffi::CStr;
use std::fmt::{self, Write};

use super::Level;
#[cfg(feature = "probe")]
use super::Supervised;
use crate::duration::Seconds;
use crate::lifecycle::termination::Account;
use crate::signal::Signal;
use crate::sys::wait::Exit;
use crate::sys::{Errno, Pid};

/// One fact worth a line.
#[derive(Clone, Copy)]
pub enum Note<'a> {
    /// The program was not started: what it is, and why.
    NotStarted {
        program: &'a CStr,
        because: &'a dyn fmt::Display,
    },
    /// Something was asked of the kernel that it refuses.
    Refused {
        what: &'static str,
        errno: Errno,
        fatal: bool,
    },
    /// init T18.
    NotReaping,
    /// init P2.
    NotFirst,
    Started {
        program: &'a CStr,
        pid: Pid,
    },
    Forwarded {
        signal: Signal,
        pid: Pid,
        group: bool,
    },
    /// The target could not be signalled, and not because it is gone (init U19).
    NotForwarded {
        signal: Signal,
        pid: Pid,
        errno: Errno,
    },
    MainStopped {
        signal: Signal,
    },
    MainEnded {
        pid: Pid,
        exit: Exit,
    },
    Reaped {
        pid: Pid,
        exit: Exit,
    },
    /// The same, to somebody who wants to know of each (init T8).
    OrphanWarned {
        pid: Pid,
    },
    /// Leftovers are looked for in the main child's group only.
    NoProc,
    LeftoversTold {
        count: usize,
    },
    Killed {
        count: usize,
    },
    /// Not even SIGKILL ended it, or none could be sent.
    Survivor {
        pid: Pid,
        refused: Option<Errno>,
    },
    /// The closing line (design 3.6).
    Closing {
        account: Account,
        exit: u8,
    },
    /// A namespace holder was told to leave (init P3).
    Leaving {
        signal: Signal,
    },
    /// Something in a manifest that its author may not have meant.
    #[cfg(feature = "probe")]
    Manifest {
        text: &'a str,
    },
    /// Of a container with hooks, probes or restarts.
    #[cfg(feature = "probe")]
    Supervised(Supervised<'a>),
    /// Lines that did not fit before this one.
    Lost {
        lines: u64,
    },
}

impl Note<'_> {
    pub(super) fn level(&self) -> Level {
        match self {
            Note::NotStarted { .. } | Note::Refused { fatal: true, .. } => Level::Error,
            Note::NotReaping
            | Note::NotFirst
            | Note::NotForwarded { .. }
            | Note::OrphanWarned { .. }
            | Note::NoProc
            | Note::Survivor { .. }
            | Note::Leaving { .. }
            | Note::Lost { .. } => Level::Warning,
            #[cfg(feature = "probe")]
            Note::Manifest { .. } => Level::Warning,
            Note::Refused { fatal: false, .. }
            | Note::Started { .. }
            | Note::MainEnded { .. }
            | Note::MainStopped { .. }
            | Note::LeftoversTold { .. }
            | Note::Killed { .. } => Level::Info,
            Note::Closing { account, .. } if account.killed => Level::Warning,
            Note::Closing { .. } => Level::Info,
            #[cfg(feature = "probe")]
            Note::Supervised(fact) => fact.level(),
            Note::Forwarded { .. } | Note::Reaped { .. } => Level::Debug,
        }
    }

    /// Its name in JSON lines.
    pub(super) fn event(&self) -> &'static str {
        match self {
            Note::NotStarted { .. } => "not-started",
            Note::Refused { .. } => "refused",
            Note::NotReaping => "not-reaping",
            Note::NotFirst => "not-first",
            Note::Started { .. } => "started",
            Note::Forwarded { .. } => "forwarded",
            Note::NotForwarded { .. } => "not-forwarded",
            Note::MainStopped { .. } => "stopped",
            Note::MainEnded { .. } => "ended",
            Note::Reaped { .. } | Note::OrphanWarned { .. } => "reaped",
            Note::NoProc => "no-proc",
            Note::LeftoversTold { .. } => "leftovers-told",
            Note::Killed { .. } => "killed",
            Note::Survivor { .. } => "survivor",
            Note::Closing { .. } => "terminated",
            Note::Leaving { .. } => "leaving",
            #[cfg(feature = "probe")]
            Note::Manifest { .. } => "manifest",
            #[cfg(feature = "probe")]
            Note::Supervised(fact) => fact.event(),
            Note::Lost { .. } => "lines-lost",
        }
    }

    /// What a program wants to read from a JSON line without taking the message apart.
    pub(super) fn write_fields(&self, out: &mut dyn Write) -> fmt::Result {
        match *self {
            Note::Started { pid, .. } | Note::Survivor { pid, .. } | Note::OrphanWarned { pid } => {
                write!(out, ",\"pid\":{pid}")
            }
            Note::Forwarded { signal, pid, .. } | Note::NotForwarded { signal, pid, .. } => {
                write!(out, ",\"pid\":{pid},\"signal\":\"{signal}\"")
            }
            Note::MainEnded { pid, exit } | Note::Reaped { pid, exit } => {
                write!(out, ",\"pid\":{pid},\"exit\":{}", exit.code())
            }
            Note::MainStopped { signal } | Note::Leaving { signal } => {
                write!(out, ",\"signal\":\"{signal}\"")
            }
            Note::LeftoversTold { count } | Note::Killed { count } => {
                write!(out, ",\"count\":{count}")
            }
            Note::Closing { account, exit } => {
                if let Some(signal) = account.stop_signal {
                    write!(out, ",\"signal\":\"{signal}\"")?;
                }
                if let Some(time) = account.to_main_end {
                    write!(out, ",\"toExitSeconds\":{:.3}", time.as_secs_f64())?;
                }
                write!(out, ",\"leftoversSeconds\":{:.3}", account.leftovers.as_secs_f64())?;
                write!(out, ",\"totalSeconds\":{:.3}", account.total.as_secs_f64())?;
                write!(out, ",\"killed\":{},\"exit\":{exit}", account.killed)
            }
            #[cfg(feature = "probe")]
            Note::Manifest { .. } => Ok(()),
            #[cfg(feature = "probe")]
            Note::Supervised(fact) => fact.write_fields(out),
            Note::Lost { lines } => write!(out, ",\"lines\":{lines}"),
            Note::NotStarted { .. }
            | Note::Refused { .. }
            | Note::NotReaping
            | Note::NotFirst
            | Note::NoProc => Ok(()),
        }
    }
}

impl fmt::Display for Note<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Note::NotStarted { program, because } => write!(f, "{}: {because}", Printable(program)),
            Note::Refused { what, errno, .. } => write!(f, "{what}: {}", errno.desc()),
            Note::NotReaping => f.write_str(
                "not PID 1 and not a child subreaper: zombie reaping will not work.\n\
                 Run it as PID 1, or use -s or set TINI_SUBREAPER to make it a subreaper.",
            ),
            Note::NotFirst => f.write_str("warning: not PID 1: only what is reparented here will be reaped"),
            Note::Started { program, pid } => write!(f, "started {} as pid {pid}", Printable(program)),
            Note::Forwarded { signal, pid, group: true } => write!(f, "sent {signal} to group {pid}"),
            Note::Forwarded { signal, pid, group: false } => write!(f, "sent {signal} to pid {pid}"),
            Note::NotForwarded { signal, pid, errno } => {
                write!(f, "could not send {signal} to pid {pid}: {}", errno.desc())?;
                f.write_str(remedy(errno))
            }
            Note::MainStopped { signal } => write!(f, "the program was stopped by {signal}"),
            Note::MainEnded { pid, exit } => write!(f, "pid {pid} ended: {exit}"),
            Note::Reaped { pid, exit } => write!(f, "reaped {pid}: {exit}"),
            Note::OrphanWarned { pid } => write!(f, "reaped zombie process with pid={pid}"),
            Note::NoProc => f.write_str("no /proc of this PID namespace can be read: of what the program left behind, only its process group is found"),
            Note::LeftoversTold { count } => write!(f, "sent TERM to {count} leftover {}", processes(count)),
            Note::Killed { count } => write!(f, "sent SIGKILL to {count} {}", processes(count)),
            Note::Survivor { pid, refused: None } => {
                write!(f, "pid {pid} is still there after SIGKILL (uninterruptible sleep?)")
            }
            Note::Survivor { pid, refused: Some(errno) } => {
                write!(f, "pid {pid} is still there, SIGKILL was refused: {}{}", errno.desc(), remedy(errno))
            }
            Note::Closing { account, exit } => write_account(f, account, exit),
            Note::Leaving { signal } => write!(f, "shutting down, got SIG{signal}"),
            #[cfg(feature = "probe")]
            Note::Manifest { text } => f.write_str(text),
            #[cfg(feature = "probe")]
            Note::Supervised(fact) => fact.fmt(f),
            Note::Lost { lines } => write!(f, "{lines} lines lost: standard error was full"),
        }
    }
}

/// What helps against a refused signal.
fn remedy(errno: Errno) -> &'static str {
    match errno {
        Errno::EPERM => {
            " (it runs as another user; podinit needs CAP_KILL, or to run as that user itself)"
        }
        _ => "",
    }
}

fn processes(count: usize) -> &'static str {
    if count == 1 { "process" } else { "processes" }
}

fn write_account(f: &mut fmt::Formatter<'_>, account: Account, exit: u8) -> fmt::Result {
    match (account.stop_signal, account.to_main_end) {
        (Some(signal), Some(time)) => write!(f, "terminated: {signal}→exit {}, ", Seconds(time))?,
        (Some(signal), None) => write!(f, "not terminated by {signal} and SIGKILL: ")?,
        (None, _) => f.write_str("ended by itself: ")?,
    }
    write!(f, "leftovers {}, ", Seconds(account.leftovers))?;
    match (account.stop_signal, account.grace) {
        (Some(_), Some(grace)) => write!(f, "{} of {}, ", Seconds(account.total), Seconds(grace))?,
        (Some(_), None) => write!(f, "{} in all, ", Seconds(account.total))?,
        (None, _) => {}
    }
    if account.killed {
        f.write_str("SIGKILL was needed, ")?;
    }
    write!(f, "exit {exit}")
}

/// A word from outside on one line: what is no text, or no printable text, is escaped.
pub struct Printable<'a>(pub &'a CStr);

impl fmt::Display for Printable<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for chunk in self.0.to_bytes().utf8_chunks() {
            for character in chunk.valid().chars() {
                if character.is_control() {
                    write!(f, "{}", character.escape_default())?
                } else {
                    f.write_char(character)?
                }
            }
            for byte in chunk.invalid() {
                write!(f, "\\x{byte:02x}")?;
            }
        }
        Ok(())
    }
}
