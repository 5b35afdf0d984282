//! postStart, preStop and postStop of a program that podinit starts (kubelet H1 to H17).

use crate::common::*;
use libc::{SIGTERM, SIGUSR1};
use std::fs;
use std::time::{Duration, Instant};

/// As an ordinary process, so that who outlives it is seen. The program records its signals and ends with 0 at this one.
fn start(dir: &TempDir, args: &[&str], until: i32) -> (Running, Recording) {
    let steps = ["record", &dir.file("signals"), "until", &until.to_string(), "0"];
    let running = own().args(args).witness(steps).spawn();
    let recording = Recording::of(&running, dir, "signals");
    (running, recording)
}

/// `exec:` of a script, in which `@` is the directory.
fn shell(dir: &TempDir, script: &str) -> String {
    let script = script.replace('@', dir.path().to_str().unwrap());
    assert!(!script.contains('\''));
    format!("exec:/bin/sh -c '{script}'")
}

/// Leaves its pid and that of its child in files, and does not end.
const HANGS: &str = "sleep 90 & echo $! >@/child; echo $$ >@/hook; wait";

/// The pids of a hook that hangs, and of its child.
#[track_caller]
fn hanging(running: &Running, dir: &TempDir) -> [i32; 2] {
    ["child", "hook"].map(|file| running.until("it hangs", || pid_in(&dir.file(file))))
}

/// Neither runs nor is left as a zombie.
#[track_caller]
fn are_gone(pids: &[i32]) {
    eventually("they are gone", || pids.iter().all(|pid| state(*pid).is_none()));
}

// kubelet H7, W9; design 3.3: what it prints is seen (kubelet H18).
#[test]
fn post_start_runs_beside_the_program_and_before_all_probes() {
    let dir = TempDir::new();
    let script = "echo hello; echo oh >&2; until [ -e @/go ]; do sleep 0.02; done; printf done";
    let (hook, probe) = (shell(&dir, script), shell(&dir, "echo >>@/probed"));
    let args = ["--post-start", &hook, "--liveness", &probe, "--liveness-opts", "period=20ms"];
    let (running, recording) = start(&dir, &args, SIGTERM);
    running.says("podinit: postStart: hello\n");
    running.says("podinit: postStart: oh\n");
    running.signal(SIGUSR1);
    recording.receives(&running, SIGUSR1);
    assert_eq!(lines(&dir.file("probed")), 0);
    dir.write("go", 0o644, "");
    running.says("podinit: postStart: done\n");
    running.until("it is probed", || (lines(&dir.file("probed")) > 1).then_some(()));
    running.signal_and_end(SIGTERM);
}

// kubelet H10; that the program ends well of what it was killed for is no success.
#[test]
fn post_start_that_fails_ends_the_program() {
    let dir = TempDir::new();
    let post_start =
        shell(&dir, "until [ -s @/signals ]; do sleep 0.02; done; echo why >&2; exit 3");
    let pre_stop = shell(&dir, "echo >>@/stopped");
    let args = ["--post-start", &post_start, "--pre-stop", &pre_stop];
    let (mut running, recording) = start(&dir, &args, SIGTERM);
    let finished = running.wait().exits(137);
    assert_eq!((recording.signals(), lines(&dir.file("stopped"))), (vec![SIGTERM], 1));
    for says in ["postStart: why", "exited with 3: why", "PostStartHook failed", "exit 137"] {
        assert!(finished.stderr.contains(says), "{says}: {finished:#?}");
    }
}

// kubelet H10, R15, R16: the first restart is at once.
#[test]
fn after_post_start_that_fails_the_restart_policy_decides() {
    let dir = TempDir::new();
    let script =
        "until [ -s @/signals ]; do sleep 0.02; done; echo >>@/starts; [ -e @/well ] || exit 3";
    let post_start = shell(&dir, script);
    let post_stop = shell(&dir, "rm @/signals; echo >@/well");
    let args = ["--post-start", &post_start, "--post-stop", &post_stop, "--restart", "on-failure"];
    let (running, _) = start(&dir, &args, SIGTERM);
    running.until("it starts again", || (lines(&dir.file("starts")) == 2).then_some(()));
    running.signal_and_end(SIGTERM);
}

// kubelet H9, where it blocks the end for ever.
#[test]
fn a_stop_request_ends_post_start() {
    let dir = TempDir::new();
    let (running, recording) = start(&dir, &["--post-start", &shell(&dir, HANGS)], SIGUSR1);
    let hook = hanging(&running, &dir);
    running.signal(SIGTERM);
    recording.receives(&running, SIGTERM);
    are_gone(&hook);
    running.signal_and_end(SIGUSR1);
}

