//! What a tree says that its type cannot hold.

use std::error::Error;
use std::fmt;

use serde::de::{self, Expected, Unexpected};

use super::super::path::{Path, shorten};
use super::super::{MAX_MEMORY, Node, Place, Value};
use super::suggest::closest;

const INTEGER: &str = "an integer";

/// A field whose value cannot be what is written.
#[derive(Clone, PartialEq, Debug)]
pub struct DecodeError {
    /// As `spec.containers[0].env[1].value`; empty at the top.
    pub path: String,
    /// Of the value; of the mapping if a field is missing.
    pub place: Option<Place>,
    pub problem: DecodeProblem,
}

#[derive(Clone, PartialEq, Debug)]
pub enum DecodeProblem {
    /// What belongs there, in serde's words, and what stands there.
    Type { expected: String, found: Found },
    /// A number that the field has no room for.
    Range { expected: String, found: Found },
    /// A word that is none of those.
    Variant { found: String, allowed: &'static [&'static str] },
    /// A field that must be there.
    Missing,
    /// More than [`MAX_MEMORY`].
    TooLarge,
    /// What the type itself found wrong.
    Other(String),
}

/// What stands there, and its words unless they may be secret.
#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    kind: &'static str,
    /// Of a scalar, as written.
    words: Option<String>,
}

impl Found {
    fn new(node: &Node) -> Found {
        let kind = match &node.value {
            Value::Null => "null",
            Value::Bool(_) => "the boolean",
            Value::Number(number) if number.as_i64().is_some() => "the integer",
            Value::Number(_) => "the number",
            Value::String(_) => "the string",
            Value::Sequence(_) => "a sequence",
            Value::Mapping(_) => "a mapping",
        };
        let words = match &node.value {
            Value::Number(number) if node.source.is_empty() => Some(number.as_str()),
            Value::Bool(value) if node.source.is_empty() => {
                Some(if *value { "true" } else { "false" })
            }
            Value::Bool(_) | Value::Number(_) => Some(&*node.source),
            Value::String(text) => Some(text.as_str()),
            Value::Null | Value::Sequence(_) | Value::Mapping(_) => None,
        };
        Found { kind, words: words.map(|words| shorten(words).to_string()) }
    }

    fn is_scalar(&self) -> bool {
        self.words.is_some() || self.kind.starts_with("the ")
    }

    /// Before it is known where it stands, which is told by [`DecodeError::at`].
    const UNKNOWN: Found = Found { kind: "something else", words: None };
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.words, self.kind) {
            (Some(words), "the string") => write!(f, "the string \"{words}\""),
            (Some(words), kind) => write!(f, "{kind} {words}"),
            (None, "the integer") => f.write_str(INTEGER),
            (None, kind) => f.write_str(&kind.replacen("the ", "a ", 1)),
        }
    }
}

impl DecodeError {
    pub(super) fn new(problem: DecodeProblem) -> DecodeError {
        DecodeError { path: String::new(), place: None, problem }
    }

    /// This error, of the value `node` at `path`, unless one further inside has been named.
    pub(super) fn at(mut self, path: &Path, node: &Node) -> DecodeError {
        if self.place.is_some() {
            return self;
        }
        self.place = Some(node.place);
        self.path = match (path, self.path.as_str()) {
            // Of a missing field there is its name.
            (path, "") => path.to_string(),
            (path, name) => Path::Field(path, name).to_string(),
        };
        if let DecodeProblem::Type { found, .. } | DecodeProblem::Range { found, .. } =
            &mut self.problem
        {
            *found = Found::new(node);
            // Of a variable or a header it may be a secret.
            if matches!(path, Path::Field(_, "value")) {
                found.words = None;
            }
        }
        self
    }
}

impl de::Error for DecodeError {
    fn custom<T: fmt::Display>(words: T) -> DecodeError {
        DecodeError::new(DecodeProblem::Other(words.to_string()))
    }

    fn invalid_type(_: Unexpected, expected: &dyn Expected) -> DecodeError {
        let expected = named(expected);
        DecodeError::new(DecodeProblem::Type { expected, found: Found::UNKNOWN })
    }

