//! What is wrong with a file before anybody asks what it says.

use std::error::Error;
use std::fmt;

use super::path::shorten;
use super::{MAX_BYTES, MAX_DEPTH, MAX_MEMORY, Place};

/// A file that cannot be read.
#[derive(Clone, PartialEq, Debug)]
pub struct ReadError {
    pub place: Place,
    /// The field in which it happened, as far as it was known: empty at the top.
    pub path: String,
    pub problem: ReadProblem,
}

#[derive(Clone, PartialEq, Debug)]
pub enum ReadProblem {
    /// So many bytes.
    TooLong(usize),
    Utf16,
    NotUtf8,
    /// A character that YAML does not allow.
    Control(char),
    /// In the parser's words.
    Syntax(String),
    /// Wrong in a line with `{{`.
    Template,
    /// A tab that indents, or stands behind a key's colon.
    Tab,
    /// More than [`MAX_DEPTH`].
    TooDeep,
    /// More than [`MAX_MEMORY`].
    TooLarge,
    /// A key that stood already in this line.
    Duplicate {
        key: String,
        first: usize,
    },
    /// A null, a sequence or a mapping as a key.
    Key(&'static str),
    /// `<<` with a value that is neither a mapping nor a sequence of them.
    Merge,
    /// An alias within what it stands for.
    Circle,
    /// An alias of another document's anchor.
    Anchor,
    /// `.inf`, `.nan`: as written.
    NotFinite(String),
    /// A scalar that is not what its tag says.
    Tag {
        tag: String,
        text: String,
    },
    /// The tag `!!binary`.
    Binary,
}

impl ReadError {
    pub(super) fn new(place: Place, problem: ReadProblem) -> ReadError {
        ReadError { place, path: String::new(), problem }
    }
}

impl Error for ReadError {}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(self.problem, ReadProblem::TooLong(_) | ReadProblem::Utf16) {
            write!(f, "{}: ", self.place)?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.problem.fmt(f)
    }
}

impl fmt::Display for ReadProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ReadProblem::TooLong(length) => {
                write!(f, "the file has {length} bytes; {MAX_BYTES} are the most")
            }
            ReadProblem::Utf16 => f.write_str("the file is UTF-16: save it as UTF-8"),
            ReadProblem::NotUtf8 => f.write_str("not UTF-8: save the file as UTF-8"),
            ReadProblem::Control(c) => {
                write!(
                    f,
                    "control character U+{:04X}: remove it, or write it as an escape in double quotes",
                    *c as u32
                )
            }
            ReadProblem::Syntax(words) => f.write_str(words),
            ReadProblem::Template => {
                f.write_str("{{ begins a template: render it first, as with helm template")
            }
            ReadProblem::Tab => f.write_str("a tab cannot stand here: write blanks"),
            ReadProblem::TooDeep => {
                write!(f, "nested too deeply: {MAX_DEPTH} levels are the most")
            }
            ReadProblem::TooLarge => write!(
                f,
                "too much in one file: with what aliases repeat it takes more than {} MiB of memory",
                MAX_MEMORY >> 20
            ),
            ReadProblem::Duplicate { key, first } => {
                write!(f, "key \"{}\" stands in line {first} too: remove one of them", shorten(key))
            }
            ReadProblem::Key(kind) => {
                write!(f, "{kind} cannot be a key: write a string")
            }
            ReadProblem::Merge => {
                f.write_str("<< takes a mapping or a sequence of mappings, as by an alias")
            }
            ReadProblem::Circle => {
                f.write_str("the alias stands within what it stands for: write out what is meant")
            }
            ReadProblem::Anchor => {
                f.write_str("the alias has no anchor in this document: each document has its own")
            }
            ReadProblem::NotFinite(text) => {
                write!(f, "{text} is a number that JSON cannot hold: in quotes it is a string")
            }
            ReadProblem::Tag { tag, text } => {
                write!(f, "\"{}\" is no {}: remove the tag", shorten(text), shorten(tag))
            }
            ReadProblem::Binary => {
                f.write_str("!!binary is not supported: write the base64 text without the tag")
            }
        }
    }
}
