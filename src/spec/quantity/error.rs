//! What can be wrong with a quantity.

use std::fmt;

use super::parse::{LONGEST, MOST_DIGITS, UNITS};

/// What is wrong with the text of a quantity; whoever knows the field says which it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum QuantityError {
    Empty,
    /// More than [`LONGEST`] bytes.
    TooLong,
    /// A character that no quantity has at its place: `1 Mi`, `1KB`, `1..2`.
    Stray(char),
    /// What follows the number is no unit: `1K`, `1mi`, `1e`.
    Unit(String),
    /// A unit without a number, of those that Kubernetes does not read as 0: `Ei`.
    NoNumber,
    /// [`MOST_DIGITS`] digits before the point do not hold it.
    TooLarge,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            QuantityError::Empty => f.write_str("an empty quantity")?,
            QuantityError::TooLong => write!(f, "a quantity has at most {LONGEST} characters")?,
            QuantityError::Stray(c) => write!(f, "{c:?} is out of place in a quantity")?,
            QuantityError::Unit(unit) => {
                write!(f, "{unit:?} is not a unit")?;
                if let Some(meant) = meant(unit) {
                    return write!(f, "; did you mean {meant}?");
                }
            }
            QuantityError::NoNumber => f.write_str("a unit without a number")?,
            QuantityError::TooLarge => {
                write!(f, "a quantity has at most {MOST_DIGITS} digits before the point")?;
            }
        }
        f.write_str("; write a number with or without a unit, such as 500m, 1.5 or 128Mi")
    }
}

impl std::error::Error for QuantityError {}

/// The unit that differs in nothing but capitals.
fn meant(unit: &str) -> Option<&'static str> {
    UNITS.iter().map(|(name, _)| *name).find(|name| name.eq_ignore_ascii_case(unit))
}
