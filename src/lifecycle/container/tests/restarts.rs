//! What comes after an end, and how soon.

use super::*;

fn rules(container: Policy, rules: Vec<Rule>) -> Life {
    let restart = Terms { pod: Policy::Never, container: Some(container), rules };
    Life { restart, ..plain() }
}

fn on(code: i32, action: RuleAction) -> Rule {
    Rule { exit_codes: ExitCodes::In(vec![code]), action }
}

fn rest_after(life: &Life, code: i32) -> (Vec<Action>, bool) {
    let mut told = Told::running(life);
    (told.ends(s(10), code), told.container.is_done())
}

/// kubelet R1 to R5: by the policy, the container's own before the pod's, and by the code alone.
#[test]
fn r03_policies_and_exit_codes() {
    let again = (vec![Action::Spawn], false);
    let done = (vec![], true);
    for (policy, after_0, after_1) in [
        (Policy::Always, &again, &again),
        (Policy::OnFailure, &done, &again),
        (Policy::Never, &done, &done),
    ] {
        for life in [under(policy), rules(policy, Vec::new())] {
            assert_eq!(&rest_after(&life, 0), after_0, "{policy:?}");
            assert_eq!(&rest_after(&life, 1), after_1, "{policy:?}");
            // kubelet R3: killed for want of memory, with code 0.
            let mut told = Told::running(&life);
            told.at(s(10), Event::Exited(Exit { code: 0, out_of_memory: true }));
            assert_eq!(&(told.at(s(10), Event::Cleared), told.container.is_done()), after_0);
        }
    }
}

/// kubelet R4
#[test]
fn r04_rules_go_before_the_policy() {
    let restart = rules(Policy::Never, vec![on(42, RuleAction::Restart)]);
    assert_eq!(rest_after(&restart, 42), (vec![Action::Spawn], false));
    assert_eq!(rest_after(&restart, 41), (vec![], true));
    let all = rules(Policy::Never, vec![on(42, RuleAction::RestartAllContainers)]);
    assert_eq!(rest_after(&all, 42), (vec![Action::RestartAll], false));
}

/// kubelet R4, R6: rules are for ends, not for the kills of probes, nor for what somebody asked for.
#[test]
fn r04_rules_are_not_asked_about_kills() {
    let all = rules(Policy::Never, vec![on(143, RuleAction::RestartAllContainers)]);
    let mut told = Told::running(&all);
    told.at(s(10), Event::Failed(Kind::Liveness));
    assert_eq!(told.ends(s(11), 143), []);
    assert!(told.container.is_done());
    let mut told = Told::running(&all);
    told.at(s(10), Event::Restart);
    assert_eq!(told.ends(s(11), 143), [Action::Spawn]);
}

/// kubelet I5, I17: an init container that has succeeded is done; one that fails by its memory has not.
#[test]
fn i05_init_containers() {
    let terms = rules(Policy::Always, vec![on(0, RuleAction::Restart)]).restart;
    for restart in [plain().restart, terms] {
        let life = Life { role: Role::Init, restart, ..plain() };
        assert_eq!(rest_after(&life, 0), (vec![], true));
        assert_eq!(rest_after(&life, 1), (vec![Action::Spawn], false));
    }
    let life = Life { role: Role::Init, ..under(Policy::OnFailure) };
    let mut told = Told::running(&life);
    told.at(s(10), Event::Exited(Exit { code: 0, out_of_memory: true }));
    told.at(s(10), Event::Cleared);
    assert!(told.container.is_done() && !told.container.is_initialized());
}

/// kubelet R6, R8, R9, W21 and the departure from R8 and R9: a probe's kill is a failure, whatever the code, which is 137
/// where it would be 0; `Never` is never.
#[test]
fn r08_r09_departure_a_probe_kill_is_a_failure() {
    for kind in [Kind::Liveness, Kind::Startup] {
        for (code, reported) in [(0, 137), (143, 143), (137, 137), (1, 1)] {
            for policy in [Policy::Always, Policy::OnFailure, Policy::Never] {
                let probes = Probes { startup: probe(None), ..Probes::default() };
                let life = Life { probes, ..under(policy) };
                let mut told = Told::running(&life);
                let kill = [Action::Quieten, Action::Send(KillReason::Probe(kind))];
                assert_eq!(told.at(s(10), Event::Failed(kind)), kill);
                let restarts = policy != Policy::Never;
                let reason = KillReason::Probe(kind);
                assert_eq!(told.words, [Word::Killing { reason, restarts }]);
                let next = told.ends(s(11), code);
                assert_eq!(next == [Action::Spawn], restarts, "{kind:?} {code} {policy:?}");
                let end = told.container.latest_end().expect("an end");
                assert_eq!((end.exit_code, end.reason), (reported, EndReason::Error));
            }
        }
    }
}

