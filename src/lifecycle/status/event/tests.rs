//! The table of events.

use std::collections::BTreeSet;

use super::*;
use crate::lifecycle::status::Waiting;
use crate::spec::quote::Quoted;
use ContainerEvent::*;

const POD: &str = "web_default(u-1)";

fn of<'a>(role: Role, what: ContainerEvent<'a>) -> Event<'a> {
    Event::Container { role, name: "app", what }
}

/// kubelet M1 to M15, M19, and R7
#[test]
fn m01_to_m15_type_reason_and_message() {
    use Kind::{Liveness, Readiness, Startup};
    use Role::{Init, Regular, Sidecar};
    let spent = Duration::from_millis(29_500);
    let pod = Event::Pod;
    for (rule, event, severity, reason, message) in [
        (
            "M1",
            of(Regular, ProbeFailed { probe: Liveness, output: b"probe says no\n" }),
            "Warning",
            "Unhealthy",
            "Liveness probe failed: probe says no\n",
        ),
        (
            "M1",
            of(Regular, ProbeFailed { probe: Startup, output: b"\xff" }),
            "Warning",
            "Unhealthy",
            "Startup probe failed: \u{fffd}",
        ),
        (
            "M19",
            of(Regular, ProbeFailed { probe: Readiness, output: b"" }),
            "Warning",
            "Unhealthy",
            "Readiness probe failed: ",
        ),
        (
            "M2",
            of(Regular, ProbeErrored { probe: Startup, error: b"no such file" }),
            "Warning",
            "Unhealthy",
            "Startup probe errored and resulted in failure state: no such file",
        ),
        (
            "M3",
            of(Sidecar, ProbeWarning { probe: Readiness, output: b"see elsewhere" }),
            "Warning",
            "ProbeWarning",
            "Readiness probe warning: see elsewhere",
        ),
        ("M4", of(Regular, Stopping), "Normal", "Killing", "Stopping container app"),
        (
            "M5",
            of(Regular, KilledByProbe { probe: Liveness, restarts: true }),
            "Normal",
            "Killing",
            "Container app failed liveness probe, will be restarted",
        ),
        (
            "M5",
            of(Regular, KilledByProbe { probe: Startup, restarts: false }),
            "Normal",
            "Killing",
            "Container app failed startup probe",
        ),
        (
            "R7",
            of(Sidecar, KilledByProbe { probe: Startup, restarts: true }),
            "Normal",
            "Killing",
            "Init container app failed startup probe",
        ),
        (
            "R7",
            of(Sidecar, KilledByProbe { probe: Liveness, restarts: false }),
            "Normal",
            "Killing",
            "Init container app failed liveness probe",
        ),
        ("M6", of(Regular, KilledByPostStart), "Normal", "Killing", "FailedPostStartHook"),
        ("M7", of(Init, Created), "Normal", "Created", "Container created"),
        ("M8", of(Init, Started), "Normal", "Started", "Container started"),
        (
            "M9",
            of(Regular, BackOff { pod: POD }),
            "Warning",
            "BackOff",
            "Back-off restarting failed container app in pod web_default(u-1)",
        ),
        ("M10", of(Init, Failed { error: "not found" }), "Warning", "Failed", "Error: not found"),
        (
            "M11",
            pod(PodEvent::ExceededGracePeriod),
            "Warning",
            "ExceededGracePeriod",
            "Container runtime did not kill the pod within specified grace period.",
        ),
        (
            "M12",
            of(Regular, PostStartFailed),
            "Warning",
            "FailedPostStartHook",
            "PostStartHook failed",
        ),
        ("M13", of(Regular, PreStopFailed), "Warning", "FailedPreStopHook", "PreStopHook failed"),
        (
            "the departure from Q8",
            of(Regular, PreStopTimedOut { after: spent }),
            "Warning",
            "FailedPreStopHook",
            "PreStopHook was ended after 29.5s: the grace period is over",
        ),
        (
            "podinit's own",
            of(Regular, PostStopFailed),
            "Warning",
            "FailedPostStopHook",
            "PostStopHook failed",
        ),
        (
            "podinit's own",
            of(Regular, PostStopTimedOut { after: spent }),
            "Warning",
            "FailedPostStopHook",
            "PostStopHook was ended after 29.5s: its time is over",
        ),
        (
            "M14",
            pod(PodEvent::KillFailed { error: "it hangs" }),
            "Warning",
            "FailedKillPod",
            "error killing pod: it hangs",
        ),
        (
            "M15",
            pod(PodEvent::HookFellBackToHttp { target: "127.0.0.1:8443" }),
            "Warning",
            "LifecycleHTTPFallback",
            "request to HTTPS lifecycle hook 127.0.0.1:8443 got HTTP response, retry with HTTP succeeded",
        ),
    ] {
        assert_eq!(event.severity().word(), severity, "{rule}");
        assert_eq!(event.reason(), reason, "{rule}");
        assert_eq!(event.to_string(), message, "{rule}");
    }
}

