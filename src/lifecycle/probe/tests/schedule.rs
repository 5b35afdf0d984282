//! When attempts are made.

use super::*;

/// When attempts begin that take `took` each and succeed, of a container that began to run at `since`.
fn beginnings(kind: Kind, settings: Settings, since: Moment, took: u64, count: usize) -> Vec<u64> {
    let mut probe = Probe::new(kind, settings);
    let mut actions = list(probe.step(since, running(kind, since)));
    let (mut now, mut moments) = (since, Vec::new());
    while moments.len() < count {
        if let Some(attempt) = begun(&actions) {
            moments.push(now.since(ms(0)).as_millis() as u64);
            now = now + Duration::from_millis(took);
            actions = list(probe.step(now, Event::Answered(attempt, Answer::Success)));
        } else {
            now = probe.due().expect("it goes on");
            actions = list(probe.step(now, Event::Due));
        }
    }
    moments
}

/// Departure from kubelet W3, W4, W5, W8: neither a grid, nor truncated seconds, nor jitter. The kubelet's timing vectors
/// (period 10 s) have the first attempt 7 s after a start without delay, and 9 s after one with a delay of 5 s.
#[test]
fn w03_the_schedule_is_exact() {
    let plain = settings(3, 1);
    assert_eq!(beginnings(Kind::Liveness, plain, s(3), 20, 3), [3_000, 13_000, 23_000]);
    let delayed = Settings { initial_delay: Duration::from_secs(5), ..plain };
    assert_eq!(beginnings(Kind::Liveness, delayed, s(1), 20, 3), [6_000, 16_000, 26_000]);
    let fractions = Settings {
        initial_delay: Duration::from_millis(250),
        period: Duration::from_millis(1_500),
        ..plain
    };
    assert_eq!(beginnings(Kind::Readiness, fractions, ms(777), 0, 3), [1_027, 2_527, 4_027]);
}

/// kubelet W2, W3: a run longer than the period is followed at once, and never by two.
#[test]
fn w03_a_run_longer_than_the_period_is_followed_at_once() {
    let terms = Settings { timeout: Duration::from_secs(60), ..settings(3, 1) };
    assert_eq!(beginnings(Kind::Readiness, terms, s(0), 35_000, 3), [0, 35_000, 70_000]);
}

/// The third timing vector of the kubelet's rules, which holds here too.
#[test]
fn failures_at_0_10_and_20_s_decide_at_20_s() {
    let (mut probe, mut attempt) = at_first_attempt(Kind::Liveness, settings(3, 1));
    for now in [0, 10] {
        assert_eq!(list(probe.step(s(now), Event::Answered(attempt, Answer::Failure))), []);
        assert_eq!(probe.due(), Some(s(now + 10)));
        attempt = begun(&list(probe.step(s(now + 10), Event::Due))).unwrap();
    }
    assert_eq!(
        list(probe.step(s(20), Event::Answered(attempt, Answer::Failure))),
        [Action::Changed(Cached::Failure, Some(Consequence::Kill))]
    );
}

/// kubelet W2: while an attempt goes on there is no other.
#[test]
fn w02_never_two_at_once() {
    let terms = Settings { timeout: Duration::from_secs(60), ..settings(3, 1) };
    let (mut probe, attempt) = at_first_attempt(Kind::Readiness, terms);
    for now in [10, 20, 30] {
        assert_eq!(list(probe.step(s(now), Event::Due)), []);
        assert_eq!(probe.in_flight(), Some(attempt));
    }
}

/// kubelet W6, W11: liveness and readiness wait for the start, and their delays count from the container's.
#[test]
fn w11_nothing_but_startup_before_the_container_is_started() {
    for kind in [Kind::Liveness, Kind::Readiness] {
        for (delay, first) in [(0, 37), (30, 37), (60, 60)] {
            let terms = Settings { initial_delay: Duration::from_secs(delay), ..settings(3, 1) };
            let mut probe = Probe::new(kind, terms);
            let _ = probe.step(s(0), Event::Running { since: s(0), started: false });
            assert_eq!(probe.due(), None);
            assert_eq!(begun(&list(probe.step(s(20), Event::Due))), None);
            let at_once = begun(&list(probe.step(s(37), Event::Started)));
            assert_eq!(at_once.is_some(), first == 37, "{kind:?} {delay}");
            if at_once.is_none() {
                assert_eq!(probe.due(), Some(s(first)));
            }
        }
    }
}

