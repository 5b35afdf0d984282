//! What is wrong with a pod, told as the API server tells it.

use std::fmt;

use crate::spec::quote::shorten;

/// The most errors that are told; further ones are counted.
const MOST: usize = 100;
/// The most characters of a value that are told.
const LONGEST: usize = 64;

/// One field and what is wrong with it, in the format of `apimachinery/pkg/util/validation/field/errors.go`:
/// `spec.containers[0].name: Required value`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FieldError {
    /// Such as `spec.containers[0].livenessProbe.periodSeconds`.
    pub field: String,
    pub problem: Problem,
}

/// The kinds of errors are the API's; the details, which may be empty, are for people.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    Required {
        detail: String,
    },
    Invalid {
        value: Value,
        detail: String,
    },
    /// There are only these words.
    NotSupported {
        value: Value,
        supported: Vec<String>,
    },
    Forbidden {
        detail: String,
    },
    Duplicate {
        value: Value,
    },
    /// Something else in the pod should have this name.
    NotFound {
        value: Value,
    },
    TooMany {
        count: usize,
        most: usize,
    },
}

/// The value of a field. Of a text no more than the beginning is kept, escaped: it may be long, and it may be secret.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Value {
    Number(i64),
    Text(String),
}

impl From<i64> for Value {
    fn from(number: i64) -> Value {
        Value::Number(number)
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Value {
        Value::Number(number.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Value {
        Value::Text(shorten(text, LONGEST).to_string())
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Number(number) => number.fmt(f),
            Value::Text(text) => write!(f, "\"{text}\""),
        }
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.field)?;
        let detail = match &self.problem {
            Problem::Required { detail } => {
                f.write_str("Required value")?;
                detail
            }
            Problem::Invalid { value, detail } => {
                write!(f, "Invalid value: {value}")?;
                detail
            }
            Problem::Forbidden { detail } => {
                f.write_str("Forbidden")?;
                detail
            }
            Problem::NotSupported { value, supported } => {
                let supported: Vec<String> =
                    supported.iter().map(|word| format!("{word:?}")).collect();
                return write!(
                    f,
                    "Unsupported value: {value}: supported values: {}",
                    supported.join(", ")
                );
            }
            Problem::Duplicate { value } => return write!(f, "Duplicate value: {value}"),
            Problem::NotFound { value } => return write!(f, "Not found: {value}"),
            Problem::TooMany { count, most } => {
                return write!(f, "Too many: {count}: must have at most {most} items");
            }
        };
        if detail.is_empty() { Ok(()) } else { write!(f, ": {detail}") }
    }
}

impl std::error::Error for FieldError {}

/// All that is wrong with a pod, a line each: the first hundred errors, and how many more there are.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FieldErrors {
    told: Vec<FieldError>,
    more: usize,
}

impl FieldErrors {
    pub(super) fn push(&mut self, error: FieldError) {
        if self.told.len() < MOST {
            self.told.push(error);
        } else {
            self.more = self.more.saturating_add(1);
        }
    }

    /// Nothing wrong is `Ok`.
    pub(super) fn into_result(self) -> Result<(), FieldErrors> {
        if self.told.is_empty() { Ok(()) } else { Err(self) }
    }

    /// The errors that are told, at most a hundred.
    pub fn told(&self) -> &[FieldError] {
        &self.told
    }

    /// How many errors there are beyond them.
    pub fn more(&self) -> usize {
        self.more
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.told.iter().enumerate() {
            let end = if index == 0 { "" } else { "\n" };
            write!(f, "{end}{error}")?;
        }
        if self.more > 0 { write!(f, "\nand {} more", self.more) } else { Ok(()) }
    }
}

impl std::error::Error for FieldErrors {}
