//! Restart decisions and lives of crashing containers in virtual time.

use super::*;
use crate::lifecycle::Moment;
use proptest::prelude::*;
use std::time::Duration;

const POLICIES: [Policy; 3] = [Policy::Always, Policy::OnFailure, Policy::Never];

fn s(seconds: u64) -> Moment {
    Moment::at(Duration::from_secs(seconds))
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn plain(pod: Policy) -> Terms {
    Terms { pod, container: None, rules: Vec::new() }
}

fn started_again(terms: &Terms, code: i32) -> bool {
    terms.decide(Some(End::Exited(code)), false) == Decision::Start
}

/// kubelet R1
#[test]
fn r01_the_first_instance_is_started_and_none_while_terminating() {
    for policy in POLICIES {
        let terms = plain(policy);
        assert_eq!(terms.decide(None, false), Decision::Start);
        for last in [None, Some(End::Exited(1)), Some(End::Killed(Kind::Liveness))] {
            assert_eq!(terms.decide(last, true), Decision::Done, "{policy:?} {last:?}");
        }
    }
}

/// kubelet R2, R3: the container's own policy goes before the pod's; nothing but the exit code counts, 137 of an
/// OOM kill as any other.
#[test]
fn r03_policies_and_exit_codes() {
    for (policy, after_0, after_1) in [
        (Policy::Always, true, true),
        (Policy::OnFailure, false, true),
        (Policy::Never, false, false),
    ] {
        let own = POLICIES.map(|pod| Terms { container: Some(policy), ..plain(pod) });
        for terms in own.into_iter().chain([plain(policy)]) {
            assert_eq!(started_again(&terms, 0), after_0, "{terms:?}");
            assert_eq!(started_again(&terms, 1), after_1, "{terms:?}");
            assert_eq!(started_again(&terms, 137), after_1, "{terms:?}");
        }
    }
}

/// kubelet R4
#[test]
fn r04_the_first_rule_that_matches_wins() {
    let rule = |exit_codes, action| Rule { exit_codes, action };
    let terms = Terms {
        container: Some(Policy::Never),
        rules: vec![
            rule(ExitCodes::In(vec![]), RuleAction::RestartAllContainers),
            rule(ExitCodes::In(vec![0, 42]), RuleAction::Restart),
            rule(ExitCodes::In(vec![42, 43]), RuleAction::RestartAllContainers),
        ],
        ..plain(Policy::Never)
    };
    for (code, decision) in [
        (0, Decision::Start),
        (42, Decision::Start),
        (43, Decision::RestartAllContainers),
        (44, Decision::Done),
    ] {
        assert_eq!(terms.decide(Some(End::Exited(code)), false), decision, "{code}");
    }
    // Without a match the policy decides.
    let failing = Terms { container: Some(Policy::OnFailure), ..terms.clone() };
    assert!(started_again(&failing, 44));
    // R2: rules belong to a policy of the container's own.
    assert!(!started_again(&Terms { container: None, ..terms }, 42));

    let others = |values| Terms {
        rules: vec![rule(ExitCodes::NotIn(values), RuleAction::Restart)],
        container: Some(Policy::Never),
        ..plain(Policy::Always)
    };
    assert!(started_again(&others(vec![]), 0));
    assert!(started_again(&others(vec![1]), 2));
    assert!(!started_again(&others(vec![1]), 1));
}

/// kubelet R5
#[test]
fn r05_a_sidecar_is_restarted_whatever_it_ended_with() {
    let sidecar = Terms { container: Some(Policy::Always), ..plain(Policy::Never) };
    for last in [End::Exited(0), End::Exited(1), End::Killed(Kind::Startup)] {
        assert_eq!(sidecar.decide(Some(last), false), Decision::Start);
    }
}

/// kubelet R4, R6, R8, and the departure from R9: there an OnFailure container that a probe has killed and that then exits
/// with 0 is not restarted if a back-off is due; here a probe kill is a failure.
#[test]
fn r06_a_probe_kill_restarts_unless_the_policy_is_never() {
    for probe in [Kind::Liveness, Kind::Startup] {
        for pod in POLICIES {
            for container in POLICIES.map(Some).into_iter().chain([None]) {
                let rules = vec![Rule {
                    exit_codes: ExitCodes::NotIn(vec![]),
                    action: RuleAction::RestartAllContainers,
                }];
                let terms = Terms { pod, container, rules };
                let expected = container.unwrap_or(pod) != Policy::Never;
                let decision = if expected { Decision::Start } else { Decision::Done };
                assert_eq!(terms.decide(Some(End::Killed(probe)), false), decision, "{terms:?}");
                assert_eq!(terms.restarts_killed(), expected);
            }
        }
    }
}

/// Seconds from each end to the restart, of instances that live so long. `stale` gives the back-off the snapshot the
/// kubelet has after a probe kill: it knows the end before, and learns of this one when it looks again.
fn delays(pace: Pace, lives: &[u64], stale: bool) -> Vec<u64> {
    let mut back_off = BackOff::new(pace);
    let (mut now, mut delays) = (s(0), Vec::new());
    back_off.start(now).expect("the first start");
    for life in lives {
        now = now + secs(*life);
        let finished = now;
        if !stale {
            back_off.ended(finished);
        }
        if back_off.start(now).is_err() {
            back_off.ended(finished);
            now = back_off.due().expect("what blocks has an end").max(now);
            back_off.start(now).expect("it is due");
        }
        delays.push(now.since(finished).as_secs());
        back_off.ended(finished);
    }
    delays
}

/// kubelet R13 to R16, R18, R19: the back-off vectors. No exit code goes in, so none counts.
#[test]
fn r15_the_back_off_vectors() {
    let pace = Pace::DEFAULT;
    let after = |life| [1, 1, 1, 1, life, 1, 1];
    assert_eq!(delays(pace, &[1; 8], false), [0, 10, 20, 40, 80, 160, 300, 300]);
    assert_eq!(delays(pace, &[300; 4], false), [0, 10, 20, 40]);
    assert_eq!(delays(pace, &after(601), false), [0, 10, 20, 40, 0, 10, 20]);
    assert_eq!(delays(pace, &after(600)[..6], false), [0, 10, 20, 40, 80, 160]);
    assert_eq!(delays(Pace::new(secs(10), secs(5)), &[1; 4], false), [0, 5, 5, 5]);
    // The gate of KEP-4603.
    let gate = Pace::new(secs(1), secs(60));
    assert_eq!(delays(gate, &[1; 8], false), [0, 1, 2, 4, 8, 16, 32, 60]);
}

/// Departure from kubelet R20, R21: there a probe kill of the first instance does not count, and later ones are measured
/// by the end before. Both lines of the vectors: the kubelet's with its stale snapshot, and what they are here.
#[test]
fn r21_a_probe_kill_steps_the_back_off_like_any_end() {
    let pace = Pace::DEFAULT;
    assert_eq!(delays(pace, &[70; 6], true), [0, 0, 0, 0, 0, 80]);
    assert_eq!(delays(pace, &[70; 6], false), [0, 10, 20, 40, 80, 160]);
    assert_eq!(delays(pace, &[6; 5], true), [0, 0, 10, 20, 40]);
    assert_eq!(delays(pace, &[6; 5], false), [0, 10, 20, 40, 80]);
}

/// kubelet R18, to the nanosecond.
#[test]
fn r18_a_life_of_exactly_ten_minutes_is_not_enough() {
    for (life, due) in [(FORGOTTEN_AFTER, true), (FORGOTTEN_AFTER + Duration::from_nanos(1), false)]
    {
        let mut back_off = BackOff::new(Pace::DEFAULT);
        back_off.ended(s(1));
        back_off.start(s(1)).unwrap();
        let end = s(1) + life;
        back_off.ended(end);
        assert_eq!(back_off.due(), due.then(|| end + secs(10)));
    }
}

/// kubelet R14, R22: the pause counts from the end, and nothing is added to it.
#[test]
fn r14_the_pause_counts_from_the_end() {
    let mut back_off = BackOff::new(Pace::DEFAULT);
    back_off.ended(s(1));
    back_off.start(s(1)).unwrap();
    back_off.ended(s(5));
    // Asked late, it waits no longer; asked too early or often, nothing steps.
    for now in [5, 9, 14] {
        let blocked = Blocked { pause: Some(secs(10)), until: s(15) };
        assert_eq!(back_off.start(s(now)), Err(blocked));
    }
    assert_eq!(back_off.start(s(15)), Ok(()));
}

/// kubelet R17, with durations as Go writes them.
#[test]
fn r17_the_message_while_blocked() {
    let mut back_off = BackOff::new(Pace::DEFAULT);
    let (mut now, mut texts) = (s(0), Vec::new());
    for _ in 0..7 {
        back_off.ended(now);
        if let Err(Blocked { pause: Some(pause), until }) = back_off.start(now) {
            let message = CrashLoopMessage { pause, container: "app", pod: "web_default(u-1)" };
            texts.push(message.to_string());
            now = until;
            back_off.start(now).unwrap();
        }
        now = now + secs(1);
    }
    let text =
        |pause| format!("back-off {pause} restarting failed container=app pod=web_default(u-1)");
    assert_eq!(texts, ["10s", "20s", "40s", "1m20s", "2m40s", "5m0s"].map(text));
}

/// kubelet R23, without its jitter: a start that failed is retried after 10 s, and steps the back-off only if an instance has
/// ended before.
#[test]
fn r23_a_start_that_failed_is_retried() {
    let mut back_off = BackOff::new(Pace::DEFAULT);
    for now in [0, 10, 20] {
        assert_eq!(back_off.start(s(now)), Ok(()));
        back_off.start_failed(s(now));
        let blocked = Blocked { pause: None, until: s(now + 10) };
        assert_eq!(back_off.start(s(now + 3)), Err(blocked));
    }
    assert_eq!(back_off.start(s(30)), Ok(()));
    // Its end is the first, so it is followed at once: three failed starts have not stepped anything.
    back_off.ended(s(31));
    assert_eq!(back_off.start(s(31)), Ok(()));
    // With an end before, each attempt steps: 10 s armed, then 20 s, both counted from that end.
    back_off.start_failed(s(31));
    assert_eq!(back_off.start(s(40)), Err(Blocked { pause: Some(secs(10)), until: s(41) }));
    assert_eq!(back_off.start(s(41)), Ok(()));
    back_off.start_failed(s(41));
    assert_eq!(back_off.due(), Some(s(51)));
    assert_eq!(back_off.start(s(51)), Ok(()));
    back_off.ended(s(52));
    assert_eq!(back_off.due(), Some(s(92)));
}

#[test]
fn a_failed_start_outlasts_a_short_back_off() {
    let mut back_off = BackOff::new(Pace::new(secs(1), secs(1)));
    back_off.ended(s(0));
    back_off.start(s(0)).unwrap();
    back_off.start_failed(s(0));
    assert_eq!(back_off.start(s(0)), Err(Blocked { pause: Some(secs(1)), until: s(10) }));
    assert_eq!(back_off.start(s(5)), Err(Blocked { pause: None, until: s(10) }));
}

proptest! {
    /// The pause is bounded, grows only by doubling, starts over only after a long life, and no restart comes before it
    /// is over or later than due.
    #[test]
    fn no_restart_before_its_back_off_and_no_back_off_without_bound(
        first in 1_u64..20_000,
        longest in 1_u64..400_000,
        lives in proptest::collection::vec((0_u64..700_000, 0_u64..400_000), 1..40),
    ) {
        let pace = Pace::new(Duration::from_millis(first), Duration::from_millis(longest));
        let longest = Duration::from_millis(longest);
        let first = Duration::from_millis(first).min(longest);
        let mut back_off = BackOff::new(pace);
        let mut now = s(0);
        back_off.start(now).unwrap();
        let mut armed: Option<Duration> = None;
        for (life, asked_after) in lives {
            let life = Duration::from_millis(life);
            let finished = now + life;
            back_off.ended(finished);
            let expected = armed.filter(|_| life <= FORGOTTEN_AFTER);
            let due = back_off.due();
            prop_assert_eq!(due, expected.map(|pause| finished + pause));
            prop_assert!(due.is_none_or(|due| due.since(finished) <= longest));
            now = finished + Duration::from_millis(asked_after);
            match back_off.start(now) {
                Ok(()) => prop_assert!(due.is_none_or(|due| due <= now)),
                Err(blocked) => {
                    prop_assert!(now < blocked.until);
                    prop_assert_eq!((Some(blocked.until), blocked.pause), (due, expected));
                    now = blocked.until;
                    prop_assert_eq!(back_off.start(now), Ok(()));
                }
            }
            armed = Some(expected.map_or(first, |pause| (pause * 2).min(longest)));
        }
    }

    /// Another instance is never started while terminating, and each code is answered.
    #[test]
    fn decisions_for_every_code(code: i32, values in proptest::collection::vec(-3_i32..3, 0..4)) {
        for container in POLICIES.map(Some).into_iter().chain([None]) {
            let rules = vec![
                Rule { exit_codes: ExitCodes::In(values.clone()), action: RuleAction::Restart },
                Rule { exit_codes: ExitCodes::NotIn(values.clone()), action: RuleAction::RestartAllContainers },
            ];
            let terms = Terms { pod: Policy::Always, container, rules };
            let expected = match container {
                Some(_) if values.contains(&code) => Decision::Start,
                Some(_) => Decision::RestartAllContainers,
                None => Decision::Start,
            };
            prop_assert_eq!(terms.decide(Some(End::Exited(code)), false), expected);
            prop_assert_eq!(terms.decide(Some(End::Exited(code)), true), Decision::Done);
        }
    }
}
