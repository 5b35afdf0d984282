//! The process beside init that runs hooks and probes may be killed or stopped at any moment, and nothing is lost but
//! what it was doing (design 4, 8).

use crate::common::*;
use libc::{SIGCONT, SIGKILL, SIGSTOP, SIGTERM};
use std::fs;

/// A program with a liveness probe and each hook, of which every run is a line in a file.
struct Life {
    dir: TempDir,
    running: Running,
}

impl Life {
    fn start() -> Life {
        let dir = TempDir::new();
        let path = dir.path().to_str().unwrap();
        let shell = |script: &str| format!("exec:/bin/sh -c '{}'", script.replace('@', path));
        let probe = shell("echo >>@/probed; test ! -e @/sick");
        let hooks = [
            ("--post-start", shell("echo >>@/begun; sleep 0.1")),
            ("--pre-stop", shell("echo >>@/stopped; sleep 0.1; rm -f @/sick @/signals")),
            ("--post-stop", shell("echo >>@/ended; sleep 0.1")),
        ];
        let options = ["--restart", "on-failure", "--liveness-opts", "period=20ms,failure=2"];
        let run = own().pid1().args(options).args(["--liveness", &probe]);
        let run = hooks.iter().fold(run, |run, (name, hook)| run.args([*name, hook]));
        let steps = ["record", &dir.file("signals"), "until", "15", "0"];
        let running = run.witness(steps).spawn();
        let life = Life { dir, running };
        life.runs();
        life
    }

    fn runs(&self) {
        Recording::of(&self.running, &self.dir, "signals");
    }

    fn lines(&self, file: &str) -> usize {
        lines(&self.dir.file(file))
    }

    /// There is one more line than now.
    #[track_caller]
    fn goes_on(&self, file: &str) {
        let before = self.lines(file);
        self.running.until(&format!("there is more in {file}"), || {
            (self.lines(file) > before).then_some(())
        });
    }

    /// There is a line.
    #[track_caller]
    fn has(&self, file: &str) {
        self.running
            .until(&format!("there is a line in {file}"), || (self.lines(file) > 0).then_some(()));
    }

    /// It may be between two.
    fn agent(&self) -> i32 {
        self.running.until("there is an agent", || self.running.agent())
    }

    fn send_agent(&self, signal: i32) {
        send(self.agent(), signal);
    }

    /// The liveness probe fails, and there is another instance.
    fn falls_sick(&self) {
        self.dir.write("sick", 0o644, "");
    }

    fn is_restarted(&self) {
        self.running.says("will be restarted\n");
        self.running.until("the first is over", || (self.lines("ended") > 0).then_some(()));
        self.runs();
    }

    /// The stop request is answered, with the hooks for it.
    fn ends_well(mut self, deaths: usize) {
        let finished = self.running.wait().exits(0);
        let line = finished.stderr.lines().last().unwrap();
        assert!(line.contains(" podinit: terminated: preStop "), "{finished:?}");
        assert!(line.ends_with(", exit 0") && !line.contains("SIGKILL"), "{finished:?}");
        let told = finished.stderr.matches("process for hooks and probes ended").count();
        assert_eq!(told, deaths, "{finished:?}");
        // One that was under way is run anew.
        assert!(self.lines("stopped") > 0 && self.lines("ended") > 0, "{finished:?}");
    }
}

#[test]
fn killed_again_and_again_while_it_probes() {
    let life = Life::start();
    for _ in 0..4 {
        let agent = life.agent();
        send(agent, SIGKILL);
        life.running.until("there is another", || life.running.agent().filter(|pid| *pid != agent));
        life.goes_on("probed");
    }
    life.falls_sick();
    life.is_restarted();
    life.running.signal(SIGTERM);
    life.ends_well(4);
}

#[test]
fn killed_while_the_program_starts() {
    for _ in 0..4 {
        let life = Life::start();
        life.has("begun");
        life.send_agent(SIGKILL);
        life.has("probed");
        life.running.signal(SIGTERM);
        life.ends_well(1);
    }
}

#[test]
fn killed_when_the_probe_fails() {
    for _ in 0..4 {
        let life = Life::start();
        life.has("probed");
        life.falls_sick();
        life.send_agent(SIGKILL);
        life.is_restarted();
        life.running.signal(SIGTERM);
        life.ends_well(1);
    }
}

