//! The form of a line, and what becomes of one that cannot be written. Whole lives are in the suite.

use super::*;
use crate::lifecycle::status::{EndReason, Waiting};
use crate::sys::descriptors;
use k8s_openapi::api::core::v1 as api;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};

fn at(seconds: u64) -> Moment {
    Moment::at(Duration::from_secs(seconds))
}

fn end(exit_code: i32, reason: EndReason) -> Terminated {
    Terminated { exit_code, reason, started: at(0), finished: at(60) }
}

const RUNNING: ContainerStatus = ContainerStatus {
    state: State::Running { since: Moment::at(Duration::ZERO) },
    last: None,
    ready: true,
    started: true,
    restart_count: 0,
};

fn subject(status: ContainerStatus) -> Subject<'static> {
    Subject { name: "app", pod: "", instance: 1, pid: None, status, last_words: b"", signal: None }
}

/// A stream into a pipe, whose clock began with the epoch.
fn stream() -> (StatusStream, File, OwnedFd) {
    let (reading, writing) = descriptors::pipe().unwrap();
    let to = Output::inherited(writing.as_raw_fd()).unwrap();
    (StatusStream { beginning: Duration::ZERO, ..StatusStream::new(to) }, reading.into(), writing)
}

fn event(message: &dyn fmt::Display) -> StatusEvent<'_> {
    StatusEvent { name: "Unhealthy", severity: Severity::Warning, message, exit: None }
}

#[track_caller]
fn composed(stream: &StatusStream, event: &StatusEvent<'_>, subject: &Subject<'_>) -> Value {
    let mut line = String::new();
    stream.compose(&mut line, event, subject).unwrap();
    assert!(line.len() < LINE_LIMIT, "{}: {line}", line.len());
    let line: Value = serde_json::from_str(&line).unwrap();
    let _: api::ContainerStatus = serde_json::from_value(line["status"].clone()).unwrap();
    line
}

// docs/status.md shows this form.
#[test]
fn the_form_of_a_line() {
    let (stream, ..) = stream();
    let mut line = String::new();
    let status =
        ContainerStatus { last: Some(end(3, EndReason::Error)), restart_count: 1, ..RUNNING };
    let subject = Subject {
        instance: 2,
        pid: Some(Pid::from_raw(7)),
        last_words: b"bye\n",
        ..subject(status)
    };
    stream.compose(&mut line, &event(&"Liveness probe failed: \"no\""), &subject).unwrap();
    let (ts, rest) = line.split_at("{\"ts\":\"2026-01-31T10:20:30.100Z\"".len());
    assert!(ts.starts_with("{\"ts\":\"20") && ts.ends_with("Z\""), "{ts}");
    assert_eq!(
        rest,
        concat!(
            r#","event":"Unhealthy","type":"Warning","message":"Liveness probe failed: \"no\"","container":"app","#,
            r#""instance":2,"pid":7,"status":{"name":"app","state":{"running":{"startedAt":"1970-01-01T00:00:00Z"}},"#,
            r#""lastState":{"terminated":{"exitCode":3,"reason":"Error","startedAt":"1970-01-01T00:00:00Z","#,
            r#""finishedAt":"1970-01-01T00:01:00Z","message":"bye\n"}},"ready":true,"started":true,"restartCount":1}}"#
        )
    );
}

// kubelet R17, R24, R27
#[test]
fn r24_every_state_is_one_of_the_apis() {
    let (stream, ..) = stream();
    let of = |state, last| {
        let status =
            ContainerStatus { state, last, ready: false, started: false, restart_count: 4 };
        let subject = Subject {
            pod: "web_default(u-1)",
            signal: Some(Signal::TERM),
            last_words: b"why\xff",
            ..subject(status)
        };
        composed(&stream, &event(&""), &subject)["status"].clone()
    };
    let pause = Duration::from_secs(20);
    let waiting =
        of(State::Waiting(Waiting::CrashLoopBackOff { pause }), Some(end(143, EndReason::Error)));
    let message = "back-off 20s restarting failed container=app pod=web_default(u-1)";
    let expected = json!({"waiting": {"reason": "CrashLoopBackOff", "message": message}});
    assert_eq!(waiting["state"], expected);
    // The termination message is that of the latest end, whichever field that is in.
    let last = &waiting["lastState"]["terminated"];
    assert_eq!(last["message"], "why\u{fffd}");
    assert_eq!((&last["signal"], &last["exitCode"]), (&15.into(), &143.into()));
    let terminated =
        of(State::Terminated(end(0, EndReason::OomKilled)), Some(end(1, EndReason::Error)));
    assert_eq!(terminated["state"]["terminated"]["reason"], "OOMKilled");
    assert_eq!(terminated["state"]["terminated"]["message"], "why\u{fffd}");
    assert_eq!(terminated["lastState"]["terminated"]["message"], Value::Null);
    assert_eq!(of(State::Running { since: at(1) }, None)["lastState"], json!({}));
}

