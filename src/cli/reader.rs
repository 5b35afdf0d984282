//! Taking a command line apart: options up to the first word that is none (init U1, init X1).

use std::ffi::CStr;
use std::fmt;

use crate::sys::words::{Words, tail};

/// One option as typed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Item {
    /// `-v`, alone or in a bundle.
    Short(u8),
    /// `--name`, or `--name=value`.
    Long { name: &'static [u8], value: Option<&'static CStr> },
}

/// As it was typed, but for a value.
impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Item::Short(letter) => write!(f, "-{}", letter.escape_ascii()),
            Item::Long { name, .. } => write!(f, "--{}", name.escape_ascii()),
        }
    }
}

/// Reads options from left to right, beginning behind the program's own name.
pub struct Reader<'a> {
    words: &'a Words,
    at: usize,
    /// What is left of a bundle of short options.
    bundle: &'static CStr,
    /// A `--` has ended the options.
    pub ended_by_dashes: bool,
}

impl<'a> Reader<'a> {
    pub fn new(words: &'a Words) -> Reader<'a> {
        Reader::starting_at(words, 1)
    }

    /// Reads from word `at` on.
    pub fn starting_at(words: &'a Words, at: usize) -> Reader<'a> {
        Reader { words, at, bundle: c"", ended_by_dashes: false }
    }

    /// The next option; `None` when the options are over.
    pub fn option(&mut self) -> Option<Item> {
        if let Some(short) = self.next_in_bundle() {
            return Some(Item::Short(short));
        }
        let word = self.words.get(self.at)?;
        match word.to_bytes() {
            b"--" => {
                self.at += 1;
                self.ended_by_dashes = true;
                None
            }
            [b'-', b'-', long @ ..] => {
                self.at += 1;
                let mut parts = long.splitn(2, |byte| *byte == b'=');
                let name = parts.next().unwrap_or_default();
                Some(Item::Long { name, value: parts.next().map(|value| tail(word, value.len())) })
            }
            [b'-', bundle @ ..] if !bundle.is_empty() => {
                self.at += 1;
                self.bundle = tail(word, bundle.len());
                self.next_in_bundle().map(Item::Short)
            }
            _ => None,
        }
    }

    /// The argument of the option just read: the rest of its word, or the next word.
    pub fn value(&mut self) -> Option<&'static CStr> {
        if !self.bundle.is_empty() {
            return Some(std::mem::take(&mut self.bundle));
        }
        let value = self.words.get(self.at)?;
        self.at += 1;
        Some(value)
    }

    /// Where the program stands, if there is one.
    pub fn program(&self) -> Option<usize> {
        (self.at < self.words.len()).then_some(self.at)
    }

    #[inline(always)]
    fn next_in_bundle(&mut self) -> Option<u8> {
        let (first, rest) = self.bundle.to_bytes().split_first()?;
        self.bundle = tail(self.bundle, rest.len());
        Some(*first)
    }
}
