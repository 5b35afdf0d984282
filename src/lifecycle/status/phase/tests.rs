//! The table of phases, and what must hold of any.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::lifecycle::Moment;
use crate::lifecycle::restart::{Decision, End, ExitCodes, Policy, Rule, RuleAction, Terms};
use crate::lifecycle::status::{ContainerStatus, EndReason, State, Terminated, Waiting};

const START: Moment = Moment::at(Duration::ZERO);

fn end(exit_code: i32) -> Terminated {
    let reason = if exit_code == 0 { EndReason::Completed } else { EndReason::Error };
    Terminated { exit_code, reason, started: START, finished: START }
}

/// The words of the table: `run`, `run-started` (kubelet R38 asks that of sidecars), `ok`, `fail`, `wait` and `missing`;
/// `back-0` and `back-1` wait after an exit with that code. Codes other than 0 and 1 stand for themselves.
fn status(word: &str) -> Option<ContainerStatus> {
    let wait = Waiting::ContainerCreating;
    let back = Waiting::CrashLoopBackOff { pause: Duration::from_secs(10) };
    let (state, last) = match word {
        "missing" => return None,
        "run" | "run-started" => (State::Running { since: START }, None),
        "wait" => (State::Waiting(wait), None),
        "ok" => (State::Terminated(end(0)), None),
        "fail" => (State::Terminated(end(1)), None),
        "back-0" => (State::Waiting(back), Some(end(0))),
        "back-1" => (State::Waiting(back), Some(end(1))),
        code => (State::Terminated(end(code.parse().unwrap())), None),
    };
    let started = word == "run-started";
    Some(ContainerStatus { state, last, ready: started, started, restart_count: 0 })
}

