//! An idle init makes no system call at all.

use crate::common::*;
use std::time::{Duration, Instant};

/// After signals and orphans, with the program asleep: a minute under strace shows the one call it waits in.
#[test]
#[ignore = "takes a minute"]
fn a_minute_of_idling_is_one_system_call() {
    let dir = TempDir::new();
    let subjects = ["podinit", "tini", "dumb-init", "catatonit"].map(Subject::ours);
    let idle: Vec<(Running, Trace)> = subjects
        .iter()
        .map(|subject| {
            let file = dir.file(subject.name());
            let steps = ["orphans-now", "5", "record", &file];
            let running = Run::of(subject).pid1().witness(steps).spawn();
            let recording = Recording::of(&running, &dir, subject.name());
            running.signal(libc::SIGUSR1);
            recording.receives(&running, libc::SIGUSR1);
            running.until("the orphans are reaped", || {
                (children(running.pid()).len() == 1).then_some(())
            });
            running.until("it sleeps", || (state(running.pid())? == 'S').then_some(()));
            let tracer = Trace::of(running.pid(), &dir, &format!("{}.trace", subject.name()));
            (running, tracer)
        })
        .collect();
    let end = Instant::now() + Duration::from_secs(60);
    eventually_by(end + DEADLINE, "a minute has passed", || Instant::now() >= end);
    for (running, tracer) in idle {
        assert!(!running.is_over());
        let calls = tracer.calls();
        assert!(
            calls.len() <= 1 && calls.iter().all(|call| call.starts_with("read(")),
            "{calls:#?}"
        );
    }
}

fn eventually_by(deadline: Instant, fact: &str, mut holds: impl FnMut() -> bool) {
    let left = deadline.saturating_duration_since(Instant::now());
    assert!(poll_until(left, || holds().then_some(())).is_some(), "never happened: {fact}");
}