#[test]
fn killed_when_the_stop_request_comes() {
    for at in 0..4 {
        let life = Life::start();
        life.has("probed");
        let agent = life.agent();
        if at % 2 == 0 {
            life.running.signal(SIGTERM);
            send(agent, SIGKILL);
        } else {
            send(agent, SIGKILL);
            life.running.signal(SIGTERM);
        }
        life.ends_well(1);
    }
}

#[test]
fn killed_while_the_hooks_of_the_end_run() {
    for file in ["stopped", "ended", "stopped", "ended"] {
        let life = Life::start();
        life.has("probed");
        life.running.signal(SIGTERM);
        life.has(file);
        life.send_agent(SIGKILL);
        life.ends_well(1);
    }
}

/// Once it is continued, a second time replaced; neither a restart nor the end waits for anybody to do it.
#[test]
fn stopped_by_somebody() {
    let life = Life::start();
    life.has("probed");
    let agent = life.agent();
    send(agent, SIGSTOP);
    life.falls_sick();
    life.is_restarted();
    assert_eq!(life.agent(), agent);
    send(agent, SIGSTOP);
    life.running.signal(SIGTERM);
    life.ends_well(1);
}

/// As it is when a container is frozen: whoever stopped it wakes it.
#[test]
fn stopped_and_continued_with_init() {
    let life = Life::start();
    life.has("probed");
    let all = [life.running.pid(), life.agent()];
    all.iter().for_each(|pid| send(*pid, SIGSTOP));
    all.iter().for_each(|pid| {
        eventually("it is stopped", || state(*pid) == Some('T'));
    });
    life.running.signal(SIGTERM);
    all.iter().for_each(|pid| send(*pid, SIGCONT));
    life.ends_well(0);
}

/// PID 1 takes the whole namespace along; elsewhere hooks and probes go, with all they have started.
#[test]
fn nothing_of_podinits_outlives_it() {
    let dir = TempDir::new();
    let hangs = |name: &str| {
        let file = dir.file(name);
        format!("exec:/bin/sh -c 'setsid sleep 90 & echo $$ >{file}; wait'")
    };
    let (hook, probe) = (hangs("hook"), hangs("probe"));
    for pid1 in [true, false] {
        let args = ["--readiness", &probe, "--readiness-opts", "timeout=1m", "--pre-stop", &hook];
        let run = if pid1 { own().pid1() } else { own() };
        let mut running = run.args(args).witness(["hold"]).spawn();
        running.until("the probe hangs", || pid_in(&dir.file("probe")));
        running.signal(SIGTERM);
        running.until("the hook hangs", || pid_in(&dir.file("hook")));
        let agent = running.agent().unwrap();
        let (all, below) = (descendants(running.pid()), descendants(agent));
        assert!(below.len() >= 2, "{all:?} {below:?}");
        running.signal(SIGKILL);
        assert_eq!(running.wait().signal, Some(SIGKILL));
        let gone = if pid1 { all.clone() } else { [&[agent], &below[..]].concat() };
        eventually("all are gone", || gone.iter().all(|pid| !is_alive(*pid)));
        all.iter().filter(|pid| is_alive(**pid)).for_each(|pid| send(*pid, SIGKILL));
        ["probe", "hook"].iter().for_each(|name| fs::remove_file(dir.file(name)).unwrap());
    }
}

/// With its agent, before or behind it, or alone; where there is no /proc too, as the child is in the command's group.
#[test]
fn nothing_outlives_an_attempt_that_was_killed() {
    for order in [&[0, 1][..], &[1, 0], &[1]] {
        for run in [own().pid1(), own(), own().no_proc()] {
            let probe = "exec:/bin/sh -c 'sleep 1000 & wait'";
            let args = ["--readiness", probe, "--readiness-opts", "timeout=5m"];
            let running = run.args(args).witness(["hold"]).spawn();
            // The agent, the attempt, the command, and what that has started.
            let line = running.until("the probe hangs", || {
                let mut line = vec![running.agent()?];
                while let Some(child) = children(*line.last()?).first() {
                    line.push(*child);
                }
                (line.len() == 4).then_some(line)
            });
            order.iter().for_each(|at| send(line[*at], SIGKILL));
            running.until("the command and its child are gone", || {
                (!line[2..].iter().any(|pid| is_alive(*pid))).then_some(())
            });
        }
    }
}
