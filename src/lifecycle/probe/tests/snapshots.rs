//! Agents come and go: what the next one is given, and that it goes on with that as if it had always been there.

use super::properties::{any_kind, any_settings};
use super::*;

/// When the agent is gone: while nothing is on its way, while an attempt is, or not at all.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Gone {
    Idle,
    InFlight,
    Never,
}

fn any_course() -> impl Strategy<Value = Vec<(bool, Gone, u64)>> {
    let gone = prop_oneof![Just(Gone::Idle), Just(Gone::InFlight), Just(Gone::Never)];
    // Mostly of the kind of the one before, so that thresholds are reached and verdicts stand still.
    let answer = (proptest::bool::weighted(0.2), gone, 0_u64..30_000);
    proptest::collection::vec(answer, 1..60).prop_map(|course| {
        let mut success = true;
        let turn = |(turns, gone, later)| {
            success ^= turns;
            (success, gone, later)
        };
        course.into_iter().map(turn).collect()
    })
}

fn answer(probe: &mut Probe, now: Moment, success: bool) -> Vec<Action> {
    let attempt = probe.in_flight().expect("an attempt");
    let answer = if success { Answer::Success } else { Answer::Failure };
    let actions = list(probe.step(now, Event::Answered(attempt, answer)));
    actions.into_iter().filter(|action| matches!(action, Action::Changed(..))).collect()
}

proptest! {
    /// Lost and restored at any moment, a probe says the same at the same answers; only attempts on their way are repeated.
    #[test]
    fn a_restored_probe_goes_on_as_if_never_lost(
        kind in any_kind(), settings in any_settings(), course in any_course(), since in 0_u64..1000,
    ) {
        let mut kept = Probe::new(kind, settings);
        let mut lost = kept.clone();
        for probe in [&mut kept, &mut lost] {
            let _ = probe.step(ms(since), running(kind, ms(since)));
        }
        let first = ms(since) + settings.initial_delay;
        for (success, gone, later) in course {
            let (Some(mut at), now_kept) = (lost.due(), kept.due()) else {
                prop_assert_eq!(kept.due(), None, "on hold");
                prop_assert_eq!(kept.snapshot(), lost.snapshot());
                break;
            };
            if gone == Gone::Idle && lost.in_flight().is_none() {
                let snapshot = lost.snapshot();
                let Stage::Watched(watched) = snapshot.stage else { panic!("{snapshot:?}") };
                prop_assert!(watched.not_before <= at);
                // The next agent comes sooner or later.
                let now = watched.not_before + Duration::from_millis(later);
                lost = Probe::restore(kind, settings, snapshot, now);
                prop_assert_eq!(lost.snapshot().cached, snapshot.cached);
                let due = lost.due().unwrap();
                prop_assert!(due >= first, "not before its delay is over");
                prop_assert_eq!(due, now, "at once, where its time has come");
                at = due;
            }
            if lost.in_flight().is_none() {
                let _ = lost.step(at, Event::Due);
            }
            if gone == Gone::InFlight {
                let now = at + Duration::from_millis(later);
                lost = Probe::restore(kind, settings, lost.snapshot(), now);
                prop_assert_eq!(lost.due(), Some(now), "made anew at once");
                let _ = lost.step(now, Event::Due);
                at = now;
            }
            if kept.in_flight().is_none() {
                let _ = kept.step(now_kept.unwrap(), Event::Due);
            }
            let at_kept = began(&kept);
            let said = answer(&mut lost, at, success);
            prop_assert_eq!(said, answer(&mut kept, at_kept, success));
            prop_assert_eq!(lost.cached(), kept.cached());
        }
    }

    /// No attempt and no answer that confirms what is cached changes a snapshot; so PID 1 is told nothing.
    #[test]
    fn a_snapshot_stands_still_while_verdicts_do(
        kind in any_kind(), settings in any_settings(), course in any_course(),
    ) {
        let mut probe = Probe::new(kind, settings);
        let _ = probe.step(s(0), running(kind, s(0)));
        let mut run = (true, 0);
        for (success, _, late) in course {
            let before = probe.snapshot();
            if probe.in_flight().is_none() {
                let Some(due) = probe.due() else { break };
                // Late, as any loop is.
                let _ = probe.step(due + Duration::from_millis(late / 100), Event::Due);
            }
            prop_assert_eq!(probe.snapshot(), before, "an attempt is made");
            let at = began(&probe);
            answer(&mut probe, at, success);
            run = if run.0 == success { (success, run.1 + 1) } else { (success, 1) };
            let stands = run.1 > settings.threshold(success);
            prop_assert_eq!(probe.snapshot() == before, stands, "{:?}", run);
        }
    }
}

