//! What init has to say, and the ways it is written: facts in, lines out, none of which decides anything.

use std::fmt::{self, Write};

use crate::sys::line::LINE_LIMIT;
use crate::sys::text::Text;
use crate::sys::{Errno, clock, stderr, this_process};

mod note;
#[cfg(feature = "probe")]
mod status;
#[cfg(feature = "probe")]
mod supervised;

pub use note::{Note, Printable};
#[cfg(feature = "probe")]
pub use status::{StatusEvent, StatusStream, Subject};
#[cfg(feature = "probe")]
pub use supervised::{Account, Supervised};

/// How much is said: a line is written if its level is at most the wanted one.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Level {
    Error,
    #[default]
    Warning,
    Info,
    Debug,
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
        let mut line = Text::<{ LINE_LIMIT }>::default();
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
const JSON_ROOM: usize = LINE_LIMIT - 512;

fn now() -> impl fmt::Display {
    humantime::format_rfc3339_millis(clock::wall())
}

/// Writes text as the inside of a JSON string, whole characters only, until there is no more room.
struct JsonString<'a> {
    out: &'a mut dyn Write,
    room: usize,
}

impl Write for JsonString<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            let width = width(character);
            if self.room < width {
                self.room = 0;
                return Ok(());
            }
            self.room -= width;
            match character {
                '"' | '\\' => write!(self.out, "\\{character}")?,
                '\n' => self.out.write_str("\\n")?,
                control if control.is_control() => {
                    write!(self.out, "\\u{:04x}", u32::from(control))?
                }
                plain => self.out.write_char(plain)?,
            }
        }
        Ok(())
    }
}

/// What a character takes within a JSON string, in bytes.
fn width(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' => 2,
        control if control.is_control() => 6,
        plain => plain.len_utf8(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::termination::Account;
    use crate::signal::Signal;
    use crate::sys::Pid;
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
        assert!(line.len() < LINE_LIMIT, "{}", line.len());
        assert!(line.ends_with("\",\"pid\":7}"), "{line}");
        assert!(
            line.contains(r#""level":"info","event":"started","msg":"started \"\\\\n"#),
            "{line}"
        );
    }
}
