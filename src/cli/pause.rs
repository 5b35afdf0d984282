//! The command line of `pause` (init P1).

use super::Outcome;
use crate::init::report::{Level, Log, Style};
use crate::plan::Holding;
use crate::sys::words::Words;

#[inline(never)]
pub fn read(words: &Words) -> Outcome {
    let asks_version =
        |index| words.bytes(index).is_some_and(|word| word.eq_ignore_ascii_case(b"-v"));
    if (1..words.len()).any(asks_version) {
        return Outcome::Say(format!("pause.c {}\n", env!("CARGO_PKG_VERSION")));
    }
    Outcome::Hold {
        holding: Holding::AsPause,
        log: Log::new(Style::Named("pause"), Level::Warning),
    }
}
