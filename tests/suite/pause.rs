//! The pause container's program (`init P1`–`P7`). No distribution packages it, so only ours is driven.

use crate::common::*;
use libc::{SIGALRM, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGSTOP, SIGTERM, SIGUSR1, SIGUSR2};
use std::time::Duration;

fn pause() -> Subject {
    Subject::ours("pause")
}

/// Starts it and waits until it takes TERM.
#[track_caller]
fn pausing(run: Run) -> Running {
    let running = run.spawn();
    running.until("it takes signals", || takes(running.pid(), SIGTERM).then_some(()));
    running
}

// init P1
#[test]
fn p1_v_in_any_case_and_place_prints_the_version() {
    for args in [&["-v"][..], &["-V"], &["a", "-v"], &["-x", "--", "-V", "b"]] {
        let finished = Run::of(&pause()).pid1().args(args).finish().exits(0);
        let version = finished.stdout.strip_prefix("pause.c ").expect("pause.c VERSION");
        assert!(!version.trim().is_empty() && finished.stderr.is_empty(), "{finished:?}");
    }
}

// init P1
#[test]
fn p1_other_arguments_are_ignored() {
    for args in [&["--help"][..], &["--", "/bin/echo", "started"], &["-vv", "--version"], &[""]] {
        let finished = pausing(Run::of(&pause()).pid1().args(args)).signal_and_end(SIGTERM);
        assert_eq!(finished.stdout, "", "{args:?}");
    }
}

// init P2
#[test]
fn p2_elsewhere_it_warns_in_one_line_and_works() {
    let running = pausing(Run::of(&pause()));
    running.until("it warns", || running.stderr().ends_with('\n').then_some(()));
    assert_eq!((running.stderr().lines().count(), running.stdout().as_str()), (1, ""));
    assert_eq!(running.signal_and_end(SIGTERM).stderr.lines().count(), 2);
}

// init P3
#[test]
fn p3_int_and_term_end_it_with_0_and_their_name() {
    for (signal, names) in [(SIGINT, ["Interrupt", "INT"]), (SIGTERM, ["Terminated", "TERM"])] {
        let finished = pausing(Run::of(&pause()).pid1()).signal_and_end(signal);
        assert_eq!(
            (finished.stderr.lines().count(), finished.stdout.as_str()),
            (1, ""),
            "{finished:?}"
        );
        assert!(names.iter().any(|name| finished.stderr.contains(name)), "{finished:?}");
    }
}

// init P4
#[test]
fn p4_whatever_is_reparented_to_it_is_reaped() {
    let (dir, running) = (TempDir::new(), pausing(Run::of(&pause()).pid1()));
    for name in ["first", "second"] {
        let orphan = running.adopts_a_daemon(&dir.file(name));
        // Stopping it is not its end.
        send(orphan, SIGSTOP);
        running.until("the orphan stops", || (state(orphan) == Some('T')).then_some(()));
        assert_eq!(children(running.pid()), [orphan]);
        send(orphan, SIGCONT);
        send(orphan, SIGKILL);
        running.until("it is reaped", || children(running.pid()).is_empty().then_some(()));
    }
    running.signal_and_end(SIGTERM);
}

// init P5
#[test]
fn p5_other_signals_are_not_handled() {
    let running = pausing(Run::of(&pause()).pid1());
    for signal in all_signals().filter(|s| ![SIGINT, SIGTERM, SIGKILL, SIGSTOP].contains(s)) {
        running.signal(signal);
    }
    running.signal_and_end(SIGTERM);
    for signal in [SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, 34] {
        let mut elsewhere = pausing(Run::of(&pause()));
        elsewhere.signal(signal);
        assert_eq!(elsewhere.wait().signal, Some(signal));
    }
}

// init P5
#[test]
fn p5_it_starts_nothing_opens_little_and_never_wakes() {
    let running = pausing(Run::of(&pause()).pid1());
    let pid = running.pid();
    running.until("it sleeps", || (state(pid) == Some('S')).then_some(()));
    let before = sleeps(pid);
    assert!(
        poll_until(Duration::from_millis(1500), || (sleeps(pid) != before).then_some(())).is_none()
    );
    assert!(children(pid).is_empty());
    // One of its own at most, for the signals.
    assert!(descriptors(pid).len() <= 4, "{:?}", descriptors(pid));
}

// init P7, U12
#[test]
fn p7_any_user_a_read_only_root_and_nothing_else() {
    let image = TempDir::new();
    image.write("pause", 0o755, std::fs::read(pause().path()).unwrap());
    let user = unused_user();
    let nothing = Run::program("/pause")
        .root(image.path())
        .pid1()
        .user(user, user, &[])
        .no_new_privs()
        .no_env();
    pausing(nothing).signal_and_end(SIGTERM);
    pausing(Run::of(&pause()).read_only().no_proc().user(user, user, &[])).signal_and_end(SIGINT);
    let closed =
        Run::of(&pause()).pid1().stdin(Stdio::Closed).stdout(Stdio::Closed).stderr(Stdio::Closed);
    pausing(closed).signal_and_end(SIGTERM);
}

// init P6
#[test]
fn p6_the_code_says_whose_handler_cannot_be_installed() {
    for (signal, code) in [(SIGINT, 1), (SIGTERM, 2), (libc::SIGCHLD, 3)] {
        let call = libc::SYS_rt_sigaction.to_string();
        let via = [witness(), "refuse", &call, &signal.to_string(), "exec"];
        Run::of(&pause()).via(via).finish().exits(code);
    }
}