/// The same of a postStart hook that failed.
#[test]
fn r08_departure_a_kill_for_post_start_is_a_failure() {
    let life = Life { hooks: with_hooks().hooks, ..under(Policy::OnFailure) };
    let mut told = Told::running(&life);
    told.at(s(10), Event::HookEnded(Hook::PostStart, false));
    told.ends(s(11), 0);
    assert_eq!(told.at(s(11), Event::HookEnded(Hook::PostStop, true)), [Action::Spawn]);
    let end = told.container.latest_end().expect("an end");
    assert_eq!((end.exit_code, end.reason), (137, EndReason::Error));
}

/// Only what podinit killed because it failed: a stop, a request and an end of its own keep their 0.
#[test]
fn a_zero_stays_a_zero_where_nothing_failed() {
    let life = plain();
    for event in [stop(30), Event::Restart, Event::Due] {
        let mut told = Told::running(&life);
        told.at(s(10), event);
        told.ends(s(11), 0);
        let end = told.container.latest_end().expect("an end");
        assert_eq!((end.exit_code, end.reason), (0, EndReason::Completed));
    }
}

/// kubelet W21, W22: readiness never ends anything.
#[test]
fn w22_readiness_restarts_nothing() {
    let life = plain();
    let mut told = Told::running(&life);
    assert_eq!(told.at(s(10), Event::Failed(Kind::Readiness)), []);
    assert_eq!(told.at(s(10), Event::Ready(false)), []);
}

/// kubelet W12: once it is started, its startup probe cannot end it.
#[test]
fn w12_a_startup_probe_that_fails_too_late() {
    let probes = Probes { startup: probe(None), ..Probes::default() };
    let life = Life { probes, ..plain() };
    let mut told = Told::running(&life);
    told.at(s(10), Event::Started);
    assert_eq!(told.at(s(10), Event::Failed(Kind::Startup)), []);
}

/// How an instance ends.
#[derive(Clone, Copy, Debug)]
enum Lives {
    /// By itself, after so many seconds.
    For(u64),
    /// A probe fails after so many seconds, and the process takes so many more to end.
    KilledAfter(u64, u64),
}

