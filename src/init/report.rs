//! What init has to say, and the ways it is written: facts in, lines out, none of which decides anything.

use std::ffi::CStr;
use std::fmt::{self, Write};

use crate::duration::Seconds;
use crate::lifecycle::termination::Account;
use crate::signal::Signal;
use crate::sys::text::Text;
use crate::sys::wait::Exit;
use crate::sys::{Errno, Pid, clock, stderr, this_process};

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
    /// Not even SIGKILL ended it.
    Survivor {
        pid: Pid,
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
    /// Lines that did not fit before this one.
    Lost {
        lines: u64,
    },
}

/// How much is said: a line is written if its level is at most the wanted one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Error,
    Warning,
    Info,
    Debug,
}

/// How lines look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Style {
    /// podinit's own, for people.
    Text,
    /// One JSON object a line.
    Json,
    /// `[INFO  tini (7)] …` (init T7).
    Tini,
    /// `[dumb-init] …` (init D5).
    DumbInit,
    /// `NAME: …`, as catatonit and pause.
    Named(&'static str),
}

/// Writes notes to standard error, whole lines or nothing, and never waits.
pub struct Log {
    style: Style,
    wanted: Level,
    lost: u64,
}

impl Log {
    pub const fn new(style: Style, wanted: Level) -> Log {
        Log { style, wanted, lost: 0 }
    }

    pub fn note(&mut self, note: Note<'_>) {
        if note.level() <= self.wanted {
            self.line(&note);
        }
    }

    // Kept out of its callers, whose frames would otherwise hold the buffer of a line nobody writes.
    #[cold]
    #[inline(never)]
    fn line(&mut self, note: &Note<'_>) {
        if self.lost > 0 && !self.write(&Note::Lost { lines: self.lost }) {
            self.lost += 1;
            return;
        }
        self.lost = u64::from(!self.write(note));
    }

    /// Whether the line is out, or could never be.
    fn write(&self, note: &Note<'_>) -> bool {
        let mut line = Text::<{ stderr::LINE_LIMIT }>::default();
        // Writing into it cannot fail.
        let _ = self.compose(&mut line, note.level(), note);
        line.end_with(b'\n');
        stderr::write(line.as_bytes()) != Err(Errno::EAGAIN)
    }

    fn compose(&self, line: &mut dyn Write, level: Level, note: &Note<'_>) -> fmt::Result {
        match self.style {
            Style::Text if level == Level::Error => write!(line, "podinit: {note}"),
            Style::Text => write!(line, "{} podinit: {note}", now()),
            Style::Json => {
                let (now, level, event) = (now(), level.word(), note.event());
                write!(
                    line,
                    "{{\"ts\":\"{now}\",\"level\":\"{level}\",\"event\":\"{event}\",\"msg\":\""
                )?;
                write!(JsonString { out: line, room: JSON_ROOM }, "{note}")?;
                line.write_str("\"")?;
                note.write_fields(line)?;
                line.write_str("}")
            }
            Style::Tini => {
                write!(line, "[{:<5} tini ({})] {note}", level.tinis_word(), this_process::pid())
            }
            Style::DumbInit => write!(line, "[dumb-init] {note}"),
            Style::Named(name) => write!(line, "{name}: {note}"),
        }
    }
}

/// What a JSON line leaves for the message, so that the object is closed however long that is.
const JSON_ROOM: usize = stderr::LINE_LIMIT - 512;

fn now() -> impl fmt::Display {
    humantime::format_rfc3339_millis(clock::wall())
}

impl Level {
    fn word(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }

    fn tinis_word(self) -> &'static str {
        match self {
            Level::Error => "FATAL",
            Level::Warning => "WARN",
            Level::Info => "INFO",
            Level::Debug => "DEBUG",
        }
    }
}

