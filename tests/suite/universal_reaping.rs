//! What every init does with the children that end, and when nothing happens: `init U22`–`U27`.

use crate::common::*;
use libc::{SIGCHLD, SIGCONT, SIGSTOP, SIGTERM, SIGUSR1};
use std::time::Duration;

/// Starts the witness's `orphans COUNT`; they all exist when this returns.
#[track_caller]
fn with_orphans(run: Run, count: usize, dir: &TempDir) -> Running {
    let running = run.witness(["orphans", &count.to_string(), &dir.file("ready")]).spawn();
    Recording::of(&running, dir, "ready");
    running
}

fn anonymous_kilobytes(pid: i32) -> u64 {
    status(pid, "RssAnon").unwrap().trim_end_matches(" kB").parse().unwrap()
}

/// This many orphans, ending together.
#[track_caller]
fn orphans_leave_no_zombie_and_no_growth(subject: &Subject, count: usize) {
    let dir = TempDir::new();
    let mut running = with_orphans(Run::of(subject).pid1(), count, &dir);
    assert_eq!(children(running.pid()).len(), count + 1);
    let before = anonymous_kilobytes(running.pid());
    running.signal(SIGUSR1);
    running.until("all orphans are reaped", || {
        (children(running.pid()) == [running.main_pid()]).then_some(())
    });
    let after = anonymous_kilobytes(running.pid());
    assert!(after <= before + 64, "grew from {before} to {after} KiB");
    running.signal(SIGTERM);
    running.wait().exits(0).silently();
}

// init U22. One init alone: a small machine has room for so many processes only once.
#[test]
fn u22_twenty_thousand_orphans_leave_no_zombie_and_no_growth() {
    orphans_leave_no_zombie_and_no_growth(&Subject::podinit(), 20_000);
}

conform! { all;
    // init U22
    fn u22_thousands_of_orphans_leave_no_zombie_and_no_growth(subject) {
        orphans_leave_no_zombie_and_no_growth(subject, 2_000);
    }

    // init U22: a SIGCHLD for many.
    fn u22_all_that_ended_while_init_was_stopped_are_reaped(subject) {
        let dir = TempDir::new();
        let running = with_orphans(Run::of(subject).pid1(), 200, &dir);
        let main = running.main_pid();
        running.signal(SIGSTOP);
        running.until("init stops", || (state(running.pid()) == Some('T')).then_some(()));
        send(main, SIGUSR1);
        running.until("200 zombies", || {
            (children(running.pid()).iter().filter(|pid| state(**pid) == Some('Z')).count() == 200).then_some(())
        });
        running.signal(SIGCONT);
        running.until("all are reaped", || (children(running.pid()) == [main]).then_some(()));
    }

    // init U23
    fn u23_a_stopped_or_continued_orphan_is_not_reaped(subject) {
        let dir = TempDir::new();
        let mut running = with_orphans(Run::of(subject).pid1(), 1, &dir);
        let (main, orphan) = (running.main_pid(), *children(running.pid()).last().unwrap());
        assert_ne!(main, orphan);
        for (signal, expected) in [(SIGSTOP, 'T'), (SIGCONT, 'S')] {
            send(orphan, signal);
            running.until("the orphan follows", || (state(orphan) == Some(expected)).then_some(()));
            running.until("init sleeps", || (state(running.pid()) == Some('S')).then_some(()));
            assert_eq!(children(running.pid()), [main, orphan]);
        }
        running.signal(SIGTERM);
        running.wait().exits(0);
    }

    // init U24, K5, D18
    fn u24_sigchld_may_be_inherited_ignored_or_blocked(subject) {
        let hangs = subject.is_real("tini") || subject.is_real("catatonit"); // init K5
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let dir = TempDir::new();
            let run = if hangs { run } else { run.ignored([SIGCHLD]) };
            let steps = ["report", &dir.file("r"), "exit", "7"];
            run.blocked([SIGCHLD]).witness(steps).finish().exits(7);
            let kept: &[i32] = if hangs || subject.is_real("dumb-init") { &[] } else { &[SIGCHLD] };
            assert_eq!(Report::read(&dir.file("r")).unwrap().ignored(), kept);
        }
    }

    // init U25
    fn u25_the_codes_of_orphans_are_of_no_consequence(subject) {
        Run::of(subject).pid1().witness(["orphans-now", "50", "exit", "9"]).finish().exits(9).silently();
        Run::of(subject).pid1().witness(["orphans-now", "50", "exit", "0"]).finish().exits(0).silently();
    }

    // init U26, X10
    fn u26_elsewhere_orphans_come_to_a_subreaper_only(subject) {
        let dir = TempDir::new();
        let running = with_orphans(Run::of(subject), 3, &dir);
        let main = running.main_pid();
        if matches!(subject.name(), "podinit" | "catatonit") {
            assert_eq!(children(running.pid()).len(), 4);
            running.signal(SIGUSR1);
            running.until("they are reaped", || (children(running.pid()) == [main]).then_some(()));
        } else {
            assert_eq!(children(running.pid()), [main]);
            running.signal(SIGUSR1);
        }
    }

    // init U27, T23, X19
    fn u27_nothing_to_do_means_nothing_done(subject) {
        let running = Run::of(subject).pid1().witness(["hold"]).spawn();
        let (init, main) = (running.pid(), running.main_pid());
        running.until("the program waits", || {
            (status(main, "Name")? == "witness" && state(main) == Some('S') && state(init) == Some('S')).then_some(())
        });
        let before = sleeps(init);
        let woken = poll_until(Duration::from_millis(2500), || (sleeps(init) != before).then_some(()));
        assert_eq!(woken.is_some(), subject.is_real("tini"), "wake-ups");
    }
}

// init U22: what had ended before the init was executed has told nobody.
#[test]
fn u22_what_was_dead_before_the_start_is_reaped() {
    for name in ["podinit", "tini", "dumb-init", "catatonit"] {
        let via = ["/bin/sh", "-c", "sleep 0 & exec \"$@\"", "sh"];
        let running = Run::of(&Subject::ours(name))
            .env("TINI_SUBREAPER", "")
            .via(via)
            .witness(["hold"])
            .spawn();
        let is_init = || (status(running.pid(), "Name")? == name).then_some(());
        running.until("the shell has become the init", is_init);
        running.until("only the program is left", || {
            let left = children(running.pid());
            (left.len() == 1 && status(left[0], "Name")? == "witness").then_some(())
        });
    }
}