/// When the attempt on its way was begun.
fn began(probe: &Probe) -> Moment {
    let State::Watched(Life { flight: Some(flight), .. }) = probe.state else {
        panic!("no attempt");
    };
    flight.began
}

/// Startup and liveness over three failures: what is told of each answer.
#[test]
fn w16_a_run_is_told_until_it_counts() {
    let (mut probe, _) = at_first_attempt(Kind::Readiness, settings(3, 1));
    let told = |probe: &Probe| {
        let Stage::Watched(Watched { last, run, not_before, .. }) = probe.snapshot().stage else {
            panic!("watched");
        };
        (probe.cached(), last, run, not_before)
    };
    let rows = [
        (false, (Cached::Failure, false, 1, s(10))),
        (true, (Cached::Success, true, 1, s(0))),
        (true, (Cached::Success, true, 1, s(0))),
        (false, (Cached::Success, false, 1, s(40))),
        (false, (Cached::Success, false, 2, s(50))),
        (false, (Cached::Failure, false, 3, s(0))),
        (false, (Cached::Failure, false, 3, s(0))),
    ];
    for (number, (success, expected)) in rows.into_iter().enumerate() {
        let now = s(number as u64 * 10);
        let _ = probe.step(now, Event::Due);
        answer(&mut probe, now, success);
        assert_eq!(told(&probe), expected, "answer {number}");
    }
}

/// kubelet W18, W23: on hold, quiet and absent probes stay so, and begin with the next instance.
#[test]
fn w18_what_is_not_run_is_not_run_after_either() {
    let (mut held, attempt) = at_first_attempt(Kind::Liveness, settings(1, 1));
    let _ = held.step(s(0), Event::Answered(attempt, Answer::Failure));
    let (mut quiet, _) = at_first_attempt(Kind::Readiness, settings(1, 1));
    let _ = quiet.step(s(1), Event::Terminating);
    let absent = Probe::new(Kind::Readiness, settings(1, 1));
    for probe in [held, quiet, absent] {
        let mut restored =
            Probe::restore(probe.kind(), *probe.settings(), probe.snapshot(), s(100));
        assert_eq!((restored.due(), restored.cached()), (None, probe.cached()));
        assert_eq!(restored.snapshot(), probe.snapshot());
        let actions = list(restored.step(s(200), running(probe.kind(), s(200))));
        assert!(begun(&actions).is_some());
    }
}

/// A long initial delay is not cut short by the next agent.
#[test]
fn w04_the_delay_is_kept() {
    let settings = Settings { initial_delay: Duration::from_secs(60), ..settings(3, 1) };
    let mut probe = Probe::new(Kind::Readiness, settings);
    let _ = probe.step(s(0), running(Kind::Readiness, s(0)));
    for now in [s(5), s(59)] {
        probe = Probe::restore(Kind::Readiness, settings, probe.snapshot(), now);
        assert_eq!(probe.due(), Some(s(60)));
    }
    probe = Probe::restore(Kind::Readiness, settings, probe.snapshot(), s(75));
    assert_eq!(probe.due(), Some(s(75)));
}
