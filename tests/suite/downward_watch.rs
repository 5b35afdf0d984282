//! `podinit downward render --watch`: the volume follows the Pod file.

use super::downward_render::{names, pod, render};
use crate::common::*;
use libc::{SIGINT, SIGKILL, SIGTERM};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn watch(dir: &TempDir) -> Run {
    render(dir).arg("--watch")
}

fn annotation(dir: &TempDir) -> String {
    fs::read_to_string(dir.file("out/annotations")).unwrap_or_default()
}

#[track_caller]
fn shows(running: &Running, dir: &TempDir, text: &str) {
    let expected = format!("note=\"{text}\"");
    running
        .until(&format!("the volume shows {text}"), || (annotation(dir) == expected).then_some(()));
}

/// Puts a new file in the place of the old.
fn replace(dir: &TempDir, content: &str) {
    let new = dir.write("new.yaml", 0o644, content);
    fs::rename(new, dir.file("pod.yaml")).unwrap();
}

/// kubelet D34: at once, and not only when it is looked every ten seconds.
#[test]
fn it_follows_every_way_of_changing_a_file() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("0"));
    let mut running = watch(&dir).spawn();
    shows(&running, &dir, "0");
    for round in 1..20 {
        let text = round.to_string();
        match round % 3 {
            0 => replace(&dir, &pod(&text)),
            1 => _ = dir.write("pod.yaml", 0o644, pod(&text)),
            _ => {
                fs::remove_file(dir.file("pod.yaml")).unwrap();
                replace(&dir, &pod(&text));
            }
        }
        shows(&running, &dir, &text);
    }
    running.signal(SIGTERM);
    running.wait().exits(128 + SIGTERM);
}

/// kubelet D24: as a ConfigMap has it, the file is a link through `..data`, which is exchanged.
#[test]
fn it_follows_a_volume() {
    let dir = TempDir::new();
    for state in ["one", "two"] {
        fs::create_dir(dir.file(state)).unwrap();
        dir.write(&format!("{state}/pod.yaml"), 0o644, pod(state));
    }
    symlink("one", dir.file("..data")).unwrap();
    symlink("..data/pod.yaml", dir.file("pod.yaml")).unwrap();
    let running = watch(&dir).spawn();
    shows(&running, &dir, "one");
    symlink("two", dir.file("..data_tmp")).unwrap();
    fs::rename(dir.file("..data_tmp"), dir.file("..data")).unwrap();
    shows(&running, &dir, "two");
}

/// Nothing tells of a change behind another link: then it is looked.
#[test]
fn it_looks_where_nothing_is_told() {
    let dir = TempDir::new();
    let other = TempDir::new();
    other.write("pod.yaml", 0o644, pod("old"));
    symlink(other.file("pod.yaml"), dir.file("pod.yaml")).unwrap();
    let running = watch(&dir).spawn();
    shows(&running, &dir, "old");
    other.write("pod.yaml", 0o644, pod("new"));
    shows(&running, &dir, "new");
}

/// What is wrong is told once and mended later.
#[test]
fn a_wrong_file_leaves_the_volume_as_it_is() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("good"));
    let running = watch(&dir).spawn();
    shows(&running, &dir, "good");
    replace(&dir, "kind: [");
    running.says("podinit: downward: pod.yaml: line 2");
    assert_eq!(annotation(&dir), "note=\"good\"");
    fs::remove_file(dir.file("pod.yaml")).unwrap();
    replace(&dir, &pod("better"));
    shows(&running, &dir, "better");
    // At its start it is an error.
    dir.write("pod.yaml", 0o644, "kind: [");
    watch(&dir).finish().exits(125);
}

#[test]
fn the_action_is_done_once_the_new_files_stand() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("0"));
    let action = "exec:sh -c 'echo \"$(cat out/annotations)\" >>seen; echo said; exit 3'";
    let running = watch(&dir).args(["--exec", action]).spawn();
    shows(&running, &dir, "0");
    for round in 1..4 {
        replace(&dir, &pod(&round.to_string()));
        let seen = dir.file("seen");
        running.until("the action is done", || (lines(&seen) == round).then_some(()));
        // The same content under a new name is no change.
        replace(&dir, &pod(&round.to_string()));
    }
    let seen = fs::read_to_string(dir.file("seen")).unwrap();
    assert_eq!(seen, "note=\"1\"\nnote=\"2\"\nnote=\"3\"\n");
    running.says("podinit: downward: --exec: said\n");
    running.says(&format!("podinit: downward: --exec {action:?}: exit 3: said"));
}

