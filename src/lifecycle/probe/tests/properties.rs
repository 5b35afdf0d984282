//! What must never happen, whatever comes.

use super::*;

pub(super) fn any_settings() -> impl Strategy<Value = Settings> {
    (0_u64..20_000, 1_u64..15_000, 1_u64..15_000, 1_u32..5, 1_u32..5).prop_map(
        |(delay, period, timeout, success_threshold, failure_threshold)| Settings {
            initial_delay: Duration::from_millis(delay),
            period: Duration::from_millis(period),
            timeout: Duration::from_millis(timeout),
            success_threshold,
            failure_threshold,
        },
    )
}

pub(super) fn any_kind() -> impl Strategy<Value = Kind> {
    prop_oneof![Just(Kind::Startup), Just(Kind::Liveness), Just(Kind::Readiness)]
}

/// What comes next, and how long after what came before.
#[derive(Clone, Copy, Debug)]
enum Come {
    /// The answer to the attempt in flight, or to the last one.
    Answer(Answer),
    Other(Event),
    /// The probe is woken when it wanted to be.
    Wake,
}

fn any_course() -> impl Strategy<Value = Vec<(u64, Come)>> {
    let answer = prop_oneof![
        Just(Answer::Success),
        Just(Answer::Failure),
        Just(Answer::Errored),
        Just(Answer::Lost)
    ];
    let event = prop_oneof![
        4 => Just(Come::Wake),
        4 => answer.prop_map(Come::Answer),
        1 => any::<bool>().prop_map(|started| Come::Other(Event::Running { since: s(0), started })),
        1 => Just(Come::Other(Event::Started)),
        1 => Just(Come::Other(Event::StatusChanged)),
        1 => Just(Come::Other(Event::Stopped)),
        1 => Just(Come::Other(Event::Terminating)),
        1 => Just(Come::Other(Event::Due)),
    ];
    proptest::collection::vec((0_u64..8_000, event), 1..120)
}

proptest! {
    #[test]
    fn every_event_in_every_state(kind in any_kind(), terms in any_settings(), course in any_course()) {
        let mut probe = Probe::new(kind, terms);
        let mut now = s(0);
        let mut flying: Option<Attempt> = None;
        let mut last = None;
        // Answers in this instance that were counted, a success or not.
        let mut counted: Vec<bool> = Vec::new();
        for (pause, come) in course {
            now = now + Duration::from_millis(pause);
            let before = probe.clone();
            let event = match come {
                Come::Wake => {
                    now = probe.due().map_or(now, |due| due.max(now));
                    Event::Due
                }
                Come::Answer(answer) => match last {
                    Some(attempt) => Event::Answered(attempt, answer),
                    None => Event::Due,
                },
                Come::Other(Event::Running { started, .. }) => Event::Running { since: now, started },
                Come::Other(event) => event,
            };
            if let Event::Running { .. } = event {
                counted.clear();
            }
            let mut landed = false;
            if let Event::Answered(attempt, answer) = event
                && flying == Some(attempt)
            {
                flying = None;
                landed = true;
                let late = before.due().is_some_and(|due| now.since(due) > terms.period.max(OVERDUE));
                if answer != Answer::Lost && !late {
                    counted.push(answer == Answer::Success);
                }
            }
            let actions = list(probe.step(now, event));
            for action in &actions {
                match action {
                    Action::Abandon(attempt) => {
                        // Nothing is abandoned that does not go on.
                        prop_assert_eq!(flying.take(), Some(*attempt));
                        let due = before.due().unwrap();
                        let hangs = now >= due && now.since(due) <= terms.period.max(OVERDUE);
                        let unasked = match event {
                            Event::Running { .. } | Event::Terminating | Event::Stopped => true,
                            Event::Started => kind == Kind::Startup,
                            _ => false,
                        };
                        if hangs && !unasked {
                            counted.push(false);
                        }
                    }
                    Action::Begin(attempt) => {
                        // Never two at once.
                        prop_assert_eq!(flying, None);
                        prop_assert!(Some(*attempt) != last, "an attempt is told from all before it");
                        flying = Some(*attempt);
                        last = flying;
                    }
                    Action::Changed(cached, follows) => {
                        prop_assert_eq!(*cached, probe.cached());
                        if follows == &Some(Consequence::Kill) {
                            prop_assert_eq!(*cached, Cached::Failure);
                            prop_assert!(kind != Kind::Readiness);
                        }
                    }
                }
            }
            prop_assert_eq!(flying, probe.in_flight());
            // What is due has been acted on: nothing is due in the past.
            if let Some(due) = probe.due() {
                prop_assert!(due > now, "{:?} at {:?}", due, now);
            }
            // By answers the cached result changes only after its threshold's run.
            let by_answers = !matches!(
                event,
                Event::Running { .. } | Event::Terminating | Event::Stopped
            );
            if by_answers && before.cached() != probe.cached() {
                let success = probe.cached() == Cached::Success;
                let threshold = if success { terms.success_threshold } else { terms.failure_threshold };
                let run = counted.iter().rev().take_while(|answer| **answer == success).count();
                prop_assert!(run >= threshold as usize, "{:?} after {:?}", probe.cached(), counted);
            }
            // And never stays what it was after such a run.
            if by_answers && landed && let Some(success) = counted.last().copied() {
                let threshold = if success { terms.success_threshold } else { terms.failure_threshold };
                let run = counted.iter().rev().take_while(|answer| **answer == success).count();
                if run >= threshold as usize {
                    let expected = if success { Cached::Success } else { Cached::Failure };
                    prop_assert_eq!(probe.cached(), expected);
                }
            }
        }
    }

    /// Woken when it asks for it, a probe of a started container is asked for ever, no sooner than every period.
    #[test]
    fn attempts_go_on_and_never_sooner_than_every_period(
        terms in any_settings(),
        took in proptest::collection::vec(0_u64..20_000, 2..40),
    ) {
        let mut probe = Probe::new(Kind::Readiness, terms);
        let mut now = s(100);
        let ripe = now + terms.initial_delay;
        let _ = probe.step(now, running(Kind::Readiness, now));
        let mut began = None;
        for took in took {
            if probe.in_flight().is_none() {
                now = probe.due().unwrap();
                let _ = probe.step(now, Event::Due);
            }
            let attempt = probe.in_flight().expect("one that was due");
            let earliest: Moment = began.map_or(ripe, |began: Moment| began + terms.period);
            prop_assert!(now >= earliest);
            began = Some(now);
            now = now + Duration::from_millis(took).min(terms.timeout);
            let _ = probe.step(now, Event::Answered(attempt, Answer::Success));
        }
    }
}
