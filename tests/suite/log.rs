//! What podinit says on standard error, and that saying it never costs more than the line.

use crate::common::*;
use libc::{SIGTERM, SIGUSR1};
use std::io::Read;
use std::os::fd::AsRawFd;

#[test]
fn the_closing_line_says_where_the_time_went() {
    let dir = TempDir::new();
    let steps = ["record", &dir.file("s"), "until", "15", "0"];
    let mut running = own().pid1().args(["-v", "--grace-period", "30s"]).witness(steps).spawn();
    Recording::of(&running, &dir, "s");
    running.signal(SIGTERM);
    let finished = running.wait().exits(0);
    let last = finished.stderr.lines().last().unwrap();
    let (time, line) = last.split_once(" podinit: ").unwrap();
    assert!(time.len() == 24 && time.ends_with('Z'), "{last}");
    assert!(
        line.starts_with("terminated: TERM→exit ") && line.ends_with("s of 30s, exit 0"),
        "{last}"
    );
}

#[test]
fn json_lines_are_objects_with_time_level_and_event() {
    let mut running = own().pid1().args(["-vv", "--log-format", "json"]).witness(["hold"]).spawn();
    running.until("it runs", || (status(running.main_pid(), "Name")? == "witness").then_some(()));
    running.signal(SIGTERM);
    let finished = running.wait().exits(128 + SIGTERM);
    let lines: Vec<serde_json::Value> =
        finished.stderr.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["started", "forwarded", "ended", "reaped", "terminated"]);
    for line in &lines {
        assert!(
            line["ts"].as_str().unwrap().ends_with('Z')
                && line["level"].is_string()
                && line["msg"].is_string()
        );
    }
    assert_eq!((&lines[1]["signal"], &lines[4]["exit"]), (&"TERM".into(), &143.into()));
    let failed =
        own().args(["--log-format=json", "--", "no \"such\"\nprogram"]).finish().exits(127);
    let line: serde_json::Value = serde_json::from_str(&failed.stderr).unwrap();
    assert_eq!((&line["level"], &line["event"]), (&"error".into(), &"not-started".into()));
}

/// Fills a pipe to the last byte.
fn fill(pipe: &impl AsRawFd) {
    // SAFETY: descriptor flags, and bytes that live through the call.
    unsafe {
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK);
        while libc::write(pipe.as_raw_fd(), [b'x'; 4096].as_ptr().cast(), 4096) > 0 {}
        while libc::write(pipe.as_raw_fd(), b"x".as_ptr().cast(), 1) > 0 {}
        libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, 0);
    }
}

/// A full pipe keeps dumb-init -v from forwarding; here it costs the lines, and they are counted.
#[test]
fn a_full_stderr_delays_no_signal_and_the_loss_is_told() {
    for run in [own(), own().pid1()] {
        let (mut reader, writer) = pipe();
        fill(&writer);
        let dir = TempDir::new();
        let steps = ["record", &dir.file("s"), "until", "15", "9"];
        let mut running = run.arg("-vv").stderr(Stdio::Fd(writer)).witness(steps).spawn();
        let recording = Recording::of(&running, &dir, "s");
        for _ in 0..3 {
            let before = recording.count(SIGUSR1);
            running.signal(SIGUSR1);
            running.until("it arrives", || (recording.count(SIGUSR1) > before).then_some(()));
        }
        let mut drained = vec![0; 1 << 20];
        assert!(reader.read(&mut drained).unwrap() > 0);
        running.signal(SIGTERM);
        running.wait().exits(9);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        assert!(rest.contains("podinit: 4 lines lost: standard error was full\n"), "{rest:?}");
        assert!(rest.contains("sent TERM to group"), "{rest:?}");
    }
}

#[test]
fn a_closed_broken_or_full_stderr_kills_nobody() {
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for pid1 in [false, true] {
        let stderrs = [Stdio::Closed, Stdio::Fd(pipe_without_reader()), Stdio::Fd(full().into())];
        for stderr in stderrs {
            let run = if pid1 { own().pid1() } else { own() };
            let dir = TempDir::new();
            let steps = ["record", &dir.file("s"), "until", "15", "9"];
            let mut running = run.arg("-vv").stderr(stderr).witness(steps).spawn();
            let recording = Recording::of(&running, &dir, "s");
            recording.hears_only_what_is_sent(&mut running);
        }
    }
}

/// A terminal nobody reads takes a part of a line and then nothing: that is podinit's loss alone.
#[test]
fn a_terminal_nobody_reads_delays_no_signal() {
    for run in [own(), own().pid1()] {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let steps = ["record", &dir.file("s"), "until", "15", "9"];
        let run = run.arg("-vv").stderr(Stdio::Fd(terminal.open_slave()));
        let mut running = run.witness(steps).spawn();
        let recording = Recording::of(&running, &dir, "s");
        for _ in 0..1000 {
            let before = recording.count(SIGUSR1);
            running.signal(SIGUSR1);
            running.until("it arrives", || (recording.count(SIGUSR1) > before).then_some(()));
        }
        running.signal(SIGTERM);
        running.wait().exits(9);
    }
}
