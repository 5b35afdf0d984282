//! What every init forwards, and to whom: `init U13`–`U21`.

use crate::common::*;
use libc::{
    SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGKILL, SIGPIPE, SIGPROF, SIGPWR, SIGQUIT,
    SIGSTKFLT, SIGSTOP, SIGTERM, SIGURG, SIGUSR1, SIGUSR2, SIGVTALRM, SIGWINCH, SIGXCPU, SIGXFSZ,
};

/// What every init takes and forwards, real-time signals aside.
const FORWARDED: [i32; 18] = [
    SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE, SIGALRM, SIGTERM, SIGSTKFLT, SIGCONT,
    SIGURG, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGWINCH, SIGIO, SIGPWR,
];

/// Both ways an init is used.
fn both_ways(subject: &Subject) -> [Run; 2] {
    [Run::of(subject), Run::of(subject).pid1()]
}

conform! { all;
    // init U13
    fn u13_every_standard_signal_is_forwarded_once(subject) {
        for run in both_ways(subject) {
            let dir = TempDir::new();
            let (running, recording) = recorded(run, &dir);
            for signal in FORWARDED {
                running.signal(signal);
                recording.receives(&running, signal);
            }
            assert_eq!(recording.all_so_far(&running), FORWARDED);
        }
    }

    // init U13
    fn u13_real_time_signals_are_queued_and_forwarded_each(subject) {
        for run in both_ways(subject) {
            let dir = TempDir::new();
            let (running, recording) = recorded(run, &dir);
            let sent: Vec<i32> = (34..64).flat_map(|signal| [signal; 3]).collect();
            sent.iter().for_each(|signal| running.signal(*signal));
            assert_eq!(recording.all_so_far(&running), sent);
        }
    }

    // init U13: of those that wait at once, the kernel hands out the lowest first; init must not turn them round.
    fn u13_signals_that_came_while_init_was_stopped_are_all_forwarded(subject) {
        let dir = TempDir::new();
        let (running, recording) = recorded(Run::of(subject).pid1(), &dir);
        let sent = [SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, 34, 34, 34, 50, 50, 63];
        running.signal(SIGSTOP);
        running.until("init stops", || (state(running.pid()) == Some('T')).then_some(()));
        sent.iter().for_each(|signal| running.signal(*signal));
        running.signal(SIGCONT);
        let mut arrived = recording.all_so_far(&running);
        arrived.retain(|signal| *signal != SIGCONT);
        arrived.sort_unstable();
        assert_eq!(arrived, sent);
    }

    // init U14
    fn u14_the_two_signals_of_libc_leave_pid_1_alive(subject) {
        let dir = TempDir::new();
        let (running, recording) = recorded(Run::of(subject).pid1(), &dir);
        running.signal(32);
        running.signal(33);
        assert_eq!(recording.all_so_far(&running), [0; 0]);
    }

    // init U15, U20
    fn u15_u20_sigchld_is_never_forwarded_and_does_no_harm(subject) {
        for run in both_ways(subject) {
            let dir = TempDir::new();
            let (running, recording) = recorded(run, &dir);
            running.signal(SIGCHLD);
            running.signal(SIGUSR1);
            assert_eq!(recording.all_so_far(&running), [SIGUSR1]);
            running.until("init sleeps again", || (state(running.pid()) == Some('S')).then_some(()));
        }
    }

    // init U15, U20: sent by the program, as `kill 1` in a container.
    fn u15_u20_signals_from_inside_are_forwarded_but_for_sigchld(subject) {
        let dir = TempDir::new();
        let signals = dir.file("signals");
        let steps = ["kill", "1", "17", "1000", "kill", "1", "10", "1", "kill", "1", "40", "5", "record", &signals];
        let running = Run::of(subject).pid1().witness(steps).spawn();
        let recording = Recording::of(&running, &dir, "signals");
        assert_eq!(recording.all_so_far(&running), [SIGUSR1, 40, 40, 40, 40, 40]);
    }

    // init U17
    fn u17_the_target_is_the_child_alone(subject) {
        for run in both_ways(subject) {
            let dir = TempDir::new();
            let (running, family) = Family::start(run.args(subject.child_only()), &dir, "");
            running.signal(SIGUSR1);
            family.main.receives(&running, SIGUSR1);
            assert_eq!(family.reached(), ["main"]);
        }
    }

    // init U17
    fn u17_the_target_is_the_group_without_who_has_left_it(subject) {
        for run in both_ways(subject) {
            let dir = TempDir::new();
            let (running, family) = Family::start(run.args(subject.whole_group()), &dir, "");
            running.signal(SIGUSR1);
            family.main.receives(&running, SIGUSR1);
            assert_eq!(family.reached(), ["main", "group"]);
        }
    }

    // init U18, X5
    fn u18_a_key_press_arrives_exactly_once(subject) {
        let single_child = (subject.name() != "dumb-init").then_some(subject.child_only()); // D9
        for options in [Some(&[][..]), single_child, Some(subject.whole_group())].into_iter().flatten() {
            for run in both_ways(subject) {
                let (dir, terminal) = (TempDir::new(), Terminal::new());
                let (running, recording) = recorded(run.terminal(&terminal).args(options), &dir);
                for (key, signal) in [("\x03", SIGINT), ("\x1c", SIGQUIT)] {
                    terminal.press(key);
                    recording.receives(&running, signal);
                    let so_far = recording.all_so_far(&running);
                    assert_eq!(so_far.iter().filter(|s| **s == signal).count(), 1, "{options:?}: {so_far:?}");
                }
            }
        }
    }

    // init U19
    fn u19_a_target_that_is_gone_is_no_error(subject) {
        let mut running = Run::of(subject).pid1().args(subject.whole_group()).witness(["hold"]).spawn();
        let main = running.main_pid();
        running.until("the program runs", || (status(main, "Name")? == "witness").then_some(()));
        running.signal(SIGSTOP);
        running.until("init stops", || (state(running.pid()) == Some('T')).then_some(()));
        send(main, SIGKILL);
        running.until("the program is gone", || (!is_alive(main)).then_some(()));
        running.signal(SIGTERM);
        running.signal(SIGCONT);
        running.wait().exits(128 + SIGKILL).silently();
    }

    // init U21, U23
    fn u21_u23_a_stopped_program_keeps_init_waiting(subject) {
        for run in both_ways(subject) {
            let dir = TempDir::new();
            let mut running = run.witness(["record", &dir.file("signals"), "until", "15", "6"]).spawn();
            let recording = Recording::of(&running, &dir, "signals");
            let main = running.main_pid();
            send(main, SIGSTOP);
            running.until("the program stops", || (state(main) == Some('T')).then_some(()));
            running.signal(SIGTERM);
            let waits = signal_waits(main, SIGTERM);
            running.until("the signal waits for it", || waits().then_some(()));
            assert_eq!((state(main), recording.signals()), (Some('T'), vec![]));
            running.signal(SIGCONT);
            running.wait().exits(6);
        }
    }
}

fn signal_waits(pid: i32, signal: i32) -> impl Fn() -> bool {
    move || (signal_set(pid, "ShdPnd") | signal_set(pid, "SigPnd")) & bit(signal) != 0
}
