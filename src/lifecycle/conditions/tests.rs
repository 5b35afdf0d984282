//! Whole waits in virtual time.

use super::*;
use proptest::prelude::*;

const PLAIN: Terms = Terms { any: false, not: false, interval: None, limit: None };

fn ms(millis: u64) -> Moment {
    Moment::at(Duration::from_millis(millis))
}

/// Runs a wait whose attempts take no time and say what `ask` says: (when each condition was tried, the end and when).
fn run(
    terms: Terms,
    count: usize,
    mut ask: impl FnMut(usize, u64) -> Answer,
) -> (Vec<(usize, u64)>, Action, u64) {
    let mut conditions = Conditions::new(terms, count, ms(0));
    let (mut tried, mut now) = (Vec::new(), ms(0));
    let millis = |moment: Moment| moment.since(ms(0)).as_millis() as u64;
    loop {
        match conditions.next(now) {
            Action::Try(index) => {
                tried.push((index, millis(now)));
                conditions.take(now, Event::Answered(index, ask(index, millis(now))));
            }
            Action::Wait => {
                let due = conditions.due().expect("somebody rests");
                assert!(due > now && due.since(ms(0)) < Duration::from_secs(3600), "{tried:?}");
                now = due;
                conditions.take(now, Event::Due);
            }
            end => return (tried, end, millis(now)),
        }
    }
}

fn holds_from(moment: u64) -> impl FnMut(usize, u64) -> Answer {
    move |_, now| if now >= moment { Answer::Holds } else { Answer::DoesNotHold }
}

#[test]
fn the_pause_doubles_up_to_two_seconds() {
    let (tried, end, _) = run(PLAIN, 1, holds_from(7_000));
    let moments: Vec<u64> = tried.into_iter().map(|(_, now)| now).collect();
    assert_eq!(moments, [0, 100, 300, 700, 1_500, 3_100, 5_100, 7_100]);
    assert_eq!(end, Action::Met);
}

#[test]
fn an_interval_stays_as_it_is() {
    let terms = Terms { interval: Some(Duration::from_millis(250)), ..PLAIN };
    let (tried, _, now) = run(terms, 1, holds_from(1_000));
    assert_eq!((tried.len(), now), (5, 1_000));
}

#[test]
fn all_must_hold_once_and_none_is_asked_again() {
    let mut asked = [0; 2];
    let (_, end, now) = run(PLAIN, 2, |index, now| {
        asked[index] += 1;
        // The first holds but once.
        if if index == 0 { now == 0 } else { now >= 700 } {
            Answer::Holds
        } else {
            Answer::DoesNotHold
        }
    });
    assert_eq!((asked, end, now), ([1, 4], Action::Met, 700));
}

#[test]
fn any_is_enough() {
    let terms = Terms { any: true, ..PLAIN };
    let holds = |index, now| if index == 1 && now >= 300 { Answer::Holds } else { Answer::Unknown };
    let (_, end, now) = run(terms, 3, holds);
    assert_eq!((end, now), (Action::Met, 300));
}

#[test]
fn not_waits_for_the_end_and_what_cannot_be_tried_is_no_end() {
    let terms = Terms { not: true, limit: Some(Duration::from_secs(60)), ..PLAIN };
    let ends = |_, now| if now < 300 { Answer::Holds } else { Answer::DoesNotHold };
    assert_eq!(run(terms, 1, ends).2, 300);
    let (_, end, now) = run(terms, 1, |_, _| Answer::Unknown);
    assert_eq!((end, now), (Action::TimedOut, 60_000));
}

#[test]
fn not_any_waits_for_the_first_end() {
    let terms = Terms { not: true, any: true, ..PLAIN };
    let (_, end, now) =
        run(
            terms,
            2,
            |index, now| {
                if index == 1 && now >= 100 { Answer::DoesNotHold } else { Answer::Holds }
            },
        );
    assert_eq!((end, now), (Action::Met, 100));
}

#[test]
fn the_time_ends_it_while_an_attempt_goes_on() {
    let limit = Some(Duration::from_secs(5));
    let mut conditions = Conditions::new(Terms { limit, ..PLAIN }, 1, ms(0));
    assert_eq!(conditions.next(ms(0)), Action::Try(0));
    assert_eq!((conditions.next(ms(1)), conditions.due()), (Action::Wait, Some(ms(5_000))));
    assert_eq!(conditions.next(ms(5_000)), Action::TimedOut);
}

#[test]
fn an_answer_at_the_last_moment_counts() {
    let limit = Some(Duration::from_secs(5));
    let mut conditions = Conditions::new(Terms { limit, ..PLAIN }, 1, ms(0));
    assert_eq!(conditions.next(ms(0)), Action::Try(0));
    conditions.take(ms(5_000), Event::Answered(0, Answer::Holds));
    assert_eq!(conditions.next(ms(5_000)), Action::Met);
}

#[test]
fn nobody_asked_for_is_met() {
    assert_eq!(run(PLAIN, 0, |_, _| Answer::Unknown).1, Action::Met);
}

proptest! {
    #[test]
    fn it_ends_by_its_limit_and_only_when_met_before(
        any: bool,
        not: bool,
        interval in proptest::option::of(1_u64..3_000),
        limit in 1_u64..20_000,
        answers in proptest::collection::vec((0_u8..3, 0_u64..30_000), 1..5),
    ) {
        let terms = Terms {
            any,
            not,
            interval: interval.map(Duration::from_millis),
            limit: Some(Duration::from_millis(limit)),
        };
        let ask = |index: usize, now: u64| {
            let (kind, from) = answers[index];
            match kind {
                0 => Answer::Unknown,
                1 if now >= from => Answer::Holds,
                1 => Answer::DoesNotHold,
                _ if now >= from => Answer::DoesNotHold,
                _ => Answer::Holds,
            }
        };
        let (tried, end, now) = run(terms, answers.len(), ask);
        prop_assert!(now <= limit);
        let wanted = if not { Answer::DoesNotHold } else { Answer::Holds };
        let met: std::collections::BTreeSet<usize> =
            tried.iter().filter(|(index, at)| ask(*index, *at) == wanted).map(|(index, _)| *index).collect();
        let enough = if any { !met.is_empty() } else { met.len() == answers.len() };
        prop_assert_eq!(end == Action::Met, enough);
        // Everybody was asked at once, and whoever is met never again.
        prop_assert!((0..answers.len()).all(|index| any || tried.contains(&(index, 0))));
        for index in &met {
            let last = tried.iter().rfind(|(other, _)| other == index).unwrap();
            prop_assert_eq!(ask(*index, last.1), wanted);
        }
    }
}
