//! `$(NAME)` in a manifest's texts: one pass over bytes, without a shell's rules.
//!
//! The behaviour is that of Kubernetes' `third_party/forked/golang/expansion/expand.go` (kubelet E1 to E8).

use std::fmt;

/// The longest text that comes out. Linux takes no argument and no `NAME=value` beyond 128 KiB with
/// its NUL (`MAX_ARG_STRLEN`, pages of 4 KiB), and a few variables that name each other would otherwise
/// grow without end.
pub const LONGEST: usize = 128 * 1024 - 1;

/// What Go writes in the place of a byte that begins no character.
const REPLACEMENT: &[u8] = "\u{fffd}".as_bytes();

/// The expanded text would be longer than [`LONGEST`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TooLong;

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is longer than {LONGEST} bytes once expanded")
    }
}

impl std::error::Error for TooLong {}

/// `text` with each `$(NAME)` replaced by its value, as `expand.go` has it.
///
/// - One pass from left to right; values are not looked into again (kubelet E1).
/// - A name is all that stands before the first `)`, and may be empty (E2).
/// - Where `value_of` knows no such name, or the name is no UTF-8, the reference stays as written (E3).
/// - `$$` is a `$`, and what follows it is plain (E4).
/// - `$(` that is never closed is plain, and so is a `$` before anything else or at the end (E5, E6).
/// - A byte after a `$` that begins no UTF-8 character becomes U+FFFD; elsewhere such bytes stay (E7).
/// - `$A`, `${A}` and `\` mean nothing (E8).
///
/// The time taken is linear in what goes in and comes out, and what comes out is at most [`LONGEST`]
/// bytes.
pub fn expand<'v>(
    text: &[u8],
    mut value_of: impl FnMut(&str) -> Option<&'v [u8]>,
) -> Result<Vec<u8>, TooLong> {
    let mut out = Bounded::default();
    let mut rest = text;
    // Searched for once only when there is none, or a text of many `$(` would take quadratic time.
    let mut closer_ahead = true;
    while let Some((plain, after)) = split_once(rest, b'$') {
        out.push(plain)?;
        rest = match after {
            [b'$', rest @ ..] => {
                out.push(b"$")?;
                rest
            }
            [b'(', inside @ ..] => {
                let reference = if closer_ahead { split_once(inside, b')') } else { None };
                if let Some((name, rest)) = reference {
                    let known = std::str::from_utf8(name).ok().and_then(&mut value_of);
                    match known {
                        Some(value) => out.push(value)?,
                        None => [b"$(", name, b")"].iter().try_for_each(|part| out.push(part))?,
                    }
                    rest
                } else {
                    closer_ahead = false;
                    out.push(b"$(")?;
                    inside
                }
            }
            [_, rest @ ..] if !begins_with_character(after) => {
                out.push(b"$")?;
                out.push(REPLACEMENT)?;
                rest
            }
            // The character itself is neither `$` nor `(`, so that it is copied with what follows.
            rest => {
                out.push(b"$")?;
                rest
            }
        };
    }
    out.push(rest)?;
    Ok(out.0)
}

/// The bytes before and after the first `separator`.
fn split_once(text: &[u8], separator: u8) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|byte| *byte == separator)?;
    let (before, from) = text.split_at_checked(at)?;
    from.split_first().map(|(_, after)| (before, after))
}

/// Whether a whole UTF-8 character stands first; none has more than four bytes.
fn begins_with_character(text: &[u8]) -> bool {
    (1..=4).any(|length| text.get(..length).is_some_and(|first| std::str::from_utf8(first).is_ok()))
}

/// A text that never gets longer than [`LONGEST`].
#[derive(Default)]
struct Bounded(Vec<u8>);

impl Bounded {
    fn push(&mut self, bytes: &[u8]) -> Result<(), TooLong> {
        if bytes.len() > LONGEST.saturating_sub(self.0.len()) {
            return Err(TooLong);
        }
        self.0.extend_from_slice(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
