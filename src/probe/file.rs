//! `file:`: something is there, of whatever kind; links are followed.

use std::fs;

use super::outcome::Outcome;
use super::reason;
use crate::sys::errno_of;

pub fn attempt(path: &str) -> Outcome {
    match fs::metadata(path) {
        Ok(metadata) => {
            let kind = if metadata.is_dir() { "directory" } else { "file" };
            Outcome::success(format!("{path} is there, a {kind}"), [])
        }
        Err(error) => Outcome::failure(format!("{path}: {}", reason(errno_of(&error)))),
    }
}