fn member(name: &'static str, role: Role, word: &str, terms: &Terms) -> Member<'static> {
    let status = status(word);
    let code = status.and_then(|status| status.latest_end()).map(|end| End::Exited(end.exit_code));
    let restarts = terms.decide(code, false) != Decision::Done;
    Member { name, role, status, restarts }
}

fn terms(pod: Policy, container: Option<Policy>) -> Terms {
    Terms { pod, container, rules: Vec::new() }
}

/// The phase of a pod of `a` and `b`, and of `x` before them, initialized if `a` or `b` has run.
fn phase_of(policy: Policy, x: Option<(Role, &str)>, words: [&str; 2], terminal: bool) -> Phase {
    let mut members = Vec::new();
    if let Some((role, word)) = x {
        let own = (role == Role::Sidecar).then_some(Policy::Always);
        members.push(member("x", role, word, &terms(policy, own)));
    }
    let plain = terms(policy, None);
    members.extend(
        ["a", "b"]
            .into_iter()
            .zip(words)
            .map(|(name, word)| member(name, Role::Regular, word, &plain)),
    );
    let initialized = words.iter().any(|word| !["missing", "wait"].contains(word));
    Phase::of(&members, initialized, terminal)
}

use Phase::{Failed, Pending, Running, Succeeded};
use Policy::{Always, Never, OnFailure};

const ANY: &[Policy] = &[Always, OnFailure, Never];

/// kubelet R38, R39: pods without init containers.
#[test]
fn r38_regular_containers() {
    for (policies, words, terminal, expected) in [
        (ANY, ["missing", "missing"], false, Pending),
        (ANY, ["run", "run"], false, Running),
        (ANY, ["run", "missing"], false, Pending),
        (ANY, ["run", "wait"], false, Pending),
        (&[Always], ["ok", "ok"], false, Running),
        (&[Always], ["ok", "ok"], true, Succeeded),
        (&[Always], ["ok", "fail"], true, Failed),
        (&[Always, OnFailure], ["run", "back-1"], false, Running),
        (&[Never], ["ok", "ok"], false, Succeeded),
        (&[Never], ["fail", "fail"], false, Failed),
        (&[Never], ["run", "ok"], false, Running),
        (&[OnFailure], ["ok", "ok"], false, Succeeded),
        (&[OnFailure], ["fail", "fail"], false, Running),
        // Not of the table: held back when the stop came, and never made before it.
        (&[Always], ["back-0", "ok"], true, Succeeded),
        (&[Always], ["back-1", "ok"], true, Failed),
        (ANY, ["ok", "wait"], true, Failed),
        (ANY, ["wait", "wait"], true, Failed),
    ] {
        for policy in policies {
            let phase = phase_of(*policy, None, words, terminal);
            assert_eq!(phase, expected, "{policy:?} {words:?} terminal {terminal}");
        }
    }
}

/// kubelet R38, I5, I6
#[test]
fn r38_regular_init_containers() {
    let none = ["missing", "missing"];
    let run = ["run", "run"];
    for (policies, word, words, expected) in [
        (&[Always][..], "fail", none, Pending),
        (&[Always], "back-0", none, Pending),
        (&[Always], "back-1", none, Pending),
        (&[Never], "fail", none, Failed),
        (&[Never], "back-1", none, Failed),
        (&[Never], "back-0", none, Pending),
        (&[Always, Never], "ok", run, Running),
        // Not of the table.
        (ANY, "run", none, Pending),
        (ANY, "wait", none, Pending),
        (ANY, "missing", run, Pending),
        (&[OnFailure], "fail", none, Pending),
    ] {
        for policy in policies {
            let phase = phase_of(*policy, Some((Role::Init, word)), words, false);
            assert_eq!(phase, expected, "{policy:?} init {word} {words:?}");
        }
    }
}

/// kubelet I5: out of memory is a failure whatever the code, and only the code decides on the restart.
#[test]
fn r38_an_init_container_that_ran_out_of_memory() {
    for (policy, expected) in [(Always, Pending), (OnFailure, Failed), (Never, Failed)] {
        let mut x = member("x", Role::Init, "ok", &terms(policy, None));
        let oom = Terminated { reason: EndReason::OomKilled, ..end(0) };
        x.status =
            x.status.map(|status| ContainerStatus { state: State::Terminated(oom), ..status });
        let a = member("a", Role::Regular, "wait", &terms(policy, None));
        assert_eq!(Phase::of(&[x, a], false, false), expected, "{policy:?}");
    }
}

/// kubelet R38, R39: what a sidecar ended with does not count.
#[test]
fn r38_sidecars() {
    let run = ["run", "run"];
    let ok = ["ok", "ok"];
    for (policies, word, words, terminal, expected) in [
        (&[Always][..], "run", run, false, Running),
        (&[Always], "run-started", ["run", "missing"], false, Pending),
        (&[Always], "ok", run, false, Running),
        (&[Always], "fail", run, false, Running),
        (&[Always], "back-0", run, false, Running),
        (&[Always], "back-1", run, false, Running),
        (&[Never], "run-started", ok, false, Running),
        (&[Never], "ok", ok, false, Succeeded),
        (&[Never], "fail", ok, false, Succeeded),
        (&[Never], "back-0", ok, false, Succeeded),
        (&[Never], "back-1", ok, false, Succeeded),
        (&[Always], "fail", ok, true, Succeeded),
        // Not of the table.
        (ANY, "wait", run, false, Pending),
        (ANY, "missing", run, false, Pending),
        (ANY, "run", ["wait", "wait"], false, Pending),
    ] {
        for policy in policies {
            let phase = phase_of(*policy, Some((Role::Sidecar, word)), words, terminal);
            assert_eq!(phase, expected, "{policy:?} sidecar {word} {words:?}");
        }
    }
    // The regular containers are there, but of an earlier life of the pod.
    let x = member("x", Role::Sidecar, "run", &terms(Always, Some(Always)));
    let regular = ["a", "b"].map(|name| member(name, Role::Regular, "run", &terms(Always, None)));
    assert_eq!(Phase::of(&[x, regular[0], regular[1]], false, false), Pending);
}

/// kubelet R38 under policies and rules of the container's own
#[test]
fn r38_policies_of_the_containers_own() {
    let rule =
        Rule { exit_codes: ExitCodes::In(vec![42]), action: RuleAction::RestartAllContainers };
    let all = Terms { rules: vec![rule], ..terms(Never, Some(Never)) };
    for (role, word, terms, expected) in [
        (Role::Regular, "fail", terms(Always, Some(Never)), Failed),
        (Role::Regular, "fail", terms(Never, Some(OnFailure)), Running),
        (Role::Regular, "fail", terms(Never, Some(Always)), Running),
        (Role::Init, "fail", terms(Always, Some(Never)), Failed),
        (Role::Init, "fail", terms(Never, Some(OnFailure)), Pending),
        (Role::Regular, "42", all, Running),
    ] {
        let mut members = vec![member("x", role, word, &terms)];
        if role == Role::Init {
            members.push(member("a", Role::Regular, "wait", &terms));
        }
        let phase = Phase::of(&members, role == Role::Regular, false);
        assert_eq!(phase, expected, "{role:?} {word} {terms:?}");
    }
}

/// kubelet R11: whatever the policies say of the code that it was killed with, a pod that is started over is not
/// over; and until its containers have run again it is as at first.
#[test]
fn r11_a_pod_that_is_started_over() {
    let killed = Terminated { reason: EndReason::RestartingAllContainers, ..end(137) };
    let never = terms(Never, None);
    let ended = |name, role| {
        let status = status("137").unwrap();
        let status = ContainerStatus { state: State::Terminated(killed), ..status };
        Member { status: Some(status), ..member(name, role, "137", &never) }
    };
    let [x, a] = [ended("x", Role::Init), ended("a", Role::Regular)];
    assert!(!x.restarts && !a.restarts);
    assert_eq!(Phase::of(&[x, a], true, false), Running);
    let waiting = |member: Member<'static>| {
        let state = State::Waiting(Waiting::PodInitializing);
        let status = ContainerStatus { state, last: Some(killed), ..member.status.unwrap() };
        Member { status: Some(status), ..member }
    };
    let [x, a] = [waiting(x), waiting(a)];
    assert_eq!(Phase::of(&[x, a], false, false), Pending);
    let x = member("x", Role::Init, "ok", &never);
    assert_eq!(Phase::of(&[x, a], false, false), Pending);
}

