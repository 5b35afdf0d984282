//! What came of an attempt.

use std::fmt::Write;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::reason;
use crate::sys::Errno;

/// So many bytes of output are kept (kubelet P13, P34).
pub const OUTPUT_LIMIT: usize = 10 * 1024;

/// And so many of what is seen.
const SEEN_LIMIT: usize = 4 * 1024;

/// How an attempt is to be counted (kubelet P1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Verdict {
    Success,
    /// A success that deserves a look.
    Warning,
    Failure,
    /// The attempt could not be made, which says nothing about its target.
    Unknown,
}

impl Verdict {
    /// Whether it counts as a success.
    pub const fn holds(self) -> bool {
        matches!(self, Verdict::Success | Verdict::Warning)
    }

    /// The kubelet's word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Verdict::Success => "success",
            Verdict::Warning => "warning",
            Verdict::Failure => "failure",
            Verdict::Unknown => "unknown",
        }
    }
}

/// What came of an attempt.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Outcome {
    pub verdict: Verdict,
    /// It could not be made, or broke off before its answer was complete. The kubelet throws such an
    /// attempt away (kubelet P3); here it is a failure, and this says which kind.
    pub errored: bool,
    /// There was no process to make it in, or that was ended from outside: podinit's own trouble, and not the target's.
    pub lost: bool,
    /// It is lost, and nothing was begun: it can be tried again as if it had never been.
    pub unbegun: bool,
    /// How a command ended that did so by itself.
    pub ended: Option<Ended>,
    /// What was seen, in some words: at most 4 KiB.
    pub seen: String,
    /// What the kubelet would report: what the target said, or the kubelet's words for what was wrong with
    /// it. At most [`OUTPUT_LIMIT`] bytes, of whatever bytes the target likes.
    pub output: Vec<u8>,
    pub took: Duration,
}

/// The end of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Ended {
    /// 0 to 255, 128 + N for signal N.
    pub code: u8,
    /// So much of the output was written to standard output; the rest is standard error's.
    pub stdout: usize,
}

impl Outcome {
    pub(super) fn success(seen: impl Into<String>, output: impl Into<Vec<u8>>) -> Outcome {
        Outcome::new(Verdict::Success, false, seen.into(), output.into())
    }

    pub(super) fn warning(seen: impl Into<String>, output: impl Into<Vec<u8>>) -> Outcome {
        Outcome::new(Verdict::Warning, false, seen.into(), output.into())
    }

    /// The target does not do what it should.
    pub(super) fn failure(why: impl Into<String>) -> Outcome {
        let why = why.into();
        Outcome::new(Verdict::Failure, false, why.clone(), why.into_bytes())
    }

    /// The target answered, and broke off (kubelet P35).
    pub(super) fn broken_off(why: impl Into<String>) -> Outcome {
        Outcome { errored: true, ..Outcome::failure(why) }
    }

    /// The attempt could not be made (kubelet P15).
    pub(super) fn impossible(why: impl Into<String>) -> Outcome {
        Outcome { verdict: Verdict::Unknown, ..Outcome::broken_off(why) }
    }

    /// No process could be made for the attempt.
    pub fn no_process(errno: Errno) -> Outcome {
        let why = match errno {
            Errno::EAGAIN => "the limit on processes is reached".to_owned(),
            other => reason(other),
        };
        Outcome::unbegun(format!("no process can be made for it: {why}"))
    }

    /// The attempt is lost before it did anything.
    pub(super) fn unbegun(why: impl Into<String>) -> Outcome {
        Outcome { unbegun: true, ..Outcome::lost(why) }
    }

    /// The attempt is lost.
    pub fn lost(why: impl Into<String>) -> Outcome {
        Outcome { lost: true, ..Outcome::impossible(why) }
    }

    /// With this output in place of what was seen.
    pub(super) fn with_output(self, output: impl Into<Vec<u8>>) -> Outcome {
        let new = Outcome::new(self.verdict, self.errored, self.seen, output.into());
        Outcome { lost: self.lost, unbegun: self.unbegun, ended: self.ended, ..new }
    }

    fn new(verdict: Verdict, errored: bool, mut seen: String, mut output: Vec<u8>) -> Outcome {
        seen.truncate(seen.floor_char_boundary(SEEN_LIMIT));
        output.truncate(OUTPUT_LIMIT);
        let took = Duration::ZERO;
        let (lost, unbegun) = (false, false);
        Outcome { verdict, errored, lost, unbegun, ended: None, seen, output, took }
    }
}

/// A text from elsewhere, fit for one line of a log or a terminal: blanks and line ends become single blanks, other
/// control characters are written out, and what is longer than `limit` characters ends in `…`.
pub fn one_line(text: &str, limit: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    for word in text.split_whitespace() {
        let gap = if line.is_empty() { "" } else { " " };
        for c in gap.chars().chain(word.chars()) {
            if count == limit {
                line.push('…');
                return line;
            }
            count += 1;
            if is_obeyed(c) {
                // Writing into a String cannot fail.
                let _ = write!(line, "{}", c.escape_unicode());
            } else {
                line.push(c);
            }
        }
    }
    line
}

/// Whether a terminal does something on it rather than show it, such as to turn the text around it, so that a reader
/// sees another than was written.
pub fn is_obeyed(c: char) -> bool {
    let is_direction =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || is_direction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_from_elsewhere_cannot_play_with_the_terminal() {
        assert_eq!(one_line(" a\n\tb\r\n", 9), "a b");
        assert_eq!(one_line("\x1b[2Ja\u{202e}b", 9), "\\u{1b}[2Ja\\u{202e}b");
        assert_eq!(one_line("abcdef", 3), "abc…");
        assert_eq!(one_line("abc", 3), "abc");
    }

    #[test]
    fn p34_output_is_cut() {
        assert_eq!(Outcome::success("", vec![0; 20_000]).output.len(), 10_240);
    }
}
