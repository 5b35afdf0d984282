//! How things end under our own name: the grace period, the stop signals, what is left behind (design 3.4–3.6).

use crate::common::*;
use libc::{SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2};

const KILLED: i32 = 128 + SIGKILL;

#[test]
fn the_grace_period_ends_in_sigkill_and_a_line_says_so() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, recording) = recorded(run.args(["--grace-period", "300ms"]), &dir);
        running.signal(SIGINT);
        recording.receives(&running, SIGINT);
        let finished = running.wait().exits(KILLED);
        assert_eq!(recording.signals(), [SIGINT]);
        let line = finished.stderr.trim_end();
        assert!(
            line.contains("podinit: terminated: INT→exit 0.") && line.lines().count() == 1,
            "{line:?}"
        );
        assert!(line.contains(" of 0.3s, SIGKILL was needed, exit 137"), "{line:?}");
    }
}

#[test]
fn a_program_that_stops_in_time_is_not_killed_and_nothing_is_said() {
    let dir = TempDir::new();
    let steps = ["record", &dir.file("signals"), "until", "15", "3"];
    let mut running = own().pid1().args(["--grace-period", "90s"]).witness(steps).spawn();
    Recording::of(&running, &dir, "signals");
    running.signal(SIGTERM);
    running.wait().exits(3).silently();
}

#[test]
fn a_grace_period_of_zero_is_sigkill_and_nothing_before_it() {
    let dir = TempDir::new();
    let (mut running, recording) = recorded(own().pid1().args(["--grace-period=0"]), &dir);
    running.signal(SIGTERM);
    running.wait().exits(KILLED);
    assert_eq!(recording.signals(), [0; 0]);
}

#[test]
fn a_stopped_program_does_not_outlast_the_grace_period() {
    let dir = TempDir::new();
    let (mut running, _) = recorded(own().args(["--grace-period", "200ms"]), &dir);
    send(running.main_pid(), SIGSTOP);
    running.signal(SIGTERM);
    running.wait().exits(KILLED);
}

#[test]
fn the_stop_signal_is_sent_in_place_of_the_one_that_came() {
    for came in [SIGTERM, SIGINT, SIGQUIT, SIGUSR2] {
        let dir = TempDir::new();
        let options = ["--stop-signal", "SIGQUIT", "--stop-on=USR2", "--grace-period", "100ms"];
        let (mut running, recording) = recorded(own().pid1().args(options), &dir);
        running.signal(came);
        running.wait().exits(KILLED);
        assert_eq!(recording.signals(), [SIGQUIT], "{came}");
    }
}

#[test]
fn the_stop_set_is_tested_before_the_rewriting() {
    let dir = TempDir::new();
    let options = ["-r", "TERM:USR1", "--rewrite=HUP:TERM", "--grace-period", "100ms"];
    let (mut running, recording) = recorded(own().pid1().args(options), &dir);
    running.signal(SIGHUP);
    recording.receives(&running, SIGTERM);
    running.signal(SIGTERM);
    running.wait().exits(KILLED);
    assert_eq!(recording.signals(), [SIGTERM, SIGUSR1]);
}

#[test]
fn further_signals_are_forwarded_while_it_ends() {
    let dir = TempDir::new();
    let (running, recording) = recorded(own().pid1().args(["--grace-period", "90s"]), &dir);
    for signal in [SIGTERM, SIGHUP, SIGINT] {
        running.signal(signal);
        recording.receives(&running, signal);
    }
    // All at once, while it is stopped; the lowest number is taken first.
    send(running.pid(), SIGTERM);
    recording.receives(&running, SIGTERM);
    assert!(recording.all_so_far(&running).starts_with(&[SIGTERM, SIGHUP, SIGINT, SIGTERM]));
}

#[test]
fn what_the_program_left_behind_is_told_and_then_killed() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, family) =
            Family::start(run.args(["--grace-period", "300ms"]), &dir, "until 12 3");
        assert!(family.all_alive());
        running.signal(SIGUSR2);
        let finished = running.wait().exits(3);
        assert!(finished.stderr.contains("podinit: ended by itself: leftovers "), "{finished:?}");
        assert!(finished.stderr.contains("SIGKILL was needed, exit 3"), "{finished:?}");
        for (name, recording, pid) in &family.others {
            assert!(!is_alive(*pid), "{name}");
            let expected: &[i32] = if *name == "group" { &[SIGUSR2, SIGTERM] } else { &[SIGTERM] };
            assert_eq!(recording.signals(), expected, "{name}");
        }
    }
}

