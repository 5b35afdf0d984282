//! Where in a manifest validation is, and what it says about that place.

use std::collections::BTreeSet;
use std::fmt;

use super::error::{FieldError, FieldErrors, Problem, Value};

/// A field, and the list that errors about it go to.
pub(super) struct Place<'e> {
    path: String,
    errors: &'e mut FieldErrors,
}

impl<'e> Place<'e> {
    /// The object that `path` leads to; it is empty for the manifest itself.
    pub(super) fn new(path: &str, errors: &'e mut FieldErrors) -> Place<'e> {
        Place { path: path.to_owned(), errors }
    }

    /// A field of the object here.
    pub(super) fn field(&mut self, name: &str) -> Place<'_> {
        let dot = if self.path.is_empty() { "" } else { "." };
        Place { path: format!("{}{dot}{name}", self.path), errors: self.errors }
    }

    /// An element of the list here, counted from 0.
    pub(super) fn index(&mut self, index: usize) -> Place<'_> {
        Place { path: format!("{}[{index}]", self.path), errors: self.errors }
    }

    pub(super) fn required(&mut self, detail: impl fmt::Display) {
        self.push(Problem::Required { detail: detail.to_string() });
    }

    pub(super) fn invalid(&mut self, value: impl Into<Value>, detail: impl fmt::Display) {
        self.push(Problem::Invalid { value: value.into(), detail: detail.to_string() });
    }

    pub(super) fn not_supported<W: Into<String>>(
        &mut self,
        value: impl Into<Value>,
        supported: impl IntoIterator<Item = W>,
    ) {
        let supported = supported.into_iter().map(Into::into).collect();
        self.push(Problem::NotSupported { value: value.into(), supported });
    }

    pub(super) fn forbidden(&mut self, detail: impl fmt::Display) {
        self.push(Problem::Forbidden { detail: detail.to_string() });
    }

    pub(super) fn not_found(&mut self, value: impl Into<Value>) {
        self.push(Problem::NotFound { value: value.into() });
    }

    /// A text that has to be there, and to pass `check`.
    pub(super) fn check<E: fmt::Display>(
        &mut self,
        text: &str,
        check: impl Fn(&str) -> Result<(), E>,
    ) {
        if text.is_empty() {
            self.required("");
        } else if let Err(error) = check(text) {
            self.invalid(text, error);
        }
    }

    /// One of the `words`, of which there has to be one.
    pub(super) fn word(&mut self, word: &str, words: &[&str]) {
        if word.is_empty() {
            self.required("");
        } else if !words.contains(&word) {
            self.not_supported(word, words.iter().copied());
        }
    }

    /// A name that none before it in the list has. An empty one is nobody's.
    pub(super) fn unique<'n>(&mut self, name: &'n str, names: &mut BTreeSet<&'n str>) {
        if !name.is_empty() && !names.insert(name) {
            self.push(Problem::Duplicate { value: name.into() });
        }
    }

    pub(super) fn at_most(&mut self, count: usize, most: usize) {
        if count > most {
            self.push(Problem::TooMany { count, most });
        }
    }

    fn push(&mut self, problem: Problem) {
        self.errors.push(FieldError { field: self.path.clone(), problem });
    }
}
