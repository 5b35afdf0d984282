//! How every init ends: `init U28`–`U31`.

use crate::common::*;
use libc::{SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGUSR2, SIGWINCH};

/// The other processes of a namespace, as seen from outside.
#[track_caller]
fn others(running: &Running) -> Vec<i32> {
    let main = running.main_pid();
    let others: Vec<i32> =
        descendants(running.pid()).into_iter().filter(|pid| *pid != main).collect();
    assert!(!others.is_empty());
    others
}

conform! { all;
    // init U28
    fn u28_init_ends_when_the_program_has_ended(subject) {
        let dir = TempDir::new();
        let steps = ["family", dir.path().to_str().unwrap(), "until", "15", "5"];
        // X11: under our own name the others are ended first, and these do not end by TERM.
        let own: &[&str] = if subject.name() == "podinit" { &["--grace-period", "500ms"] } else { &[] };
        let mut running = Run::of(subject).args(own).pid1().witness(steps).spawn();
        for name in ["main", "group", "own-group", "own-session"] {
            Recording::of(&running, &dir, name);
        }
        let others = others(&running);
        running.signal(libc::SIGTERM);
        running.wait().exits(5);
        eventually("the kernel has killed the others", || others.iter().all(|pid| !is_alive(*pid)));
    }

    // init U29
    fn u29_the_exit_code_is_that_of_the_program(subject) {
        for code in [0, 1, 2, 42, 125, 126, 127, 128, 143, 254, 255] {
            let code_text = code.to_string();
            Run::of(subject).pid1().witness(["exit", &code_text]).finish().exits(code).silently();
        }
        Run::of(subject).witness(["exit", "42"]).finish().exits(42);
    }

    // init U29
    fn u29_a_program_killed_by_signal_n_gives_128_and_n(subject) {
        let harmless = [libc::SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGURG, SIGWINCH];
        for signal in (1..=64).filter(|s| !harmless.contains(s)) {
            let finished = Run::of(subject).pid1().witness(["die", &signal.to_string()]).finish();
            assert_eq!(finished.code, Some(128 + signal), "signal {signal}: {finished:?}");
        }
        Run::of(subject).witness(["die", "64"]).finish().exits(192);
    }

    // init U30
    fn u30_the_code_is_the_program_s_among_hundreds_of_ends(subject) {
        for _ in 0..10 {
            let dir = TempDir::new();
            let mut running = Run::of(subject).pid1().witness(["orphans", "400", &dir.file("ready")]).spawn();
            Recording::of(&running, &dir, "ready");
            running.signal(SIGUSR2);
            running.wait().exits(42);
        }
    }

    // init U31
    fn u31_a_program_that_daemonises_ends_the_container(subject) {
        let dir = TempDir::new();
        let mut running = Run::of(subject).pid1().witness(["daemon", &dir.file("daemon")]).spawn();
        running.wait().exits(0);
        assert!(!std::fs::read_to_string(dir.file("daemon")).unwrap().is_empty(), "the daemon ran");
    }

    // init U31: and as long as the main child lives, so does a daemon.
    fn u31_a_daemon_lives_as_long_as_the_program(subject) {
        let dir = TempDir::new();
        let script = format!("{} daemon {}; exec {} record {}", witness(), dir.file("daemon"), witness(), dir.file("main"));
        let mut running = Run::of(subject).pid1().args(["--", "/bin/sh", "-c", &format!("{script} until 12 8")]).spawn();
        Recording::of(&running, &dir, "main");
        let daemon = others(&running)[0];
        assert!(children(running.pid()).contains(&daemon) && is_alive(daemon));
        running.signal(SIGUSR2);
        running.wait().exits(8);
        eventually("the daemon is gone", || !is_alive(daemon));
    }
}
