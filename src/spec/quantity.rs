//! Kubernetes' quantities: `100m`, `1.5`, `128Mi`, `1e3`.
//!
//! They are parsed, printed and turned into integers as by `apimachinery/pkg/api/resource` (`quantity.go`, `amount.go`,
//! `math.go`, `scale_int.go`, `suffix.go`) of Kubernetes 1.20, from whose kubelet `tests/vectors/oracle` was recorded,
//! whatever one may think of the outcome: of amounts beyond an i64 the lowest bits are taken, or 0. Unlike there a quantity
//! is less than 10^100 and its text no longer than 128 bytes, so it takes neither memory nor time; and comparing is exact.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

mod decimal;
mod error;
mod parse;
#[cfg(test)]
mod tests;

use decimal::Decimal;
pub use error::QuantityError;
use parse::{Power, UNITS};

/// What is finer than ten to this is rounded away from zero.
const NANO: i32 = Scale::Nano as i32;

/// The family of units a quantity was written in, and is printed in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `1e3`
    DecimalExponent,
    /// `1Ki`
    BinarySi,
    /// `1k`
    DecimalSi,
}

impl Format {
    /// The name of Kubernetes' constant.
    pub const fn name(self) -> &'static str {
        match self {
            Format::DecimalExponent => "DecimalExponent",
            Format::BinarySi => "BinarySI",
            Format::DecimalSi => "DecimalSI",
        }
    }
}

/// A power of ten to count in; the number is its exponent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scale {
    Nano = -9,
    Micro = -6,
    Milli = -3,
    One = 0,
    Kilo = 3,
    Mega = 6,
    Giga = 9,
    Tera = 12,
    Peta = 15,
    Exa = 18,
}

/// An amount with the format it is printed in. Equal are quantities of the same amount, whatever their format.
#[derive(Clone, Debug)]
pub struct Quantity {
    amount: Amount,
    format: Format,
    /// The text it was parsed from, where it is printed as it was.
    text: Option<String>,
}

/// The two ways in which Kubernetes holds an amount: each rounds and overflows differently.
#[derive(Clone, Debug)]
enum Amount {
    Short { value: i64, scale: i32 },
    Long(Decimal),
}

impl Quantity {
    /// So many of `scale`, as a program makes it (`NewScaledQuantity`).
    pub fn new(value: i64, scale: Scale, format: Format) -> Quantity {
        Quantity { amount: Amount::Short { value, scale: scale as i32 }, format, text: None }
    }

    /// The quantity that `text` writes (`ParseQuantity`). Blanks around it are wrong; JSON's decoder in Kubernetes
    /// (`UnmarshalJSON`) removes them first.
    ///
    /// # Errors
    /// It writes none.
    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        parse::parse(text)
    }

    /// The format; that of an amount between 0 and 1 written in binary units is decimal.
    pub fn format(&self) -> Format {
        self.format
    }

    pub fn is_zero(&self) -> bool {
        self.decimal().is_zero()
    }

    /// -1, 0 or 1 (`Sign`).
    pub fn signum(&self) -> i32 {
        let amount = self.decimal();
        if amount.is_negative() { -1 } else { i32::from(!amount.is_zero()) }
    }

    /// The amount in whole ones (`Value`): see [`Quantity::scaled_value`].
    pub fn value(&self) -> i64 {
        self.scaled_value(Scale::One)
    }

    /// The amount in thousandths (`MilliValue`): see [`Quantity::scaled_value`].
    pub fn milli_value(&self) -> i64 {
        self.scaled_value(Scale::Milli)
    }

    /// The amount in units of `scale` (`ScaledValue`), a fraction rounded away from zero. What an i64 cannot hold is 0
    /// or its lowest bits. Of amounts below zero, which no resource of a pod may have, Kubernetes 1.20 rounds those it
    /// holds in a long decimal one too high, and has those below -2^63 nanos quite wrong.
    pub fn scaled_value(&self, scale: Scale) -> i64 {
        match &self.amount {
            Amount::Short { value, scale: own } => scale_short(*value, *own, scale as i32),
            Amount::Long(amount) => scale_long(amount, scale as i32),
        }
    }

    /// The same in whole units of `scale`, rounded away from zero (`RoundUp`). What has no finer digits stays as it was
    /// written.
    pub fn round_up(&self, scale: Scale) -> Quantity {
        let mut amount = self.decimal();
        if amount.exponent() >= scale as i32 {
            return self.clone();
        }
        amount.rescale(scale as i32);
        Quantity { amount: Amount::Long(amount), format: self.format, text: None }
    }

    fn decimal(&self) -> Decimal {
        match &self.amount {
            Amount::Short { value, scale } => Decimal::of(*value, *scale),
            Amount::Long(amount) => amount.clone(),
        }
    }
}

