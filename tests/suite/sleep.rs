//! `podinit sleep D`.

use crate::common::*;
use libc::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

/// Before its first instructions a signal would do to it what it does to anybody.
fn asleep(running: &Running) {
    running.until("it sleeps", || (state(running.pid()) == Some('S')).then_some(()));
}

#[test]
fn it_ends_by_itself() {
    for time in ["0", "10ms", "0.01"] {
        own().args(["sleep", time]).finish().exits(0).silently();
        own().pid1().args(["sleep", time]).finish().exits(0).silently();
    }
}

/// As PID 1 too, where the kernel drops a TERM that nobody takes.
#[test]
fn a_stop_signal_ends_it_at_once() {
    for (signal, time) in [(SIGTERM, "1h"), (SIGINT, "infinity"), (SIGHUP, "1h"), (SIGQUIT, "1h")] {
        for run in [own(), own().pid1(), own().blocked([signal])] {
            let mut running = run.args(["sleep", time]).spawn();
            asleep(&running);
            running.signal(signal);
            running.wait().exits(128 + signal).silently();
        }
    }
}

#[test]
fn what_is_ignored_stays_ignored() {
    let mut running = own().ignored([SIGHUP]).args(["sleep", "1h"]).spawn();
    asleep(&running);
    running.signal(SIGHUP);
    running.signal(SIGTERM);
    running.wait().exits(128 + SIGTERM);
}

#[test]
fn it_reaps_as_pid_1() {
    let dir = TempDir::new();
    let running = own().pid1().args(["sleep", "infinity"]).spawn();
    let orphan = running.adopts_a_daemon(&dir.file("daemon"));
    send(orphan, libc::SIGKILL);
    running.until("it is reaped", || state(orphan).is_none().then_some(()));
}

#[test]
fn nonsense_is_refused() {
    for (arguments, expected) in [
        (&["sleep"][..], "it takes one duration (podinit sleep 5s)"),
        (&["sleep", "1 s"], "\"1 s\" is not a duration (try 5s or infinity)"),
        (&["sleep", "1", "2"], "it takes one duration (podinit sleep 5s)"),
        (&["sleep", "-1"], "\"-1\" is not a duration (try 5s or infinity)"),
    ] {
        let finished = own().args(arguments).finish().exits(125);
        assert!(
            finished.stderr.starts_with(&format!("podinit: sleep: {expected}")),
            "{finished:?}"
        );
        assert_eq!(finished.stderr.lines().count(), 1);
    }
}