#[test]
fn a_line_is_whole_however_long_its_parts() {
    let (mut stream, ..) = stream();
    stream.lost = u64::MAX;
    let ends = [EndReason::ContainerStatusUnknown, EndReason::RestartingAllContainers];
    let [one, other] = ends.map(|reason| end(255, reason));
    for text in ["\u{1}", "\"", "x", "é", "\u{10ffff}"] {
        let long = text.repeat(5000);
        for state in [
            State::Terminated(one),
            State::Waiting(Waiting::CrashLoopBackOff { pause: Duration::MAX }),
        ] {
            let status = ContainerStatus {
                state,
                last: Some(other),
                ready: false,
                started: false,
                restart_count: u32::MAX,
            };
            let subject = Subject {
                name: &long,
                pod: &long,
                instance: u32::MAX,
                pid: Some(Pid::from_raw(i32::MAX)),
                status,
                last_words: &[long.as_bytes(), b"\xff"].concat(),
                signal: Signal::new(64),
            };
            let event = StatusEvent { name: &long, exit: Some(255), ..event(&long) };
            let line = composed(&stream, &event, &subject);
            let end = line["status"]["state"]["terminated"].as_object();
            let end = end.or(line["status"]["lastState"]["terminated"].as_object()).unwrap();
            assert!(end["message"].as_str().unwrap().ends_with(&format!("{text}\u{fffd}")));
        }
    }
}

#[test]
fn what_has_changed_is_said_once() {
    let (mut stream, mut reading, _writing) = stream();
    let waiting = ContainerStatus {
        state: State::Waiting(Waiting::ContainerCreating),
        ready: false,
        started: false,
        ..RUNNING
    };
    let starting = ContainerStatus { ready: false, started: false, ..RUNNING };
    let ended = ContainerStatus { state: State::Terminated(end(3, EndReason::Error)), ..waiting };
    let back_off = ContainerStatus {
        state: State::Waiting(Waiting::CrashLoopBackOff { pause: Duration::ZERO }),
        last: ended.latest_end(),
        ..waiting
    };
    let no_start = State::Waiting(Waiting::RunContainerError);
    let failed = |code| {
        let last = Some(end(code, EndReason::StartError));
        ContainerStatus { state: no_start, last, ..waiting }
    };
    let unready = ContainerStatus { ready: false, ..RUNNING };
    for (status, expected) in [
        (waiting, Some("Waiting: Container app waits: ContainerCreating")),
        (waiting, None),
        (starting, Some("Running: Container app runs")),
        (unready, Some("StartedUp: Container app has started up")),
        (RUNNING, Some("Ready: Container app is ready")),
        (unready, Some("NotReady: Container app is not ready")),
        (ended, Some("Terminated: Container app ended: Error, exit code 3")),
        (back_off, Some("Waiting: Container app waits: CrashLoopBackOff")),
        // It is being stopped.
        (ended, None),
        (failed(127), Some("Terminated: Container app ended: StartError, exit code 127")),
        (failed(126), Some("Terminated: Container app ended: StartError, exit code 126")),
        (
            ContainerStatus { last: failed(126).last, ..RUNNING },
            Some("Running: Container app runs"),
        ),
    ] {
        stream.look(&subject(status));
        let mut line = String::new();
        // There is no end yet.
        let _ = reading.read_to_string(&mut line);
        let said = (!line.is_empty()).then(|| {
            let line: Value = serde_json::from_str(&line).unwrap();
            format!("{}: {}", line["event"].as_str().unwrap(), line["message"].as_str().unwrap())
        });
        assert_eq!(said.as_deref(), expected);
    }
}

#[test]
fn what_is_lost_is_counted_in_the_next_line() {
    let (mut stream, mut reading, _writing) = stream();
    let mut told = 0;
    while stream.lost == 0 {
        stream.tell(&event(&"x".repeat(500)), &subject(RUNNING));
        told += 1;
    }
    stream.tell(&event(&"x".repeat(500)), &subject(RUNNING));
    assert_eq!(stream.lost, 2);
    let mut lines = String::new();
    let _ = reading.read_to_string(&mut lines);
    assert_eq!(lines.lines().count(), told - 1);
    for expected in [json!(2), Value::Null] {
        stream.tell(&event(&""), &subject(RUNNING));
        let mut line = String::new();
        let _ = reading.read_to_string(&mut line);
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["lost"], expected);
    }
}

/// A connection over a network may take a part of a line.
#[test]
fn a_torn_line_is_finished_before_another_is_begun() {
    let (mut stream, mut reading, _writing) = stream();
    let mut whole = Text::<LINE_LIMIT>::default();
    stream.compose(&mut whole, &event(&"torn"), &subject(RUNNING)).unwrap();
    whole.end_with(b'\n');
    stream.torn.push_bytes(whole.as_bytes());
    stream.taken = 10;
    stream.tell(&event(&"next"), &subject(RUNNING));
    let mut lines = String::new();
    let _ = reading.read_to_string(&mut lines);
    let (rest, next) = lines.split_once('\n').unwrap();
    assert_eq!(rest.as_bytes(), &whole.as_bytes()[10..whole.as_bytes().len() - 1]);
    let next: Value = serde_json::from_str(next).unwrap();
    assert_eq!((&next["message"], stream.lost), (&"next".into(), 0));
}
