//! `--pod`: a container lives as its manifest says: hooks, probes, restart policy, stop signal, grace period.

use crate::common::*;
use libc::{SIGTERM, SIGUSR1};

const MANIFEST: &str = r#"
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop, uid: '0815'}
spec:
  os: {name: linux}
  restartPolicy: OnFailure
  terminationGracePeriodSeconds: 77
  containers:
  - name: app
    command: [WITNESS, report, $(DIR)/report, record, $(DIR)/signals, until, '10', '0']
    env:
    - {name: DIR, value: DIRECTORY}
    - {name: GREETING, value: hello $(POD)}
    - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
    lifecycle:
      stopSignal: SIGUSR1
      postStart:
        exec: {command: [/bin/sh, -c, 'echo "$POD $(echo shell)"; rm -f "$DIR/sick"']}
      preStop:
        exec: {command: [/bin/sh, -c, 'echo >>"$DIR/stopped"; rm -f "$DIR/signals"']}
    startupProbe:
      exec: {command: [test, -s, $(DIR)/signals]}
      periodSeconds: 1
      failureThreshold: 100
    livenessProbe:
      exec: {command: [test, '!', -e, $(DIR)/sick]}
      periodSeconds: 1
      failureThreshold: 1
    readinessProbe:
      exec: {command: [/bin/sh, -c, 'echo not yet; exit 1']}
      periodSeconds: 1
"#;

/// podinit with that manifest in this directory.
fn pod(dir: &TempDir, args: &[&str]) -> Run {
    let manifest = MANIFEST.replace("DIRECTORY", dir.path().to_str().unwrap());
    let file = dir.write("pod.yaml", 0o644, manifest.replace("WITNESS", witness()));
    own().args(["--pod", &file]).args(args)
}

// kubelet T21, H2 (no expansion in a hook's words), P20 (as there is in a probe's)
#[test]
fn it_lives_as_the_manifest_says() {
    let dir = TempDir::new();
    let running = pod(&dir, &["--restart", "pod"]).spawn();
    let first = Recording::of(&running, &dir, "signals").pid();
    let report = Report::of(&running, &dir.file("report"));
    assert_eq!(report.var("GREETING").as_deref(), Some("hello $(POD)"));
    running.says("podinit: postStart: web shell\n");
    running.says("podinit: Readiness probe failed: not yet\n");
    dir.write("sick", 0o644, "");
    running.says("podinit: Container app failed liveness probe, will be restarted\n");
    let recording = Recording::in_file(&dir.file("signals"));
    running.until("another is started", || recording.pid().filter(|pid| Some(*pid) != first));
    running.says_often("podinit: postStart: web shell\n", 2);
    running.signal(SIGTERM);
    let mut running = running;
    let finished = running.wait().exits(0);
    assert_eq!(lines(&dir.file("stopped")), 2);
    let last = finished.stderr.lines().last().unwrap();
    assert!(last.contains(" podinit: terminated: preStop "), "{finished:?}");
    assert!(last.contains("USR1→exit ") && last.ends_with("s of 77s, exit 0"), "{finished:?}");
}

/// Design 7. Neither the manifest nor what reads it is in it, and what it shares with its agent counts.
#[test]
fn pid_1_stays_small() {
    let dir = TempDir::new();
    let running = pod(&dir, &["--restart", "pod", "--post-stop", "exec:true"]).pid1().spawn();
    running.says("podinit: Readiness probe failed: not yet\n");
    let smaps = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", running.pid())).unwrap();
    let anonymous = smaps.lines().find_map(|line| line.strip_prefix("Anonymous:")).unwrap();
    let kib: u32 = anonymous.trim().strip_suffix(" kB").unwrap().trim().parse().unwrap();
    assert!(kib <= 160, "{smaps}");
    running.signal_and_end(SIGTERM);
}

/// The restart policy is somebody's else unless it is asked for; what podinit ended itself is no success.
#[test]
fn without_restart_pod_its_end_is_the_end() {
    let dir = TempDir::new();
    let mut running = pod(&dir, &[]).spawn();
    Recording::of(&running, &dir, "signals");
    running.says("Readiness probe failed");
    dir.write("sick", 0o644, "");
    let finished = running.wait().exits(137);
    assert!(finished.stderr.contains(" failed liveness probe\n"), "{finished:?}");
}

/// A flag goes before the manifest, and what is not taken is not there.
#[test]
fn options_win_and_what_is_not_taken_is_not_there() {
    let dir = TempDir::new();
    let args = ["--pre-stop", "exec:echo mine", "--grace-period", "55s", "--stop-signal", "USR1"];
    let mut running = pod(&dir, &args).spawn();
    Recording::of(&running, &dir, "signals");
    running.says("postStart: web");
    running.signal(SIGTERM);
    let finished = running.wait().exits(0);
    assert!(finished.stderr.contains("podinit: preStop: mine\n"), "{finished:?}");
    assert!(finished.stderr.ends_with("s of 55s, exit 0\n"), "{finished:?}");
    assert_eq!(lines(&dir.file("stopped")), 0);

    let dir = TempDir::new();
    let running = pod(&dir, &["--take", "env"]).spawn();
    let recording = Recording::of(&running, &dir, "signals");
    let stderr = running.signal_and_end(SIGUSR1).stderr;
    assert_eq!(recording.signals(), [SIGUSR1]);
    assert!(!stderr.contains("Hook") && !stderr.contains("probe"), "{stderr}");
}
