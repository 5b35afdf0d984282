//! `podinit downward render` on bad days: the old files or the new, whole, and nothing else.

use super::downward_render::{ALL, names, pod, render};
use crate::common::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

/// In a mount namespace of its own, with `out` a tmpfs of this size.
fn on_a_small_disk(dir: &TempDir, script: &str) -> Finished {
    fs::create_dir(dir.file("out")).unwrap();
    let podinit = Subject::podinit();
    let script = format!(
        "set -e; mount -t tmpfs -o size=64k,mode=755 tmpfs out\n\
         render() {{ '{}' downward render -f \"$1\" --volume podinfo --out out; }}\n{script}",
        podinit.path().display()
    );
    let run = Run::program("/usr/bin/unshare").args(["--mount", "/bin/sh", "-c", &script]);
    run.cwd(dir.path()).finish()
}

#[test]
fn a_full_disk_keeps_the_old_files_whole() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("old"));
    dir.write("large.yaml", 0o644, pod(&"x".repeat(100_000)));
    dir.write("small.yaml", 0o644, pod("new"));
    let finished = on_a_small_disk(
        &dir,
        "render pod.yaml; before=$(readlink out/..data)
         if render large.yaml; then exit 1; else test $? = 125; fi
         test \"$(readlink out/..data)\" = \"$before\"
         ls -A out; cat out/annotations
         render small.yaml; cat out/annotations",
    );
    assert_eq!(
        finished.stderr,
        "podinit: downward: --out out: annotations: No space left on device\n"
    );
    let finished = finished.exits(0);
    let lines: Vec<&str> = finished.stdout.lines().collect();
    assert!(lines[0].starts_with("..2"), "{lines:?}");
    assert_eq!(&lines[1..8], &ALL[1..], "{lines:?}");
    assert_eq!(&lines[8..], ["note=\"old\"note=\"new\""]);
}

#[test]
fn a_target_that_cannot_be_written() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("old"));
    dir.write("other.yaml", 0o644, pod("other"));
    let finished = on_a_small_disk(
        &dir,
        "render pod.yaml; mount -o remount,ro out
         render pod.yaml
         if render other.yaml; then exit 1; else test $? = 125; fi
         ls -A out | wc -l; cat out/annotations",
    );
    let told = finished.stderr.trim_end();
    assert!(told.starts_with("podinit: downward: --out out: ..2"), "{finished:?}");
    assert!(told.ends_with(": Read-only file system") && !told.contains('\n'), "{finished:?}");
    assert_eq!(finished.exits(0).stdout, "8\nnote=\"old\"");
}

/// What cannot be removed is told of, and in nobody's way.
#[test]
fn a_leftover_that_cannot_be_removed() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("old"));
    dir.write("other.yaml", 0o644, pod("other"));
    let finished = on_a_small_disk(
        &dir,
        "mkdir -p out/..2026_01_01_00_00_00.7/mount out/..2026_01_01_00_00_00.8
         mount -t tmpfs tmpfs out/..2026_01_01_00_00_00.7/mount
         render pod.yaml; render other.yaml; cat out/annotations; ls -d out/..2026_01_01*
         umount out/..2026_01_01_00_00_00.7/mount
         render other.yaml; ls -A out | wc -l",
    );
    let told = "podinit: downward: --out out: ..2026_01_01_00_00_00.7: Device or resource busy: it is of no use (remove it)\n";
    assert_eq!(finished.stderr, told.repeat(2));
    let left = "note=\"other\"out/..2026_01_01_00_00_00.7\n8\n";
    assert_eq!(finished.exits(0).stdout, left);
}

/// What is to be told is no reason not to write.
#[test]
fn nobody_reads_what_is_told() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod("").replace("image: x", "imagee: x"));
    let run = render(&dir).stderr(Stdio::Fd(pipe_without_reader()));
    run.finish().exits(0);
    assert_eq!(names(&dir.path().join("out")), ALL);
}

