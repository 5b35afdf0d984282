//! What answers add up to.

use super::*;

type Vector = (Kind, u32, u32, &'static str, &'static str, Option<&'static str>);

/// The threshold vectors of the kubelet's rules: kind, failure and success threshold, the answers (S success, F failure,
/// E errored, N new instance), the cached result after each (U unknown, `!` on hold, `-` not run), and the same here
/// where a departure changes it.
const VECTORS: [Vector; 18] = [
    (Kind::Readiness, 3, 1, "S", "S", None),
    (Kind::Readiness, 3, 1, "F F S S", "F F S S", None),
    (Kind::Readiness, 3, 1, "S F F S F F F", "S S S S S S F", None),
    (Kind::Readiness, 3, 2, "S S F S S S", "F S S S S S", None),
    (Kind::Readiness, 3, 2, "S F F F S S", "F F F F F S", None),
    (Kind::Liveness, 3, 1, "S F F F", "S S S F!", None),
    // Departure P3: what errored is a failure.
    (Kind::Liveness, 3, 1, "F F E F", "S S S F!", Some("S S F! -")),
    (Kind::Liveness, 3, 1, "F F S F F F", "S S S S S F!", None),
    // Departure W17: counters start fresh with each instance.
    (Kind::Liveness, 3, 1, "F F N F", "S S S F!", Some("S S S S")),
    (Kind::Liveness, 3, 1, "F F F N F F F", "S S F! S S S F!", None),
    (Kind::Liveness, 3, 1, "F F F F N F", "S S F! - S S", None),
    (Kind::Liveness, 1, 1, "F", "F!", None),
    // Departure W17.
    (Kind::Readiness, 3, 3, "S S S N S", "F F S F S", Some("F F S F F")),
    (Kind::Readiness, 3, 3, "S S S N F S S S", "F F S F F F F S", None),
    (Kind::Startup, 3, 1, "F F S F", "U U S! -", None),
    (Kind::Startup, 3, 1, "F F F", "U U F!", None),
    (Kind::Startup, 3, 1, "F F F N F F F", "U U F! U U U F!", None),
    // Departure W17.
    (Kind::Startup, 3, 1, "F F N F", "U U U F!", Some("U U U U")),
];

fn letter(cached: Cached, on_hold: bool) -> String {
    let letter = match cached {
        Cached::Unknown => "U",
        Cached::Success => "S",
        Cached::Failure => "F",
    };
    letter.to_owned() + if on_hold { "!" } else { "" }
}

/// What a probe makes of answers given as in [`VECTORS`], the container being started or not as its kind needs.
fn play(kind: Kind, settings: Settings, answers: &str) -> String {
    let mut probe = Probe::new(kind, settings);
    let mut now = s(0);
    let mut attempt = begun(&list(probe.step(now, running(kind, now))));
    let mut seen = Vec::new();
    for answer in answers.split(' ') {
        if answer == "N" {
            let _ = probe.step(now, Event::Stopped);
            attempt = begun(&list(probe.step(now, running(kind, now))));
            seen.push(letter(probe.cached(), false));
            continue;
        }
        let Some(current) = attempt else {
            seen.push("-".to_owned());
            continue;
        };
        let answer = match answer {
            "S" => Answer::Success,
            "F" => Answer::Failure,
            "E" => Answer::Errored,
            "L" => Answer::Lost,
            other => panic!("no answer: {other}"),
        };
        let _ = probe.step(now, Event::Answered(current, answer));
        let due = probe.due();
        seen.push(letter(probe.cached(), due.is_none()));
        now = due.unwrap_or(now);
        attempt = begun(&list(probe.step(now, Event::Due)));
    }
    seen.join(" ")
}

/// The same by the kubelet's rules as they are written, W14 to W19.
fn kubelet(kind: Kind, settings: Settings, answers: &str) -> String {
    let (mut cached, mut on_hold) = (kind.initial(), false);
    let (mut last, mut run) = ("", 0);
    let mut seen = Vec::new();
    for answer in answers.split(' ') {
        match answer {
            "N" => (cached, on_hold) = (kind.initial(), false),
            _ if on_hold => {
                seen.push("-".to_owned());
                continue;
            }
            "E" => {}
            raw => {
                run = if raw == last { run + 1 } else { 1 };
                last = raw;
                if raw == "S" && run >= settings.success_threshold {
                    cached = Cached::Success;
                } else if raw == "F" && run >= settings.failure_threshold {
                    cached = Cached::Failure;
                }
                on_hold = match kind {
                    Kind::Startup => cached != Cached::Unknown,
                    Kind::Liveness => cached == Cached::Failure,
                    Kind::Readiness => false,
                };
                run = if on_hold { 0 } else { run };
            }
        }
        seen.push(letter(cached, on_hold));
    }
    seen.join(" ")
}

/// kubelet W14, W16, W17, W18, W19
#[test]
fn w16_the_threshold_vectors() {
    for (kind, failure, success, answers, theirs, ours) in VECTORS {
        let terms = settings(failure, success);
        let case = format!("{kind:?} {failure} {success}: {answers}");
        assert_eq!(kubelet(kind, terms, answers), theirs, "the kubelet: {case}");
        assert_eq!(play(kind, terms, answers), ours.unwrap_or(theirs), "here: {case}");
    }
}

/// kubelet W19: the vector with a discarded run, as it is written.
#[test]
fn w19_a_lost_attempt_neither_advances_nor_resets_a_run() {
    assert_eq!(play(Kind::Liveness, settings(3, 1), "F F L F"), "S S S F!");
    assert_eq!(play(Kind::Readiness, settings(3, 2), "S L S L F F L F"), "F F S S S S S F");
}

/// Departure from kubelet P2, P3, P15, P35: a probe that cannot be run fails in the end.
#[test]
fn p03_a_probe_that_only_errs_has_failed() {
    assert_eq!(play(Kind::Liveness, settings(3, 1), "E E E"), "S S F!");
    assert_eq!(play(Kind::Startup, settings(2, 1), "E F"), "U F!");
    assert_eq!(play(Kind::Readiness, settings(2, 1), "S E F"), "S S F");
}

#[test]
fn a_threshold_of_zero_is_one() {
    assert_eq!(play(Kind::Readiness, settings(0, 0), "S F S"), "S F S");
}

/// kubelet W15, W20: the first result of an instance is published, also where it equals the last of the one before.
#[test]
fn w15_each_instance_begins_with_the_result_of_its_kind() {
    for (kind, cached, follows) in [
        (Kind::Startup, Cached::Unknown, None),
        (Kind::Liveness, Cached::Success, None),
        (Kind::Readiness, Cached::Failure, Some(Consequence::Ready(false))),
    ] {
        let mut probe = Probe::new(kind, settings(1, 1));
        assert_eq!(probe.cached(), cached);
        for instance in 0..2 {
            let actions = list(probe.step(s(instance), running(kind, s(instance))));
            assert_eq!(published(&actions), Some((cached, follows)), "{kind:?} {instance}");
        }
    }
}

/// kubelet W20
#[test]
fn w20_only_changes_are_published() {
    let (mut probe, mut attempt) = at_first_attempt(Kind::Readiness, settings(2, 1));
    let (mut now, mut told) = (s(0), Vec::new());
    for answer in
        [Answer::Failure, Answer::Success, Answer::Success, Answer::Failure, Answer::Failure]
    {
        let actions = list(probe.step(now, Event::Answered(attempt, answer)));
        told.push(published(&actions));
        now = probe.due().unwrap();
        attempt = begun(&list(probe.step(now, Event::Due))).unwrap();
    }
    let ready = Some((Cached::Success, Some(Consequence::Ready(true))));
    let unready = Some((Cached::Failure, Some(Consequence::Ready(false))));
    assert_eq!(told, [None, ready, None, None, unready]);
}

/// kubelet W21, W22: what follows from each cached result; readiness never ends anything.
#[test]
fn w21_what_follows_from_each_result() {
    for (kind, cached, follows) in [
        (Kind::Liveness, Cached::Failure, Some(Consequence::Kill)),
        (Kind::Startup, Cached::Failure, Some(Consequence::Kill)),
        (Kind::Startup, Cached::Success, Some(Consequence::Started)),
        (Kind::Readiness, Cached::Success, Some(Consequence::Ready(true))),
        (Kind::Readiness, Cached::Failure, Some(Consequence::Ready(false))),
    ] {
        let (mut probe, attempt) = at_first_attempt(kind, settings(1, 1));
        // Readiness fails in the kubelet's eyes before it is asked; it has to have succeeded to fail anew.
        let (attempt, now) = if (kind, cached) == (Kind::Readiness, Cached::Failure) {
            let _ = probe.step(s(0), Event::Answered(attempt, Answer::Success));
            (begun(&list(probe.step(s(10), Event::Due))).unwrap(), s(10))
        } else {
            (attempt, s(0))
        };
        let answer = if cached == Cached::Success { Answer::Success } else { Answer::Failure };
        let actions = list(probe.step(now, Event::Answered(attempt, answer)));
        assert_eq!(actions, [Action::Changed(cached, follows)], "{kind:?}");
    }
}

/// kubelet W18, W24: after the verdict nobody is asked who could take it back.
#[test]
fn w24_a_kill_is_not_called_off() {
    let (mut probe, attempt) = at_first_attempt(Kind::Liveness, settings(1, 1));
    let _ = probe.step(s(0), Event::Answered(attempt, Answer::Failure));
    assert_eq!(probe.due(), None);
    for event in [
        Event::Due,
        Event::StatusChanged,
        Event::Started,
        Event::Answered(attempt, Answer::Success),
    ] {
        assert_eq!(list(probe.step(s(60), event)), []);
        assert_eq!(probe.cached(), Cached::Failure);
    }
}
