//! A document as a tree.

use std::fmt;

/// A value and where it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Node {
    pub value: Value,
    /// Of its first character.
    pub place: Place,
    /// The words of a plain scalar that became something else than a string: `0644`, `yes`, `~`. Empty for all others.
    pub source: Box<str>,
}

/// What JSON can hold.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    Null,
    Bool(bool),
    Number(Number),
    String(String),
    Sequence(Vec<Node>),
    /// In the order of the file, then what `<<` merged in. No key stands twice.
    Mapping(Vec<Entry>),
}

#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    pub key: String,
    /// The key's.
    pub place: Place,
    pub value: Node,
}

/// A number as the JSON has it that Kubernetes' decoders get: of a JSON file as it is written there; of YAML as
/// `YAMLToJSON` prints it, so `0644` is 420, and `1.0` is 1.
#[derive(Clone, PartialEq, Debug)]
pub struct Number(pub(super) Box<str>);

impl Number {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// If it is written as an integer and small enough: JSON's `1.0` is none, as for Go.
    pub fn as_i64(&self) -> Option<i64> {
        self.0.parse().ok()
    }

    /// As [`Number::as_i64`].
    pub fn as_u64(&self) -> Option<u64> {
        self.0.parse().ok()
    }

    /// The nearest; what is too large is infinite.
    pub fn as_f64(&self) -> f64 {
        self.0.parse().unwrap_or(f64::NAN)
    }
}

/// A line and a column of the file, in characters; both count from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

impl Place {
    /// Goes on behind `c`.
    pub(super) fn pass(&mut self, c: char) {
        if c == '\n' {
            *self = Place { line: self.line + 1, column: 1 };
        } else {
            self.column += 1;
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

impl Node {
    /// The value of `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Mapping(entries) => {
                entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
            }
            _ => None,
        }
    }

    /// If it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// What it takes of memory, in bytes, without the allocator's own and what vectors keep in reserve.
    pub(super) fn size(&self) -> usize {
        let inner = match &self.value {
            Value::Null | Value::Bool(_) => 0,
            Value::Number(number) => number.0.len(),
            Value::String(text) => text.len(),
            Value::Sequence(items) => items.iter().map(Node::size).sum(),
            Value::Mapping(entries) => entries.iter().map(Entry::size).sum(),
        };
        size_of::<Node>() + self.source.len() + inner
    }
}

impl Entry {
    pub(super) fn size(&self) -> usize {
        size_of::<Entry>() - size_of::<Node>() + self.key.len() + self.value.size()
    }
}
