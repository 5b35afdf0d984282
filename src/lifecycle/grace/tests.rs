//! The tables of grace periods.

use proptest::prelude::*;

use super::*;
use crate::lifecycle::container::FLOOR;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// kubelet T7
#[test]
fn t07_the_grace_of_a_deletion() {
    for (request, spec, finished, seconds) in [
        (None, 30, false, 30),
        (Some(5), 30, false, 5),
        (Some(0), 30, false, 0),
        (Some(-1), 30, false, 1),
        (None, -5, false, 1),
        (Some(i64::MIN), 30, false, 1),
        (Some(5), 30, true, 0),
        (Some(-1), 30, true, 0),
    ] {
        let grace = of_deletion(request, spec, finished);
        assert_eq!(grace, s(seconds), "{request:?} {spec} {finished}");
    }
}

/// kubelet T8
#[test]
fn t08_the_grace_that_is_in_force() {
    for (previous, deletion, given, spec, seconds) in [
        (None, Some(30), None, Some(30), 30),
        (None, Some(0), None, Some(30), 1),
        (Some(30), Some(5), None, Some(30), 5),
        (Some(5), Some(30), None, Some(30), 5),
        (None, None, None, Some(45), 45),
        (None, None, Some(10), Some(45), 10),
        (None, None, Some(0), Some(45), 1),
        (None, Some(30), Some(10), Some(30), 10),
        (None, Some(0), Some(10), Some(30), 1),
        (None, None, None, None, 1),
        // Not of the table.
        (None, None, None, Some(0), 1),
        (Some(0), Some(7), None, Some(30), 7),
    ] {
        let [previous, deletion, given, spec] = [previous, deletion, given, spec].map(|v| v.map(s));
        let effective = effective(previous, deletion, given, spec);
        assert_eq!(effective, s(seconds), "{previous:?} {deletion:?} {given:?} {spec:?}");
    }
}

/// kubelet T9: no grace at all is 1 s for preStop, and 2 s for the stop signal after that.
#[test]
fn t09_forced_is_three_seconds_at_most() {
    let grace = effective(None, Some(of_deletion(Some(0), 30, false)), None, Some(s(30)));
    assert_eq!(grace, s(1));
    assert_eq!(grace + FLOOR, s(3));
}

proptest! {
    /// kubelet T8: nothing that comes later makes a stop longer.
    #[test]
    fn a_stop_is_only_ever_shortened(
        spec in proptest::option::of(0u64..100),
        asked in proptest::collection::vec(
            (proptest::option::of(0u64..100), proptest::option::of(0u64..100)), 1..6),
    ) {
        let mut previous = None;
        for (deletion, given) in asked {
            let next = effective(previous, deletion.map(s), given.map(s), spec.map(s));
            prop_assert!(next >= SHORTEST && previous.is_none_or(|previous| next <= previous));
            previous = Some(next);
        }
    }
}
