//! What `docker exec` leaves behind is init's (init U20, U22, I5).

use crate::engine::{Container, Run};
use crate::images::SHELL;

/// A shell that goes at once; the program it leaves behind writes to the container's own output.
const LEAVE: [&str; 3] = ["/bin/sh", "-c", "/app left >/proc/1/fd/1 2>&1 </dev/null &"];

fn with_leftover() -> Container {
    let container = Run::new(&SHELL).words(["/app", "report"]).start();
    container.line("app ready");
    let exec = container.exec(&LEAVE);
    assert_eq!(exec.code, 0, "{exec:?}");
    container.line("left ready");
    container
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_program_left_by_exec_is_reaped_when_it_ends() {
    let container = with_leftover();
    let init = container.process("/podinit");
    let left = container.process("/app left");
    assert_eq!(left.parent, init.pid, "{left:?} {init:?}");

    let pid = container.line("left pid ");
    let pid = pid.split(' ').next().expect("a pid");
    let kill = container.exec(&["/bin/kill", "-KILL", pid]);

    assert_eq!(kill.code, 0, "{kill:?}");
    container.until("the leftover is gone", || {
        container.processes().iter().all(|process| process.pid != left.pid).then_some(())
    });
    container.kill("TERM");
    assert_eq!(container.wait(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_program_left_by_exec_is_asked_to_end_with_the_app() {
    let container = with_leftover();

    container.stop(40);

    assert_eq!(container.wait(), 0);
    let logs = container.logs();
    assert_eq!(container.count("left got TERM from 1"), 1, "{logs:?}");
    assert_eq!(logs.stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn hundreds_of_orphans_leave_no_zombie() {
    let container = Run::new(&SHELL).words(["/app", "report"]).start();
    container.line("app ready");
    let script = "n=0; while [ $n -lt 300 ]; do (/bin/sh -c 'exit 3' &); n=$((n + 1)); done";

    let exec = container.exec(&["/bin/sh", "-c", script]);

    assert_eq!(exec.code, 0, "{exec:?}");
    container.until("init and app alone", || (container.processes().len() == 2).then_some(()));
    container.kill("TERM");
    assert_eq!(container.wait(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_signal_sent_to_pid_1_from_within_reaches_the_app() {
    let container = Run::new(&SHELL).words(["/app", "report"]).start();
    container.line("app ready");
    // CHLD is nobody's business (init U15, U20); KILL from within does nothing to PID 1.
    for signal in ["CHLD", "KILL", "HUP"] {
        assert_eq!(container.exec(&["/bin/kill", &format!("-{signal}"), "1"]).code, 0);
    }
    container.line("app got HUP from 1");
    assert_eq!(container.count("app got CHLD from 1"), 0, "{:?}", container.logs());

    assert_eq!(container.exec(&["/bin/kill", "-TERM", "1"]).code, 0);

    assert_eq!(container.wait(), 0);
}