#[test]
fn what_ends_by_term_holds_nobody_up() {
    let script = "sleep 90 & setsid sleep 90 & (setsid sh -c 'sleep 90; :' &); exit 4";
    for run in [own(), own().pid1()] {
        run.args(["--", "/bin/sh", "-c", script]).finish().exits(4).silently();
    }
}

#[test]
fn with_an_endless_grace_period_a_stop_waits_for_all_and_kills_none() {
    let dir = TempDir::new();
    let (mut running, family) = Family::start(own().pid1(), &dir, "until 15 5");
    running.signal(SIGTERM);
    for (name, recording, pid) in &family.others {
        recording.receives(&running, SIGTERM);
        assert!(is_alive(*pid), "{name}");
    }
    assert!(!running.is_over());
    for (_, _, pid) in &family.others {
        send(*pid, SIGKILL);
    }
    running.wait().exits(5).silently();
}

#[test]
fn orphans_of_leftovers_do_not_escape() {
    // A leftover that answers TERM with one more generation, out of the group and the session.
    let script = "trap 'setsid sh -c \"trap : TERM; while :; do sleep 1; done\" & exit' TERM; while :; do sleep 0.1; done";
    let start = format!("setsid sh -c '{}' & sleep 0.3; exit 6", script.replace('\'', "'\\''"));
    for run in [own(), own().pid1()] {
        let mut running =
            run.args(["--grace-period", "500ms", "--", "/bin/sh", "-c", &start]).spawn();
        let mut seen = Vec::new();
        eventually("it ends", || {
            seen.extend(descendants(running.pid()));
            running.is_over()
        });
        running.wait().exits(6);
        assert!(!seen.is_empty() && seen.iter().all(|pid| !is_alive(*pid)));
    }
}

#[test]
fn without_proc_the_group_is_ended_and_that_is_said_once() {
    let dir = TempDir::new();
    let steps = ["family", dir.path().to_str().unwrap(), "until", "12", "3"];
    let mut running = own().no_proc().args(["--grace-period", "300ms"]).witness(steps).spawn();
    let group = Recording::of(&running, &dir, "group");
    let session = Recording::of(&running, &dir, "own-session");
    running.signal(SIGUSR2);
    let finished = running.wait().exits(3);
    assert_eq!(
        finished.stderr.matches("no /proc of this PID namespace").count(),
        1,
        "{finished:?}"
    );
    assert_eq!((group.signals(), session.signals()), (vec![SIGUSR2, SIGTERM], Vec::<i32>::new()));
}

#[test]
fn a_remapped_code_is_the_final_one() {
    let mut running =
        own().pid1().args(["-e", "143", "--remap-exit", "3"]).witness(["hold"]).spawn();
    running.until("it runs", || (status(running.main_pid(), "Name")? == "witness").then_some(()));
    running.signal(SIGTERM);
    running.wait().exits(0);
    own().args(["-e", "3"]).witness(["exit", "3"]).finish().exits(0);
}

#[test]
fn a_storm_of_signals_delays_nothing() {
    let dir = TempDir::new();
    let (mut running, recording) = recorded(own().pid1().args(["--grace-period", "300ms"]), &dir);
    for round in 0..200 {
        for signal in all_signals().filter(|s| !matches!(*s, SIGKILL | SIGSTOP | SIGTERM | SIGINT))
        {
            running.signal(signal);
        }
        if round == 100 {
            running.signal(SIGTERM);
        }
    }
    running.wait().exits(KILLED);
    assert!(recording.count(SIGTERM) == 1);
}

/// So few descriptors that /proc can be listed but not read: the program at least is ended.
#[test]
fn whatever_the_descriptor_limit_the_program_is_killed() {
    for limit in 3..8 {
        for run in [own(), own().pid1()] {
            let run = run.limit(libc::RLIMIT_NOFILE, limit, limit).args(["--grace-period", "0"]);
            let mut running = run.witness(["hold"]).spawn();
            let main = running.main_pid();
            running.until("it runs", || (status(main, "Name")? == "witness").then_some(()));
            running.signal(SIGTERM);
            running.wait().exits(KILLED);
            assert!(!is_alive(main), "limit {limit}");
        }
    }
}

