//! `podinit wait`.

use crate::common::*;
use libc::{SIGCHLD, SIGINT, SIGPIPE, SIGTERM, SIGUSR1};
use std::fs;
use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

fn wait_for(conditions: &[&str]) -> Run {
    own().arg("wait").args(conditions)
}

/// The lines without their time stamps.
fn lines(finished: &Finished) -> Vec<String> {
    let line =
        |line: &str| line.split_once(" podinit: wait: ").expect("a line of wait").1.to_owned();
    finished.stderr.lines().map(line).collect()
}

fn has(lines: &[String], start: &str) -> bool {
    lines.iter().any(|line| line.starts_with(start))
}

#[test]
fn it_ends_when_all_have_held() {
    let dir = TempDir::new();
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let tcp = format!("tcp://{}", listener.local_addr().unwrap());
    let file = format!("file:{}", dir.file("ready"));
    let mut running = wait_for(&[&tcp, &file]).spawn();
    running.until("it has tried both", || (running.stderr().lines().count() == 2).then_some(()));
    assert!(running.stderr().contains(&format!("{tcp}: holds, after ")), "{}", running.stderr());
    // What has held is not asked again.
    drop(listener);
    dir.write("ready", 0o644, "");
    let finished = running.wait().exits(0);
    let lines = lines(&finished);
    let missing = format!("{file}: {}: no such file or directory", dir.file("ready"));
    assert!(
        lines.contains(&missing) && has(&lines, &format!("{file}: holds, after ")),
        "{lines:?}"
    );
    // One line for each change.
    assert_eq!((lines.len(), finished.stdout.as_str()), (3, ""));
}

#[test]
fn any_and_not() {
    let dir = TempDir::new();
    let (there, missing) = ("file:/".to_owned(), format!("file:{}", dir.file("x")));
    wait_for(&[&missing, &there, "--any"]).finish().exits(0);
    wait_for(&[&missing, "--not"]).finish().exits(0);
    wait_for(&[&missing, &there, "--any", "--not"]).finish().exits(0);
    let finished = wait_for(&[&missing, &there, "--not", "--timeout", "300ms"]).finish().exits(124);
    assert!(has(&lines(&finished), "file:/: still holds after 0.3s: / is there"), "{finished:?}");
}

/// A command that cannot be run has not told that the condition's end has come.
#[test]
fn not_is_not_met_by_what_cannot_be_tried() {
    let run = wait_for(&["exec:no-such-program", "--not", "--timeout", "300ms"]);
    run.finish().exits(124);
}

#[test]
fn the_time_is_over() {
    let run =
        wait_for(&["file:/no/such", "exec:sleep 77", "--timeout", "400ms", "--interval", "50ms"]);
    let finished = run.finish().exits(124);
    let lines = lines(&finished);
    for expected in [
        "file:/no/such: does not hold after 0.4s: /no/such: no such file or directory",
        "exec:sleep 77: does not hold after 0.4s: no attempt has ended",
    ] {
        assert!(has(&lines, expected), "{lines:?}");
    }
    assert_eq!(lines.len(), 3, "{lines:?}");
}

#[test]
fn one_that_hangs_holds_up_no_other() {
    let run = wait_for(&["exec:sleep 77", "file:/", "--any", "--attempt-timeout", "1h"]);
    run.finish().exits(0);
}

/// As PID 1 of an init container too; and nothing that was tried is left.
#[test]
fn a_stop_signal_ends_it_at_once() {
    for signal in [SIGTERM, SIGINT] {
        for run in [own(), own().pid1()] {
            let run = run.args(["wait", "exec:sleep 77", "exec:sleep 78", "file:/no/such"]);
            let mut running = run.args(["--attempt-timeout", "1h"]).spawn();
            let sleeps = running.until("both run", || {
                let below = descendants(running.pid()).into_iter();
                let sleeps = below.filter(|pid| status(*pid, "Name").as_deref() == Some("sleep"));
                Some(sleeps.collect::<Vec<i32>>()).filter(|sleeps| sleeps.len() == 2)
            });
            running.signal(signal);
            let finished = running.wait().exits(128 + signal);
            assert!(finished.stderr.contains(" podinit: wait: stopped by "), "{finished:?}");
            sleeps.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));
        }
    }
}

/// However it ends.
#[test]
fn sigkill_leaves_nothing_behind() {
    let mut running = wait_for(&["exec:sleep 77", "--attempt-timeout", "1h"]).spawn();
    let below = running.until("it runs", || {
        let below = descendants(running.pid());
        let runs = below.iter().any(|pid| status(*pid, "Name").as_deref() == Some("sleep"));
        runs.then_some(below)
    });
    running.signal(libc::SIGKILL);
    running.wait();
    below.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));
}

/// The program is what it would have been without podinit: same PID, signal sets, descriptors, directory, words.
#[test]
fn the_program_takes_its_place() {
    let dir = TempDir::new();
    let file = fs::File::open("/dev/null").unwrap();
    let run = wait_for(&["file:/", "exec:true"]).blocked([SIGUSR1, 33]).inherits(7, file);
    let run = run.ignored([SIGPIPE, SIGCHLD, 34]).cwd("/usr").env("A", "b").pid1();
    let run = run.args(["--", "--"]).argv0("podinit");
    // The second pair of dashes is the program's name: it is not found.
    run.finish().exits(127);
    let file = fs::File::open("/dev/null").unwrap();
    let run = wait_for(&["file:/", "exec:true"]).blocked([SIGUSR1, 33]).inherits(7, file);
    let run = run.ignored([SIGPIPE, SIGCHLD, 34]).cwd("/usr").env("A", "b").pid1();
    run.witness(["report", &dir.file("report"), "exit", "9"]).finish().exits(9);
    let report = Report::read(&dir.file("report")).unwrap();
    assert_eq!(report.number("pid"), 1);
    assert_eq!(
        (report.blocked(), report.ignored()),
        (vec![SIGUSR1, 33], vec![SIGPIPE, SIGCHLD, 34])
    );
    assert_eq!((report.descriptors(), report.cwd().as_str()), (vec![0, 1, 2, 7], "/usr"));
    assert!(report.env().contains(&b"A=b".to_vec()));
}

