//! Stops and kills: grace periods, turns, signals.

use super::*;

/// What a preStop hook does.
#[derive(Clone, Copy, Debug)]
enum PreStop {
    Missing,
    /// Ends after so many milliseconds.
    Takes(u64),
    Hangs,
}

/// The grace arithmetic of the kubelet's rules: grace in seconds, preStop, the kubelet's window for the stop signal in
/// seconds, and the window here in milliseconds.
const WINDOWS: [(u64, PreStop, u64, u64); 13] = [
    (30, PreStop::Missing, 30, 30_000),
    (30, PreStop::Takes(400), 30, 29_600),
    (30, PreStop::Takes(10_900), 20, 19_100),
    (30, PreStop::Takes(27_500), 3, 2_500),
    (30, PreStop::Takes(28_000), 2, 2_000),
    (30, PreStop::Takes(28_200), 2, 2_000),
    (30, PreStop::Takes(29_000), 2, 2_000),
    (30, PreStop::Takes(29_900), 2, 2_000),
    (30, PreStop::Hangs, 2, 2_000),
    (60, PreStop::Takes(45_000), 15, 15_000),
    (2, PreStop::Takes(1_000), 2, 2_000),
    (1, PreStop::Takes(200), 2, 2_000),
    (1, PreStop::Hangs, 2, 2_000),
];

/// kubelet T3, T5, T6, H14, H16, and the departure from T3: fractions of a second are charged. All is over within the
/// grace and 2 s.
#[test]
fn t03_departure_grace_arithmetic_is_exact() {
    let bare = plain();
    let hooked = with_pre_stop();
    for row in WINDOWS {
        let (grace, hook, kubelet, here) = row;
        let life = if matches!(hook, PreStop::Missing) { &bare } else { &hooked };
        let mut told = Told::running(life);
        let answer = told.at(s(100), stop(grace));
        let sent_at = match hook {
            PreStop::Missing => {
                assert_eq!(answer, [Action::Quieten, Action::Send(KillReason::Stop)], "{row:?}");
                s(100)
            }
            PreStop::Takes(took) => {
                assert_eq!(answer, [Action::Quieten, Action::Run(Hook::PreStop)], "{row:?}");
                let now = ms(100_000 + took);
                let answer = told.at(now, Event::HookEnded(Hook::PreStop, true));
                assert_eq!(answer, [Action::Send(KillReason::Stop)], "{row:?}");
                now
            }
            PreStop::Hangs => {
                let (now, answer) = told.when_due();
                assert_eq!(now, s(100 + grace), "{row:?}");
                let send = Action::Send(KillReason::Stop);
                assert_eq!(answer, [Action::End(Hook::PreStop), send], "{row:?}");
                now
            }
        };
        let (killed_at, answer) = told.when_due();
        assert_eq!(answer, [Action::KillAll], "{row:?}");
        let window = killed_at.since(sent_at);
        assert_eq!(window, Duration::from_millis(here), "{row:?}");
        let uncharged = secs(kubelet).checked_sub(window).expect("no more than the kubelet's");
        assert!(uncharged < secs(1), "{row:?}");
        assert!(killed_at <= s(100 + grace) + FLOOR, "{row:?}");
    }
}

/// kubelet T5, and the departure from it: without a hook a short grace is as short as it says.
#[test]
fn t05_departure_the_floor_is_for_those_whose_grace_was_eaten() {
    let life = plain();
    for grace in [1, 2, 3] {
        let mut told = Told::running(&life);
        told.at(s(100), stop(grace));
        assert_eq!(told.when_due(), (s(100 + grace), vec![Action::KillAll]));
    }
}