    fn invalid_value(unexpected: Unexpected, expected: &dyn Expected) -> DecodeError {
        let found = Found::UNKNOWN;
        let expected = named(expected);
        DecodeError::new(match unexpected {
            Unexpected::Signed(_) | Unexpected::Unsigned(_) | Unexpected::Float(_) => {
                DecodeProblem::Range { expected, found }
            }
            _ => DecodeProblem::Type { expected, found },
        })
    }

    fn unknown_variant(variant: &str, allowed: &'static [&'static str]) -> DecodeError {
        DecodeError::new(DecodeProblem::Variant { found: variant.to_owned(), allowed })
    }

    fn missing_field(field: &'static str) -> DecodeError {
        DecodeError { path: field.to_owned(), ..DecodeError::new(DecodeProblem::Missing) }
    }
}

/// serde calls integers by the names of Rust's types, and structs too.
fn named(expected: &dyn Expected) -> String {
    let name = expected.to_string();
    let (least, most): (i128, i128) = match name.as_str() {
        "i8" => (i8::MIN.into(), i8::MAX.into()),
        "i16" => (i16::MIN.into(), i16::MAX.into()),
        "i32" => (i32::MIN.into(), i32::MAX.into()),
        "i64" => (i64::MIN.into(), i64::MAX.into()),
        "u8" => (0, u8::MAX.into()),
        "u16" => (0, u16::MAX.into()),
        "u32" => (0, u32::MAX.into()),
        "u64" => (0, u64::MAX.into()),
        _ if name.starts_with("enum ") => return "a string".to_owned(),
        _ if name.starts_with("struct ") || name == "a map" => return "a mapping".to_owned(),
        _ => return name,
    };
    format!("{INTEGER} from {least} to {most}")
}

impl Error for DecodeError {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        self.problem.fmt(f)?;
        self.place.map_or(Ok(()), |place| write!(f, " (line {})", place.line))
    }
}

impl fmt::Display for DecodeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeProblem::Type { expected, found } => {
                // How large it may be is not what is wrong.
                let is_integer = expected.starts_with(INTEGER);
                let expected = if is_integer { INTEGER } else { expected };
                write!(f, "expected {expected}, found {found}")?;
                match (expected, &found.words) {
                    ("a string", Some(words)) => write!(f, ": write \"{words}\""),
                    ("a string", None) if found.is_scalar() => {
                        f.write_str(": write it between double quotes")
                    }
                    ("a sequence", _) => f.write_str(": write each element behind a \"- \""),
                    ("a mapping", _) => f.write_str(": write fields as NAME: VALUE"),
                    (_, Some(words)) if found.kind == "the string" && !words.is_empty() => {
                        unquoted(f, expected, words)
                    }
                    _ => Ok(()),
                }
            }
            DecodeProblem::Range { expected, found } => {
                write!(f, "{found} is out of range: write {expected}")
            }
            DecodeProblem::Variant { found, allowed } => {
                write!(f, "\"{}\" is none of {}", shorten(found), allowed.join(", "))?;
                match closest(found, allowed) {
                    Some(name) => write!(f, ": did you mean {name}?"),
                    None => Ok(()),
                }
            }
            DecodeProblem::Missing => f.write_str("missing: it must be given"),
            DecodeProblem::TooLarge => {
                write!(
                    f,
                    "too many: with it all lists take more than {} MiB of memory",
                    MAX_MEMORY >> 20
                )
            }
            DecodeProblem::Other(words) => f.write_str(words),
        }
    }
}

/// The remedy for a number or a boolean in quotes, and for a number with a unit.
fn unquoted(f: &mut fmt::Formatter<'_>, expected: &str, words: &str) -> fmt::Result {
    let fits = (expected == INTEGER && words.parse::<i64>().is_ok())
        || (expected == "a boolean" && matches!(words, "true" | "false"));
    if fits {
        return write!(f, ": write {words} without quotes");
    }
    match words.strip_suffix('s') {
        Some(seconds) if expected == INTEGER && seconds.parse::<i64>().is_ok() => {
            write!(f, ": write {seconds}")
        }
        _ => Ok(()),
    }
}
