//! A file of a volume as an item of a manifest says it: where it is, and its mode.

use std::fmt;

#[cfg(test)]
mod tests;

/// The most bytes of a path, and of a file's name in it (kubelet D28).
const LONGEST_PATH: usize = 4096;
const LONGEST_NAME: usize = 255;

/// The path of a file below a volume's root, cleaned (kubelet D27): names with a `/` between.
///
/// To be refused here is what the API refuses (kubelet V21) and what the kubelet's writer would (kubelet D28,
/// `pkg/volume/util/atomic_writer.go`). Both look at the path as written, and so let `.` and `./..data` pass, which no
/// writer can write; here it is looked at as cleaned.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ItemPath(String);

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ItemPathError {
    /// There is no path, or only `.` and `/` in it.
    Empty,
    Absolute,
    /// One of its names is `..`.
    Upwards,
    /// Its first name begins with `..`, as those that the volume needs for itself.
    Reserved,
    NameTooLong,
    TooLong,
}

impl fmt::Display for ItemPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ItemPathError::Empty => f.write_str("must name a file"),
            ItemPathError::Absolute => f.write_str("must be a relative path"),
            ItemPathError::Upwards => f.write_str("must not contain '..'"),
            ItemPathError::Reserved => f.write_str("must not start with '..'"),
            ItemPathError::NameTooLong => {
                write!(f, "must not contain a name of more than {LONGEST_NAME} bytes")
            }
            ItemPathError::TooLong => write!(f, "must be no more than {LONGEST_PATH} bytes"),
        }
    }
}

impl std::error::Error for ItemPathError {}

impl ItemPath {
    pub fn parse(text: &str) -> Result<ItemPath, ItemPathError> {
        if text.len() > LONGEST_PATH {
            return Err(ItemPathError::TooLong);
        }
        if text.starts_with('/') {
            return Err(ItemPathError::Absolute);
        }
        let names: Vec<&str> = text.split('/').filter(|name| !matches!(*name, "" | ".")).collect();
        if names.contains(&"..") {
            return Err(ItemPathError::Upwards);
        }
        if names.iter().any(|name| name.len() > LONGEST_NAME) {
            return Err(ItemPathError::NameTooLong);
        }
        match names.first() {
            None => Err(ItemPathError::Empty),
            Some(first) if first.starts_with("..") => Err(ItemPathError::Reserved),
            Some(_) => Ok(ItemPath(names.join("/"))),
        }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether a file may have this mode: 0 to 0777 (kubelet V21).
pub fn is_mode(mode: i32) -> bool {
    (0..=0o777).contains(&mode)
}