/// kubelet T8, H15, and the departure from T5 and T8: zero is SIGKILL at once, with no hook and no signal before it, out
/// of whatever goes on.
#[test]
fn t08_departure_zero_is_sigkill_at_once() {
    let life = with_hooks();
    let post_start = Event::HookEnded(Hook::PostStart, true);
    // What leads there, and what the stop is answered with.
    let cases: [(&str, &[Event], &[Action]); 8] = [
        ("postStart", &[], &[Action::End(Hook::PostStart), Action::KillAll]),
        ("running", &[post_start], &[Action::Quieten, Action::KillAll]),
        ("preStop", &[post_start, stop(30)], &[Action::End(Hook::PreStop), Action::KillAll]),
        (
            "preStop of a probe's kill",
            &[post_start, Event::Failed(Kind::Liveness)],
            &[Action::End(Hook::PreStop), Action::KillAll],
        ),
        (
            "waits for its turn",
            &[post_start, stop_in_order(30), Event::HookEnded(Hook::PreStop, true)],
            &[Action::KillAll],
        ),
        (
            "signalled",
            &[post_start, stop(30), Event::HookEnded(Hook::PreStop, true)],
            &[Action::KillAll],
        ),
        ("killed", &[post_start, stop(0)], &[]),
        ("cleared away", &[post_start, exit(1)], &[Action::Clear { until: Some(s(9)) }]),
    ];
    for (name, events, expected) in cases {
        let mut told = Told::running(&life);
        for event in events {
            told.at(s(9), *event);
        }
        assert_eq!(told.at(s(9), stop(0)), expected, "{name}");
        assert!(!told.container.is_done(), "{name}");
    }
    // Nothing runs yet: what is being started is killed when it is there.
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    assert_eq!(told.at(s(1), stop(0)), []);
    assert_eq!(told.at(s(2), Event::Spawned), [Action::KillAll]);
}

/// kubelet T1, as its own test has them: the grace of the pod, of its startup and its liveness probe; why it is killed;
/// the grace it gets. A container without any is for podinit's own command line, whose grace has no end.
#[test]
fn t01_the_grace_of_one_kill() {
    type Row = (Option<u64>, Option<u64>, Option<u64>, Event, u64);
    let liveness = Event::Failed(Kind::Liveness);
    let startup = Event::Failed(Kind::Startup);
    let other = Event::Restart;
    let rows: [Row; 11] = [
        (Some(60), None, None, other, 60),
        (Some(60), None, None, liveness, 60),
        (Some(60), None, Some(10), liveness, 10),
        (Some(60), None, Some(10), other, 60),
        (Some(10), None, Some(60), liveness, 60),
        (Some(60), Some(10), Some(30), startup, 10),
        (Some(60), Some(10), Some(30), liveness, 30),
        (Some(60), Some(10), Some(30), other, 60),
        (Some(60), None, Some(10), stop(5), 5),
        (None, None, Some(10), liveness, 10),
        (None, None, None, other, 30),
    ];
    for row in rows {
        let (grace, startup, liveness, why, expected) = row;
        let probes = Probes { startup: probe(startup), liveness: probe(liveness), readiness: None };
        let life = Life { probes, grace: grace.map(secs), ..plain() };
        let mut told = Told::running(&life);
        assert!(matches!(told.at(s(50), why)[..], [Action::Quieten, Action::Send(_)]), "{row:?}");
        assert_eq!(told.when_due(), (s(50 + expected), vec![Action::KillAll]), "{row:?}");
    }
}

/// A grace period of zero is SIGKILL at once for podinit's own kills too; one without end is not.
#[test]
fn t01_own_kills_without_a_number() {
    let life = Life { grace: Some(Duration::ZERO), ..with_pre_stop() };
    let mut told = Told::running(&life);
    let failed = told.at(s(5), Event::Failed(Kind::Liveness));
    assert_eq!(failed, [Action::Quieten, Action::KillAll]);
    let life = Life { grace: None, ..with_pre_stop() };
    let mut told = Told::running(&life);
    told.at(s(5), stop_some_time());
    assert_eq!(told.container.due(), None, "a stop without end waits for preStop for ever");
    told.at(s(9), Event::HookEnded(Hook::PreStop, true));
    assert_eq!(told.container.due(), None, "and for the process");
}

/// kubelet T2: what the stop says goes before what the manifest says.
#[test]
fn t02_the_request_goes_before_the_manifest() {
    let life = plain();
    for grace in [5, 300] {
        let mut told = Told::running(&life);
        told.at(s(50), stop(grace));
        assert_eq!(told.container.due(), Some(s(50 + grace)));
    }
}

