//! Durations as people write them: `500ms`, `5s`, `2m`, `1h30m`, `0.5`; a bare number is seconds.

use std::fmt;
use std::time::Duration;

/// A hundred years: more is a slip of the finger, and deadlines never overflow.
pub const LONGEST: Duration = Duration::from_secs(100 * 365 * 24 * 3600);

const UNITS: [(&str, u128); 4] = [
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60 * 1_000_000_000),
    ("h", 3600 * 1_000_000_000),
];

/// The duration written in `text`, at most [`LONGEST`], to the nanosecond; `None` if it is none.
pub fn parse(text: &str) -> Option<Duration> {
    if let Some(bare) = number(text, 1_000_000_000) {
        return bounded(bare);
    }
    let mut rest = text;
    let mut total: u128 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (count, tail) = rest.split_at(digits);
        let unit_length = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, after) = tail.split_at(unit_length);
        let (_, size) = UNITS.iter().find(|(name, _)| *name == unit)?;
        total = total.checked_add(number(count, *size)?)?;
        rest = after;
    }
    if text.is_empty() { None } else { bounded(total) }
}

/// `digits[.digits]` times `scale`, in nanoseconds; what is finer is cut off.
fn number(text: &str, scale: u128) -> Option<u128> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| {
        !text.is_empty() && text.len() <= 18 && text.bytes().all(|b| b.is_ascii_digit())
    };
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let parts = 10u128.checked_pow(fraction.len() as u32)?;
    let fraction = fraction.parse::<u128>().ok()?.checked_mul(scale)? / parts;
    whole.parse::<u128>().ok()?.checked_mul(scale)?.checked_add(fraction)
}

fn bounded(nanos: u128) -> Option<Duration> {
    u64::try_from(nanos).ok().map(Duration::from_nanos).filter(|duration| *duration <= LONGEST)
}

/// Prints a duration for people, in seconds to a tenth: `1.2s`, `0s`, `30s`.
pub struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let tenths = (self.0.as_millis() + 50) / 100;
        match tenths % 10 {
            0 => write!(f, "{}s", tenths / 10),
            tenth => write!(f, "{}.{}s", tenths / 10, tenth),
        }
    }
}

/// Prints a duration as Go does, whose words the kubelet's messages are: `1s`, `1m30s`, `1.5s`, `500ms`.
pub struct Go(pub Duration);

impl fmt::Display for Go {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.as_nanos();
        let (unit, size) = match nanos {
            0 => return f.write_str("0s"),
            1..1_000 => ("ns", 1),
            1_000..1_000_000 => ("µs", 1_000),
            1_000_000..1_000_000_000 => ("ms", 1_000_000),
            _ => ("s", 1_000_000_000),
        };
        let seconds = self.0.as_secs();
        if seconds >= 3600 {
            write!(f, "{}h", seconds / 3600)?;
        }
        if seconds >= 60 {
            write!(f, "{}m", seconds / 60 % 60)?;
        }
        let nanos = if unit == "s" { nanos % 60_000_000_000 } else { nanos };
        let fraction = format!("{:0width$}", nanos % size, width = size.ilog10() as usize);
        match fraction.trim_end_matches('0') {
            _ if size == 1 => write!(f, "{nanos}{unit}"),
            "" => write!(f, "{}{unit}", nanos / size),
            digits => write!(f, "{}.{digits}{unit}", nanos / size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spellings_of_the_manual() {
        for (text, millis) in [
            ("500ms", 500),
            ("5s", 5_000),
            ("2m", 120_000),
            ("1h30m", 5_400_000),
            ("10", 10_000),
            ("0", 0),
            ("0.5", 500),
            ("1.5s", 1_500),
            ("0.25m", 15_000),
            ("1m0.5s", 60_500),
        ] {
            assert_eq!(parse(text), Some(Duration::from_millis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_duration_is_refused() {
        for text in [
            "",
            "10 sec",
            "s",
            "-1",
            "+1",
            "1.",
            ".5",
            "1d",
            "1S",
            "5 s",
            "1h30",
            "1.2.3s",
            "infinity",
            "99999999999999999999s",
            "1000000h",
            "1e3",
            "1s-2s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn people_read_tenths() {
        let shown = |millis| Seconds(Duration::from_millis(millis)).to_string();
        assert_eq!(
            [shown(0), shown(1240), shown(1250), shown(30_000), shown(49)],
            ["0s", "1.2s", "1.3s", "30s", "0s"]
        );
    }

    #[test]
    fn go_prints_its_units() {
        for (nanos, text) in [
            (0, "0s"),
            (7, "7ns"),
            (1_500, "1.5µs"),
            (500_000_000, "500ms"),
            (1_000_000_000, "1s"),
            (1_250_000_000, "1.25s"),
            (60_000_000_000, "1m0s"),
            (80_000_000_000, "1m20s"),
            (300_000_000_000, "5m0s"),
            (3_600_500_000_000, "1h0m0.5s"),
        ] {
            assert_eq!(Go(Duration::from_nanos(nanos)).to_string(), text);
        }
    }
}
