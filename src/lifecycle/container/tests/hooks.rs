//! postStart, preStop and postStop.

use super::*;

const POST_START: Event = Event::HookEnded(Hook::PostStart, true);
const PRE_STOP: Event = Event::HookEnded(Hook::PreStop, true);

/// kubelet H7, H8, W9: postStart comes right after the start; until it is over nothing is probed or reported and no
/// other container is started. Delays count from the start.
#[test]
fn h07_post_start_holds_up_everything() {
    let life = with_hooks();
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    assert_eq!(told.at(s(1), Event::Spawned), [Action::Run(Hook::PostStart)]);
    assert_eq!(told.status().state, status::State::Waiting(Waiting::ContainerCreating));
    assert!(!told.container.lets_others_start());
    assert_eq!(told.at(s(40), Event::Failed(Kind::Liveness)), [], "of whatever is not probed yet");
    assert_eq!(told.at(s(50), POST_START), [Action::Watch { since: s(1), started: true }]);
    assert_eq!(told.status().state, status::State::Running { since: s(1) });
    assert!(told.container.lets_others_start());
}

/// kubelet H7, H9, and the departure from them: a stop ends postStart; so does whatever else ends the instance.
#[test]
fn h09_departure_a_stop_ends_post_start() {
    let life = with_hooks();
    for (event, reason) in [
        (stop(30), KillReason::Stop),
        (stop_some_time(), KillReason::Stop),
        (Event::Restart, KillReason::Restart),
    ] {
        let mut told = Told::running(&life);
        let ended = [Action::End(Hook::PostStart), Action::Run(Hook::PreStop)];
        assert_eq!(told.at(s(5), event), ended, "{event:?}");
        assert_eq!(told.at(s(6), POST_START), [], "it does not matter any more");
        assert_eq!(told.at(s(7), PRE_STOP), [Action::Send(reason)]);
    }
    let mut told = Told::running(&life);
    let ended = [Action::End(Hook::PostStart), Action::Send(KillReason::Reset)];
    assert_eq!(told.at(s(5), Event::Reset), ended);
}

/// kubelet H10, M12: a failed postStart is a kill like any other, and a reason to wait.
#[test]
fn h10_a_failed_post_start_kills() {
    let life = with_hooks();
    let mut told = Told::running(&life);
    let failed = told.at(s(5), Event::HookEnded(Hook::PostStart, false));
    assert_eq!(failed, [Action::Run(Hook::PreStop)]);
    let killing = Word::Killing { reason: KillReason::PostStart, restarts: true };
    assert_eq!(told.words, [Word::PostStartFailed, killing]);
    // kubelet H11
    assert!(told.container.lets_others_start());
    assert_eq!(told.at(s(6), PRE_STOP), [Action::Send(KillReason::PostStart)]);
    assert_eq!(told.container.due(), Some(s(35)));
    assert_eq!(told.at(s(7), exit(143)), [Action::Clear { until: Some(s(35)) }]);
    let error = status::State::Waiting(Waiting::PostStartHookError);
    assert_eq!(told.status().state, error);
    assert_eq!(told.status().last.map(|end| end.exit_code), Some(143));
    told.at(s(7), Event::Cleared);
    let again = told.at(s(7), Event::HookEnded(Hook::PostStop, true));
    assert_eq!(again, [Action::Spawn], "with back-off, which lets the first restart pass");
    // Until its postStart is over the new instance has not started well (kubelet R25).
    told.at(s(7), Event::Spawned);
    assert_eq!(told.status().state, error);
    told.at(s(8), POST_START);
    assert_eq!(told.status().state, status::State::Running { since: s(7) });
}

/// kubelet H10
#[test]
fn h10_under_never_it_stays_terminated() {
    let life = Life { hooks: with_hooks().hooks, ..under(Policy::Never) };
    let mut told = Told::running(&life);
    told.at(s(5), Event::HookEnded(Hook::PostStart, false));
    let killing = Word::Killing { reason: KillReason::PostStart, restarts: false };
    assert_eq!(told.words, [Word::PostStartFailed, killing]);
    told.at(s(6), PRE_STOP);
    told.ends(s(7), 143);
    told.at(s(8), Event::HookEnded(Hook::PostStop, true));
    assert!(told.container.is_done());
    assert!(matches!(told.status().state, status::State::Terminated(end) if end.exit_code == 143));
}