/// kubelet T4, T13, T15, T16: preStop does not wait, the signal does, and the waiting is charged.
#[test]
fn t04_the_signal_waits_for_its_turn() {
    let life = with_pre_stop();
    let send = [Action::Send(KillReason::Stop)];
    let over = Event::HookEnded(Hook::PreStop, true);
    let begun = || {
        let mut told = Told::running(&life);
        assert_eq!(
            told.at(s(100), stop_in_order(30)),
            [Action::Quieten, Action::Run(Hook::PreStop)]
        );
        told
    };
    // The turn comes after preStop.
    let mut told = begun();
    assert_eq!(told.at(s(105), over), []);
    assert_eq!(told.at(s(110), Event::Turn), send);
    assert_eq!(told.when_due(), (s(130), vec![Action::KillAll]));
    // Before it.
    let mut told = begun();
    assert_eq!(told.at(s(105), Event::Turn), []);
    assert_eq!(told.at(s(110), over), send);
    // Never: signals go out at the end of the grace, with the floor (T15).
    let mut told = begun();
    told.at(s(105), over);
    assert_eq!(told.when_due(), (s(130), send.to_vec()));
    assert_eq!(told.when_due(), (s(132), vec![Action::KillAll]));
}

/// kubelet T10 and the departure from it: a later request can make the time shorter, in each step, and never longer.
#[test]
fn t10_departure_a_stop_can_be_shortened_and_not_prolonged() {
    let life = with_pre_stop();
    let over = Event::HookEnded(Hook::PreStop, true);
    let probe_kill = Event::Failed(Kind::Liveness);
    // What leads there, the grace asked for at 103 s, and when SIGKILL comes.
    let cases: [(&[Event], u64, u64); 8] = [
        (&[stop(30), over], 5, 108),
        (&[stop(30), over], 300, 130),
        (&[probe_kill, over], 5, 108),
        (&[probe_kill, over], 300, 130),
        (&[Event::Restart, over], 5, 108),
        // The second stop also ends preStop, the first of a probe's kill does not.
        (&[stop(30)], 5, 108),
        (&[stop(30)], 300, 130),
        (&[probe_kill], 5, 110),
    ];
    for (events, grace, expected) in cases {
        let mut told = Told::running(&life);
        for event in events {
            told.at(s(100), *event);
        }
        told.at(s(103), stop(grace));
        let mut last = told.when_due();
        while last.1.last() != Some(&Action::KillAll) {
            last = told.when_due();
        }
        assert_eq!(last.0, s(expected), "{events:?} {grace}");
    }
    // Leftovers and postStop too.
    let life = with_hooks();
    let mut told = Told::running(&life);
    told.at(s(100), exit(0));
    assert_eq!(told.at(s(101), stop(30)), [], "leftovers have until 105 s");
    assert_eq!(told.at(s(101), stop(2)), [Action::Clear { until: Some(s(103)) }]);
    let mut told = Told::running(&life);
    told.ends(s(100), 0);
    assert_eq!(told.container.due(), Some(s(130)));
    told.at(s(101), stop(2));
    assert_eq!(told.when_due(), (s(105), vec![Action::End(Hook::PostStop)]));
    assert!(told.container.is_done());
}

/// A second stop ends the hook that runs, and nothing else.
#[test]
fn a_second_stop_ends_the_hook() {
    let life = with_hooks();
    let mut told = Told::running(&life);
    told.at(s(0), Event::HookEnded(Hook::PostStart, true));
    assert_eq!(told.at(s(100), stop(30)), [Action::Quieten, Action::Run(Hook::PreStop)]);
    let ended = [Action::End(Hook::PreStop), Action::Send(KillReason::Stop)];
    assert_eq!(told.at(s(101), stop(30)), ended);
    assert_eq!(told.at(s(102), stop(30)), [], "the signal is not sent twice");
    assert_eq!(told.container.due(), Some(s(130)));
    told.at(s(103), exit(0));
    assert_eq!(told.at(s(103), Event::Cleared), [Action::Run(Hook::PostStop)]);
    assert_eq!(told.at(s(104), stop(30)), [Action::End(Hook::PostStop)]);
    assert!(told.container.is_done());
    // Also where the grace has no end and nothing is ever heard of the hook, as who ran it is gone.
    let mut told = Told::running(&life);
    told.at(s(0), Event::HookEnded(Hook::PostStart, true));
    assert_eq!(told.at(s(100), stop_some_time()), [Action::Quieten, Action::Run(Hook::PreStop)]);
    assert_eq!(told.container.due(), None);
    assert_eq!(told.at(s(9000), stop_some_time()), ended);
}