#[test]
fn leftovers_are_told_once() {
    // Each answers TERM by going on, and its parent left it without a group or a session in common.
    let dir = TempDir::new();
    let one = format!(
        "trap 'echo x >> {}/told.$1' TERM; while :; do sleep 0.05; done",
        dir.path().display()
    );
    let script = "for i in 1 2 3 4 5 6 7 8; do setsid sh -c \"$0\" sh $i & done; sleep 1; exit 5";
    let mut running =
        own().args(["--grace-period", "700ms", "--", "/bin/sh", "-c", script, &one]).spawn();
    running.wait().exits(5);
    for i in 1..=8 {
        let told = std::fs::read_to_string(dir.file(&format!("told.{i}"))).unwrap();
        assert_eq!(told, "x\n", "{i}");
    }
}

/// A child that is stopped before it has become the program holds up neither init nor the deadline.
#[test]
fn a_child_stopped_at_birth_delays_nothing() {
    for run in [own(), own().pid1()] {
        // So many places to look for the program in that there is time to stop the child.
        let path = (0..400).map(|n| format!("/nowhere/{n}")).collect::<Vec<_>>().join(":");
        let run = run.no_env().env("PATH", path + ":/bin:/usr/bin");
        let mut running = run.args(["--grace-period", "300ms", "--", "sleep", "90"]).spawn();
        let child = running.main_pid();
        send(child, SIGSTOP);
        running.until("the child is stopped", || (state(child) == Some('T')).then_some(()));
        running.signal(SIGTERM);
        running.wait().exits(KILLED);
    }
}

/// Where no descriptor is left to look into /proc with, podinit raises its own limit.
#[test]
fn whatever_the_descriptor_limit_leftovers_are_told() {
    for limit in 3..7 {
        for run in [own(), own().pid1()] {
            let script = "setsid sleep 90 & trap 'exit 4' USR1; while :; do sleep 0.05; done";
            let mut running = run.args(["--", "/bin/sh", "-c", script]).spawn();
            let program = running.main_pid();
            let trapped =
                || (signal_set(program, "SigCgt") & bit(libc::SIGUSR1) != 0).then_some(());
            running.until("it has its trap", trapped);
            let limits = libc::rlimit { rlim_cur: limit, rlim_max: 1024 };
            let init = running.pid();
            // SAFETY: limits that live through the call.
            let set =
                unsafe { libc::prlimit(init, libc::RLIMIT_NOFILE, &limits, std::ptr::null_mut()) };
            assert_eq!(set, 0);
            send(program, libc::SIGUSR1);
            running.wait().exits(4).silently();
        }
    }
}

/// init U13, U14: what is blocked for ever would fill the queue of real-time signals.
#[test]
fn libc_s_own_signals_keep_no_place_in_the_queue() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let user = unused_user();
        let run = run.limit(libc::RLIMIT_SIGPENDING, 100, 100).user(user, user, &[]);
        let (running, recording) = recorded(run, &dir);
        for _ in 0..300 {
            running.signal(33);
        }
        running
            .until("they are dropped", || (signal_set(running.pid(), "ShdPnd") == 0).then_some(()));
        for _ in 0..50 {
            running.signal(40);
        }
        running.until("all arrive", || (recording.count(40) == 50).then_some(()));
        assert_eq!(recording.count(33), 0);
    }
}

/// CONT and a stop signal undo each other, whenever they come: the deadline holds all the same.
#[test]
fn signals_that_undo_each_other_do_not_hide_the_deadline() {
    let script =
        "trap : TERM; (while :; do kill -CONT 1; kill -STOP 1; done) & while :; do sleep 0.1; done";
    let args = ["--grace-period", "1s", "--", "/bin/bash", "-c", script];
    let mut running = own().pid1().args(args).spawn();
    let program = running.main_pid();
    running.until("it has its trap", || {
        (signal_set(program, "SigCgt") & bit(SIGTERM) != 0).then_some(())
    });
    running.signal(SIGTERM);
    running.wait().exits(KILLED);
}

/// The line of groups in /proc/self/status may be longer than any buffer.
#[test]
fn leftovers_are_told_by_a_member_of_many_groups() {
    let groups: Vec<u32> = (4_000_000_000..4_000_000_600).collect();
    let run = own().user(0, 0, &groups).args([
        "--",
        "/bin/sh",
        "-c",
        "setsid sleep 90 & sleep 0.2; exit 4",
    ]);
    run.finish().exits(4).silently();
}
