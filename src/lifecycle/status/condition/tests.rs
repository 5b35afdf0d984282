//! Conditions one by one.

use std::time::Duration;

use super::Truth::{False, True, Unknown};
use super::*;
use crate::lifecycle::status::{EndReason, State, Terminated, Waiting};

const START: Moment = Moment::at(Duration::ZERO);

const WAITING: State = State::Waiting(Waiting::PodInitializing);
const RUNNING: State = State::Running { since: START };

/// In what state, ready, started.
type Sketch = Option<(State, bool, bool)>;

const FRESH: Sketch = Some((WAITING, false, false));
const STARTING: Sketch = Some((RUNNING, false, false));
const UNREADY: Sketch = Some((RUNNING, false, true));
const READY: Sketch = Some((RUNNING, true, true));
const UNKNOWN: Sketch = None;

fn ended(exit_code: i32) -> Terminated {
    let reason = EndReason::Completed;
    Terminated { exit_code, reason, started: START, finished: START }
}

/// A regular init container that succeeded (kubelet W27).
fn done() -> Sketch {
    Some((State::Terminated(ended(0)), true, false))
}

fn members(sketches: &[(&'static str, Role, Sketch)]) -> Vec<Member<'static>> {
    let member = |&(name, role, sketch): &(&'static str, Role, Sketch)| {
        let status = sketch.map(|(state, ready, started)| super::super::ContainerStatus {
            state,
            last: None,
            ready,
            started,
            restart_count: 0,
        });
        Member { name, role, status, restarts: true }
    };
    sketches.iter().map(member).collect()
}

fn finding(status: Truth, reason: &'static str, message: &str) -> Finding {
    Finding { status, reason, message: message.to_owned() }
}

use Phase::{Failed, Pending, Running, Succeeded};
use Role::{Init, Regular, Sidecar};

/// kubelet R42, R45
#[test]
fn r42_containers_ready() {
    let not = "ContainersNotReady";
    for (sketches, phase, expected) in [
        (&[("a", Regular, UNKNOWN)][..], Pending, finding(False, "UnknownContainerStatuses", "")),
        (&[("a", Regular, READY), ("b", Regular, READY)], Running, finding(True, "", "")),
        (
            &[("a", Regular, READY), ("b", Regular, UNREADY), ("c", Regular, FRESH)],
            Running,
            finding(False, not, "containers with unready status: [b c]"),
        ),
        (
            &[("a", Regular, UNREADY), ("b", Regular, UNKNOWN), ("c", Regular, UNKNOWN)],
            Running,
            finding(
                False,
                not,
                "containers with unknown status: [b c], containers with unready status: [a]",
            ),
        ),
        // Init containers do not count, sidecars do, in the manifest's order.
        (&[("i", Init, UNREADY), ("a", Regular, READY)], Running, finding(True, "", "")),
        (&[("i", Init, UNKNOWN), ("a", Regular, READY)], Running, finding(True, "", "")),
        (&[("z", Sidecar, READY), ("a", Regular, READY)], Running, finding(True, "", "")),
        (
            &[("z", Sidecar, STARTING), ("a", Regular, UNREADY)],
            Running,
            finding(False, not, "containers with unready status: [z a]"),
        ),
        (&[("a", Regular, UNREADY)], Succeeded, finding(False, "PodCompleted", "")),
        (&[("a", Regular, READY)], Failed, finding(False, "PodFailed", "")),
        (
            &[("a", Regular, READY), ("b", Regular, UNKNOWN)],
            Failed,
            finding(False, "PodFailed", ""),
        ),
        (
            &[("a", Regular, READY), ("b", Regular, UNKNOWN)],
            Succeeded,
            finding(False, not, "containers with unknown status: [b]"),
        ),
    ] {
        assert_eq!(Finding::containers_ready(&members(sketches), phase), expected, "{sketches:?}");
    }
}

/// kubelet R43
#[test]
fn r43_readiness_gates() {
    let foreign = |name: &str, status| finding(status, "", "").at(START, Kind::named(name));
    let conditions = [foreign("yes", True), foreign("no", False), foreign("who/knows", Unknown)];
    let not = "ReadinessGatesNotReady";
    for (gates, expected) in [
        (&[][..], finding(True, "", "")),
        (&["yes"], finding(True, "", "")),
        (
            &["a"],
            finding(
                False,
                not,
                "corresponding condition of pod readiness gate \"a\" does not exist.",
            ),
        ),
        (
            &["no"],
            finding(
                False,
                not,
                "the status of pod readiness gate \"no\" is not \"True\", but False",
            ),
        ),
        (
            &["yes", "who/knows", "a"],
            finding(
                False,
                not,
                "the status of pod readiness gate \"who/knows\" is not \"True\", but Unknown, \
                 corresponding condition of pod readiness gate \"a\" does not exist.",
            ),
        ),
    ] {
        assert_eq!(Finding::ready(&Finding::plain(true), gates, &conditions), expected);
        // What the containers say goes first.
        let unready = finding(False, "ContainersNotReady", "containers with unready status: [x]");
        assert_eq!(Finding::ready(&unready, gates, &conditions), unready);
    }
}

/// kubelet R44, R45, W27
#[test]
fn r44_initialized() {
    let not = "ContainersNotInitialized";
    for (sketches, phase, expected) in [
        (&[("a", Regular, UNKNOWN)][..], Pending, finding(True, "", "")),
        (&[("a", Regular, FRESH)], Pending, finding(True, "", "")),
        (
            &[("i", Init, UNKNOWN), ("a", Regular, UNKNOWN)],
            Pending,
            finding(False, "UnknownContainerStatuses", ""),
        ),
        (
            &[("i", Init, done()), ("j", Init, STARTING), ("k", Init, FRESH)],
            Pending,
            finding(False, not, "containers with incomplete status: [j k]"),
        ),
        (
            &[("i", Init, done()), ("j", Init, UNKNOWN), ("k", Sidecar, STARTING)],
            Pending,
            finding(
                False,
                not,
                "containers with unknown status: [j], containers with incomplete status: [k]",
            ),
        ),
        // Of a sidecar it is asked that it is started, not that it is ready.
        (
            &[("i", Init, done()), ("s", Sidecar, UNREADY), ("a", Regular, FRESH)],
            Pending,
            finding(True, "", ""),
        ),
        // A sidecar that starts again, when a regular container has run (R45).
        (&[("s", Sidecar, STARTING), ("a", Regular, READY)], Running, finding(True, "", "")),
        (&[("s", Sidecar, STARTING), ("a", Regular, done())], Running, finding(True, "", "")),
        (
            &[("i", Init, UNREADY), ("a", Regular, done())],
            Succeeded,
            finding(True, "PodCompleted", ""),
        ),
        (
            &[("i", Init, UNKNOWN), ("a", Regular, FRESH)],
            Succeeded,
            finding(False, not, "containers with unknown status: [i]"),
        ),
    ] {
        assert_eq!(Finding::initialized(&members(sketches), phase), expected, "{sketches:?}");
    }
}

/// kubelet R44: neither a crash nor a new start of the whole pod takes it back.
#[test]
fn r44_initialized_stays() {
    let mut members = members(&[("s", Sidecar, STARTING), ("a", Regular, FRESH)]);
    assert_eq!(Finding::initialized(&members, Pending).status, False);
    for reason in [EndReason::Error, EndReason::RestartingAllContainers] {
        let last = Some(Terminated { reason, ..ended(137) });
        members[1].status =
            members[1].status.map(|status| super::super::ContainerStatus { last, ..status });
        assert_eq!(Finding::initialized(&members, Running), Finding::TRUE, "{reason:?}");
    }
}

/// kubelet R11, R41
#[test]
fn r41_all_containers_restarting() {
    let said = "container exited with restart policy rule";
    for (restarting, phase, expected) in [
        (false, Pending, finding(False, "", "")),
        (false, Running, finding(False, "", "")),
        (true, Running, finding(True, "RestartAllContainersStarted", said)),
        (true, Succeeded, finding(False, "PodCompleted", "")),
        (true, Failed, finding(False, "PodFailed", "")),
    ] {
        assert_eq!(Finding::all_containers_restarting(restarting, phase), expected, "{phase:?}");
    }
}

/// kubelet R41
#[test]
fn r41_the_time_changes_with_the_status_only() {
    let at = |seconds| START + Duration::from_secs(seconds);
    let first = finding(False, "A", "a").at(at(1), Kind::Ready);
    let other = finding(True, "", "").at(at(2), Kind::PodScheduled);
    let before = [first, other];
    let same = finding(False, "B", "b").at(at(5), Kind::Ready).after(&before);
    assert_eq!((same.last_transition, &*same.reason, &*same.message), (at(1), "B", "b"));
    let changed = finding(True, "", "").at(at(5), Kind::Ready).after(&before);
    assert_eq!(changed.last_transition, at(5));
    let new = finding(True, "", "").at(at(5), Kind::Initialized).after(&before);
    assert_eq!(new.last_transition, at(5));
}

#[test]
fn kinds_are_found_by_their_words() {
    for kind in Kind::OWN {
        assert_eq!(Kind::named(kind.word()), kind);
    }
    assert_eq!(Kind::named("example.com/x"), Kind::Foreign("example.com/x".to_owned()));
}
