//! `--status-fd`: what becomes of the container, one JSON object a line, for whoever has started podinit.
//!
//! docs/status.md says what stands in a line. One is never longer than what a pipe takes whole, and never waits.

use std::fmt::{self, Write};
use std::time::{Duration, SystemTime};

use super::{JsonString, width};
use crate::lifecycle::Moment;
use crate::lifecycle::status::event::Severity;
use crate::lifecycle::status::{ContainerStatus, State, Terminated};
use crate::signal::Signal;
use crate::sys::line::{LINE_LIMIT, Output};
use crate::sys::text::Text;
use crate::sys::{Pid, clock};

/// What a line has for an event's message, for why a container waits, for a termination message and for each name, in bytes
/// as JSON; the rest of it takes less than what is left.
const MESSAGE: usize = 800;
const WAITING: usize = 400;
const LAST_WORDS: usize = 1800;
const NAME: usize = 128;

/// The stream, and what its reader knows.
pub struct StatusStream {
    to: Output,
    /// The time of day at [`Moment`] zero, since the epoch.
    beginning: Duration,
    known: Option<ContainerStatus>,
    lost: u64,
    /// A line of which only the first so many bytes were taken.
    torn: Text<LINE_LIMIT>,
    taken: usize,
}

/// What has happened.
#[derive(Clone, Copy)]
pub struct StatusEvent<'a> {
    pub name: &'a str,
    pub severity: Severity,
    pub message: &'a dyn fmt::Display,
    /// podinit's own exit code, with the last line.
    pub exit: Option<u8>,
}

/// The container that it has happened to.
#[derive(Clone, Copy)]
pub struct Subject<'a> {
    pub name: &'a str,
    /// `NAME_NAMESPACE(UID)`; empty without a manifest.
    pub pod: &'a str,
    pub instance: u32,
    /// The main process, while it is there.
    pub pid: Option<Pid>,
    pub status: ContainerStatus,
    /// Of the latest end: the termination message, and the signal that killed the main process.
    pub last_words: &'a [u8],
    pub signal: Option<Signal>,
}

impl StatusStream {
    pub fn new(to: Output) -> StatusStream {
        let wall = clock::wall().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let beginning = wall.saturating_sub(clock::monotonic());
        let torn = Text::default();
        StatusStream { to, beginning, known: None, lost: 0, torn, taken: 0 }
    }

    /// Writes a line if the status has changed.
    pub fn look(&mut self, subject: &Subject<'_>) {
        let Some(change) = Change::between(self.known, subject.status) else { return };
        self.known = Some(subject.status);
        let message = &Told { change, subject };
        let (name, severity) = (change.name(), Severity::Normal);
        self.tell(&StatusEvent { name, severity, message, exit: None }, subject);
    }

    /// Writes a line.
    pub fn tell(&mut self, event: &StatusEvent<'_>, subject: &Subject<'_>) {
        let mut line = Text::<LINE_LIMIT>::default();
        let composed = self.compose(&mut line, event, subject);
        line.end_with(b'\n');
        let is_out = composed.is_ok() && self.finish_torn() && self.write(&line);
        self.lost = if is_out { 0 } else { self.lost.saturating_add(1) };
    }

    /// Whether nothing is torn any more.
    fn finish_torn(&mut self) -> bool {
        let rest = self.torn.as_bytes().get(self.taken..).unwrap_or_default();
        if !rest.is_empty() {
            self.taken += self.to.write(rest).unwrap_or(0);
        }
        self.taken >= self.torn.as_bytes().len()
    }

    fn write(&mut self, line: &Text<LINE_LIMIT>) -> bool {
        let line = line.as_bytes();
        let Ok(taken) = self.to.write(line) else { return false };
        if taken < line.len() {
            self.torn.clear();
            self.torn.push_bytes(line);
            self.taken = taken;
        }
        true
    }

    fn compose(
        &self,
        out: &mut dyn Write,
        event: &StatusEvent<'_>,
        subject: &Subject<'_>,
    ) -> fmt::Result {
        let Subject { name, instance, pid, status, .. } = *subject;
        write!(out, "{{\"ts\":\"{}\",\"event\":", super::now())?;
        string(out, NAME, &event.name)?;
        write!(out, ",\"type\":\"{}\",\"message\":", event.severity.word())?;
        string(out, MESSAGE, event.message)?;
        out.write_str(",\"container\":")?;
        string(out, NAME, &name)?;
        write!(out, ",\"instance\":{instance}")?;
        if let Some(pid) = pid {
            write!(out, ",\"pid\":{pid}")?;
        }
        if let Some(code) = event.exit {
            write!(out, ",\"exitCode\":{code}")?;
        }
        if self.lost > 0 {
            write!(out, ",\"lost\":{}", self.lost)?;
        }
        out.write_str(",\"status\":{\"name\":")?;
        string(out, NAME, &name)?;
        out.write_str(",\"state\":")?;
        self.state(out, status.state, subject)?;
        out.write_str(",\"lastState\":")?;
        match status.last {
            Some(end) => self.state(out, State::Terminated(end), subject)?,
            None => out.write_str("{}")?,
        }
        let ContainerStatus { ready, started, .. } = status;
        // The API's number is an i32.
        let restarts = i32::try_from(status.restart_count).unwrap_or(i32::MAX);
        write!(out, ",\"ready\":{ready},\"started\":{started},\"restartCount\":{restarts}}}}}")
    }

