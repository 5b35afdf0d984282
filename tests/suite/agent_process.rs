//! The process beside podinit that runs hooks and probes.

use crate::common::*;
use libc::{SIGKILL, SIGSTOP, SIGTERM};
use std::time::{Duration, Instant};

const PRE_STOP: [&str; 2] = ["--pre-stop", "exec:true"];

/// As PID 1, with a program that ends at TERM.
fn start(dir: &TempDir) -> Running {
    let steps = ["record", &dir.file("signals"), "until", "15", "0"];
    let running = own().pid1().args(PRE_STOP).witness(steps).spawn();
    Recording::of(&running, dir, "signals");
    running
}

/// It has not executed anything.
fn agent(running: &Running) -> Option<i32> {
    let is_it = |pid: &i32| is_alive(*pid) && status(*pid, "Name") == status(running.pid(), "Name");
    children(running.pid()).into_iter().find(is_it)
}

#[test]
fn another_goes_on_in_the_place_of_one_that_was_killed() {
    let dir = TempDir::new();
    let mut running = start(&dir);
    for _ in 0..4 {
        let before = running.until("there is an agent", || agent(&running));
        send(before, SIGKILL);
        running.until("there is another", || agent(&running).filter(|pid| *pid != before));
    }
    running.signal(SIGTERM);
    let finished = running.wait().exits(0);
    assert!(finished.stderr.contains("terminated: preStop "), "{finished:?}");
    assert!(!finished.stderr.contains("PreStopHook failed"), "{finished:?}");
    assert_eq!(finished.stderr.matches("hooks and probes ended").count(), 4, "{finished:?}");
}

#[test]
fn one_that_is_stopped_is_continued_once_and_then_replaced() {
    let dir = TempDir::new();
    let running = start(&dir);
    let first = running.until("there is an agent", || agent(&running));
    send(first, SIGSTOP);
    running.until("it goes on", || (state(first) == Some('S')).then_some(()));
    send(first, SIGSTOP);
    running.until("there is another", || agent(&running).filter(|pid| *pid != first));
    running.signal_and_end(SIGTERM);
}

#[test]
fn it_is_not_cleared_away_and_does_not_outlive_podinit() {
    let dir = TempDir::new();
    let running = start(&dir);
    let agent = running.until("there is an agent", || agent(&running));
    let finished = running.signal_and_end(SIGTERM);
    assert!(!finished.stderr.contains("ended (") && !is_alive(agent), "{finished:?}");
}

/// As PID 1 and as an ordinary process, which becomes a subreaper; the hook is run where there are few, too.
#[test]
fn where_descriptors_are_few_it_makes_room() {
    for run in [own().pid1(), own()] {
        let dir = TempDir::new();
        let file = dir.file("hooked");
        let hook = format!("exec:touch {file}");
        let text =
            format!("ulimit -Sn; ulimit -Hn; until [ -e {file} ]; do sleep 0.05; done; exit 3");
        let run = run.limit(libc::RLIMIT_NOFILE, 4, 64).args(["--post-start", &hook]);
        let finished = run.script(&text).finish().exits(3);
        let lines: Vec<&str> = finished.stderr.lines().collect();
        assert!(lines.len() == 1 && lines[0].contains("ended by itself"), "{finished:?}");
        // For itself only.
        assert_eq!(finished.stdout, "4\n64\n");
    }
}

#[test]
fn the_program_has_no_descriptor_of_it() {
    let dir = TempDir::new();
    let file = dir.file("report");
    let run = own().pid1().args(PRE_STOP).args(["--readiness", "exec:true"]);
    let running = run.witness(["report", &file, "hold"]).spawn();
    assert_eq!(Report::of(&running, &file).descriptors(), [0, 1, 2]);
}

/// Neither podinit nor its agent.
#[test]
fn nothing_wakes_them_while_nothing_is_due() {
    let dir = TempDir::new();
    let (running, _) = recorded(own().pid1().args(["--post-start", "exec:true"]), &dir);
    let agent = running.until("there is an agent", || agent(&running));
    // Until postStart's answer has come.
    let mut last = ([0; 2], Instant::now());
    running.until("they are quiet for half a second", || {
        let slept = [running.pid(), agent].map(sleeps);
        if slept != last.0 {
            last = (slept, Instant::now());
        }
        (last.1.elapsed() > Duration::from_millis(500)).then_some(())
    });
}

/// An attempt ends with its instance for whoever asked for it, and in a thread only when its time is over.
#[test]
fn attempts_of_past_instances_do_not_gather() {
    let server = Server::start(Connection::hang);
    let url = server.url("/");
    let options = "timeout=1h,period=1h";
    let run = own().args(["--restart", "always", "--restart-delay", "10ms..10ms"]);
    let run = run.args(["--liveness", &url, "--liveness-opts", options]);
    let mut running = run.script("sleep 0.05").spawn();
    running.until("twenty attempts were made", || (server.accepted() >= 20).then_some(()));
    let agent = running.agent().unwrap();
    let tasks = std::fs::read_dir(format!("/proc/{agent}/task")).unwrap().count();
    // Eight, and the agent's own.
    assert!(tasks <= 9 && descriptors(agent).len() < 20, "{tasks} {:?}", descriptors(agent));
    // Nor do the processes that take their place.
    running.until("no more than one is under way", || (children(agent).len() <= 1).then_some(()));
    running.signal(SIGTERM);
    running.wait();
}
