//! An environment as text, for those who read it back.

use std::collections::BTreeMap;
use std::fmt;

use crate::spec::quote::shorten;

#[cfg(test)]
mod tests;

/// A variable that a format has no way to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unwritable {
    /// It is no name to a shell.
    Name(String),
    /// Its value is no UTF-8, as JSON's strings are.
    Value(String),
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 64;
        match self {
            Unwritable::Name(name) => {
                let name = shorten(name, LONGEST);
                write!(f, "no shell has a variable \"{name}\" (try --format null, or json)")
            }
            Unwritable::Value(name) => {
                let name = shorten(name, LONGEST);
                write!(f, "the value of \"{name}\" is no UTF-8 (try --format null)")
            }
        }
    }
}

impl std::error::Error for Unwritable {}

/// Lines that a shell takes, `PREFIXNAME='VALUE'`. In single quotes nothing but the quote itself means anything.
///
/// # Errors
/// A name with other characters than letters of ASCII, digits and `_`, or a digit first: a shell would take the line for
/// something else.
pub fn shell<'v>(
    variables: impl Iterator<Item = (&'v str, &'v [u8])>,
    prefix: &str,
) -> Result<Vec<u8>, Unwritable> {
    let mut text = Vec::new();
    for (name, value) in variables {
        if !is_shell_name(name) {
            return Err(Unwritable::Name(name.to_owned()));
        }
        text.extend_from_slice(format!("{prefix}{name}='").as_bytes());
        for byte in value {
            match byte {
                b'\'' => text.extend_from_slice(b"'\\''"),
                byte => text.push(*byte),
            }
        }
        text.extend_from_slice(b"'\n");
    }
    Ok(text)
}

fn is_shell_name(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    !name.starts_with(|c: char| c.is_ascii_digit()) && !name.is_empty() && name.bytes().all(is_part)
}

/// One object of strings, on one line.
///
/// # Errors
/// A value is no UTF-8.
pub fn json<'v>(
    variables: impl Iterator<Item = (&'v str, &'v [u8])>,
) -> Result<Vec<u8>, Unwritable> {
    let text = |(name, value): (&'v str, &'v [u8])| match std::str::from_utf8(value) {
        Ok(value) => Ok((name, value)),
        Err(_) => Err(Unwritable::Value(name.to_owned())),
    };
    let object: BTreeMap<&str, &str> = variables.map(text).collect::<Result<_, _>>()?;
    Ok(format!("{}\n", serde_json::json!(object)).into_bytes())
}

/// `NAME=VALUE`, each with a NUL behind it, as in `/proc/PID/environ`.
pub fn null<'v>(variables: impl Iterator<Item = (&'v str, &'v [u8])>) -> Vec<u8> {
    let one = |(name, value): (&str, &[u8])| [name.as_bytes(), b"=", value, b"\0"].concat();
    variables.flat_map(one).collect()
}