impl Note<'_> {
    fn level(&self) -> Level {
        match self {
            Note::NotStarted { .. } => Level::Error,
            Note::Refused { .. }
            | Note::NotReaping
            | Note::NotFirst
            | Note::NotForwarded { .. }
            | Note::OrphanWarned { .. }
            | Note::NoProc
            | Note::Survivor { .. }
            | Note::Leaving { .. }
            | Note::Lost { .. } => Level::Warning,
            Note::Started { .. }
            | Note::MainEnded { .. }
            | Note::MainStopped { .. }
            | Note::LeftoversTold { .. }
            | Note::Killed { .. } => Level::Info,
            Note::Closing { account, .. } if account.killed => Level::Warning,
            Note::Closing { .. } => Level::Info,
            Note::Forwarded { .. } | Note::Reaped { .. } => Level::Debug,
        }
    }

    /// Its name in JSON lines.
    fn event(&self) -> &'static str {
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
            Note::Lost { .. } => "lines-lost",
        }
    }

    /// What a program wants to read from a JSON line without taking the message apart.
    fn write_fields(&self, out: &mut dyn Write) -> fmt::Result {
        match *self {
            Note::Started { pid, .. } | Note::Survivor { pid } | Note::OrphanWarned { pid } => {
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
            Note::Refused { what, errno } => write!(f, "{what}: {}", errno.desc()),
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
                let remedy = " (it runs as another user; podinit needs CAP_KILL, or to run as that user itself)";
                if errno == Errno::EPERM { f.write_str(remedy) } else { Ok(()) }
            }
            Note::MainStopped { signal } => write!(f, "the program was stopped by {signal}"),
            Note::MainEnded { pid, exit } => write!(f, "pid {pid} ended: {exit}"),
            Note::Reaped { pid, exit } => write!(f, "reaped {pid}: {exit}"),
            Note::OrphanWarned { pid } => write!(f, "reaped zombie process with pid={pid}"),
            Note::NoProc => f.write_str("no /proc of this PID namespace: of what the program left behind, only its process group is found"),
            Note::LeftoversTold { count } => write!(f, "sent TERM to {count} left behind"),
            Note::Killed { count } => write!(f, "sent SIGKILL to {count}"),
            Note::Survivor { pid } => write!(f, "pid {pid} is still there after SIGKILL (uninterruptible sleep?)"),
            Note::Closing { account, exit } => write_account(f, account, exit),
            Note::Leaving { signal } => write!(f, "shutting down, got SIG{signal}"),
            Note::Lost { lines } => write!(f, "{lines} lines lost: standard error was full"),
        }
    }
}

fn write_account(f: &mut fmt::Formatter<'_>, account: Account, exit: u8) -> fmt::Result {
    match (account.stop_signal, account.to_main_end) {
        (Some(signal), Some(time)) => write!(f, "terminated: {signal}→exit {}, ", Seconds(time))?,
        _ => f.write_str("ended by itself: ")?,
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

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit {code}"),
            Exit::Signal(signal) => write!(f, "killed by {signal}"),
        }
    }
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

/// Writes text as the inside of a JSON string, whole characters only, until there is no more room.
struct JsonString<'a> {
    out: &'a mut dyn Write,
    room: usize,
}

impl Write for JsonString<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let width = if character.is_control() { 6 } else { 2.max(character.len_utf8()) };
            if self.room < width {
                self.room = 0;
                return Ok(());
            }
            self.room -= width;
            match character {
                '"' | '\\' => write!(self.out, "\\{character}")?,
                control if control.is_control() => {
                    write!(self.out, "\\u{:04x}", u32::from(control))?
                }
                plain => self.out.write_char(plain)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn shown(style: Style, note: Note<'_>) -> String {
        let mut line = String::new();
        Log::new(style, Level::Debug).compose(&mut line, note.level(), &note).unwrap();
        line
    }

    #[test]
    fn the_closing_line_says_where_the_time_went() {
        let account = Account {
            stop_signal: Some(Signal::TERM),
            to_main_end: Some(Duration::from_millis(1230)),
            leftovers: Duration::ZERO,
            total: Duration::from_millis(1230),
            grace: Some(Duration::from_secs(30)),
            killed: false,
        };
        let text = Note::Closing { account, exit: 0 }.to_string();
        assert_eq!(text, "terminated: TERM→exit 1.2s, leftovers 0s, 1.2s of 30s, exit 0");
        let killed = Account { grace: None, killed: true, ..account };
        let text = Note::Closing { account: killed, exit: 137 }.to_string();
        assert_eq!(
            text,
            "terminated: TERM→exit 1.2s, leftovers 0s, 1.2s in all, SIGKILL was needed, exit 137"
        );
        let alone = Account {
            stop_signal: None,
            to_main_end: None,
            leftovers: Duration::from_secs(5),
            ..killed
        };
        let text = Note::Closing { account: alone, exit: 3 }.to_string();
        assert_eq!(text, "ended by itself: leftovers 5s, SIGKILL was needed, exit 3");
    }

    #[test]
    fn a_name_from_outside_stays_on_one_line() {
        let note = Note::NotStarted { program: c"a\nb\xff", because: &"not found" };
        assert_eq!(shown(Style::Text, note), "podinit: a\\nb\\xff: not found");
    }

    #[test]
    fn a_json_line_is_closed_however_long_its_message() {
        let name = std::ffi::CString::new("\"\\\n\u{7f}é".repeat(2000)).unwrap();
        let line = shown(Style::Json, Note::Started { program: &name, pid: Pid::from_raw(7) });
        assert!(line.len() < stderr::LINE_LIMIT, "{}", line.len());
        assert!(line.ends_with("\",\"pid\":7}"), "{line}");
        assert!(
            line.contains(r#""level":"info","event":"started","msg":"started \"\\\\n"#),
            "{line}"
        );
    }
}
