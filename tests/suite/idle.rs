//! An idle init makes no system call at all.

use crate::common::*;
use std::fs;
use std::process::{Child, Command, Stdio as Pipe};
use std::time::{Duration, Instant};

/// strace on a running process, until dropped.
struct Trace(Child);

impl Trace {
    fn of(pid: i32, to: &str) -> Trace {
        let mut command = Command::new("strace");
        command
            .args(["-p", &pid.to_string(), "-o", to])
            .stdin(Pipe::null())
            .stdout(Pipe::null())
            .stderr(Pipe::null());
        let trace = Trace(command.spawn().expect("strace is installed"));
        eventually("strace is attached", || {
            status(pid, "TracerPid").is_some_and(|tracer| tracer != "0")
        });
        trace
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// After signals and orphans, with the program asleep: a minute under strace shows the one call it waits in.
#[test]
#[ignore = "takes a minute"]
fn a_minute_of_idling_is_one_system_call() {
    let dir = TempDir::new();
    let subjects = ["podinit", "tini", "dumb-init", "catatonit"].map(Subject::ours);
    let idle: Vec<(Running, Trace, String)> = subjects
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
            let trace = dir.file(&format!("{}.trace", subject.name()));
            let tracer = Trace::of(running.pid(), &trace);
            (running, tracer, trace)
        })
        .collect();
    let end = Instant::now() + Duration::from_secs(60);
    eventually_by(end + DEADLINE, "a minute has passed", || Instant::now() >= end);
    for (running, tracer, trace) in idle {
        assert!(!running.is_over());
        drop(tracer);
        let calls = fs::read_to_string(&trace).unwrap();
        let calls: Vec<&str> =
            calls.lines().filter(|line| !line.contains("strace: Process")).collect();
        assert!(
            calls.len() <= 1 && calls.iter().all(|call| call.starts_with("read(")),
            "{trace}: {calls:#?}"
        );
    }
}

fn eventually_by(deadline: Instant, fact: &str, mut holds: impl FnMut() -> bool) {
    let left = deadline.saturating_duration_since(Instant::now());
    assert!(poll_until(left, || holds().then_some(())).is_some(), "never happened: {fact}");
}
