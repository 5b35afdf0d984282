//! What YAML's plain scalars mean: the table and the order of `resolve` in `sigs.k8s.io/yaml/goyaml.v2/resolve.go`.

use std::borrow::Cow;

/// A scalar's meaning. Timestamps are strings there too.
#[derive(PartialEq, Debug)]
pub(super) enum Resolved {
    Null,
    Bool(bool),
    /// As Go writes it in JSON.
    Integer(String),
    Float(String),
    /// `.inf`, `.nan`: JSON has no word for them.
    NotFinite,
    String,
}

/// What a scalar means that has neither quotes nor tag.
pub(super) fn resolve(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            return Resolved::Bool(true);
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            return Resolved::Bool(false);
        }
        ".nan" | ".NaN" | ".NAN" => return Resolved::NotFinite,
        _ => {}
    }
    if matches!(text.trim_start_matches(['+', '-']), ".inf" | ".Inf" | ".INF")
        && text.len() <= "+.inf".len()
    {
        return Resolved::NotFinite;
    }
    match text.bytes().next() {
        // No underscores: here Go's own reader of floats takes the text as it is.
        Some(b'.') => float(text).map_or(Resolved::String, Resolved::Float),
        Some(b'+' | b'-' | b'0'..=b'9') => number(&if text.contains('_') {
            Cow::Owned(text.replace('_', ""))
        } else {
            Cow::Borrowed(text)
        }),
        _ => Resolved::String,
    }
}

/// Integers in the notations of Go, then floats: `08` is no octal and so the float 8.
fn number(plain: &str) -> Resolved {
    let (negative, digits) = match plain.as_bytes().first() {
        Some(b'-') => (true, plain.get(1..).unwrap_or_default()),
        Some(b'+') => (false, plain.get(1..).unwrap_or_default()),
        _ => (false, plain),
    };
    let prefixed = |lower, upper| digits.strip_prefix(lower).or_else(|| digits.strip_prefix(upper));
    let notations =
        [(16, prefixed("0x", "0X")), (8, prefixed("0o", "0O")), (2, prefixed("0b", "0B"))];
    let notation = notations.into_iter().find_map(|(radix, rest)| rest.map(|rest| (radix, rest)));
    let (radix, digits) = match notation {
        Some(found) => found,
        None if digits.len() > 1 && digits.starts_with('0') => (8, digits.trim_start_matches('0')),
        None => (10, digits),
    };
    // "00" is an octal zero.
    let digits =
        if digits.is_empty() && notation.is_none() && plain.contains('0') { "0" } else { digits };
    if !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix)) {
        let sign = if negative { "-" } else { "" };
        let most = if negative { 1 << 63 } else { u64::MAX };
        match u64::from_str_radix(digits, radix) {
            Ok(0) => return Resolved::Integer("0".to_owned()),
            Ok(magnitude) if magnitude <= most => {
                return Resolved::Integer(format!("{sign}{magnitude}"));
            }
            // Decimal notation is left to the floats. Go goes on with big integers, exact; no field takes these.
            _ if notation.is_some() => {
                let digit = |c: char| c.to_digit(radix).map_or(0.0, f64::from);
                let large = digits.chars().fold(0.0, |sum, c| sum * f64::from(radix) + digit(c));
                if large.is_finite() {
                    return Resolved::Float(write(if negative { -large } else { large }));
                }
            }
            _ => {}
        }
    }
    float(plain).map_or(Resolved::String, Resolved::Float)
}

/// One that is neither a word nor beyond f64, which are strings.
fn float(plain: &str) -> Option<String> {
    if !plain.bytes().all(|b| b"0123456789+-.eE".contains(&b)) {
        return None;
    }
    plain.parse().ok().filter(|value: &f64| value.is_finite()).map(write)
}

/// As Go's `encoding/json` writes floats.
fn write(value: f64) -> String {
    let size = value.abs();
    if size >= 1e21 {
        format!("{value:e}").replace('e', "e+")
    } else if size != 0.0 && size < 1e-6 {
        format!("{value:e}")
    } else {
        value.to_string()
    }
}
