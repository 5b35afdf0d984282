//! From text to quantity (`ParseQuantity` of Kubernetes' `apimachinery/pkg/api/resource/quantity.go`).

use std::cmp::Ordering;

use super::decimal::Decimal;
use super::{Amount, Format, NANO, Quantity, QuantityError};

/// The longest text of a quantity, in bytes. What is printed is never longer.
pub const LONGEST: usize = 128;

/// A quantity is less than ten to this.
pub const MOST_DIGITS: i64 = 100;

/// Kubernetes holds numbers of at most so many digits in an i64, larger ones in a decimal of any length.
const I64_DIGITS: usize = 18;

/// An exponent beyond this gives the same result as this.
const EXPONENT: i64 = 10_000;

/// A power.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Power {
    Ten(i32),
    Two(u32),
}

/// The units by name.
pub const UNITS: [(&str, Power); 16] = [
    ("n", Power::Ten(-9)),
    ("u", Power::Ten(-6)),
    ("m", Power::Ten(-3)),
    ("", Power::Ten(0)),
    ("k", Power::Ten(3)),
    ("M", Power::Ten(6)),
    ("G", Power::Ten(9)),
    ("T", Power::Ten(12)),
    ("P", Power::Ten(15)),
    ("E", Power::Ten(18)),
    ("Ki", Power::Two(10)),
    ("Mi", Power::Two(20)),
    ("Gi", Power::Two(30)),
    ("Ti", Power::Two(40)),
    ("Pi", Power::Two(50)),
    ("Ei", Power::Two(60)),
];

/// The parts of a text.
struct Written<'a> {
    negative: bool,
    /// Without zeros at its beginning; empty if it was nothing else.
    whole: &'a str,
    fraction: &'a str,
    unit: &'a str,
    /// There is a digit, be it a 0.
    is_number: bool,
}

pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
    if text.is_empty() {
        return Err(QuantityError::Empty);
    }
    if text.len() > LONGEST {
        return Err(QuantityError::TooLong);
    }
    let written = split(text)?;
    let (power, format) =
        unit(written.unit).ok_or_else(|| QuantityError::Unit(written.unit.to_owned()))?;
    match short(&written, power, text) {
        Some((amount, text)) => bounded(Quantity { amount, format, text }),
        None if !written.is_number => Err(QuantityError::NoNumber),
        None => long(&written, power, format),
    }
}

fn split(text: &str) -> Result<Written<'_>, QuantityError> {
    let negative = text.starts_with('-');
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let stripped = unsigned.trim_start_matches('0');
    let (whole, rest) = digits(stripped);
    let (fraction, unit) = rest.strip_prefix('.').map_or(("", rest), digits);
    let is_number = stripped.len() < unsigned.len() || !whole.is_empty() || !fraction.is_empty();

    // What is no unit, though of the right characters, is an error of another kind.
    let letters = unit.trim_start_matches(|c| "eEinumkKMGTP".contains(c));
    let (_, rest) = digits(letters.strip_prefix(['-', '+']).unwrap_or(letters));
    match rest.chars().next() {
        Some(stray) => Err(QuantityError::Stray(stray)),
        None => Ok(Written { negative, whole, fraction, unit, is_number }),
    }
}

/// The digits at the beginning, and the rest.
fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn unit(unit: &str) -> Option<(Power, Format)> {
    if let Some((_, power)) = UNITS.iter().find(|(name, _)| *name == unit) {
        let format = match power {
            Power::Ten(_) => Format::DecimalSi,
            Power::Two(_) => Format::BinarySi,
        };
        return Some((*power, format));
    }
    let exponent: i64 = unit.strip_prefix(['e', 'E'])?.parse().ok()?;
    let exponent = exponent.clamp(-EXPONENT, EXPONENT) as i32;
    Some((Power::Ten(exponent), Format::DecimalExponent))
}

/// What Kubernetes holds in an i64, with the text if it is printed as written: it tells canonical texts by marks
/// that some others bear too, such as `+1m`, `5.` and `007`.
fn short(written: &Written<'_>, power: Power, text: &str) -> Option<(Amount, Option<String>)> {
    let whole = if written.whole.is_empty() { "0" } else { written.whole };
    let number = format!("{whole}{}", written.fraction);
    let (value, scale, as_written) = match power {
        Power::Ten(exponent) if number.len() <= I64_DIGITS => {
            let scale = exponent - written.fraction.len() as i32;
            let unreduced = number.ends_with("000") || number.starts_with('0');
            (number.parse::<i64>().ok()?, scale, scale % 3 == 0 && !unreduced)
        }
        // So many digits that the product surely fits, by three for ten bits; Pi and Ei never pass.
        Power::Two(bits) if written.fraction.is_empty() => {
            let taken = whole.len() + (bits as usize) * 3 / 10;
            let number = number.parse::<i64>().ok().filter(|_| taken <= 14)?;
            (number.checked_mul(1i64.checked_shl(bits)?)?, 0, number % 8 != 0)
        }
        _ => return None,
    };
    if scale < NANO {
        return None;
    }
    let value = if written.negative { -value } else { value };
    Some((Amount::Short { value, scale }, as_written.then(|| text.to_owned())))
}

/// What Kubernetes holds in a decimal.
fn long(written: &Written<'_>, power: Power, format: Format) -> Result<Quantity, QuantityError> {
    let number = format!("{}{}", written.whole, written.fraction);
    let places = written.fraction.len() as i32;
    let mut format = format;
    let amount = match power {
        Power::Ten(exponent) => {
            let mut amount = Decimal::new(written.negative, &number, exponent - places);
            if amount.magnitude() > MOST_DIGITS && !amount.is_zero() {
                return Err(QuantityError::TooLarge);
            }
            amount.rescale(NANO);
            amount
        }
        Power::Two(bits) => {
            let mut amount = Decimal::new(written.negative, &number, -places);
            (0..bits).for_each(|_| amount.double());
            amount.rescale(NANO);
            let most = Decimal::of(if written.negative { -i64::MAX } else { i64::MAX }, 0);
            if amount.cmp_magnitude(&most) == Ordering::Greater {
                amount = most;
            }
            // Kubernetes looks at the amount less its sign here, so this is for both signs.
            if !amount.is_zero() && amount.magnitude() <= 0 {
                format = Format::DecimalSi;
            }
            amount
        }
    };
    bounded(Quantity { amount: Amount::Long(amount), format, text: None })
}

fn bounded(quantity: Quantity) -> Result<Quantity, QuantityError> {
    let amount = quantity.decimal();
    if amount.magnitude() > MOST_DIGITS && !amount.is_zero() {
        return Err(QuantityError::TooLarge);
    }
    Ok(quantity)
}
