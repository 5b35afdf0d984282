//! `dns://`: a name that resolves.

use super::names;
use super::outcome::Outcome;
use super::patience::{Patience, stop};
use crate::signal::Signal;

/// So many addresses are shown.
const SHOWN: usize = 4;

pub fn attempt(name: &str, patience: &Patience<'_>) -> Result<Outcome, Signal> {
    match names::resolve(name, patience) {
        Ok(addresses) => {
            let all: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let more = if all.len() > SHOWN { ", …" } else { "" };
            let shown = all.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            Ok(Outcome::success(format!("{name} is {shown}{more}"), all.join("\n")))
        }
        Err(error) => {
            stop(error.cut())?;
            Ok(Outcome::failure(error.to_string()))
        }
    }
}
