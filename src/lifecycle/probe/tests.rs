//! Whole lives of probes in virtual time.

use super::*;
use proptest::prelude::*;

mod properties;
mod schedule;
mod snapshots;
mod thresholds;

fn ms(millis: u64) -> Moment {
    Moment::at(Duration::from_millis(millis))
}

fn s(seconds: u64) -> Moment {
    ms(seconds * 1000)
}

/// Period 10 s, time-out 1 s, no delay: what the API says where a manifest says nothing.
fn settings(failure_threshold: u32, success_threshold: u32) -> Settings {
    Settings {
        initial_delay: Duration::ZERO,
        period: Duration::from_secs(10),
        timeout: Duration::from_secs(1),
        success_threshold,
        failure_threshold,
    }
}

/// A running container with a startup probe is not started yet, one without is.
fn running(kind: Kind, since: Moment) -> Event {
    Event::Running { since, started: kind != Kind::Startup }
}

fn list(actions: Actions) -> Vec<Action> {
    actions.into_iter().collect()
}

/// The attempt that was begun.
fn begun(actions: &[Action]) -> Option<Attempt> {
    actions.iter().find_map(|action| match action {
        Action::Begin(attempt) => Some(*attempt),
        _ => None,
    })
}

/// What was published.
fn published(actions: &[Action]) -> Option<(Cached, Option<Consequence>)> {
    actions.iter().find_map(|action| match action {
        Action::Changed(cached, follows) => Some((*cached, *follows)),
        _ => None,
    })
}

/// A probe of a container that has been running since 0, and the first attempt.
fn at_first_attempt(kind: Kind, settings: Settings) -> (Probe, Attempt) {
    let mut probe = Probe::new(kind, settings);
    let actions = list(probe.step(s(0), running(kind, s(0))));
    let attempt = begun(&actions).expect("an attempt without delay");
    (probe, attempt)
}