/// The new files stand, but not yet all of their names: what is to be done after a change is done once they do.
#[test]
fn the_action_is_done_after_a_failure_too() {
    let dir = TempDir::new();
    fs::create_dir(dir.file("out")).unwrap();
    let item = |name: &str| format!("- {{path: {name}, fieldRef: {{fieldPath: metadata.name}}}}");
    let with = |more: &[&str]| {
        let pod = pod("");
        let before = pod.split("items:").next().unwrap();
        let items: Vec<_> = more.iter().map(|name| format!("\n      {}", item(name))).collect();
        format!("{before}items:{}\n", items.concat())
    };
    dir.write("pod.yaml", 0o644, with(&["a"]));
    let podinit = Subject::podinit();
    // The root, two folders of which one is old, four files and three links are ten: one more is too many.
    let script = format!(
        "mount -t tmpfs -o nr_inodes=10 tmpfs out && exec '{}' downward render -f pod.yaml --volume podinfo --out out --watch \
         --exec \"exec:sh -c 'ls out >>seen'\"",
        podinit.path().display()
    );
    let run = Run::program("/usr/bin/unshare").args(["--mount", "/bin/sh", "-c", &script]);
    let running = run.cwd(dir.path()).spawn();
    // podinit is there before its watch is: what is written until then it reads at the start.
    let out = format!("/proc/{}/root{}", running.pid(), dir.path().join("out").display());
    let has = |name: &str| Path::new(&out).join(name).exists();
    running.until("the volume is there", || has("a").then_some(()));
    replace(&dir, &with(&["a", "b", "c"]));
    running.says("podinit: downward: --out out: c: No space left on device");
    assert!(!dir.path().join("seen").exists());
    // The same once more: it is tried again, and now the old folder is not there any longer.
    replace(&dir, &with(&["a", "b", "c"]));
    running.until("the action is done", || (lines(&dir.file("seen")) == 3).then_some(()));
}

/// A stop ends the action too, and one that takes too long is ended.
#[test]
fn an_action_that_does_not_end() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("0"));
    let mut running = watch(&dir).args(["--exec", "exec:sleep 77"]).pid1().spawn();
    shows(&running, &dir, "0");
    replace(&dir, &pod("1"));
    running.until("the action runs", || (descendants(running.pid()).len() == 2).then_some(()));
    running.signal(SIGINT);
    running.wait().exits(128 + SIGINT);
    replace(&dir, &pod("fresh"));
    let running = watch(&dir).args(["--exec", "exec:sleep 77", "--exec-timeout", "200ms"]).spawn();
    shows(&running, &dir, "fresh");
    replace(&dir, &pod("2"));
    running.says("timed out after 200ms");
    replace(&dir, &pod("3"));
    shows(&running, &dir, "3");
}

/// PID 1 has orphans to reap, and a TERM that nobody else would take.
#[test]
fn it_reaps_as_pid_1() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("0"));
    let mut running = watch(&dir).pid1().spawn();
    shows(&running, &dir, "0");
    let orphan = running.adopts_a_daemon(&dir.file("daemon"));
    send(orphan, SIGKILL);
    running.until("it is reaped", || state(orphan).is_none().then_some(()));
    running.signal(SIGTERM);
    running.wait().exits(128 + SIGTERM);
}

/// Killed while it writes, again and again: the next one goes on.
#[test]
fn another_goes_on_where_one_was_killed() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("0"));
    for round in 0..20 {
        let mut running = watch(&dir).spawn();
        let before = round.to_string();
        shows(&running, &dir, &before);
        replace(&dir, &pod(&(round + 1).to_string()));
        send(running.pid(), SIGKILL);
        running.wait();
    }
    render(&dir).finish().exits(0);
    assert_eq!(annotation(&dir), "note=\"20\"");
    let names = names(Path::new(&dir.file("out")));
    assert_eq!(names.iter().filter(|name| name.starts_with("..")).count(), 2, "{names:?}");
}