/// kubelet W12
#[test]
fn w12_startup_is_not_asked_once_the_container_is_started() {
    let (mut probe, attempt) = at_first_attempt(Kind::Startup, settings(3, 1));
    // The container said so itself, while the probe was on its way.
    assert_eq!(list(probe.step(s(0), Event::Started)), [Action::Abandon(attempt)]);
    assert_eq!(probe.due(), None);
    // The next instance is asked again.
    assert!(begun(&list(probe.step(s(9), running(Kind::Startup, s(9))))).is_some());
}

/// kubelet W9: delays run while postStart does, attempts do not.
#[test]
fn w09_post_start_holds_attempts_up_but_not_delays() {
    let terms = Settings { initial_delay: Duration::from_secs(5), ..settings(3, 1) };
    let mut probe = Probe::new(Kind::Startup, terms);
    let _ = probe.step(s(3), running(Kind::Startup, s(0)));
    assert_eq!(probe.due(), Some(s(5)));
    let mut probe = Probe::new(Kind::Startup, terms);
    assert!(begun(&list(probe.step(s(8), running(Kind::Startup, s(0))))).is_some());
}

/// kubelet W7: readiness is asked at once, once; its period begins anew, its delay holds.
#[test]
fn w07_readiness_is_looked_at_anew_when_the_status_changes() {
    let (mut probe, attempt) = at_first_attempt(Kind::Readiness, settings(3, 1));
    for _ in 0..3 {
        assert_eq!(list(probe.step(s(0), Event::StatusChanged)), []);
    }
    let actions = list(probe.step(s(1), Event::Answered(attempt, Answer::Failure)));
    let again = begun(&actions).expect("at once, as it had been wanted");
    assert_eq!(list(probe.step(s(1), Event::Answered(again, Answer::Failure))), []);
    assert_eq!(probe.due(), Some(s(11)));
    let third = begun(&list(probe.step(s(4), Event::StatusChanged))).unwrap();
    assert_eq!(begun(&list(probe.step(s(4), Event::Answered(third, Answer::Success)))), None);
    // It is ready, so there is nothing to hurry for.
    assert_eq!(list(probe.step(s(5), Event::StatusChanged)), []);
    assert_eq!(probe.due(), Some(s(14)));

    let terms = Settings { initial_delay: Duration::from_secs(5), ..settings(3, 1) };
    let mut delayed = Probe::new(Kind::Readiness, terms);
    let _ = delayed.step(s(0), running(Kind::Readiness, s(0)));
    assert_eq!(list(delayed.step(s(2), Event::StatusChanged)), []);
    assert_eq!(delayed.due(), Some(s(5)));

    for kind in [Kind::Liveness, Kind::Startup] {
        let (mut probe, attempt) = at_first_attempt(kind, settings(3, 1));
        let _ = probe.step(s(0), Event::Answered(attempt, Answer::Failure));
        assert_eq!(list(probe.step(s(4), Event::StatusChanged)), [], "{kind:?}");
    }
}

/// kubelet W23; for readiness the departure from W22, by which the kubelet's would go on.
#[test]
fn w23_termination_is_quiet() {
    for (kind, actions) in [
        (Kind::Liveness, vec![]),
        (Kind::Startup, vec![Action::Changed(Cached::Success, Some(Consequence::Started))]),
    ] {
        let (mut probe, attempt) = at_first_attempt(kind, settings(3, 1));
        let mut expected = vec![Action::Abandon(attempt)];
        expected.extend(actions);
        assert_eq!(list(probe.step(s(0), Event::Terminating)), expected);
        assert_eq!((probe.due(), probe.cached()), (None, Cached::Success));
        assert_eq!(list(probe.step(s(1), Event::Answered(attempt, Answer::Failure))), []);
        assert_eq!(list(probe.step(s(2), Event::Stopped)), []);
        assert_eq!(probe.cached(), Cached::Success);
    }
}

/// Departure from kubelet W22: an instance that is being terminated is not ready, and is not asked.
#[test]
fn w22_readiness_ends_when_termination_begins() {
    let (mut probe, attempt) = at_first_attempt(Kind::Readiness, settings(3, 1));
    let _ = probe.step(s(0), Event::Answered(attempt, Answer::Success));
    assert_eq!(
        list(probe.step(s(4), Event::Terminating)),
        [Action::Changed(Cached::Failure, Some(Consequence::Ready(false)))]
    );
    assert_eq!((probe.due(), list(probe.step(s(10), Event::Due))), (None, vec![]));
}

