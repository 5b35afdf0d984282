//! Paths of fields as Kubernetes writes them: `spec.containers[0].name`, `metadata.labels[app]`.

use std::fmt;

use crate::spec::quote;

/// The longest that a key of a label can be: a name of 253, a slash and 63. Longer ones are cut where they are shown, so
/// that no file makes a message longer than itself.
const MAX_SHOWN: usize = 317;

/// Steps from the root; each borrows the one before.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Field(&'a Path<'a>, &'a str),
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Path::Root => Ok(()),
            Path::Field(Path::Root, name) => shorten(name).fmt(f),
            Path::Field(parent, name) => write!(f, "{parent}.{}", shorten(name)),
            Path::Key(parent, key) => write!(f, "{parent}[{}]", shorten(key)),
            Path::Index(parent, index) => write!(f, "{parent}[{index}]"),
        }
    }
}

/// Text of a file, fit to be shown.
pub(super) fn shorten(text: &str) -> impl fmt::Display {
    quote::shorten(text, MAX_SHOWN)
}
