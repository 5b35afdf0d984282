//! Names as the API checks them, each kind with its own alphabet and length.
//!
//! The rules are those of `apimachinery/pkg/util/validation/validation.go`. Of several faults one is told.

use std::fmt;

#[cfg(test)]
mod tests;

/// The most bytes of a DNS label, and of the name in a qualified name.
const LABEL: usize = 63;
/// The most bytes of a DNS subdomain, and of a key.
const SUBDOMAIN: usize = 253;
/// The most bytes of a port's name.
const PORT: usize = 15;

/// Why a text is no name of the kind asked for; whoever knows the field says which it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum NameError {
    Empty,
    /// More than so many bytes.
    TooLong(usize),
    Label,
    Subdomain,
    Qualified,
    /// What stands before the `/` of a qualified name.
    Prefix(Box<NameError>),
    PortCharacters,
    /// A port's name of digits and hyphens alone: `8080`.
    PortWithoutLetter,
    PortHyphens,
    Variable,
    Header,
    Key,
    /// `.`, `..` and what begins with `..`, which no file of a volume may be called.
    Dots,
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            NameError::Empty => "must be non-empty",
            NameError::TooLong(most) => return write!(f, "must be no more than {most} characters"),
            NameError::Label => {
                "must be lower-case letters, digits and '-', a letter or digit first and last (such as 'my-name')"
            }
            NameError::Subdomain => {
                "must be lower-case letters, digits, '-' and '.', a letter or digit first and last in each part between dots (such as 'example.com')"
            }
            NameError::Qualified => {
                "must be letters, digits, '-', '_' and '.', a letter or digit first and last, after a DNS subdomain and '/' or alone (such as 'example.com/MyName')"
            }
            NameError::Prefix(error) => return write!(f, "prefix part {error}"),
            NameError::PortCharacters => "must be lower-case letters, digits and '-'",
            NameError::PortWithoutLetter => {
                "must contain at least one letter (a-z); write a port number without quotes"
            }
            NameError::PortHyphens => "must have '-' neither first nor last nor twice in a row",
            NameError::Variable => "must be printable ASCII characters other than '='",
            NameError::Header => "must be letters, digits and '-' (such as 'X-Header-Name')",
            NameError::Key => "must be letters, digits, '-', '_' and '.'",
            NameError::Dots => "must be neither '.' nor '..' nor start with '..'",
        })
    }
}

impl std::error::Error for NameError {}

/// A DNS label (RFC 1123), as containers and volumes are called (kubelet V15): at most 63 of `[-a-z0-9]`.
pub fn dns_label(text: &str) -> Result<(), NameError> {
    within(text, LABEL)?;
    if is_label(text) { Ok(()) } else { Err(NameError::Label) }
}

/// A DNS subdomain (RFC 1123), as objects are called: labels with dots between, at most 253 together.
pub fn dns_subdomain(text: &str) -> Result<(), NameError> {
    within(text, SUBDOMAIN)?;
    if text.split('.').all(is_label) { Ok(()) } else { Err(NameError::Subdomain) }
}

/// A qualified name, as a label's key or a condition's type (kubelet D3): at most 63 of `[-A-Za-z0-9_.]`, and
/// before it there may be a DNS subdomain and a `/`.
pub fn qualified(text: &str) -> Result<(), NameError> {
    let (prefix, name) = match text.split_once('/') {
        Some((prefix, name)) => (Some(prefix), name),
        None => (None, text),
    };
    if let Some(prefix) = prefix {
        dns_subdomain(prefix).map_err(|error| NameError::Prefix(Box::new(error)))?;
    }
    within(name, LABEL)?;
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if is_made_of(name, inner, |byte| byte.is_ascii_alphanumeric()) {
        Ok(())
    } else {
        Err(NameError::Qualified)
    }
}

/// A port's name (kubelet V11; RFC 6335 in lower case): at most 15 of `[-a-z0-9]`, one of them a letter.
pub fn port(text: &str) -> Result<(), NameError> {
    within(text, PORT)?;
    if !text.bytes().all(|byte| is_lower(byte) || byte == b'-') {
        Err(NameError::PortCharacters)
    } else if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Err(NameError::PortWithoutLetter)
    } else if text.starts_with('-') || text.ends_with('-') || text.contains("--") {
        Err(NameError::PortHyphens)
    } else {
        Ok(())
    }
}

/// The name of an environment variable: printable ASCII without `=`, a blank included (kubelet V19).
pub fn variable(text: &str) -> Result<(), NameError> {
    within(text, usize::MAX)?;
    let fits = |byte| matches!(byte, b' '..=b'~') && byte != b'=';
    if text.bytes().all(fits) { Ok(()) } else { Err(NameError::Variable) }
}

/// The name of an HTTP header (kubelet V10): `[-A-Za-z0-9]+`, so no underscore.
pub fn header(text: &str) -> Result<(), NameError> {
    within(text, usize::MAX)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if text.bytes().all(fits) { Ok(()) } else { Err(NameError::Header) }
}

/// A key of a ConfigMap or Secret: at most 253 of `[-._A-Za-z0-9]`, fit for a file's name.
pub fn key(text: &str) -> Result<(), NameError> {
    within(text, SUBDOMAIN)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !text.bytes().all(fits) {
        Err(NameError::Key)
    } else if text == "." || text.starts_with("..") {
        Err(NameError::Dots)
    } else {
        Ok(())
    }
}

fn within(text: &str, most: usize) -> Result<(), NameError> {
    match text.len() {
        0 => Err(NameError::Empty),
        length if length > most => Err(NameError::TooLong(most)),
        _ => Ok(()),
    }
}

/// Of any length: the part of a subdomain has no limit of its own.
fn is_label(text: &str) -> bool {
    is_made_of(text, |byte| is_lower(byte) || byte == b'-', is_lower)
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// All `inner`, and the first and the last also `outer`. Nothing is made of nothing.
fn is_made_of(text: &str, inner: impl Fn(u8) -> bool, outer: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.iter().all(|byte| inner(*byte))
        && [bytes.first(), bytes.last()].into_iter().all(|end| end.is_some_and(|end| outer(*end)))
}
