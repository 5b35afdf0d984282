//! `podinit install DIR`.

use crate::common::*;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

fn names(dir: &TempDir) -> Vec<String> {
    let entries = fs::read_dir(dir.path()).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_copy_is_whole_executable_and_works() {
    let dir = TempDir::new();
    for run in [own(), own().pid1(), own().no_proc(), own().umask(0o777)] {
        run.args(["install", dir.path().to_str().unwrap()]).finish().exits(0).silently();
        let (copy, original) = (dir.file("podinit"), Subject::podinit());
        assert_eq!(fs::read(&copy).unwrap(), fs::read(original.path()).unwrap());
        assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o7777, 0o755);
        Run::program(&copy).args(["--", "/bin/sh", "-c", "exit 7"]).finish().exits(7);
    }
    assert_eq!(names(&dir), ["podinit"]);
}

/// Whoever runs the old one goes on: it is replaced, not written over.
#[test]
fn an_older_copy_is_replaced() {
    let dir = TempDir::new();
    dir.write("podinit", 0o644, "old");
    let before = fs::metadata(dir.file("podinit")).unwrap().ino();
    own().args(["install", "--", dir.path().to_str().unwrap()]).finish().exits(0).silently();
    assert_ne!(fs::metadata(dir.file("podinit")).unwrap().ino(), before);
    assert_eq!(names(&dir), ["podinit"]);
}

#[test]
fn what_is_wrong_is_said_and_nothing_is_left() {
    let dir = TempDir::new();
    let finished = own().args(["install", &dir.file("missing")]).finish().exits(125);
    let expected =
        format!("podinit: install: {}: No such file or directory", dir.file("missing/podinit"));
    assert!(
        finished.stderr.starts_with(&expected) && finished.stderr.lines().count() == 1,
        "{finished:?}"
    );
    for args in [&["install"][..], &["install", "a", "b"], &["install", ""]] {
        let finished = own().args(args).finish().exits(125);
        assert_eq!(
            finished.stderr,
            "podinit: install: it takes one directory (podinit install /shared)\n"
        );
    }
    // A directory where the file should be.
    fs::create_dir_all(dir.file("podinit/inside")).unwrap();
    own().args(["install", dir.path().to_str().unwrap()]).finish().exits(125);
    assert_eq!(names(&dir), ["podinit"]);
}