/// kubelet H6, H12: the instance ends while its hook runs.
#[test]
fn h12_an_end_during_post_start_cuts_it_short() {
    let life = with_hooks();
    let mut told = Told::running(&life);
    let answer = told.at(s(5), exit(0));
    assert_eq!(answer, [Action::End(Hook::PostStart), Action::Clear { until: Some(s(10)) }]);
    assert_eq!(told.words, [Word::PostStartCutShort]);
    assert_eq!(told.at(s(6), POST_START), [], "it does not matter any more");
}

/// kubelet H13: preStop runs for each kind of kill, and never for what ends by itself.
#[test]
fn h13_pre_stop_is_for_those_who_are_stopped() {
    let life = with_pre_stop();
    for event in
        [stop(30), Event::Failed(Kind::Liveness), Event::Failed(Kind::Startup), Event::Restart]
    {
        let probes = Probes { startup: probe(None), ..Probes::default() };
        let life = Life { probes, ..with_pre_stop() };
        let mut told = Told::running(&life);
        assert_eq!(told.at(s(9), event), [Action::Quieten, Action::Run(Hook::PreStop)]);
    }
    let out_of_memory = Event::Exited(Exit { code: 137, out_of_memory: true });
    for event in [exit(0), exit(1), out_of_memory, Event::Lost] {
        let mut told = Told::running(&life);
        let answer = told.at(s(9), event);
        assert_eq!(answer, [Action::Unwatch, Action::Clear { until: Some(s(14)) }]);
    }
}

/// kubelet H15, R11: starting the whole pod over has no time for it, and ends one that runs.
#[test]
fn h15_no_pre_stop_without_grace() {
    let life = with_pre_stop();
    let mut told = Told::running(&life);
    let reset = told.at(s(9), Event::Reset);
    assert_eq!(reset, [Action::Quieten, Action::Send(KillReason::Reset)]);
    assert_eq!(told.when_due(), (s(11), vec![Action::KillAll]));
    let mut told = Told::running(&life);
    told.at(s(9), Event::Failed(Kind::Liveness));
    let ended = [Action::End(Hook::PreStop), Action::Send(KillReason::Probe(Kind::Liveness))];
    assert_eq!(told.at(s(10), Event::Reset), ended);
    assert_eq!(told.when_due(), (s(12), vec![Action::KillAll]));
}

/// kubelet H16, M1, Q8, and the departures from them: an expired preStop is ended, and that is told, with its time; the
/// signal follows at once.
#[test]
fn h16_departure_an_expired_pre_stop_is_ended_and_told() {
    let life = with_pre_stop();
    let mut told = Told::running(&life);
    told.at(s(100), stop(30));
    assert_eq!(told.at(ms(129_999), Event::Due), [], "it is not over yet");
    let ended = [Action::End(Hook::PreStop), Action::Send(KillReason::Stop)];
    assert_eq!(told.when_due(), (s(130), ended.to_vec()));
    assert_eq!(told.words, [Word::PreStopTimedOut(secs(30))]);
    assert_eq!(told.at(s(131), PRE_STOP), [], "what it says now does not matter");
}

/// kubelet H16, the departure: one whose container has ended is ended with it.
#[test]
fn h16_departure_a_pre_stop_whose_container_ended_is_ended() {
    let life = with_pre_stop();
    let mut told = Told::running(&life);
    told.at(s(100), stop(30));
    let ended =
        [Action::End(Hook::PreStop), Action::Unwatch, Action::Clear { until: Some(s(130)) }];
    assert_eq!(told.at(s(101), exit(0)), ended);
}

/// A loop that slept through a deadline acts on it when it wakes, and the signal still has its 2 s.
#[test]
fn h16_a_late_wake() {
    let life = with_pre_stop();
    let mut told = Told::running(&life);
    told.at(s(100), stop(30));
    let ended = [Action::End(Hook::PreStop), Action::Send(KillReason::Stop)];
    assert_eq!(told.at(s(9000), Event::Due), ended);
    assert_eq!(told.when_due(), (s(9002), vec![Action::KillAll]));
}

/// kubelet H17, M13: a failed preStop, even at once, changes nothing.
#[test]
fn h17_a_failed_pre_stop_changes_nothing() {
    let life = with_pre_stop();
    for (told_at, well) in [(s(100), false), (s(103), false), (s(103), true)] {
        let mut told = Told::running(&life);
        told.at(s(100), stop(30));
        let answer = told.at(told_at, Event::HookEnded(Hook::PreStop, well));
        assert_eq!(answer, [Action::Send(KillReason::Stop)]);
        assert_eq!(told.words, if well { vec![] } else { vec![Word::PreStopFailed] });
        assert_eq!(told.container.due(), Some(s(130)));
    }
}