type Case = (&'static str, Pace, &'static [Lives], &'static [u64]);

/// The back-off vectors of the kubelet's rules: the lives of the instances, and the pause in seconds after each.
fn vectors() -> [Case; 8] {
    use Lives::{For, KilledAfter};
    let fast = Pace::new(secs(1), secs(60));
    let short = Pace::new(secs(10), secs(5));
    [
        ("crashes", Pace::DEFAULT, &[For(1); 8], &[0, 10, 20, 40, 80, 160, 300, 300]),
        ("lives 300 s", Pace::DEFAULT, &[For(300); 4], &[0, 10, 20, 40]),
        (
            "one life of 601 s",
            Pace::DEFAULT,
            &[For(1), For(1), For(1), For(1), For(601), For(1), For(1)],
            &[0, 10, 20, 40, 0, 10, 20],
        ),
        (
            "one life of 600 s",
            Pace::DEFAULT,
            &[For(1), For(1), For(1), For(1), For(600), For(1)],
            &[0, 10, 20, 40, 80, 160],
        ),
        ("longest 5 s", short, &[For(1); 4], &[0, 5, 5, 5]),
        ("KEP-4603", fast, &[For(1); 8], &[0, 1, 2, 4, 8, 16, 32, 60]),
        // Departure R20, R21: the kubelet has 0, 0, 0, 0, 0, 80 and 0, 0, 10, 20, 40.
        ("kills, 70 s", Pace::DEFAULT, &[KilledAfter(40, 30); 6], &[0, 10, 20, 40, 80, 160]),
        ("kills, 6 s", Pace::DEFAULT, &[KilledAfter(4, 2); 5], &[0, 10, 20, 40, 80]),
    ]
}

/// kubelet R13 to R19 over whole lives; the departures R20 and R21: each end of an instance counts, and R22: a restart
/// comes exactly when it is due.
#[test]
fn r13_r20_r21_r22_departure_back_off() {
    for (name, pace, lives, pauses) in vectors() {
        let life = Life { pace, ..plain() };
        let mut told = Told::running(&life);
        let mut now = s(0);
        for (number, (lives, pause)) in lives.iter().zip(pauses).enumerate() {
            match *lives {
                Lives::For(seconds) => now = now + secs(seconds),
                Lives::KilledAfter(seconds, more) => {
                    told.at(now + secs(seconds), Event::Failed(Kind::Liveness));
                    now = now + secs(seconds + more);
                }
            }
            let answer = told.ends(now, 1);
            if *pause == 0 {
                assert_eq!(answer, [Action::Spawn], "{name}, end {number}");
            } else {
                assert_eq!(answer, [], "{name}, end {number}");
                let pause = secs(*pause);
                assert_eq!(told.words, [Word::BackOff(pause)], "{name}, end {number}");
                // kubelet R17
                let waits = status::State::Waiting(Waiting::CrashLoopBackOff { pause });
                assert_eq!(told.status().state, waits);
                assert_eq!(
                    told.when_due(),
                    (now + pause, vec![Action::Spawn]),
                    "{name}, end {number}"
                );
                now = now + pause;
            }
            told.at(now, Event::Spawned);
        }
    }
}

/// kubelet R14: the pause counts from the end, not from when all is cleared away; R19: an exit with 0 is held back too.
#[test]
fn r14_the_pause_counts_from_the_end() {
    let life = plain();
    let mut told = Told::running(&life);
    told.ends(s(1), 0);
    told.at(s(1), Event::Spawned);
    told.at(s(2), exit(0));
    told.at(s(6), Event::Cleared);
    assert_eq!(told.container.due(), Some(s(12)));
    // And is over when clearing takes longer.
    told.at(s(12), Event::Due);
    told.at(s(12), Event::Spawned);
    told.at(s(13), exit(0));
    assert_eq!(told.at(s(40), Event::Cleared), [Action::Spawn]);
}

/// kubelet R23, R25, R26: where no instance comes of it, it is tried again after 10 s, whatever the policy.
#[test]
fn r23_a_start_that_failed_is_tried_again() {
    for why in [Waiting::CreateContainerError, Waiting::CreateContainerConfigError] {
        let life = under(Policy::Never);
        let mut told = Told::new(&life);
        told.at(s(0), Event::Start);
        for round in 0..5 {
            let now = s(round * 10);
            assert_eq!(told.at(now, Event::NotSpawned(why)), []);
            assert_eq!(told.words, [Word::Failed(why)]);
            assert_eq!(told.status().state, status::State::Waiting(why));
            assert_eq!(told.when_due(), (s(round * 10 + 10), vec![Action::Spawn]));
            assert_eq!(told.status().state, status::State::Waiting(why));
        }
        told.at(s(50), Event::Spawned);
        assert_eq!(told.status().state, status::State::Running { since: s(50) });
        assert_eq!(told.status().restart_count, 0, "a start that failed is no instance");
    }
}

/// kubelet R16, R23: the 10 s are those of a start that failed, not of an instance that somebody had started meanwhile.
#[test]
fn r23_an_end_is_not_a_start_that_failed() {
    let life = plain();
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    told.at(s(0), Event::NotSpawned(Waiting::CreateContainerError));
    assert_eq!(told.at(s(1), Event::Restart), [Action::Spawn]);
    told.at(s(1), Event::Spawned);
    assert_eq!(told.ends(s(2), 1), [Action::Spawn]);
}

/// kubelet R26, T25: what cannot be executed was an instance, and its code decides.
#[test]
fn r26_what_cannot_be_executed_has_ended() {
    let life = plain();
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    assert_eq!(told.at(s(1), Event::NotExecuted(127)), [Action::Spawn]);
    assert_eq!(told.words, [Word::Failed(Waiting::RunContainerError)]);
    let status = told.status();
    assert_eq!(status.state, status::State::Waiting(Waiting::RunContainerError));
    let end = status.last.expect("an end");
    assert_eq!((end.exit_code, end.reason), (127, EndReason::StartError));
    assert_eq!(told.at(s(2), Event::NotExecuted(127)), []);
    let pause = secs(10);
    assert_eq!(told.status().state, status::State::Waiting(Waiting::CrashLoopBackOff { pause }));
    assert_eq!(told.container.due(), Some(s(12)));
    assert_eq!(told.status().restart_count, 1);
    let life = under(Policy::Never);
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    told.at(s(1), Event::NotExecuted(126));
    assert!(told.container.is_done());
    assert!(matches!(told.status().state, status::State::Terminated(_)));
}

/// Somebody asks for a new instance: under any policy, out of any state, and at once.
#[test]
fn a_restart_that_was_asked_for() {
    let life = under(Policy::Never);
    // Out of the end.
    let mut told = Told::running(&life);
    told.ends(s(1), 0);
    assert!(told.container.is_done());
    assert_eq!(told.at(s(2), Event::Restart), [Action::Spawn]);
    assert_eq!(told.at(s(2), Event::Restart), [], "it is on its way");
    told.at(s(2), Event::Spawned);
    // While it runs, ends, is cleared away; and only once.
    for asked_at in 0..4 {
        let mut told = Told::running(&life);
        let events = [Event::Failed(Kind::Liveness), exit(1), Event::Cleared];
        let mut answer = Vec::new();
        for (number, event) in events.into_iter().enumerate() {
            if number == asked_at {
                answer = told.at(s(10), Event::Restart);
            }
            if !(asked_at == 0 && number == 0) {
                answer = told.at(s(10), event);
            }
        }
        if asked_at == 3 {
            answer = told.at(s(10), Event::Restart);
        }
        assert_eq!(answer, [Action::Spawn], "{asked_at}");
        told.at(s(10), Event::Spawned);
        told.ends(s(11), 1);
        assert!(told.container.is_done(), "{asked_at}");
    }
    // Out of a pause, and twice in a row without one.
    let life = plain();
    let mut told = Told::running(&life);
    told.ends(s(1), 1);
    told.at(s(1), Event::Spawned);
    told.ends(s(2), 1);
    assert_eq!(told.container.due(), Some(s(12)));
    assert_eq!(told.at(s(3), Event::Restart), [Action::Spawn]);
    told.at(s(3), Event::Spawned);
    for _ in 0..3 {
        told.at(s(4), Event::Restart);
        assert_eq!(told.ends(s(4), 143), [Action::Spawn]);
        told.at(s(4), Event::Spawned);
    }
    // A crash is still a crash.
    told.ends(s(5), 1);
    assert_eq!(told.container.due(), Some(s(15)));
}

/// kubelet R11: out of any state the container comes to wait for its start, soon, and has its count go up then.
#[test]
fn r11_reset_out_of_any_state() {
    let life = Life { hooks: Hooks { post_stop: true, ..Hooks::default() }, ..plain() };
    let post_stop = Event::HookEnded(Hook::PostStop, true);
    let cases: [(&str, &[Event], &[Event]); 8] = [
        (
            "spawning",
            &[exit(1), Event::Cleared, post_stop],
            &[Event::Spawned, exit(0), Event::Cleared, post_stop],
        ),
        (
            "not spawned",
            &[exit(1), Event::Cleared, post_stop],
            &[Event::NotSpawned(Waiting::CreateContainerError)],
        ),
        ("running", &[], &[exit(143), Event::Cleared, post_stop]),
        ("ending", &[Event::Failed(Kind::Liveness)], &[exit(143), Event::Cleared, post_stop]),
        ("clearing", &[exit(1)], &[Event::Cleared, post_stop]),
        ("postStop", &[exit(1), Event::Cleared], &[post_stop]),
        (
            "backing off",
            &[
                exit(1),
                Event::Cleared,
                post_stop,
                Event::Spawned,
                exit(1),
                Event::Cleared,
                post_stop,
            ],
            &[],
        ),
        ("asked to restart", &[Event::Restart], &[exit(143), Event::Cleared, post_stop]),
    ];
    for (name, before, after) in cases {
        let mut told = Told::running(&life);
        for event in before {
            told.at(s(10), *event);
        }
        told.at(s(11), Event::Reset);
        for event in after {
            assert!(!told.container.is_idle(), "{name}: {event:?}");
            let answer = told.at(s(11), *event);
            assert!(!answer.contains(&Action::Spawn), "{name}");
        }
        assert!(told.container.is_idle(), "{name}");
        assert_eq!(told.container.due(), None, "{name}");
    }
    // One that is done too, and each has another instance then.
    let life = under(Policy::Never);
    let mut told = Told::running(&life);
    told.ends(s(1), 0);
    told.at(s(2), Event::Reset);
    assert!(told.container.is_idle());
    assert_eq!(told.at(s(3), Event::Start), [Action::Spawn]);
    told.at(s(3), Event::Spawned);
    assert_eq!(told.status().restart_count, 1);
    // It is soon over.
    let life = with_hooks();
    let mut told = Told::running(&life);
    told.at(s(10), exit(1));
    assert_eq!(told.at(s(10), Event::Reset), [Action::Clear { until: Some(s(12)) }]);
    told.at(s(12), Event::Cleared);
    assert_eq!(told.when_due(), (s(14), vec![Action::End(Hook::PostStop)]));
    assert!(told.container.is_idle());
}

/// kubelet R11, T28: what was killed so that all can start over is reported as that.
#[test]
fn r11_what_was_reset_says_so() {
    let life = plain();
    let mut told = Told::running(&life);
    told.at(s(10), Event::Reset);
    assert_eq!(told.words, [Word::Killing { reason: KillReason::Reset, restarts: true }]);
    told.ends(s(11), 0);
    let end = told.container.latest_end().expect("an end");
    assert_eq!((end.exit_code, end.reason), (137, EndReason::RestartingAllContainers));
}
