//! Whole statuses: how one follows another, and what a kubelet wrote.

use std::time::Duration;

use super::*;
use crate::lifecycle::status::condition::Truth;
use crate::lifecycle::status::{EndReason, State, Terminated, Waiting};

mod lived;
mod recorded;

fn at(seconds: u64) -> Moment {
    Moment::at(Duration::from_secs(seconds))
}

fn with(state: State, ready: bool) -> Option<ContainerStatus> {
    Some(ContainerStatus { state, last: None, ready, started: ready, restart_count: 0 })
}

const RUNNING: State = State::Running { since: Moment::at(Duration::ZERO) };

fn ended(exit_code: i32) -> State {
    let reason = if exit_code == 0 { EndReason::Completed } else { EndReason::Error };
    State::Terminated(Terminated { exit_code, reason, started: at(0), finished: at(0) })
}

fn member(name: &str, role: Role, status: Option<ContainerStatus>) -> Member<'_> {
    Member { name, role, status, restarts: role == Role::Sidecar }
}

fn facts<'a>(members: &'a [Member<'a>]) -> Facts<'a> {
    Facts {
        members,
        over: false,
        failure: None,
        ready_to_start: true,
        restarting: None,
        readiness_gates: &[],
        foreign: &[],
    }
}

fn words(status: &PodStatus) -> Vec<(&str, &str)> {
    let word = |condition: &'_ Condition| (condition.kind.clone(), condition.status.word());
    let pairs = status.conditions.iter().map(|c| (c.kind.word(), word(c).1));
    pairs.collect()
}

/// kubelet R28
#[test]
fn r28_regular_containers_stand_by_name_init_containers_in_order() {
    let fresh = with(State::Waiting(Waiting::PodInitializing), false);
    let members = [
        member("z", Role::Sidecar, fresh),
        member("i", Role::Init, fresh),
        member("lost", Role::Init, None),
        member("web", Role::Regular, fresh),
        member("app", Role::Regular, fresh),
    ];
    let status = PodStatus::of(at(1), &facts(&members), None);
    let names = |list: &[NamedStatus]| list.iter().map(|n| n.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&status.init_containers), ["z", "i"]);
    assert_eq!(names(&status.containers), ["app", "web"]);
}

/// kubelet R41
#[test]
fn r41_the_types_that_are_set() {
    let members = [member("a", Role::Regular, with(RUNNING, true))];
    let five = [
        ("PodReadyToStartContainers", "False"),
        ("Initialized", "True"),
        ("Ready", "True"),
        ("ContainersReady", "True"),
        ("PodScheduled", "True"),
    ];
    let facts = Facts { ready_to_start: false, ..facts(&members) };
    assert_eq!(words(&PodStatus::of(at(1), &facts, None)), five);
    let facts = Facts { restarting: Some(true), ..facts };
    let status = PodStatus::of(at(1), &facts, None);
    assert_eq!(words(&status)[..5], five);
    assert_eq!(words(&status)[5..], [("AllContainersRestarting", "True")]);
}

/// kubelet R41, R43: what others say is kept as they say it; they do not speak for us.
#[test]
fn r43_others_conditions_open_the_gates() {
    let members = [member("a", Role::Regular, with(RUNNING, true))];
    let condition = |name: &str, status| Condition {
        kind: Kind::named(name),
        status,
        reason: "Because".into(),
        message: "of that".to_owned(),
        last_transition: at(7),
    };
    let closed = [condition("ContainersReady", Truth::Unknown), condition("gate", Truth::False)];
    let facts = Facts { readiness_gates: &["gate"], foreign: &closed, ..facts(&members) };
    let status = PodStatus::of(at(9), &facts, None);
    assert_eq!(status.conditions[0], closed[1]);
    assert_eq!(words(&status).len(), 6);
    assert!(words(&status).contains(&("ContainersReady", "True")));
    assert!(words(&status).contains(&("Ready", "False")));

    let open = [condition("gate", Truth::True)];
    let status = PodStatus::of(at(11), &Facts { foreign: &open, ..facts }, Some(&status));
    let ready = status.conditions.iter().find(|c| c.kind == Kind::Ready).unwrap();
    assert_eq!((ready.status, ready.last_transition), (Truth::True, at(11)));
    let both = status.conditions.iter().find(|c| c.kind == Kind::ContainersReady).unwrap();
    assert_eq!((both.status, both.last_transition), (Truth::True, at(9)));
    assert_eq!(status.start_time, at(9));
}

/// kubelet R40: the init container has failed for good, the sidecar has yet to be stopped.
#[test]
fn r40_no_final_phase_while_something_runs() {
    let failed = member("i", Role::Init, with(ended(1), false));
    let waiting = member("a", Role::Regular, with(State::Waiting(Waiting::PodInitializing), false));
    let members = [member("s", Role::Sidecar, with(RUNNING, true)), failed, waiting];
    let status = PodStatus::of(at(1), &facts(&members), None);
    assert_eq!(status.phase, Phase::Pending);
    let members = [member("s", Role::Sidecar, with(ended(143), false)), failed, waiting];
    let over = Facts { over: true, ..facts(&members) };
    let status = PodStatus::of(at(2), &over, Some(&status));
    assert_eq!(status.phase, Phase::Failed);
    let ready = status.conditions.iter().find(|c| c.kind == Kind::Ready).unwrap();
    assert_eq!((&*ready.reason, ready.last_transition), ("PodFailed", at(1)));
    // Whatever comes now.
    let members = [member("a", Role::Regular, with(RUNNING, true))];
    assert_eq!(PodStatus::of(at(3), &facts(&members), Some(&status)).phase, Phase::Failed);
}

/// kubelet R40: a deadline is told when it is over, and stays told.
#[test]
fn r40_a_pod_that_was_active_for_too_long() {
    let running = [member("a", Role::Regular, with(RUNNING, true))];
    let failure = Some(PodFailure::DeadlineExceeded);
    let late = Facts { failure, ..facts(&running) };
    let status = PodStatus::of(at(1), &late, Some(&PodStatus::of(at(0), &facts(&running), None)));
    assert_eq!((status.phase, status.failure), (Phase::Running, None));
    let over = [member("a", Role::Regular, with(ended(0), false))];
    let late = Facts { failure, over: true, ..facts(&over) };
    let status = PodStatus::of(at(2), &late, Some(&status));
    assert_eq!((status.phase, status.failure), (Phase::Failed, failure));
    let status = PodStatus::of(at(3), &facts(&over), Some(&status));
    assert_eq!((status.phase, status.failure), (Phase::Failed, failure));
    let failure = status.failure.unwrap();
    assert_eq!(failure.reason(), "DeadlineExceeded");
    assert_eq!(failure.message(), "Pod was active on the node longer than the specified deadline");
}
