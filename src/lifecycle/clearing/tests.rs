//! Leftovers in virtual time.

use proptest::prelude::*;

use super::*;
use std::time::Duration;

fn ms(millis: u64) -> Moment {
    Moment::at(Duration::from_millis(millis))
}

fn list(actions: Actions) -> Vec<Action> {
    actions.into_iter().collect()
}

#[test]
fn nobody_left_is_the_end_at_once() {
    let mut clearing = Clearing::new(Some(ms(5000)));
    assert_eq!(list(clearing.step(ms(0), Event::Gone)), [Action::Over { given_up: false }]);
    assert_eq!((clearing.due(), clearing.killed()), (None, false));
    assert_eq!(list(clearing.step(ms(9000), Event::Remaining)), []);
}

/// Event by event: the time, what happens, what is done, when it is due next.
#[test]
fn design_3_5_term_then_the_new_orphans_then_kill_then_no_more_waiting() {
    let mut clearing = Clearing::new(Some(ms(5000)));
    let table: &[(u64, Event, &[Action], Option<u64>)] = &[
        (0, Event::Remaining, &[Action::Tell], Some(5000)),
        (10, Event::Remaining, &[], Some(60)),
        (20, Event::Remaining, &[], Some(60)),
        (60, Event::Due, &[Action::TellNewOrphans], Some(5000)),
        (4999, Event::Due, &[], Some(5000)),
        (5000, Event::Due, &[Action::Kill], Some(5050)),
        (5010, Event::Remaining, &[], Some(5050)),
        (5050, Event::Due, &[Action::Kill], Some(5100)),
        (7000, Event::Due, &[Action::Over { given_up: true }], None),
    ];
    for (at, event, done, due) in table {
        assert_eq!(list(clearing.step(ms(*at), *event)), *done, "{at} {event:?}");
        assert_eq!(clearing.due(), due.map(ms), "{at} {event:?}");
    }
    assert!(clearing.killed());
}

#[test]
fn without_a_time_they_have_for_ever() {
    let mut clearing = Clearing::new(None);
    assert_eq!(list(clearing.step(ms(0), Event::Remaining)), [Action::Tell]);
    assert_eq!(clearing.due(), None);
    clearing.set_until(Some(ms(70)));
    assert_eq!(list(clearing.step(ms(70), Event::Due)), [Action::Kill]);
}

#[test]
fn a_time_that_is_over_is_sigkill_without_term() {
    let mut clearing = Clearing::new(Some(ms(0)));
    assert_eq!(list(clearing.step(ms(10), Event::Remaining)), [Action::Kill]);
}

proptest! {
    /// With a finite time it is over within that and LAST_WAIT, however often anybody looks; TERM never comes after
    /// SIGKILL, nor twice; and where it waits for something it does not ask to be woken in the past.
    #[test]
    fn it_comes_to_its_end(
        until in 0..6000u64,
        looks in proptest::collection::vec(1..700u64, 0..40),
    ) {
        let mut clearing = Clearing::new(Some(ms(until)));
        let (mut now, mut told, mut killed, mut over) = (0, 0, 0, None);
        let mut looks = looks.into_iter();
        let mut next = looks.next();
        let mut event = Event::Remaining;
        while over.is_none() {
            for action in clearing.step(ms(now), event) {
                match action {
                    Action::Tell => {
                        prop_assert!(killed == 0 && now < until);
                        told += 1;
                    }
                    Action::TellNewOrphans => prop_assert!(told == 1 && killed == 0),
                    Action::Kill => {
                        prop_assert!(now >= until);
                        killed += 1;
                    }
                    Action::Over { given_up } => {
                        prop_assert!(given_up);
                        over = Some(now);
                    }
                }
            }
            let Some(due) = clearing.due() else { break };
            prop_assert!(due > ms(now), "{due:?} at {now}");
            let due = u64::try_from(due.since(ms(0)).as_millis()).unwrap();
            (now, event) = match next {
                Some(at) if at < due => {
                    next = looks.next().map(|pause| at + pause);
                    (at, Event::Remaining)
                }
                _ => (due, Event::Due),
            };
        }
        prop_assert!(told <= 1 && killed >= 1);
        prop_assert_eq!(over, Some(until + 2000));
    }
}
