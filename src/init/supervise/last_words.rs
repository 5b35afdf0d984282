//! What an instance leaves to be read about its end, and what podinit adds to it (kubelet R31 to R34).

use std::ffi::CString;
use std::fmt::{self, Write};

use crate::lifecycle::container::{KillReason, Word};
use crate::lifecycle::status::event::{ContainerEvent, Event};
use crate::lifecycle::status::{EndReason, Terminated};
use crate::plan::life::Role;
use crate::signal::Signal;
use crate::sys::credentials::Credentials;
use crate::sys::message_file;
use crate::sys::text::Text;
use crate::sys::wait::Exit;

/// So much of the end of the file is kept: more than a line of the status has room for, less than the kubelet takes
/// (kubelet R32).
const KEPT: usize = 2048;

pub(super) struct LastWords {
    path: Option<CString>,
    /// How podinit began to end the instance that there is.
    killing: Option<Word>,
    /// What killed the main process that has just been reaped, and that of the latest end.
    died: Option<Signal>,
    pub signal: Option<Signal>,
    message: Text<KEPT>,
}

impl LastWords {
    /// No file is read or written where there is no path.
    pub fn new(path: Option<&[u8]>) -> LastWords {
        let path = path.and_then(|path| CString::new(path).ok());
        LastWords { path, killing: None, died: None, signal: None, message: Text::default() }
    }

    /// The latest end's.
    pub fn message(&self) -> &[u8] {
        self.message.as_bytes()
    }

    /// An instance is about to start: every one but the first finds a file that podinit has emptied (kubelet R31).
    pub fn begin(&mut self, again: bool, user: Option<&Credentials>) {
        self.killing = None;
        if let (true, Some(path)) = (again, &self.path) {
            // Where it is not to be had nobody writes there either.
            let _ = message_file::replace(path, user, b"");
        }
    }

    pub fn said(&mut self, word: Word) {
        if let Word::Killing { .. } = word {
            self.killing = Some(word);
        }
    }

    /// The main process has been reaped.
    pub fn main_ended(&mut self, exit: Exit) {
        self.died = match exit {
            Exit::Signal(signal) => Some(signal),
            Exit::Code(_) => None,
        };
    }

    /// The instance has ended: so, and `killed` if that took podinit's SIGKILL. If it has left no message, and it was
    /// podinit who ended it, the message is why, in the file too if there is one.
    pub fn ended(&mut self, end: Terminated, killed: bool, whose: Whose<'_>) {
        let Whose { role, name, user } = whose;
        self.signal = self.died.take();
        self.message.clear();
        let path = self.path.as_deref();
        let mut buffer = [0; KEPT];
        let found = path.and_then(|path| message_file::read_end(path, user, &mut buffer).ok());
        self.message.push_bytes(found.unwrap_or_default());
        if self.message.as_bytes().is_empty() {
            let why = Why { end, killing: self.killing, killed, role, name };
            // Writing into it cannot fail.
            let _ = write!(self.message, "{why}");
            if let (Some(path), false) = (path, self.message.as_bytes().is_empty()) {
                let _ = message_file::replace(path, user, self.message.as_bytes());
            }
        }
    }
}

/// The container that an instance is of.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub role: Role,
    pub name: &'a str,
    /// Who its program is.
    pub user: Option<&'a Credentials>,
}

/// Why podinit has ended an instance; nothing if it has not, or was only asked to.
struct Why<'a> {
    end: Terminated,
    killing: Option<Word>,
    killed: bool,
    role: Role,
    name: &'a str,
}

impl fmt::Display for Why<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Why { end, killing, killed, role, name } = *self;
        if end.reason == EndReason::StartError {
            return f.write_str(match end.exit_code {
                127 => "the program was not found",
                126 => "the program cannot be executed",
                _ => "the program could not be started",
            });
        }
        let what = match killing {
            Some(Word::Killing { reason: KillReason::PostStart, .. }) => {
                Some(ContainerEvent::PostStartFailed)
            }
            Some(word @ Word::Killing { reason: KillReason::Probe(_), .. }) => {
                Some(ContainerEvent::of_word(word, "", ""))
            }
            _ => None,
        };
        if let Some(what) = what {
            write!(f, "{}", Event::Container { role, name, what })?;
        }
        if killed {
            f.write_str(if what.is_some() { "; " } else { "" })?;
            f.write_str("SIGKILL was needed: the grace period was over")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::Moment;
    use crate::lifecycle::probe::Kind;
    use std::time::Duration;

    #[test]
    fn why_podinit_has_ended_it() {
        let moment = Moment::at(Duration::ZERO);
        let end =
            |exit_code, reason| Terminated { exit_code, reason, started: moment, finished: moment };
        let killing = |reason| Some(Word::Killing { reason, restarts: true });
        let (error, no_start) =
            (end(137, EndReason::Error), |code| end(code, EndReason::StartError));
        for (end, killing, killed, expected) in [
            (error, None, false, ""),
            (error, killing(KillReason::Stop), false, ""),
            (
                error,
                killing(KillReason::Stop),
                true,
                "SIGKILL was needed: the grace period was over",
            ),
            (
                error,
                killing(KillReason::Probe(Kind::Startup)),
                false,
                "Container app failed startup probe, will be restarted",
            ),
            (
                error,
                killing(KillReason::PostStart),
                true,
                "PostStartHook failed; SIGKILL was needed: the grace period was over",
            ),
            (no_start(127), None, false, "the program was not found"),
            (no_start(126), None, false, "the program cannot be executed"),
            (no_start(125), None, false, "the program could not be started"),
        ] {
            let why = Why { end, killing, killed, role: Role::Regular, name: "app" };
            assert_eq!(why.to_string(), expected);
        }
    }
}