// kubelet H14
#[test]
fn pre_stop_comes_before_the_stop_signal() {
    let dir = TempDir::new();
    let script = "echo >@/begun; until [ -e @/go ]; do sleep 0.02; done; echo bye";
    let (mut running, recording) =
        start(&dir, &["--pre-stop", &shell(&dir, script), "--grace-period", "1m"], SIGTERM);
    running.signal(SIGTERM);
    running.until("preStop runs", || (lines(&dir.file("begun")) == 1).then_some(()));
    // What asks nobody to stop goes to the program all the while.
    running.signal(SIGUSR1);
    recording.receives(&running, SIGUSR1);
    dir.write("go", 0o644, "");
    let finished = running.wait().exits(0);
    assert_eq!(recording.signals(), [SIGUSR1, SIGTERM]);
    assert!(finished.stderr.contains("podinit: preStop: bye\n"), "{finished:?}");
    let last = finished.stderr.lines().last().unwrap();
    assert!(last.contains(" podinit: terminated: preStop "), "{last}");
    assert!(last.contains("TERM→exit ") && last.ends_with("s of 60s, exit 0"), "{last}");
}

// design 3.4
#[test]
fn a_second_stop_signal_ends_pre_stop() {
    let dir = TempDir::new();
    let args = ["--pre-stop", &shell(&dir, HANGS), "--grace-period", "1h"];
    let (mut running, recording) = start(&dir, &args, SIGTERM);
    running.signal(SIGTERM);
    let hook = hanging(&running, &dir);
    running.signal(SIGTERM);
    running.wait().exits(0);
    assert_eq!(recording.signals(), [SIGTERM]);
    are_gone(&hook);
}

// kubelet H16, M1: killed here; T5: what is left for the stop signal is 2 s.
#[test]
fn pre_stop_is_killed_with_its_children_when_the_grace_period_is_over() {
    for (until, code, says) in [(SIGTERM, 0, "exit 0"), (SIGUSR1, 137, "SIGKILL was needed")] {
        let dir = TempDir::new();
        let args = ["--pre-stop", &shell(&dir, HANGS), "--grace-period", "1s"];
        let (mut running, recording) = start(&dir, &args, until);
        running.signal(SIGTERM);
        let hook = hanging(&running, &dir);
        recording.receives(&running, SIGTERM);
        let signalled = Instant::now();
        are_gone(&hook);
        let finished = running.wait().exits(code);
        assert!(code == 0 || signalled.elapsed() > Duration::from_secs(1), "{finished:?}");
        for says in ["PreStopHook was ended after 1", "the grace period is over", says] {
            assert!(finished.stderr.contains(says), "{says}: {finished:#?}");
        }
    }
}

// design 6: `FailedPreStopHook`, the kubelet's word for it, stands in the JSON line.
#[test]
fn what_failed_is_named_in_json_lines() {
    let dir = TempDir::new();
    let args =
        ["--pre-stop", &shell(&dir, HANGS), "--grace-period", "300ms", "--log-format", "json"];
    let (mut running, _) = start(&dir, &args, SIGTERM);
    running.signal(SIGTERM);
    let stderr = running.wait().exits(0).stderr;
    let lines = stderr.lines().map(|line| serde_json::from_str(line).expect(line));
    let lines: Vec<serde_json::Value> = lines.collect();
    let events: Vec<&str> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["FailedPreStopHook", "terminated"], "{stderr}");
    assert!(lines[0]["timeSeconds"].as_f64().unwrap() >= 0.3, "{stderr}");
}

// kubelet H17
#[test]
fn pre_stop_that_fails_changes_nothing() {
    let dir = TempDir::new();
    let args = ["--pre-stop", "exec:/no/such/program"];
    let (mut running, recording) = start(&dir, &args, SIGTERM);
    running.signal(SIGTERM);
    let finished = running.wait().exits(0);
    assert_eq!(recording.signals(), [SIGTERM]);
    for says in ["\"/no/such/program\" cannot be run", "PreStopHook failed"] {
        assert!(finished.stderr.contains(says), "{says}: {finished:#?}");
    }
}

