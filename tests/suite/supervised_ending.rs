//! How an instance, and with it a podinit that supervises, comes to its end (design 3.4 to 3.6).

use crate::common::*;
use libc::{SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGUSR1};

/// Supervised, with nothing beside the program.
fn container() -> Run {
    own().pid1().args(["--restart", "never"])
}

#[test]
fn the_exit_code_is_the_programs() {
    for (end, code) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("exit 77", 0)] {
        container().args(["--remap-exit", "77"]).script(end).finish().exits(code).silently();
    }
}

#[test]
fn a_failed_exec_ends_with_its_code_and_says_why() {
    let missing = container().args(["--", "/no/such/program"]).finish().exits(127);
    assert_eq!(missing.stderr, "podinit: /no/such/program: No such file or directory\n");
    container().args(["--", "/etc/passwd"]).finish().exits(126);
    let run = container().args(["--chdir", "/no/such/directory", "--", "/bin/true"]);
    let finished = run.finish().exits(125);
    assert!(finished.stderr.contains("/no/such/directory"), "{finished:?}");
}

#[test]
fn a_stop_signal_is_sent_as_it_came_and_the_grace_period_ends_in_sigkill() {
    let dir = TempDir::new();
    let (mut running, recording) = recorded(container().args(["--grace-period", "300ms"]), &dir);
    running.signal(SIGINT);
    recording.receives(&running, SIGINT);
    let finished = running.wait().exits(137);
    assert_eq!(recording.signals(), [SIGINT]);
    let line = finished.stderr.trim_end();
    assert!(line.contains("podinit: terminated: INT→exit "), "{line:?}");
    assert!(line.ends_with(" of 0.3s, SIGKILL was needed, exit 137"), "{line:?}");
}

#[test]
fn the_stop_signal_is_sent_in_place_of_the_one_that_came() {
    let dir = TempDir::new();
    let run = container().args(["--stop-signal", "USR1"]);
    let mut running = run.witness(["record", &dir.file("signals"), "until", "10", "5"]).spawn();
    let recording = Recording::of(&running, &dir, "signals");
    running.signal(SIGTERM);
    running.wait().exits(5).silently();
    assert_eq!(recording.signals(), [SIGUSR1]);
}

#[test]
fn further_signals_are_forwarded_while_it_ends() {
    let dir = TempDir::new();
    let (running, recording) = recorded(container(), &dir);
    for signal in [SIGHUP, SIGTERM, SIGUSR1, SIGINT] {
        running.signal(signal);
        recording.receives(&running, signal);
    }
}

/// With hooks the closing line is always written.
#[test]
fn prestop_stands_in_the_closing_line() {
    let dir = TempDir::new();
    let run = container().args(["--pre-stop", "exec:true", "--grace-period", "90s"]);
    let mut running = run.witness(["record", &dir.file("signals"), "until", "15", "0"]).spawn();
    Recording::of(&running, &dir, "signals");
    running.signal(SIGTERM);
    let finished = running.wait().exits(0);
    let line = finished.stderr.trim_end();
    assert!(line.contains("podinit: terminated: preStop "), "{line:?}");
    assert!(line.contains("s, TERM→exit ") && line.ends_with("s of 90s, exit 0"), "{line:?}");
    assert_eq!(finished.stderr.lines().count(), 1);
}

/// It is podinit that has failed, and nothing has been started that the restart policy could be about.
#[test]
fn a_first_start_without_a_process_is_a_failure_of_podinits() {
    let path = Subject::podinit().path().display().to_string();
    let text = format!("ulimit -Sn 4; ulimit -Hn 5; exec {path} --restart always -- true");
    let finished = Run::program("/bin/sh").args(["-c", &text]).finish().exits(125);
    assert!(finished.stderr.contains("no process can be made for it"), "{finished:?}");
}

/// strace holds the child up before its exec, as somebody may who stops it there.
#[test]
fn what_does_not_get_to_its_exec_has_the_grace_period_and_no_more() {
    let hold = [
        "/usr/bin/strace",
        "-f",
        "-o/dev/null",
        "-P/usr/bin/true",
        "-einject=execve:delay_enter=90s",
    ];
    let run = own().args(["--restart", "never", "--grace-period", "300ms", "--", "/usr/bin/true"]);
    let running = run.via(hold).spawn();
    // The one that reads the options, and what strace tries, are no such child.
    let executes = format!("{} ", libc::SYS_execve);
    let is_held = |pid: i32| {
        let call = std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
        state(pid) == Some('t') && call.starts_with(&executes)
    };
    let (init, child) = running.until("a child of init is held up", || {
        let init = children(running.pid()).into_iter().find(|pid| !children(*pid).is_empty())?;
        let child = *children(init).first()?;
        is_held(child).then_some((init, child))
    });
    send(init, SIGTERM);
    // That it ends is up to strace.
    running.until("it is killed", || {
        (signal_set(child, "ShdPnd") & bit(SIGKILL) != 0 || !is_alive(child)).then_some(())
    });
}

#[test]
fn a_flood_of_orphans_keeps_no_stop_waiting() {
    let run = container().args(["--pre-stop", "exec:true", "--grace-period", "300ms"]);
    let text = "trap '' TERM; echo here >&2; while :; do (true &) ; done";
    let mut running = run.script(text).spawn();
    running.until("it has begun", || running.stderr().contains("here").then_some(()));
    running.signal(SIGTERM);
    let finished = running.wait().exits(137);
    assert!(finished.stderr.contains("SIGKILL was needed, exit 137"), "{finished:?}");
}
