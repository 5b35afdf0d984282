//! The statuses that a kubelet v1.20.2 wrote: the states of their containers go in, phase and conditions come out.
//! What is that version's own: it has no condition `PodReadyToStartContainers`, and what a hook said stands in the
//! reason.

use serde_json::Value;

use super::*;

macro_rules! timelines {
    ($($name:literal),+ $(,)?) => {
        [$((
            $name,
            include_str!(concat!("../../../../../tests/vectors/timelines/", $name, "/status.jsonl")),
        )),+]
    };
}

const TIMELINES: [(&str, &str); 6] = timelines![
    "tl-crashloop",
    "tl-init",
    "tl-liveness-exec",
    "tl-poststart-fail",
    "tl-readiness-flip",
    "tl-stop-prestop-slow",
];

fn string<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The seconds of the day: no timeline lasts until midnight.
fn moment(time: &Value) -> Moment {
    let clock = time.as_str().unwrap().split(['T', 'Z']).nth(1).unwrap();
    at(clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap()))
}

fn terminated(end: &Value) -> Terminated {
    Terminated {
        exit_code: end["exitCode"].as_i64().unwrap() as i32,
        reason: match string(end, "reason") {
            "Completed" => EndReason::Completed,
            "Error" => EndReason::Error,
            other => panic!("reason {other}"),
        },
        started: moment(&end["startedAt"]),
        finished: moment(&end["finishedAt"]),
    }
}

fn state(state: &Value) -> State {
    let (kind, value) = state.as_object().unwrap().iter().next().unwrap();
    match kind.as_str() {
        "running" => State::Running { since: moment(&value["startedAt"]) },
        "terminated" => State::Terminated(terminated(value)),
        "waiting" => State::Waiting(match string(value, "reason") {
            "PodInitializing" => Waiting::PodInitializing,
            "ContainerCreating" => Waiting::ContainerCreating,
            "CrashLoopBackOff" => Waiting::CrashLoopBackOff { pause: Duration::ZERO },
            hook if hook.starts_with("PostStartHookError: ") => Waiting::PostStartHookError,
            other => panic!("reason {other}"),
        }),
        other => panic!("state {other}"),
    }
}

fn recorded(status: &Value) -> ContainerStatus {
    ContainerStatus {
        state: state(&status["state"]),
        last: status["lastState"].get("terminated").map(terminated),
        ready: status["ready"].as_bool().unwrap(),
        started: status["started"].as_bool().unwrap_or_default(),
        restart_count: status["restartCount"].as_u64().unwrap() as u32,
    }
}

// kubelet R28, R38, R41, R42, R44
#[test]
fn what_a_kubelet_wrote() {
    let mut compared = 0;
    for (timeline, text) in TIMELINES {
        let mut before: Option<PodStatus> = None;
        for line in text.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let theirs = &line["status"];
            // Before the kubelet has first said something.
            let Some(conditions) = theirs["conditions"].as_array() else { continue };
            let statuses = |key: &str| theirs[key].as_array().cloned().unwrap_or_default();
            let (init, regular) =
                (statuses("initContainerStatuses"), statuses("containerStatuses"));
            // All of these pods have the policy Always.
            let member = |role| {
                move |status| {
                    let (name, status) = (string(status, "name"), Some(recorded(status)));
                    Member { name, role, status, restarts: true }
                }
            };
            let members: Vec<Member> = init
                .iter()
                .map(member(Role::Init))
                .chain(regular.iter().map(member(Role::Regular)))
                .collect();
            // The latest time of the kubelet's conditions is this status's.
            let now = conditions.iter().map(|c| moment(&c["lastTransitionTime"])).max().unwrap();
            let ours = PodStatus::of(now, &facts(&members), before.as_ref());

            assert_eq!(ours.phase.word(), string(theirs, "phase"), "{timeline}: {theirs}");
            let (ready_to_start, others) = ours.conditions.split_first().unwrap();
            assert_eq!(ready_to_start.kind, Kind::PodReadyToStartContainers);
            assert_eq!(others.len(), conditions.len());
            for (ours, theirs) in others.iter().zip(conditions) {
                assert_eq!(ours.kind.word(), string(theirs, "type"), "{timeline}");
                assert_eq!(ours.status.word(), string(theirs, "status"), "{timeline}: {theirs}");
                assert_eq!(ours.reason, string(theirs, "reason"), "{timeline}: {theirs}");
                assert_eq!(ours.message, string(theirs, "message"), "{timeline}: {theirs}");
                let since = moment(&theirs["lastTransitionTime"]);
                assert_eq!(ours.last_transition, since, "{timeline}: {theirs}");
            }
            for (ours, theirs) in ours.containers.iter().zip(&regular) {
                assert_eq!(ours.name, string(theirs, "name"), "{timeline}");
            }
            before = Some(ours);
            compared += 1;
        }
    }
    assert_eq!(compared, 49);
}
