//! The process that reads options and manifests for podinit.

use crate::common::*;
use libc::{SIGKILL, SIGTERM};
use std::fs::File;
use std::io::Write;

const POD: &str =
    "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: app, env: [{name: A, value: b}]}]}\n";

/// podinit, whose manifest is to come through a pipe, and that pipe.
fn waiting(dir: &TempDir, run: Run) -> (Running, String) {
    let fifo = dir.file("pod.yaml");
    // SAFETY: a string that lives through the call.
    let made = unsafe { libc::mkfifo(std::ffi::CString::new(&*fifo).unwrap().as_ptr(), 0o644) };
    assert_eq!(made, 0);
    let running =
        run.args(["--pod", &fifo]).witness(["report", &dir.file("report"), "hold"]).spawn();
    (running, fifo)
}

fn planner(running: &Running) -> i32 {
    running.until("it is read", || {
        let planner = *children(running.pid()).first()?;
        (state(planner) == Some('S')).then_some(planner)
    })
}

#[track_caller]
fn variable(running: &Running, dir: &TempDir) -> Option<String> {
    Report::of(running, &dir.file("report")).var("A")
}

#[test]
fn a_manifest_may_come_through_a_pipe() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, fifo) = waiting(&dir, run);
        let mut writer = File::options().write(true).open(fifo).unwrap();
        for part in POD.as_bytes().chunks(10) {
            writer.write_all(part).unwrap();
        }
        drop(writer);
        assert_eq!(variable(&running, &dir).as_deref(), Some("b"));
        assert_eq!(children(running.pid()).len(), 1);
        running.signal(SIGTERM);
        running.wait().exits(128 + SIGTERM);
    }
}

/// Whoever writes the manifest may never do so.
#[test]
fn a_stop_request_does_not_wait_for_it() {
    for (args, signal) in [
        (&[][..], SIGTERM),
        (&["--stop-on", "HUP"], libc::SIGHUP),
        (&["--stop-signal", "QUIT"], libc::SIGQUIT),
    ] {
        for run in [own(), own().pid1()] {
            let dir = TempDir::new();
            let (mut running, _) = waiting(&dir, run.args(args));
            let planner = planner(&running);
            running.signal(libc::SIGUSR1);
            running.signal(signal);
            running.wait().exits(128 + signal).silently();
            assert!(!is_alive(planner) && Report::read(&dir.file("report")).is_none());
        }
    }
}

#[test]
fn it_may_be_stopped_and_does_not_hold_a_stop_request_up() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, _) = waiting(&dir, run);
        let planner = planner(&running);
        send(planner, libc::SIGSTOP);
        running.until("it is stopped", || (state(planner) == Some('T')).then_some(()));
        running.signal(SIGTERM);
        running.wait().exits(128 + SIGTERM).silently();
        assert!(!is_alive(planner));
    }
}

/// Any other is the program's.
#[test]
fn another_signal_while_it_is_read_is_not_lost() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, fifo) = waiting(&dir, run);
        planner(&running);
        running.signal(libc::SIGHUP);
        std::fs::write(fifo, POD).unwrap();
        running.wait().exits(128 + libc::SIGHUP);
    }
}

#[test]
fn its_death_is_told_and_starts_nothing() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, _) = waiting(&dir, run);
        send(planner(&running), SIGKILL);
        let finished = running.wait().exits(125);
        assert_eq!(
            finished.stderr,
            "podinit: the process that reads the options was killed by KILL\n"
        );
        assert!(Report::read(&dir.file("report")).is_none());
    }
}

/// Who ends podinit ends it too.
#[test]
fn it_does_not_outlive_podinit() {
    let dir = TempDir::new();
    let (mut running, _) = waiting(&dir, own());
    let planner = planner(&running);
    running.signal(SIGKILL);
    running.wait();
    eventually("it is gone", || !is_alive(planner));
}

/// With SIGCHLD ignored there is nobody to ask how it ended.
#[test]
fn it_works_where_children_are_not_waited_for() {
    let dir = TempDir::new();
    let file = dir.write("p.yaml", 0o644, POD);
    let run = || own().ignored([libc::SIGCHLD]);
    run().args(["--pod", &file]).witness(["exit", "6"]).finish().exits(6);
    let finished = run().args(["--pod", "/no/such"]).witness(["exit", "6"]).finish().exits(125);
    assert_eq!(finished.stderr, "podinit: --pod /no/such: No such file or directory\n");
}

/// What expansion makes of a small file is bounded too.
#[test]
fn what_is_too_large_for_any_process_is_refused() {
    let dir = TempDir::new();
    let value = "x".repeat(100_000);
    let many = |text: &str| vec![text; 19].join(", ");
    let variables: String = (0..18).map(|n| format!(", {{name: V{n}, value: $(A)}}")).collect();
    let pod = POD.replace("value: b}", &format!("value: {value}}}{variables}"));
    let words = format!("args: [{}]", many("$(A)"));
    let probe = format!("livenessProbe: {{exec: {{command: [{}]}}}}", many("$(A)"));
    let file = dir.write(
        "p.yaml",
        0o644,
        pod.replace("name: app,", &format!("name: app, {words}, {probe},")),
    );
    let finished = own().args(["--pod", &file, "--", "/bin/true"]).finish().exits(125);
    let (before, after) =
        ("podinit: all that is asked for takes 5", " bytes; 4194304 are the most\n");
    assert!(
        finished.stderr.starts_with(before) && finished.stderr.ends_with(after),
        "{finished:?}"
    );
}

/// More than a pipe holds.
#[test]
fn a_large_command_and_environment_arrive() {
    let dir = TempDir::new();
    let value = "x".repeat(100_000);
    let variables: Vec<String> =
        (0..10).map(|n| format!("{{name: V{n}, value: {value}}}")).collect();
    let pod = POD.replace("{name: A, value: b}", &variables.join(", "));
    let file = dir.write("p.yaml", 0o644, pod);
    let report = reported(own().args(["--pod", &file]));
    for n in 0..10 {
        assert_eq!(report.var(&format!("V{n}")).map(|value| value.len()), Some(100_000));
    }
}