/// kubelet W10: what does not run fails, but there is nothing left to kill.
#[test]
fn w10_an_instance_that_has_ended_is_neither_asked_nor_killed() {
    for (kind, follows) in [
        (Kind::Liveness, None),
        (Kind::Startup, None),
        (Kind::Readiness, Some(Consequence::Ready(false))),
    ] {
        let (mut probe, attempt) = at_first_attempt(kind, settings(3, 1));
        if kind == Kind::Readiness {
            let _ = probe.step(s(0), Event::Answered(attempt, Answer::Success));
            let _ = probe.step(s(10), Event::Due);
        }
        let now = s(10);
        let flight = probe.in_flight().unwrap();
        assert_eq!(
            list(probe.step(now, Event::Stopped)),
            [Action::Abandon(flight), Action::Changed(Cached::Failure, follows)],
            "{kind:?}"
        );
        assert_eq!(probe.due(), None);
    }
}

#[test]
fn an_answer_to_an_attempt_of_the_instance_before_is_not_counted() {
    let (mut probe, old) = at_first_attempt(Kind::Liveness, settings(1, 1));
    let actions = list(probe.step(ms(500), running(Kind::Liveness, ms(500))));
    assert_eq!(actions.first(), Some(&Action::Abandon(old)));
    let new = begun(&actions).unwrap();
    assert_ne!(old, new);
    assert_eq!(list(probe.step(ms(600), Event::Answered(old, Answer::Failure))), []);
    assert_eq!((probe.cached(), probe.in_flight()), (Cached::Success, Some(new)));
}

#[test]
fn an_attempt_that_never_answers_has_failed() {
    let (mut probe, first) = at_first_attempt(Kind::Liveness, settings(2, 1));
    assert_eq!(probe.due(), Some(s(0) + Duration::from_secs(1) + OVERDUE));
    assert_eq!(list(probe.step(s(2), Event::Due)), [Action::Abandon(first)]);
    let second = begun(&list(probe.step(s(10), Event::Due))).unwrap();
    assert_eq!(
        list(probe.step(s(12), Event::Due)),
        [Action::Abandon(second), Action::Changed(Cached::Failure, Some(Consequence::Kill))]
    );
}

/// Design 6: after a pause, in which this program woke more than a period late, attempts in flight never were.
#[test]
fn what_was_in_flight_during_a_pause_is_thrown_away() {
    // The time-out and what is allowed beyond it end at 2 s, the period after that at 12 s.
    for (woke, counts) in [(12_000, true), (12_001, false)] {
        for answered in [true, false] {
            let (mut probe, attempt) = at_first_attempt(Kind::Liveness, settings(1, 1));
            let event =
                if answered { Event::Answered(attempt, Answer::Failure) } else { Event::Due };
            let actions = list(probe.step(ms(woke), event));
            assert_eq!(probe.cached() == Cached::Failure, counts, "{woke} {event:?}");
            // What is asked anew is asked at once.
            assert_eq!(begun(&actions).is_some(), !counts);
            assert_eq!(actions.contains(&Action::Abandon(attempt)), !answered);
        }
    }
}

/// kubelet W1: the probes of a container know nothing of each other, and last over all of its instances.
#[test]
fn w01_one_machine_for_each_probe() {
    let (mut liveness, one) = at_first_attempt(Kind::Liveness, settings(1, 1));
    let (mut readiness, other) = at_first_attempt(Kind::Readiness, settings(1, 1));
    assert_eq!((liveness.in_flight(), readiness.in_flight()), (Some(one), Some(other)));
    let _ = readiness.step(s(1), Event::Answered(other, Answer::Success));
    let _ = liveness.step(s(1), Event::Answered(one, Answer::Failure));
    assert_eq!((liveness.cached(), readiness.cached()), (Cached::Failure, Cached::Success));
    for probe in [&mut liveness, &mut readiness] {
        let _ = probe.step(s(2), Event::Stopped);
        let again = list(probe.step(s(20), running(probe.kind(), s(20))));
        assert!(begun(&again).is_some_and(|attempt| attempt != one), "{again:?}");
    }
}
