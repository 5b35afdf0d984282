//! Probes of a program that podinit starts, and restarts by policy (kubelet W1 to W28, R2 to R17).

use crate::common::*;
use libc::{SIGTERM, SIGUSR1};
use std::fs;

/// As an ordinary process, so that who outlives it is seen. The program records its signals and ends with 0 at TERM.
fn start(dir: &TempDir, args: &[&str]) -> (Running, Recording) {
    let steps = ["record", &dir.file("signals"), "until", "15", "0"];
    let running = own().args(args).witness(steps).spawn();
    let recording = Recording::of(&running, dir, "signals");
    (running, recording)
}

/// `exec:` of a script, in which `@` is the directory.
fn shell(dir: &TempDir, script: &str) -> String {
    format!("exec:/bin/sh -c '{}'", script.replace('@', dir.path().to_str().unwrap()))
}

/// Fails while there is a file `sick`, and says so.
fn health(dir: &TempDir) -> String {
    shell(dir, "if [ -e @/sick ]; then echo sick; exit 1; fi")
}

const OFTEN: &str = "period=20ms,failure=2";

// kubelet W21, R6, R7, R16, M1, M5
#[test]
fn a_liveness_probe_that_fails_restarts_the_program() {
    let dir = TempDir::new();
    let (probe, cure) = (health(&dir), shell(&dir, "rm @/sick @/signals; echo >>@/ends"));
    let args = ["--liveness", &probe, "--liveness-opts", OFTEN, "--post-stop", &cure];
    for policy in ["on-failure", "always"] {
        let (running, _) = start(&dir, &[&args[..], &["--restart", policy]].concat());
        let first = running.until("it is there", || Recording::in_file(&dir.file("signals")).pid());
        dir.write("sick", 0o644, "");
        running.says("Container witness failed liveness probe, will be restarted\n");
        running.until("another is started", || {
            Recording::in_file(&dir.file("signals")).pid().filter(|pid| *pid != first)
        });
        let failures = running.stderr().matches("podinit: Liveness probe failed: sick\n").count();
        assert_eq!((failures, lines(&dir.file("ends"))), (2, 1), "{}", running.stderr());
        dir.write("sick", 0o644, "");
        let finished = running.signal_and_end(SIGTERM);
        assert!(finished.stderr.ends_with(", exit 0\n"), "{finished:?}");
        fs::remove_file(dir.file("ends")).unwrap();
    }
}

// kubelet R8, but for the 137; W18, W21.
#[test]
fn without_restarts_it_ends_as_killed() {
    for kind in ["liveness", "startup"] {
        let dir = TempDir::new();
        let script = "until [ -s @/signals ]; do sleep 0.02; done; echo sick; exit 1";
        let (probe, opts) = (format!("--{kind}"), format!("--{kind}-opts"));
        let args = [&probe, &*shell(&dir, script), &opts, "period=20ms,failure=2,timeout=20s"];
        let (mut running, recording) = start(&dir, &args);
        let finished = running.wait().exits(137);
        assert_eq!(recording.signals(), [SIGTERM]);
        let says = format!("podinit: Container witness failed {kind} probe\n");
        assert!(finished.stderr.contains(&says), "{finished:?}");
        assert!(finished.stderr.contains(" probe failed: sick\n"), "{finished:?}");
        assert!(finished.stderr.ends_with(", exit 137\n"), "{finished:?}");
    }
}

// kubelet W11 to W13
#[test]
fn until_the_startup_probe_succeeds_there_are_no_others_and_then_it_is_over() {
    let dir = TempDir::new();
    let startup = shell(&dir, "echo >>@/startup; test -e @/started");
    let (live, ready) = (shell(&dir, "echo >>@/live"), shell(&dir, "echo >>@/ready"));
    let args = [
        ["--startup", &startup, "--startup-opts", "period=20ms,failure=100000"],
        ["--liveness", &live, "--liveness-opts", OFTEN],
        ["--readiness", &ready, "--readiness-opts", OFTEN],
    ];
    let (running, recording) = start(&dir, args.as_flattened());
    running.says_often("podinit: Startup probe failed:", 5);
    assert_eq!(["live", "ready"].map(|file| lines(&dir.file(file))), [0, 0]);
    dir.write("started", 0o644, "");
    for file in ["live", "ready"] {
        running.until("it is probed", || (lines(&dir.file(file)) > 1).then_some(()));
    }
    let startups = lines(&dir.file("startup"));
    let live = lines(&dir.file("live"));
    running.until("it is probed on", || (lines(&dir.file("live")) > live + 3).then_some(()));
    assert_eq!(lines(&dir.file("startup")), startups);
    assert!(recording.signals().is_empty());
    running.signal_and_end(SIGTERM);
}

// kubelet W22
#[test]
fn a_readiness_probe_that_fails_ends_nothing() {
    let dir = TempDir::new();
    let args = ["--readiness", "exec:false", "--readiness-opts", OFTEN, "--restart", "always"];
    let (running, recording) = start(&dir, &args);
    running.says_often("podinit: Readiness probe failed:", 6);
    assert!(recording.signals().is_empty());
    let finished = running.signal_and_end(SIGTERM);
    assert_eq!(recording.signals(), [SIGTERM]);
    assert!(!finished.stderr.contains("restarted"), "{finished:?}");
}