/// kubelet T14, T18, R1: what does not run is done at once, what ends is not started again.
#[test]
fn t18_nothing_is_started_once_it_is_to_end() {
    let life = plain();
    // Not yet, and in back-off.
    let mut told = Told::new(&life);
    assert_eq!(told.at(s(0), stop(30)), []);
    assert!(told.container.is_done());
    assert_eq!(told.at(s(1), Event::Start), []);
    let mut told = Told::running(&life);
    told.ends(s(1), 1);
    told.at(s(1), Event::Spawned);
    told.ends(s(2), 1);
    assert_eq!(told.container.due(), Some(s(12)));
    assert_eq!(told.at(s(3), stop(30)), []);
    assert!(told.container.is_done());
    // An instance that ends meanwhile, or is never there.
    for event in [exit(1), Event::Lost, Event::NotExecuted(127)] {
        let mut told = Told::new(&life);
        told.at(s(0), Event::Start);
        told.at(s(1), stop(30));
        told.at(s(2), event);
        told.at(s(3), Event::Cleared);
        assert!(told.container.is_done(), "{event:?}");
    }
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    told.at(s(1), stop(30));
    assert_eq!(told.at(s(2), Event::NotSpawned(Waiting::CreateContainerError)), []);
    assert!(told.container.is_done());
    // And for good.
    assert_eq!(told.at(s(9), Event::Restart), []);
    assert_eq!(told.at(s(9), Event::Reset), []);
    assert!(told.container.is_done());
}

/// A stop that finds an instance being started is carried out when it is there, within the grace it began with.
#[test]
fn a_stop_while_it_is_started() {
    let life = with_hooks();
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    told.at(s(100), stop(30));
    assert_eq!(told.at(s(110), Event::Spawned), [Action::Run(Hook::PreStop)], "no postStart");
    assert_eq!(told.container.due(), Some(s(130)));
    // Its time was over before it was there (kubelet H15).
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    told.at(s(100), stop(30));
    assert_eq!(told.at(s(131), Event::Spawned), [Action::Send(KillReason::Stop)]);
    assert_eq!(told.when_due(), (s(133), vec![Action::KillAll]));
}

/// What SIGKILL does not end holds up a restart for ever, and a stop for 2 s.
#[test]
fn what_sigkill_does_not_end() {
    let life = plain();
    let mut told = Told::running(&life);
    told.at(s(10), Event::Failed(Kind::Liveness));
    assert_eq!(told.when_due(), (s(40), vec![Action::KillAll]));
    assert_eq!(told.container.due(), None);
    assert_eq!(told.at(s(500), stop(30)), [Action::Unwatch, Action::Clear { until: Some(s(40)) }]);
    assert_eq!(
        told.status().latest_end().map(|end| end.reason),
        Some(EndReason::ContainerStatusUnknown)
    );
    told.at(s(500), Event::Cleared);
    assert!(told.container.is_done());

    let mut told = Told::running(&life);
    told.at(s(10), stop(30));
    told.when_due();
    assert_eq!(
        told.when_due(),
        (s(42), vec![Action::Unwatch, Action::Clear { until: Some(s(40)) }])
    );
    assert_eq!(told.at(s(43), exit(137)), [], "too late to be told");
}

/// What was left behind has the rest of the grace where an end was asked for, the floor included, and else 5 s at most.
#[test]
fn leftovers_have_the_rest_of_the_grace() {
    let life = with_pre_stop();
    let over = Event::HookEnded(Hook::PreStop, true);
    let cases: [(&[Event], u64); 5] = [
        (&[], 105),
        (&[stop(30)], 130),
        (&[stop(30), over], 130),
        (&[Event::Failed(Kind::Liveness), over], 130),
        (&[stop(1), over], 102),
    ];
    for (events, until) in cases {
        let mut told = Told::running(&life);
        for event in events {
            told.at(s(100), *event);
        }
        let answer = told.at(s(100), exit(0));
        assert_eq!(answer.last(), Some(&Action::Clear { until: Some(s(until)) }), "{events:?}");
    }
    let life = Life { grace: Some(secs(3)), ..plain() };
    let answer = Told::running(&life).at(s(100), exit(0));
    assert_eq!(answer, [Action::Unwatch, Action::Clear { until: Some(s(103)) }]);
    let life = Life { grace: None, ..plain() };
    let answer = Told::running(&life).at(s(100), exit(0));
    assert_eq!(answer, [Action::Unwatch, Action::Clear { until: Some(s(105)) }]);
    let mut told = Told::running(&life);
    told.at(s(100), stop_some_time());
    assert_eq!(told.at(s(200), exit(0)), [Action::Unwatch, Action::Clear { until: None }]);
}