/// As nobody: the folder's owner decides, not podinit.
#[test]
fn without_the_right_to_write() {
    let dir = TempDir::new();
    dir.write("pod.yaml", 0o644, pod(""));
    fs::create_dir(dir.file("out")).unwrap();
    fs::set_permissions(dir.file("out"), fs::Permissions::from_mode(0o755)).unwrap();
    let finished = render(&dir).user(65534, 65534, &[]).finish().exits(125);
    assert!(finished.stderr.ends_with(": Permission denied\n"), "{finished:?}");
    assert_eq!(fs::read_dir(dir.file("out")).unwrap().count(), 0);
    let group = pod("").replace("spec:\n", "spec:\n  securityContext: {fsGroup: 4242}\n");
    dir.write("pod.yaml", 0o644, group);
    fs::remove_dir(dir.file("out")).unwrap();
    let finished = render(&dir).user(65534, 65534, &[]).finish().exits(125);
    assert!(
        finished.stderr.contains(
            "--out out: the files cannot be given to fsGroup 4242: Operation not permitted"
        ),
        "{finished:?}"
    );
    render(&dir).finish().exits(0).silently();
    let labels = fs::metadata(dir.file("out/labels")).unwrap();
    assert_eq!((labels.gid(), labels.mode() & 0o7777), (4242, 0o644));
}

/// Whenever it is killed, the old content or the new is there whole, and the next one leaves nothing over.
#[test]
fn killed_at_any_moment() {
    const ROUNDS: usize = 300;
    let dir = TempDir::new();
    let (one, other) = ("1".repeat(300_000), "2".repeat(300_000));
    dir.write("one.yaml", 0o644, pod(&one));
    dir.write("other.yaml", 0o644, pod(&other));
    let out = dir.path().join("out");
    let link = |to: &str| {
        let _ = fs::remove_file(dir.file("pod.yaml"));
        symlink(to, dir.file("pod.yaml")).unwrap();
    };
    link("one.yaml");
    render(&dir).finish().exits(0);
    let whole = [&one, &other].map(|text| format!("note=\"{text}\""));
    let mut killed = 0;
    for round in 0..ROUNDS {
        link(if round % 2 == 0 { "other.yaml" } else { "one.yaml" });
        let mut running = render(&dir).spawn();
        // Somewhere in the writing, which begins when there is a second folder; now and then before or behind it.
        let writing = || names(&out).iter().filter(|name| *name == "..T").count() > 1;
        let mut look = 0;
        while !running.is_over() && !writing() && look < 20_000 {
            look += 1;
        }
        for _ in 0..round * 7 % 400 {
            std::hint::black_box(out.exists());
        }
        if !running.is_over() {
            send(running.pid(), libc::SIGKILL);
        }
        killed += usize::from(running.wait().signal == Some(libc::SIGKILL));
        let annotations = fs::read_to_string(out.join("..data/annotations")).unwrap();
        assert!(whole.contains(&annotations), "round {round}: {} bytes", annotations.len());
        for name in ["labels", "a/name", "cpu", "memory", "storage"] {
            assert!(!fs::read_to_string(out.join("..data").join(name)).unwrap().is_empty());
        }
        if round % 10 == 9 {
            render(&dir).finish().exits(0).silently();
            assert_eq!(names(&out), ALL, "round {round}");
        }
    }
    assert!(killed > ROUNDS / 10, "only {killed} were killed in time");
}

/// Folders within folders need a descriptor each: where there are too few, nothing is left of what was begun.
#[test]
fn without_descriptors_nothing_is_left() {
    let dir = TempDir::new();
    let deep = |depth: usize| {
        pod("").replace("path: a/name", &format!("path: {}name", "a/".repeat(depth)))
    };
    dir.write("pod.yaml", 0o644, deep(100));
    let run = render(&dir).limit(libc::RLIMIT_NOFILE, 40, 40);
    let finished = run.finish().exits(125);
    assert!(finished.stderr.starts_with("podinit: downward: --out out: a/a/a/"), "{finished:?}");
    assert!(finished.stderr.ends_with("a: Too many open files\n"), "{finished:?}");
    assert_eq!(names(&dir.path().join("out")), [""; 0]);
    render(&dir).finish().exits(0).silently();
    // And the deep one is removed with as few.
    dir.write("pod.yaml", 0o644, deep(1));
    render(&dir).limit(libc::RLIMIT_NOFILE, 40, 40).finish().exits(0).silently();
    assert_eq!(names(&dir.path().join("out")), ALL);
}
