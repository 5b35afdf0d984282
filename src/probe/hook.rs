//! One run of a hook: a command, a request or a pause (kubelet H1 to H6). It has no time-out of its own.

use std::time::Duration;

use super::outcome::Outcome;
use super::patience::{Cut, Patience};
use super::{Heard, Prober, exec, http};
use crate::duration::Go;
use crate::signal::Signal;
use crate::spec::action::Action;

pub(super) fn attempt(
    prober: &mut Prober<'_>,
    action: &Action,
    strict: bool,
    heard: Heard<'_>,
    patience: &Patience<'_>,
) -> Result<Outcome, Signal> {
    match action {
        Action::Exec(words) => {
            exec::attempt(words, &mut prober.surroundings, patience, Some(heard))
        }
        Action::Http(get) => http::hook::attempt(get, strict, prober.trust, patience),
        Action::Sleep(time) => sleep(*time, patience),
        // kubelet H1: refused long before, as it could only fail.
        _ => Ok(Outcome::impossible("a hook is a command, a request or a pause")),
    }
}

/// kubelet H6: for nothing, but a signal to end.
fn sleep(time: Duration, patience: &Patience<'_>) -> Result<Outcome, Signal> {
    let pause = patience.at_most(time);
    loop {
        match pause.wait(&[]) {
            Ok(_) => {}
            Err(Cut::TimedOut) => return Ok(Outcome::success(format!("slept {}", Go(time)), [])),
            Err(Cut::Stopped(signal)) => return Err(signal),
        }
    }
}