#[test]
fn the_part_of_the_pod_that_an_event_is_about() {
    for (role, path) in [
        (Role::Init, "spec.initContainers{app}"),
        (Role::Sidecar, "spec.initContainers{app}"),
        (Role::Regular, "spec.containers{app}"),
    ] {
        assert_eq!(of(role, Started).field_path().unwrap().to_string(), path);
    }
    assert_eq!(Event::Pod(PodEvent::ExceededGracePeriod).field_path(), None);
}

/// kubelet M2, M18, M20
#[test]
fn m18_a_success_makes_no_event() {
    let probe = Kind::Readiness;
    let output = b"text";
    for (answer, warning, expected) in [
        (Answer::Success, false, None),
        (Answer::Success, true, Some(ProbeWarning { probe, output })),
        (Answer::Failure, false, Some(ProbeFailed { probe, output })),
        (Answer::Errored, false, Some(ProbeErrored { probe, error: output })),
        (Answer::Lost, false, None),
    ] {
        assert_eq!(ContainerEvent::of_attempt(probe, answer, warning, output), expected);
    }
}

/// kubelet H12, M4 to M13: each word of a container's machine is an event.
#[test]
fn what_the_machine_says_is_told() {
    let spent = Duration::from_secs(3);
    let killing = |reason, restarts| Word::Killing { reason, restarts };
    let liveness = KillReason::Probe(Kind::Liveness);
    for (word, expected) in [
        (Word::Started, Started),
        (Word::Failed(Waiting::RunContainerError), Failed { error: "why" }),
        (Word::BackOff(spent), BackOff { pod: POD }),
        (killing(KillReason::Stop, false), Stopping),
        (killing(KillReason::Restart, true), Stopping),
        (killing(KillReason::Reset, true), Stopping),
        (killing(liveness, true), KilledByProbe { probe: Kind::Liveness, restarts: true }),
        (killing(KillReason::PostStart, true), KilledByPostStart),
        (Word::PostStartFailed, PostStartFailed),
        (Word::PostStartCutShort, PostStartFailed),
        (Word::PreStopFailed, PreStopFailed),
        (Word::PreStopTimedOut(spent), PreStopTimedOut { after: spent }),
        (Word::PostStopFailed, PostStopFailed),
        (Word::PostStopTimedOut(spent), PostStopTimedOut { after: spent }),
    ] {
        assert_eq!(ContainerEvent::of_word(word, POD, "why"), expected, "{word:?}");
    }
}

/// What v1.20.2 said of the recorded pods. Other words for the same today: those of M2, M7 to M9, M12 and M13.
#[test]
fn words_that_a_kubelet_has_written() {
    let timelines = [
        include_str!("../../../../tests/vectors/timelines/tl-init/timeline.txt"),
        include_str!("../../../../tests/vectors/timelines/tl-liveness-exec/timeline.txt"),
        include_str!("../../../../tests/vectors/timelines/tl-poststart-fail/timeline.txt"),
        include_str!("../../../../tests/vectors/timelines/tl-readiness-flip/timeline.txt"),
        include_str!("../../../../tests/vectors/timelines/tl-stop-prestop-slow/timeline.txt"),
    ];
    let lines = timelines.iter().flat_map(|timeline| timeline.lines());
    let events = lines.filter_map(|line| Some(line.split_once(" EVENT ")?.1));
    let same = |event: &&str| ["Killing", "Unhealthy"].contains(&event.split(' ').nth(1).unwrap());
    let theirs: BTreeSet<String> = events.filter(same).map(str::to_owned).collect();
    let ours = [
        ("main", Stopping),
        ("main2", Stopping),
        ("main", KilledByProbe { probe: Kind::Liveness, restarts: true }),
        ("main", KilledByPostStart),
        ("main", ProbeFailed { probe: Kind::Liveness, output: b"probe says no\n" }),
        ("main", ProbeFailed { probe: Kind::Readiness, output: b"not yet\n" }),
    ];
    let ours = ours.map(|(name, what)| {
        let event = Event::Container { role: Role::Regular, name, what };
        let message = event.to_string();
        let message = Quoted(message.as_bytes());
        format!("{} {} {message}", event.severity().word(), event.reason())
    });
    assert_eq!(theirs, ours.into());
}