// kubelet H13
#[test]
fn there_is_no_pre_stop_for_a_program_that_ends_by_itself() {
    for (end, code) in [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137)] {
        let dir = TempDir::new();
        let (pre, post) = (shell(&dir, "echo >>@/pre"), shell(&dir, "echo >>@/post"));
        let args = ["--pre-stop", &pre, "--post-stop", &post, "--", "/bin/sh", "-c", end];
        let finished = own().args(args).finish().exits(code);
        assert_eq!((lines(&dir.file("pre")), lines(&dir.file("post"))), (0, 1), "{finished:?}");
        let line = format!("s, exit {code}\n");
        assert!(finished.stderr.contains("ended by itself: "), "{finished:?}");
        assert!(finished.stderr.ends_with(&line), "{finished:?}");
    }
}

// kubelet#55807
#[test]
fn post_stop_comes_after_each_instance_whichever_way_it_ended() {
    let dir = TempDir::new();
    let file = |name: &str| dir.file(name);
    let script = format!(
        "echo >>{starts}; case $(wc -l <{starts}) in
        1) exit 3;;
        2) kill -9 $$;;
        3) trap 'exit 0' TERM; echo >{sick}; while :; do sleep 0.02; done;;
        *) exec {} record {} until {SIGTERM} 0;;
        esac",
        witness(),
        file("signals"),
        starts = file("starts"),
        sick = file("sick"),
    );
    let post_stop = shell(&dir, "rm -f @/sick; wc -l <@/starts >>@/stops");
    let running = own()
        .args(["--restart", "on-failure", "--restart-delay", "20ms", "--post-stop", &post_stop])
        .args(["--liveness", &shell(&dir, "test ! -e @/sick")])
        .args(["--liveness-opts", "period=20ms,failure=1", "--", "/bin/sh", "-c", &script])
        .spawn();
    Recording::of(&running, &dir, "signals");
    assert_eq!(fs::read_to_string(file("stops")).unwrap(), "1\n2\n3\n");
    running.signal_and_end(SIGTERM);
    assert_eq!(fs::read_to_string(file("stops")).unwrap(), "1\n2\n3\n4\n");
}

// kubelet H4; design 6: unless more is asked for.
#[test]
fn any_answer_to_an_http_hook_is_a_success_unless_strict() {
    for strict in [false, true] {
        let dir = TempDir::new();
        let server = Server::start(|connection| {
            connection.request();
            connection.wait_for_release();
            connection.send("HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n");
        });
        let (begin, end) = (server.url("/begin"), server.url("/end"));
        let mut args = vec!["--post-start", &begin, "--pre-stop", &end];
        args.extend(["--readiness", "exec:false"]);
        args.extend(strict.then_some("--strict-hooks"));
        let (mut running, _) = start(&dir, &args, SIGTERM);
        server.release();
        if !strict {
            // It is not probed before its start is over (kubelet W9).
            running.says("Readiness probe failed");
            running.signal(SIGTERM);
        }
        let finished = running.wait().exits(if strict { 137 } else { 0 });
        for hook in ["PostStartHook failed", "PreStopHook failed"] {
            assert_eq!(finished.stderr.contains(hook), strict, "{finished:?}");
        }
        let requests = server.requests();
        let lines = requests.iter().map(|request| request.lines().next().unwrap());
        assert_eq!(lines.collect::<Vec<_>>(), ["GET /begin HTTP/1.1", "GET /end HTTP/1.1"]);
    }
}

// kubelet H6
#[test]
fn a_sleep_hook_takes_its_time() {
    let dir = TempDir::new();
    let args = ["--pre-stop", "sleep:300ms", "--post-stop", "sleep:200ms"];
    let (mut running, _) = start(&dir, &args, SIGTERM);
    let begun = Instant::now();
    running.signal(SIGTERM);
    running.wait().exits(0);
    assert!(begun.elapsed() >= Duration::from_millis(500));
}

// design 4, 3.5
#[test]
fn what_a_hook_has_left_lives_on_as_long_as_the_instance() {
    let dir = TempDir::new();
    let hook = shell(&dir, "setsid sleep 90 & echo $! >@/daemon");
    let probe = shell(&dir, "echo >>@/probed");
    let args = ["--post-start", &hook, "--liveness", &probe, "--liveness-opts", "period=20ms"];
    let (running, _) = start(&dir, &args, SIGTERM);
    running.until("the hook is long over", || (lines(&dir.file("probed")) > 3).then_some(()));
    let daemon = pid_in(&dir.file("daemon")).unwrap();
    assert!(is_alive(daemon), "{}", running.stderr());
    running.signal_and_end(SIGTERM);
    assert_eq!(state(daemon), None);
}