/// kubelet H19, W22, W23 and the departure from W22: the end is told to all probes at its beginning, readiness included.
#[test]
fn h19_w22_departure_no_probe_goes_on_while_it_ends() {
    let probes = Probes { readiness: probe(None), ..Probes::default() };
    let life = Life { probes, ..with_pre_stop() };
    for event in [stop(30), Event::Failed(Kind::Liveness), Event::Restart] {
        let mut told = Told::running(&life);
        told.at(s(1), Event::Ready(true));
        assert!(told.status().ready);
        assert_eq!(told.at(s(9), event)[0], Action::Quieten);
        assert!(!told.status().ready && told.status().started, "{event:?}");
        told.at(s(10), Event::Ready(true));
        assert!(!told.status().ready, "an answer that comes late");
        // kubelet W24
        assert_eq!(told.at(s(10), Event::Started), []);
        assert_eq!(told.at(s(10), Event::Failed(Kind::Liveness)), []);
    }
}

/// kubelet H20: once per kill, whatever is asked for meanwhile.
#[test]
fn h20_pre_stop_runs_once() {
    let life = with_pre_stop();
    let mut told = Told::running(&life);
    told.at(s(100), Event::Failed(Kind::Liveness));
    for event in
        [Event::Restart, Event::Failed(Kind::Startup), Event::Spawned, Event::Turn, stop(30)]
    {
        assert_eq!(told.at(s(101), event), [], "{event:?}");
    }
    let signalled = [Action::Send(KillReason::Probe(Kind::Liveness))];
    assert_eq!(told.at(s(102), PRE_STOP), signalled);
    assert_eq!(told.at(s(103), PRE_STOP), []);
}

/// postStop comes after every instance and all it left behind, whichever way it ended (kubernetes#55807); it has the
/// grace period of the manifest, or what is left of a stop's and 2 s.
#[test]
fn post_stop_runs_after_every_instance() {
    let life = Life { hooks: Hooks { post_stop: true, ..Hooks::default() }, ..plain() };
    let mut told = Told::running(&life);
    assert_eq!(told.ends(s(10), 1), [Action::Run(Hook::PostStop)]);
    assert_eq!(told.container.due(), Some(s(40)));
    assert_eq!(told.at(s(12), Event::HookEnded(Hook::PostStop, false)), [Action::Spawn]);
    assert_eq!(told.words, [Word::PostStopFailed]);
    told.at(s(12), Event::Spawned);
    told.at(s(20), stop(30));
    assert_eq!(told.ends(s(21), 0), [Action::Run(Hook::PostStop)]);
    assert_eq!(told.when_due(), (s(52), vec![Action::End(Hook::PostStop)]));
    assert_eq!(told.words, [Word::PostStopTimedOut(secs(31))]);
    assert!(told.container.is_done());
    // Nothing is left for it.
    let mut told = Told::running(&life);
    told.at(s(20), stop(30));
    assert_eq!(told.ends(s(52), 137), []);
    assert_eq!(told.words, [Word::PostStopTimedOut(Duration::ZERO)]);
    assert!(told.container.is_done());
    // No grace, or one without end.
    for (grace, due) in [(Some(Duration::ZERO), s(12)), (None, s(40))] {
        let life = Life { grace, ..life.clone() };
        let mut told = Told::running(&life);
        assert_eq!(told.ends(s(10), 1), [Action::Run(Hook::PostStop)]);
        assert_eq!(told.container.due(), Some(due), "{grace:?}");
    }
}

/// Hooks answer for one instance: the number of it changes with each.
#[test]
fn instances_are_numbered() {
    let life = with_hooks();
    let mut told = Told::new(&life);
    assert_eq!(told.container.instance(), 0);
    told.at(s(0), Event::Start);
    told.at(s(0), Event::Spawned);
    assert_eq!(told.container.instance(), 1);
    told.ends(s(1), 1);
    told.at(s(1), Event::HookEnded(Hook::PostStop, true));
    assert_eq!(told.container.instance(), 1, "until there is another");
    told.at(s(2), Event::Spawned);
    assert_eq!(told.container.instance(), 2);
}
