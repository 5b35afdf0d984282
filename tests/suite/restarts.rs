//! `--restart`: one instance after the other.

use crate::common::*;
use libc::SIGTERM;
use std::fs;

/// Started again at once, or nearly.
fn restarted(policy: &str) -> Run {
    own().pid1().args(["--restart", policy, "--restart-delay", "50ms..100ms"])
}

fn lines(file: &str) -> usize {
    fs::read_to_string(file).map_or(0, |text| text.lines().count())
}

// kubelet R13, R15: each pause is waited out, and a stop does not wait for the next start.
#[test]
fn a_crash_loop_is_stopped_during_back_off_with_the_last_code() {
    let dir = TempDir::new();
    let file = dir.file("starts");
    let run = restarted("on-failure").script(&format!("echo >>{file}; exit 3"));
    let mut running = run.spawn();
    running.until("it has been started five times", || (lines(&file) >= 5).then_some(()));
    assert!(running.stderr().contains("Back-off restarting failed container sh: 0.1s"));
    running.signal(SIGTERM);
    running.wait().exits(3);

    let file = dir.file("others");
    let run = restarted("on-failure").args(["--restart-delay", "15m"]);
    let mut running = run.script(&format!("echo >>{file}; exit 4")).spawn();
    running.until("it waits", || running.stderr().contains("Back-off").then_some(()));
    running.signal(SIGTERM);
    running.wait().exits(4);
    assert_eq!(lines(&file), 2);
}

#[test]
fn always_starts_again_until_a_stop_comes() {
    let dir = TempDir::new();
    let file = dir.file("starts");
    let text = format!(
        "trap 'exit 5' TERM; echo >>{file}; [ $(wc -l <{file}) -lt 3 ] && exit 0; while :; do sleep 0.05; done"
    );
    let mut running = restarted("always").script(&text).spawn();
    running.until("the third lives", || (lines(&file) == 3).then_some(()));
    running.signal(SIGTERM);
    running.wait().exits(5);
    assert_eq!(lines(&file), 3);
}

/// Each instance ends with 9 if any of those lives that the ones before it have left behind; this one of them with 0.
fn leaving(starts: &str, left: &str, last: usize, leave: &str) -> String {
    format!(
        "echo >>{starts}
        for pid in $(cat {left}); do kill -0 $pid 2>/dev/null && exit 9; done
        [ $(wc -l <{starts}) = {last} ] && exit 0
        {leave} sh -c \"trap '' TERM; sleep 90\" & echo $! >>{left}
        {leave} sleep 90 & echo $! >>{left}
        sleep 0.1; exit 1"
    )
}

/// Design 3.5. One that ignores TERM has the time that the grace period gives.
#[test]
fn leftovers_are_gone_before_the_next_instance() {
    for hooks in [&[][..], &["--post-start", "exec:true"]] {
        let dir = TempDir::new();
        let (starts, left) = (dir.file("starts"), dir.write("left", 0o644, ""));
        let text = leaving(&starts, &left, 3, "setsid");
        let run = restarted("on-failure").args(["--grace-period", "200ms"]).args(hooks);
        let finished = run.script(&text).finish().exits(0);
        assert!(!finished.stderr.contains("hooks and probes ended"), "{finished:?}");
        assert_eq!((lines(&starts), lines(&left)), (3, 4), "{hooks:?}");
    }
}

/// The first instance leaves two in its group, one of whom ignores TERM; with an agent and without.
#[test]
fn without_proc_the_group_is_cleared() {
    for hooks in [&[][..], &["--post-start", "exec:true"]] {
        let dir = TempDir::new();
        let (starts, left) = (dir.file("starts"), dir.write("left", 0o644, ""));
        let text = leaving(&starts, &left, 2, "");
        let run = restarted("on-failure").args(["--grace-period", "200ms"]).args(hooks);
        let finished = run.script(&text).no_proc().finish().exits(0);
        assert_eq!(finished.stderr.matches("no /proc").count(), 1, "{finished:?}");
        assert_eq!((lines(&starts), lines(&left)), (2, 2), "{hooks:?}");
    }
}

// kubelet R23
#[test]
fn a_failed_exec_is_tried_again() {
    let dir = TempDir::new();
    let file = dir.file("program");
    let mut running = restarted("always").args(["--", &file]).spawn();
    running.until("it has failed", || running.stderr().contains("Back-off").then_some(()));
    let text = "#!/bin/sh\ntrap 'exit 6' TERM; echo here >&2; while :; do sleep 0.05; done";
    fs::rename(dir.write("new", 0o755, text), &file).unwrap();
    running.until("it runs", || running.stderr().contains("here").then_some(()));
    running.signal(SIGTERM);
    running.wait().exits(6);
}

#[test]
fn descriptors_and_directory_are_there_for_every_instance() {
    for hooks in [&[][..], &["--post-start", "exec:true"]] {
        let dir = TempDir::new();
        let file = dir.file("kept");
        let kept = fs::File::options().create(true).append(true).open(&file).unwrap();
        let text = "pwd >&7; [ $(wc -l </proc/self/fd/7) -lt 3 ] || exit 0; exit 1";
        let run = restarted("on-failure").args(hooks).script(text);
        run.cwd("/usr").inherits(7, kept).finish().exits(0);
        assert_eq!(fs::read_to_string(&file).unwrap(), "/usr\n".repeat(3));
    }
}

// kubelet R11, for a pod of one container
#[cfg(feature = "manifest")]
#[test]
fn r11_a_rule_that_starts_the_pod_over_starts_its_one_container() {
    let dir = TempDir::new();
    let pod = dir.write(
        "pod.yaml",
        0o644,
        "apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  restartPolicy: Never
  containers:
  - name: app
    restartPolicy: Never
    restartPolicyRules:
    - action: RestartAllContainers
      exitCodes: {operator: In, values: [42]}",
    );
    let file = dir.file("starts");
    let text = format!("echo >>{file}; [ $(wc -l <{file}) -lt 3 ] && exit 42; exit 5");
    restarted("pod").args(["--pod", &pod]).script(&text).finish().exits(5);
    assert_eq!(lines(&file), 3);
}