#[test]
fn what_cannot_become_the_program_is_told() {
    let finished = wait_for(&["file:/", "-q", "--", "no-such-program"]).finish().exits(127);
    assert_eq!(
        finished
            .stderr
            .split_once(" podinit: ")
            .map_or(finished.stderr.as_str(), |(_, rest)| rest)
            .trim_start_matches("podinit: "),
        "no-such-program: not found in PATH\n"
    );
    let finished = wait_for(&["file:/", "-q", "--", "/etc/passwd"]).finish().exits(126);
    assert!(finished.stderr.contains("/etc/passwd: permission denied"), "{finished:?}");
}

#[test]
fn quiet_is_silent() {
    wait_for(&["file:/no/such", "-q", "--timeout", "200ms"]).finish().exits(124).silently();
    wait_for(&["file:/", "--quiet"]).finish().exits(0).silently();
}

/// Orphans come to PID 1, and a wait may be long.
#[test]
fn it_reaps_as_pid_1() {
    let dir = TempDir::new();
    let running =
        wait_for(&["file:/no/such", "exec:sleep 77", "--attempt-timeout", "1h"]).pid1().spawn();
    let orphan = running.adopts_a_daemon(&dir.file("daemon"));
    send(orphan, libc::SIGKILL);
    running.until("it is reaped", || state(orphan).is_none().then_some(()));
}

/// On a terminal one line is written anew, and gone at the end.
#[test]
fn progress_on_a_terminal() {
    let (dir, terminal) = (TempDir::new(), Terminal::new());
    let file = format!("file:{}", dir.file("ready"));
    let mut running = wait_for(&[&file]).env("TERM", "xterm").terminal(&terminal).spawn();
    terminal.shows(&format!("waiting for {file} (0s)"));
    terminal.shows(&format!("waiting for {file} (1s)"));
    dir.write("ready", 0o644, "");
    running.wait().exits(0);
    let shown = terminal.output();
    let last = shown.rsplit("\x1b[K").next().unwrap();
    assert!(
        last.contains(&format!("{file}: holds, after ")) && !last.contains("waiting"),
        "{shown:?}"
    );
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let terminal = Terminal::new();
    let run = wait_for(&["file:/no/such", "--timeout", "300ms"]).env("TERM", "dumb");
    run.terminal(&terminal).finish().exits(124);
    assert!(!terminal.output().contains(['\x1b']), "{:?}", terminal.output());
}

/// Ctrl-C ends it, and what it tries, without a trace.
#[test]
fn ctrl_c_ends_it() {
    let terminal = Terminal::new();
    let mut running =
        wait_for(&["exec:sleep 77", "--attempt-timeout", "1h"]).terminal(&terminal).spawn();
    let below = running
        .until("it runs", || Some(descendants(running.pid())).filter(|below| below.len() == 2));
    terminal.press("\x03");
    running.wait().exits(128 + SIGINT);
    below.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));
}

/// A log that nobody reads holds nothing up.
#[test]
fn a_full_pipe_on_stderr_does_not_hold_it_up() {
    let (_reader, writer) = pipe();
    let mut filler = fs::File::from(writer.try_clone().unwrap());
    // SAFETY: integers only.
    unsafe {
        libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&filler), libc::F_SETFL, libc::O_NONBLOCK)
    };
    while std::io::Write::write(&mut filler, &[b'x'; 4096]).is_ok() {}
    // SAFETY: integers only.
    unsafe { libc::fcntl(std::os::fd::AsRawFd::as_raw_fd(&filler), libc::F_SETFL, 0) };
    let mut running =
        wait_for(&["file:/no/such", "--timeout", "300ms"]).stderr(Stdio::Fd(writer)).spawn();
    running.wait_for(Duration::from_secs(20)).expect("it ends").exits(124);
}

#[test]
fn a_command_line_that_is_wrong_is_told_where() {
    for (arguments, expected) in [
        (&["wait"][..], "the following required arguments were not provided: <CONDITION>..."),
        (
            &["wait", "--", "true"],
            "the following required arguments were not provided: <CONDITION>...",
        ),
        (&["wait", "file:a", "x"], "CONDITION: \"x\": not an action (try http://"),
        (&["wait", "sleep:5s"], "CONDITION: \"sleep:5s\": sleep: is for hooks"),
        (
            &["wait", "file:a", "--timeout", "soon"],
            "--timeout: \"soon\" is not a duration (try 10s)",
        ),
        (&["wait", "file:a", "--timeout", "0"], "--timeout: \"0\" leaves no time at all"),
        (&["wait", "file:a", "--interval", "0"], "--interval: \"0\" leaves no time at all"),
        (&["wait", "file:a", "--header", "a: b"], "--header: is for http:// and https:// only"),
    ] {
        let finished = own().args(arguments).finish().exits(125);
        assert!(finished.stderr.starts_with(&format!("podinit: wait: {expected}")), "{finished:?}");
        assert_eq!(finished.stderr.lines().count(), 1);
    }
}