fn scale_short(value: i64, own: i32, scale: i32) -> i64 {
    if own < scale {
        let mut amount = Decimal::of(value, own);
        amount.rescale(scale);
        return amount.low_bits();
    }
    // Multiplying by these is one step there, whose overflow goes unnoticed.
    let in_one_step = matches!(own - scale, 1 | 2 | 3 | 6 | 9);
    let power = 10i64.checked_pow((own - scale).unsigned_abs());
    match power {
        _ if value == 0 => 0,
        Some(power) if in_one_step => value.wrapping_mul(power),
        Some(power) => value.checked_mul(power).unwrap_or(0),
        None => 0,
    }
}

fn scale_long(amount: &Decimal, scale: i32) -> i64 {
    let power = |exponent: i32| 10i64.checked_pow(exponent.unsigned_abs());
    let shift = scale - amount.exponent();
    if shift <= 0 {
        return amount.low_bits().wrapping_mul(power(shift).unwrap_or(0));
    }
    let most = Decimal::of(i64::MAX, amount.exponent());
    match power(shift) {
        // All that is less than 2^63, far below zero too, counts as an i64 there.
        Some(power) if amount.cmp(&most) == Ordering::Less => {
            let value = amount.low_bits();
            value / power + i64::from(value % power != 0)
        }
        _ => {
            let mut amount = amount.clone();
            let inexact = amount.cut(scale);
            let up = inexact && !amount.is_negative();
            amount.low_bits().wrapping_add(i64::from(up))
        }
    }
}

/// `quantity` by `divisor`, as `resourceFieldRef` gives it to a container (kubelet D11, D12, D17;
/// `pkg/api/v1/resource/helpers.go`): in thousandths, [`Scale::Milli`], for cpu, and in [`Scale::One`] for all else.
/// A divisor of 0, or none, is 1. The result is rounded up, after a division of floats.
pub fn divide(quantity: &Quantity, divisor: Option<&Quantity>, scale: Scale) -> i64 {
    let one = Quantity::new(1, Scale::One, Format::DecimalSi);
    let divisor = divisor.filter(|divisor| !divisor.is_zero()).unwrap_or(&one);
    let result = quantity.scaled_value(scale) as f64 / divisor.scaled_value(scale) as f64;
    let result = result.ceil();
    // -2^63 is what the kubelet's processors (amd64) make of any float that fits no i64; Rust would saturate.
    let limit = 2f64.powi(63);
    if (-limit..limit).contains(&result) { result as i64 } else { i64::MIN }
}

impl FromStr for Quantity {
    type Err = QuantityError;

    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        Quantity::parse(text)
    }
}

/// The canonical form: no fraction, and the largest unit that allows that (`CanonicalizeBytes`). What was written in
/// something close to it stays as it was. Of decimal units above `E` only the digits are printed: `1000E` is `1`.
impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = &self.text {
            return f.write_str(text);
        }
        let mut amount = self.decimal();
        if amount.is_zero() {
            return f.write_str("0");
        }
        amount.reduce();
        let whole = amount.exponent() >= 0;
        let small = amount.cmp_magnitude(&Decimal::of(1024, 0)) == Ordering::Less;
        if self.format == Format::BinarySi && whole && !small {
            return write_binary(f, amount);
        }
        amount.rescale(amount.exponent() - amount.exponent().rem_euclid(3));
        f.write_str(&amount.written())?;
        match (self.format, amount.exponent()) {
            (Format::DecimalExponent, 0) => Ok(()),
            (Format::DecimalExponent, exponent) => write!(f, "e{exponent}"),
            (_, exponent) => f.write_str(unit_of(Power::Ten(exponent))),
        }
    }
}

fn write_binary(f: &mut fmt::Formatter<'_>, mut amount: Decimal) -> fmt::Result {
    amount.rescale(0);
    // Beyond an i64 there is no more than an i64 of exas.
    let (mut value, mut bits) = (amount.written().parse::<i128>().map_err(|_| fmt::Error)?, 0);
    while value != 0 && value % 1024 == 0 {
        (value, bits) = (value / 1024, bits + 10);
    }
    write!(f, "{value}{}", unit_of(Power::Two(bits)))
}

/// Empty if there is none.
fn unit_of(power: Power) -> &'static str {
    UNITS.iter().find(|(_, of)| *of == power).map_or("", |(name, _)| name)
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        self.decimal().cmp(&other.decimal())
    }
}