// kubelet T1
#[test]
fn a_probe_has_a_grace_period_of_its_own() {
    let dir = TempDir::new();
    let opts = format!("{OFTEN},grace=200ms");
    let args = ["--grace-period", "1h", "--liveness", &health(&dir), "--liveness-opts", &opts];
    let running = own().args(args).witness(["record", &dir.file("signals")]).spawn();
    let (recording, mut running) = (Recording::of(&running, &dir, "signals"), running);
    dir.write("sick", 0o644, "");
    let finished = running.wait().exits(137);
    assert_eq!(recording.signals(), [SIGTERM]);
    assert!(finished.stderr.ends_with("SIGKILL was needed, exit 137\n"), "{finished:?}");
}

// kubelet P14; P18, P19: here it is killed.
#[test]
fn a_command_that_hangs_is_killed_with_its_children() {
    let dir = TempDir::new();
    let hangs =
        shell(&dir, "setsid sleep 90 & echo $! >>@/pids; sleep 90 & echo $! $$ >>@/pids; wait");
    let args = ["--readiness", &hangs, "--readiness-opts", "period=20ms,timeout=300ms"];
    let (running, _) = start(&dir, &args);
    running.says_often("timed out after 300ms\n", 4);
    let pids = || -> Vec<i32> {
        let text = fs::read_to_string(dir.file("pids")).unwrap();
        text.split_whitespace().map(|pid| pid.parse().unwrap()).collect()
    };
    // On a busy machine the time may be over before one has started anybody. Of the last of them some may live.
    running.until("three have started theirs, and another", || (pids().len() >= 12).then_some(()));
    let before = pids();
    eventually("they are gone", || before[..9].iter().all(|pid| state(*pid).is_none()));
    let zombies = || descendants(running.pid()).into_iter().any(|pid| state(pid) == Some('Z'));
    eventually("no zombie is left", || !zombies());
    running.signal_and_end(SIGTERM);
    eventually("none is left", || pids().iter().all(|pid| state(*pid).is_none()));
}

// design 2, exit codes
#[test]
fn the_exit_code_is_that_of_the_program() {
    for (end, code) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -10 $$", 138)] {
        let run = own().args(["--readiness", "exec:true", "--", "/bin/sh", "-c", end]);
        run.finish().exits(code);
    }
    for (program, code) in [("/no/such/program", 127), ("/etc/passwd", 126)] {
        own().args(["--readiness", "exec:true", "--", program]).finish().exits(code);
    }
    let dir = TempDir::new();
    let (mut running, _) = start(&dir, &["-e", "137", "--liveness", "exec:false"]);
    running.signal(SIGTERM);
    running.wait().exits(0);
}

// kubelet R3
#[test]
fn on_failure_starts_again_until_it_is_well() {
    let dir = TempDir::new();
    let starts = dir.file("starts");
    let script = format!("echo >>{starts}; [ $(wc -l <{starts}) -lt 3 ] && exit 3; exit 0");
    for (policy, count, code) in [("on-failure", 3, 0), ("never", 1, 3)] {
        let args = ["--restart", policy, "--restart-delay", "20ms", "--", "/bin/sh", "-c"];
        own().args(args).arg(&script).finish().exits(code);
        assert_eq!(lines(&starts), count);
        fs::remove_file(&starts).unwrap();
    }
}

// kubelet R13 to R17, R19
#[test]
fn a_crash_loop_pauses_and_a_stop_request_ends_it_with_the_last_code() {
    for code in [0, 7] {
        let dir = TempDir::new();
        let starts = dir.file("starts");
        let script = format!("echo >>{starts}; exit {code}");
        let args = ["--restart", "always", "--", "/bin/sh", "-c", &script];
        let mut running = own().args(args).spawn();
        running.says("podinit: Back-off restarting failed container sh: 10s after its last end\n");
        running.signal(SIGTERM);
        running.wait().exits(code);
        assert_eq!(lines(&starts), 2);
    }
}

/// Init hears of a change and of nothing else: each kind of attempt, well and not.
#[test]
fn probes_that_keep_their_verdict_do_not_wake_init() {
    const WELL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const SICK: &str = "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n";
    let (well, sick, nobody) = (Server::answering(WELL), Server::answering(SICK), Refusing::new());
    let (http, tcp) = (well.url("/"), format!("tcp://{}", well.address()));
    let (unwell, refused) = (sick.url("/"), format!("tcp://127.0.0.1:{}", nobody.port()));
    let (succeeds, fails) =
        ("exec:/bin/sh -c 'echo well'", "exec:/bin/sh -c 'echo not yet; exit 1'");
    let cases = [[succeeds, &http, &refused], [&http, &tcp, fails], [&tcp, succeeds, &unwell]];
    for [startup, liveness, readiness] in cases {
        let dir = TempDir::new();
        let args = [
            ["--startup", startup, "--startup-opts", "period=50ms,timeout=20s"],
            ["--liveness", liveness, "--liveness-opts", "period=50ms,timeout=20s"],
            ["--readiness", readiness, "--readiness-opts", "period=50ms,timeout=20s"],
        ];
        let (running, recording) = start(&dir, args.as_flattened());
        running.signal(SIGUSR1);
        recording.receives(&running, SIGUSR1);
        let are_made = |more: usize| {
            let attempts = || {
                let failed = running.stderr().matches("Readiness probe failed").count();
                [failed, if liveness == succeeds { failed } else { well.accepted() }]
            };
            let before = attempts();
            running.until("it is probed", || {
                attempts()
                    .iter()
                    .zip(before)
                    .all(|(now, before)| *now >= before + more)
                    .then_some(())
            });
        };
        // Beyond both thresholds; what is kept of each is as it will be.
        are_made(8);
        let trace = Trace::of(running.pid(), &dir, "trace");
        are_made(40);
        let calls = trace.calls();
        assert!(calls.len() <= 1 && calls.iter().all(|call| call.contains("poll(")), "{calls:#?}");
        running.signal_and_end(SIGTERM);
    }
}