    fn state(&self, out: &mut dyn Write, state: State, subject: &Subject<'_>) -> fmt::Result {
        match state {
            State::Waiting(waiting) => {
                write!(out, "{{\"waiting\":{{\"reason\":\"{}\"", waiting.reason())?;
                if let Some(message) = waiting.message(subject.name, subject.pod) {
                    out.write_str(",\"message\":")?;
                    string(out, WAITING, &message)?;
                }
            }
            State::Running { since } => {
                write!(out, "{{\"running\":{{\"startedAt\":\"{}\"", self.time(since))?;
            }
            State::Terminated(end) => self.end(out, end, subject)?,
        }
        out.write_str("}}")
    }

    /// The API knows seconds only (kubelet R28).
    fn end(&self, out: &mut dyn Write, end: Terminated, subject: &Subject<'_>) -> fmt::Result {
        let (code, reason) = (end.exit_code, end.reason.word());
        write!(out, "{{\"terminated\":{{\"exitCode\":{code},\"reason\":\"{reason}\"")?;
        let (started, finished) = (self.time(end.started), self.time(end.finished));
        write!(out, ",\"startedAt\":\"{started}\",\"finishedAt\":\"{finished}\"")?;
        if subject.status.latest_end() != Some(end) {
            return Ok(());
        }
        if let Some(signal) = subject.signal {
            write!(out, ",\"signal\":{}", signal.number())?;
        }
        if !subject.last_words.is_empty() {
            out.write_str(",\"message\":\"")?;
            write_end_of(out, LAST_WORDS, subject.last_words)?;
            out.write_str("\"")?;
        }
        Ok(())
    }

    fn time(&self, moment: Moment) -> impl fmt::Display {
        let since = self.beginning.saturating_add(moment.since(Moment::at(Duration::ZERO)));
        let time = SystemTime::UNIX_EPOCH.checked_add(since).unwrap_or(SystemTime::UNIX_EPOCH);
        humantime::format_rfc3339_seconds(time)
    }
}

/// A string of at most so many bytes between its quotes.
fn string(out: &mut dyn Write, room: usize, text: &dyn fmt::Display) -> fmt::Result {
    out.write_str("\"")?;
    write!(JsonString { out, room }, "{text}")?;
    out.write_str("\"")
}

/// The inside of a string: the end of what is said, as whoever ends says last what matters. What is no text becomes U+FFFD,
/// as the API has it.
fn write_end_of(out: &mut dyn Write, room: usize, bytes: &[u8]) -> fmt::Result {
    let characters = || {
        bytes.utf8_chunks().flat_map(|chunk| {
            let invalid = (!chunk.invalid().is_empty()).then_some(char::REPLACEMENT_CHARACTER);
            chunk.valid().chars().chain(invalid)
        })
    };
    let mut all: usize = characters().map(width).sum();
    let mut out = JsonString { out, room };
    for character in characters() {
        if all <= room {
            out.write_char(character)?;
        } else {
            all -= width(character);
        }
    }
    Ok(())
}

/// What of a status is another than before.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Change {
    Waiting,
    Running,
    Terminated,
    Ready(bool),
    StartedUp,
}

impl Change {
    /// The most telling one.
    fn between(before: Option<ContainerStatus>, now: ContainerStatus) -> Option<Change> {
        let ended = before.is_some_and(|before| before.latest_end() != now.latest_end());
        let same_state = before.is_some_and(|before| before.state == now.state);
        match (before, now.state) {
            (Some(before), _) if before == now => None,
            _ if ended => Some(Change::Terminated),
            (Some(before), _) if same_state && before.ready != now.ready => {
                Some(Change::Ready(now.ready))
            }
            _ if same_state => Some(Change::StartedUp),
            (_, State::Waiting(_)) => Some(Change::Waiting),
            (_, State::Running { .. }) => Some(Change::Running),
            // Who is stopped while held back, or in postStart, waits no more; that end was told of.
            (Some(_), State::Terminated(_)) => None,
            (None, State::Terminated(_)) => Some(Change::Terminated),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Change::Waiting => "Waiting",
            Change::Running => "Running",
            Change::Terminated => "Terminated",
            Change::Ready(true) => "Ready",
            Change::Ready(false) => "NotReady",
            Change::StartedUp => "StartedUp",
        }
    }
}

/// A change, for people.
struct Told<'a> {
    change: Change,
    subject: &'a Subject<'a>,
}

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Subject { name, status, .. } = *self.subject;
        write!(f, "Container {name} ")?;
        match (self.change, status.state, status.latest_end()) {
            (Change::Terminated, _, Some(end)) => {
                write!(f, "ended: {}, exit code {}", end.reason.word(), end.exit_code)
            }
            (_, State::Waiting(waiting), _) => write!(f, "waits: {}", waiting.reason()),
            (Change::Ready(true), ..) => f.write_str("is ready"),
            (Change::Ready(false), ..) => f.write_str("is not ready"),
            (Change::StartedUp, ..) => f.write_str("has started up"),
            _ => f.write_str("runs"),
        }
    }
}

#[cfg(test)]
mod tests;
