//! What is reported: state, ready, started, the count, the ends.

use super::*;

/// kubelet W13, W25, W26, W28: which probes there are, whether the program speaks for itself, what was said; started, ready.
#[test]
fn w25_w26_started_and_ready() {
    type Row = (bool, bool, bool, &'static [Event], bool, bool);
    const STARTED: Event = Event::Started;
    const READY: Event = Event::Ready(true);
    const UNREADY: Event = Event::Ready(false);
    // Startup probe, readiness probe, notifies.
    let rows: [Row; 16] = [
        (false, false, false, &[], true, true),
        (true, false, false, &[], false, false),
        (true, false, false, &[STARTED], true, true),
        (true, false, false, &[STARTED, STARTED], true, true),
        (false, true, false, &[], true, false),
        (false, true, false, &[READY], true, true),
        (false, true, false, &[READY, UNREADY], true, false),
        (false, true, false, &[READY, UNREADY, READY], true, true),
        (true, true, false, &[], false, false),
        (true, true, false, &[STARTED], true, false),
        (true, true, false, &[READY], false, false),
        (true, true, false, &[READY, STARTED], true, true),
        (false, false, true, &[], false, false),
        (false, false, true, &[STARTED], true, false),
        (false, false, true, &[STARTED, READY], true, true),
        (false, false, true, &[READY], false, false),
    ];
    for row in rows {
        let (startup, readiness, notifies, events, started, ready) = row;
        for role in [Role::Regular, Role::Sidecar] {
            let some = |there: bool| if there { probe(None) } else { None };
            let probes =
                Probes { startup: some(startup), liveness: None, readiness: some(readiness) };
            let life = Life { role, probes, notifies, ..plain() };
            let mut told = Told::running(&life);
            for event in events {
                told.at(s(1), *event);
            }
            let status = told.status();
            assert_eq!((status.started, status.ready), (started, ready), "{row:?}");
            // kubelet I2: a sidecar lets the next one start when it has started.
            assert_eq!(told.container.is_initialized(), started, "{row:?}");
            // All of it is for one instance (kubelet W15, W25).
            told.at(s(2), exit(1));
            let status = told.status();
            assert_eq!((status.started, status.ready), (false, false), "{row:?}");
            told.at(s(2), Event::Cleared);
            let answer = told.at(s(2), Event::Spawned);
            let fresh = !startup && !notifies;
            assert_eq!(answer, [Action::Watch { since: s(2), started: fresh }], "{row:?}");
            assert_eq!(told.status().ready, fresh && !readiness, "{row:?}");
        }
    }
}

/// Probes are told of a start once, whoever says it.
#[test]
fn a_start_is_passed_on_once() {
    let life = Life { notifies: true, ..plain() };
    let mut told = Told::running(&life);
    assert_eq!(told.at(s(1), Event::Started), [Action::Started]);
    assert_eq!(told.at(s(1), Event::Started), []);
    // Before postStart is over, when nobody probes yet.
    let life = Life { notifies: true, ..with_hooks() };
    let mut told = Told::running(&life);
    assert_eq!(told.at(s(1), Event::Started), []);
    told.at(s(1), Event::Ready(true));
    assert!(!told.status().started, "nothing is reported yet (kubelet H7)");
    let watched = told.at(s(5), Event::HookEnded(Hook::PostStart, true));
    assert_eq!(watched, [Action::Watch { since: s(0), started: true }]);
    assert!(told.status().ready);
}

/// kubelet W27
#[test]
fn w27_an_init_container_is_ready_when_it_has_succeeded() {
    let life = Life { role: Role::Init, ..under(Policy::Never) };
    for (code, out_of_memory, ready) in [(0, false, true), (1, false, false), (0, true, false)] {
        let mut told = Told::running(&life);
        assert!(!told.status().ready && !told.status().started);
        told.at(s(1), Event::Exited(Exit { code, out_of_memory }));
        told.at(s(1), Event::Cleared);
        assert_eq!(told.status().ready, ready, "{code} {out_of_memory}");
        assert_eq!(told.container.is_initialized(), ready);
        assert!(!told.status().started);
    }
}

/// kubelet R24, R25, R27, S5: the state and the state before it through a life.
#[test]
fn r24_r25_r27_states_and_last_states() {
    let life = plain();
    let mut told = Told::new(&life);
    let seen = |told: &Told| {
        let status = told.status();
        let state = match status.state {
            status::State::Waiting(why) => why.reason().to_owned(),
            status::State::Running { .. } => "running".to_owned(),
            status::State::Terminated(end) => format!("exit {}", end.exit_code),
        };
        (state, status.last.map(|end| end.exit_code), status.restart_count)
    };
    let table: [(u64, Event, &str, Option<i32>, u32); 13] = [
        (0, Event::Start, "ContainerCreating", None, 0),
        (0, Event::Spawned, "running", None, 0),
        // A restart is due and no error is recorded: it keeps showing terminated.
        (1, exit(3), "exit 3", None, 0),
        (2, Event::Cleared, "exit 3", None, 0),
        (2, Event::Spawned, "running", Some(3), 1),
        (3, exit(4), "exit 4", Some(3), 1),
        (3, Event::Cleared, "CrashLoopBackOff", Some(4), 1),
        (13, Event::Due, "CrashLoopBackOff", Some(4), 1),
        // The record is cleared by a start that succeeds.
        (13, Event::Spawned, "running", Some(4), 2),
        (14, Event::Lost, "exit 137", Some(4), 2),
        (14, Event::Cleared, "CrashLoopBackOff", Some(137), 2),
        (20, stop(30), "exit 137", Some(4), 2),
        (21, Event::Restart, "exit 137", Some(4), 2),
    ];
    for (at, event, state, last, count) in table {
        told.at(s(at), event);
        assert_eq!(seen(&told), (state.to_owned(), last, count), "{event:?} at {at}");
    }
    assert_eq!(told.container.latest_end(), told.status().latest_end());
}

/// kubelet H7: what runs before its postStart is over is not reported, its number included.
#[test]
fn h07_the_count_goes_up_when_the_instance_is_reported() {
    let life = with_hooks();
    let mut told = Told::running(&life);
    told.at(s(0), Event::HookEnded(Hook::PostStart, true));
    told.ends(s(1), 1);
    told.at(s(1), Event::HookEnded(Hook::PostStop, true));
    told.at(s(1), Event::Spawned);
    assert_eq!(told.status().restart_count, 0);
    assert!(matches!(told.status().state, status::State::Terminated(_)));
    told.at(s(2), Event::HookEnded(Hook::PostStart, true));
    assert_eq!(told.status().restart_count, 1);
}

/// kubelet T24 to T28, R29: how an instance ended, what becomes of it by itself, and after a stop.
#[test]
fn t25_ends() {
    let cases = [
        (Event::Exited(Exit { code: 0, out_of_memory: false }), 0, EndReason::Completed),
        (Event::Exited(Exit { code: 3, out_of_memory: false }), 3, EndReason::Error),
        (Event::Exited(Exit { code: 143, out_of_memory: false }), 143, EndReason::Error),
        (Event::Exited(Exit { code: 137, out_of_memory: true }), 137, EndReason::OomKilled),
        // kubelet T26
        (Event::Exited(Exit { code: 0, out_of_memory: true }), 0, EndReason::OomKilled),
        // kubelet R29
        (Event::Lost, 137, EndReason::ContainerStatusUnknown),
    ];
    let life = plain();
    for (event, exit_code, reason) in cases {
        for stopped in [false, true] {
            let mut told = Told::running(&life);
            if stopped {
                told.at(s(5), stop(30));
            }
            told.at(s(7), event);
            let end = Terminated { exit_code, reason, started: s(0), finished: s(7) };
            assert_eq!(told.container.latest_end(), Some(end), "{event:?}");
        }
    }
}

/// The end can be known before the start: the kernel may tell so.
#[test]
fn an_end_that_is_told_before_the_start() {
    let life = with_hooks();
    let mut told = Told::new(&life);
    told.at(s(0), Event::Start);
    assert_eq!(told.at(s(1), exit(3)), [Action::Clear { until: Some(s(6)) }]);
    assert_eq!(told.words, [Word::Started]);
    assert_eq!(told.at(s(1), Event::Spawned), []);
    let end = Terminated { exit_code: 3, reason: EndReason::Error, started: s(1), finished: s(1) };
    assert_eq!(told.container.latest_end(), Some(end));
    assert_eq!(told.at(s(2), Event::Cleared), [Action::Run(Hook::PostStop)]);
}

/// What holds up other containers, and what a new agent needs to know.
#[test]
fn h07_h11_what_others_wait_for() {
    let life = with_hooks();
    let mut told = Told::new(&life);
    let seen = |told: &Told| {
        let it = &told.container;
        (it.lets_others_start(), it.hook(), it.is_ending(), it.is_idle(), it.is_done())
    };
    let (post_start, pre_stop, post_stop) =
        (Some(Hook::PostStart), Some(Hook::PreStop), Some(Hook::PostStop));
    type Row = (Event, bool, Option<Hook>, bool, bool, bool);
    let table: [Row; 11] = [
        (Event::Due, false, None, false, true, false),
        (Event::Start, false, None, false, false, false),
        // kubelet I3: a start that failed does not hold up the others; that this is another try is for the pod to know.
        (Event::NotSpawned(Waiting::CreateContainerError), true, None, false, false, false),
        (Event::Restart, false, None, false, false, false),
        (Event::Spawned, false, post_start, false, false, false),
        (Event::HookEnded(Hook::PostStart, true), true, None, false, false, false),
        (stop(30), true, pre_stop, true, false, false),
        (Event::HookEnded(Hook::PreStop, true), true, None, true, false, false),
        (exit(0), true, None, false, false, false),
        (Event::Cleared, true, post_stop, false, false, false),
        (Event::HookEnded(Hook::PostStop, true), true, None, false, false, true),
    ];
    for (event, lets, hook, ending, idle, done) in table {
        told.at(s(1), event);
        assert_eq!(seen(&told), (lets, hook, ending, idle, done), "{event:?}");
    }
    // kubelet H7: a start after an end is a start.
    let life = plain();
    let mut told = Told::running(&life);
    told.ends(s(1), 1);
    assert!(!told.container.lets_others_start());
}

/// What the closing line is made of.
#[test]
fn where_the_time_of_an_end_went() {
    let life = with_hooks();
    let post_start = Event::HookEnded(Hook::PostStart, true);
    let pre_stop = Event::HookEnded(Hook::PreStop, true);
    let post_stop = Event::HookEnded(Hook::PostStop, true);
    // When: began, deadline, preStop, signal, SIGKILL, end, cleared, over.
    type Row = (&'static [(u64, Event)], [Option<u64>; 8]);
    const STOP: Event =
        Event::Stop(Stop { grace: Some(Duration::from_secs(30)), ordered: false, asked: true });
    const ZERO: Event =
        Event::Stop(Stop { grace: Some(Duration::ZERO), ordered: false, asked: true });
    const END: Event = Event::Exited(Exit { code: 0, out_of_memory: false });
    const OVER: Event = Event::HookEnded(Hook::PreStop, true);
    let rows: [Row; 6] = [
        (
            &[(100, STOP), (105, OVER), (106, END)],
            [Some(100), Some(130), Some(105), Some(105), None, Some(106), Some(107), Some(109)],
        ),
        // The hook's time is over, and the signal's; nothing is left for postStop.
        (
            &[(100, STOP), (130, Event::Due), (132, Event::Due), (133, END)],
            [
                Some(100),
                Some(130),
                Some(130),
                Some(130),
                Some(132),
                Some(133),
                Some(134),
                Some(134),
            ],
        ),
        // The end comes before its signal, or by itself.
        (
            &[(100, STOP), (105, END)],
            [Some(100), Some(130), Some(105), None, None, Some(105), Some(106), Some(108)],
        ),
        (&[(100, END)], [Some(100), None, None, None, None, Some(100), Some(101), Some(103)]),
        // It is asked for more pressingly.
        (
            &[(100, STOP), (105, STOP), (106, END)],
            [Some(100), Some(130), Some(105), Some(105), None, Some(106), Some(107), Some(109)],
        ),
        (
            &[(100, STOP), (105, ZERO), (106, END)],
            [Some(100), Some(105), Some(105), None, Some(105), Some(106), Some(107), Some(107)],
        ),
    ];
    for (events, expected) in rows {
        let mut told = Told::running(&life);
        told.at(s(0), post_start);
        assert_eq!(told.container.account(), None);
        for (at, event) in events {
            told.at(s(*at), *event);
        }
        let (ended, _) = events.last().expect("an end");
        told.at(s(ended + 1), Event::Cleared);
        told.at(s(ended + 3), post_stop);
        let it = told.container.account().expect("an account");
        let found = [
            Some(it.began),
            it.deadline,
            it.pre_stop,
            it.signalled,
            it.killed,
            it.ended,
            it.cleared,
            it.over,
        ];
        assert_eq!(found, expected.map(|at| at.map(s)), "{events:?}");
    }
    // The next instance has not ended, and what was never there has not either.
    let mut told = Told::running(&life);
    told.at(s(0), post_start);
    told.at(s(10), Event::Restart);
    told.at(s(11), pre_stop);
    told.ends(s(12), 0);
    told.at(s(13), post_stop);
    told.at(s(14), Event::NotSpawned(Waiting::CreateContainerError));
    assert_eq!(told.container.account().and_then(|account| account.over), Some(s(13)));
    assert_eq!(told.when_due().1, [Action::Spawn]);
    told.at(s(24), Event::NotExecuted(127));
    assert_eq!(told.container.account(), None);
}

/// The machine owns no memory that could grow, nor does what it answers.
#[test]
fn it_owns_no_memory() {
    assert!(!std::mem::needs_drop::<Container>());
    assert!(!std::mem::needs_drop::<Answer>());
    assert!(!std::mem::needs_drop::<Event>());
}