/// kubelet R40
#[test]
fn r40_a_final_phase_is_not_left_and_not_early() {
    let all = [Pending, Running, Succeeded, Failed];
    for before in all {
        for computed in all {
            for something_runs in [false, true] {
                let next = before.next(computed, something_runs);
                let expected = match (before, computed) {
                    (Succeeded | Failed, _) => before,
                    (_, Succeeded | Failed) if something_runs => before,
                    _ => computed,
                };
                assert_eq!(next, expected, "{before:?} {computed:?} {something_runs}");
            }
        }
    }
}

proptest! {
    /// kubelet R38, R40: nothing that runs hides behind a final phase, unless an init container failed for good.
    #[test]
    fn what_runs_keeps_the_pod_running(
        words in proptest::collection::vec((0usize..3, 0usize..8, any::<bool>()), 1..6),
        initialized: bool,
        terminal: bool,
    ) {
        const WORDS: [&str; 8] =
            ["missing", "wait", "run", "run-started", "ok", "fail", "back-0", "back-1"];
        let roles = [Role::Init, Role::Sidecar, Role::Regular];
        let members: Vec<Member> = words
            .into_iter()
            .map(|(role, word, restarts)| {
                let (role, status) = (roles[role], status(WORDS[word]));
                Member { name: "c", role, status, restarts }
            })
            .collect();
        let phase = Phase::of(&members, initialized, terminal);
        let runs = members.iter().any(|member| member.stage() == Stage::Running);
        if runs && !terminal && !members.iter().any(Member::has_failed_for_good) {
            prop_assert!(!phase.is_final(), "{phase:?}");
        }
        prop_assert!(!terminal || phase.is_final());
        prop_assert!(!runs || !Pending.next(phase, runs).is_final());
        if !members.iter().any(|member| member.role == Role::Regular) {
            prop_assert_ne!(phase, Succeeded);
        }
    }
}
