//! The harness itself: what it says about a process must be true before it says anything about an init.

use crate::common::*;
use libc::{SIGINT, SIGKILL, SIGTERM, SIGUSR1};

#[test]
fn a_plain_process_ends_with_its_code_or_signal() {
    let finished = Run::program(witness()).args(["exit", "42"]).finish();
    assert_eq!((finished.code, finished.signal), (Some(42), None));
    let finished = Run::program(witness()).args(["die", "9"]).finish();
    assert_eq!((finished.code, finished.signal), (None, Some(SIGKILL)));
}

#[test]
fn pid_1_of_a_namespace_is_our_own_child() {
    let dir = TempDir::new();
    let mut running =
        Run::program(witness()).args(["report", &dir.file("r"), "exit", "7"]).pid1().spawn();
    assert_eq!(running.wait().exits(7).stdout, "");
    assert_eq!(Report::read(&dir.file("r")).unwrap().number("pid"), 1);
}

#[test]
fn a_program_gets_exactly_what_the_builder_says() {
    let dir = TempDir::new();
    let file = std::fs::File::open("/dev/null").unwrap();
    Run::program(witness())
        .args(["report", &dir.file("r")])
        .no_env()
        .env("A", "b c")
        .blocked([SIGUSR1, 33])
        .ignored([SIGINT, 32])
        .stdin(Stdio::Closed)
        .inherits(7, file)
        .umask(0o027)
        .cwd("/usr")
        .finish()
        .exits(0)
        .silently();
    let report = Report::read(&dir.file("r")).unwrap();
    assert_eq!(report.env(), [b"A=b c"]);
    assert_eq!((report.blocked(), report.ignored()), (vec![SIGUSR1, 33], vec![SIGINT, 32]));
    assert_eq!(report.descriptors(), [1, 2, 7]);
    assert_eq!((report.get("umask"), report.cwd().as_str()), ("027", "/usr"));
    assert_eq!(report.get("pid"), report.get("sid"));
}

#[test]
fn a_recorder_writes_down_what_arrives() {
    let dir = TempDir::new();
    let mut running =
        Run::program(witness()).args(["record", &dir.file("r"), "until", "15", "3"]).spawn();
    let recording = Recording::of(&running, &dir, "r");
    running.signal(SIGINT);
    recording.receives(&running, SIGINT);
    running.signal(SIGTERM);
    running.wait().exits(3);
    assert_eq!(recording.signals(), [SIGINT, SIGTERM]);
}

#[test]
fn a_terminal_tells_its_foreground_and_passes_keys() {
    let (dir, terminal) = (TempDir::new(), Terminal::new());
    let running =
        Run::program(witness()).args(["record", &dir.file("r")]).terminal(&terminal).spawn();
    let recording = Recording::of(&running, &dir, "r");
    assert_eq!(terminal.foreground(), Some(running.pid()));
    terminal.press("\x03");
    recording.receives(&running, SIGINT);
}
