//! Decimal numbers of any length, with just the arithmetic that quantities need.
//!
//! They are digits, not machine words: powers of ten, which is nearly all there is, come down to adding and dropping digits.

use std::cmp::Ordering;

/// `digits` times ten to the `exponent`.
#[derive(Clone, Debug)]
pub struct Decimal {
    negative: bool,
    /// 0 to 9, the most significant first and not 0; zero has none.
    digits: Vec<u8>,
    exponent: i32,
}

impl Decimal {
    /// What is no digit in `digits` is passed over.
    pub fn new(negative: bool, digits: &str, exponent: i32) -> Decimal {
        let digits = digits.bytes().filter(u8::is_ascii_digit).map(|b| b - b'0');
        Decimal { negative, digits: digits.skip_while(|d| *d == 0).collect(), exponent }
    }

    pub fn of(value: i64, exponent: i32) -> Decimal {
        Decimal::new(value < 0, &value.unsigned_abs().to_string(), exponent)
    }

    pub fn is_negative(&self) -> bool {
        self.negative && !self.is_zero()
    }

    pub fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// The number of digits before the point; negative where zeros follow it.
    pub fn magnitude(&self) -> i64 {
        self.digits.len() as i64 + i64::from(self.exponent)
    }

    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    pub fn double(&mut self) {
        let mut carry = 0;
        for digit in self.digits.iter_mut().rev() {
            let twice = *digit * 2 + carry;
            (*digit, carry) = (twice % 10, twice / 10);
        }
        if carry > 0 {
            self.digits.insert(0, carry);
        }
    }

    /// Brings it to another exponent; what that cannot hold rounds away from zero.
    pub fn rescale(&mut self, exponent: i32) {
        if self.is_zero() {
            self.exponent = exponent;
        } else if self.exponent >= exponent {
            let zeros = usize::try_from(self.exponent - exponent).unwrap_or(0);
            self.digits.resize(self.digits.len() + zeros, 0);
            self.exponent = exponent;
        } else {
            let dropped = self.cut(exponent);
            if dropped {
                self.increment();
            }
        }
    }

    /// Drops the digits below an exponent; whether one of them was not 0.
    pub fn cut(&mut self, exponent: i32) -> bool {
        let count = usize::try_from(i64::from(exponent) - i64::from(self.exponent)).unwrap_or(0);
        let kept = self.digits.len().saturating_sub(count);
        let lost = self.digits.split_off(kept);
        self.exponent = exponent;
        lost.iter().any(|d| *d != 0)
    }

    /// One more in the last digit, away from zero.
    fn increment(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return;
            }
            *digit = 0;
        }
        self.digits.insert(0, 1);
    }

    /// With the largest exponent that needs no fraction.
    pub fn reduce(&mut self) {
        while self.digits.pop_if(|d| *d == 0).is_some() {
            self.exponent += 1;
        }
    }

    /// The digits without the exponent.
    pub fn written(&self) -> String {
        let digits = self.digits.iter().map(|d| char::from(b'0' + d));
        self.is_negative().then_some('-').into_iter().chain(digits).collect()
    }

    /// The digits without the exponent as a number, in the lowest 64 bits.
    pub fn low_bits(&self) -> i64 {
        let low = self
            .digits
            .iter()
            .fold(0i64, |low, digit| low.wrapping_mul(10).wrapping_add(i64::from(*digit)));
        if self.negative { low.wrapping_neg() } else { low }
    }

    /// How it compares with `other` when the signs of both are left out.
    pub fn cmp_magnitude(&self, other: &Decimal) -> Ordering {
        let (mut a, mut b) = (self.clone(), other.clone());
        a.reduce();
        b.reduce();
        match (a.is_zero(), b.is_zero()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
            // With no zeros at either end, digits of one magnitude compare as words do.
            (false, false) => {
                a.magnitude().cmp(&b.magnitude()).then_with(|| a.digits.cmp(&b.digits))
            }
        }
    }

    pub fn cmp(&self, other: &Decimal) -> Ordering {
        match (self.is_negative(), other.is_negative()) {
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
            (negative, _) => {
                if negative {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            }
        }
    }
}
