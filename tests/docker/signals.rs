//! What `docker kill -s` sends reaches the app (init U13, U16, U17).

use crate::engine::Run;
use crate::images::{BARE, SHELL};

#[test]
#[ignore = "needs a Docker engine"]
fn every_signal_that_can_be_caught_reaches_the_app_once() {
    let app = Run::new(&BARE).words(["/app", "report", "deaf"]).start();
    app.line("app ready");
    // INT and TERM begin a stop, which without a grace period changes nothing else: they come last.
    let standard = [
        "HUP", "QUIT", "ABRT", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "STKFLT", "CONT", "TSTP",
        "TTIN", "TTOU",
    ];
    let others =
        ["URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS", "INT", "TERM"];
    for signal in standard.iter().chain(&others) {
        app.kill(signal);
        app.line(&format!("app got {signal} from 1"));
    }
    for signal in standard.iter().chain(&others) {
        assert_eq!(app.count(&format!("app got {signal} from 1")), 1, "{signal}: {:?}", app.logs());
    }
    assert_eq!(app.logs().stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn every_instance_of_a_real_time_signal_reaches_the_app() {
    let app = Run::new(&BARE).words(["/app", "report"]).start();
    app.line("app ready");
    for signal in ["RTMIN+1", "RTMIN+1", "RTMIN+1", "RTMAX"] {
        app.kill(signal);
    }
    app.line("app got RTMIN+30 from 1");
    assert_eq!(app.count("app got RTMIN+1 from 1"), 3, "{:?}", app.logs());

    app.kill("TERM");

    assert_eq!(app.wait(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_signal_goes_to_the_whole_group_of_the_app() {
    let shell = Run::new(&SHELL).script(SHELL_AND_APP).start();
    shell.line("app ready");

    shell.kill("USR1");

    shell.line("shell got USR1");
    shell.line("app got USR1 from 1");
}

#[test]
#[ignore = "needs a Docker engine"]
fn in_single_child_mode_a_signal_goes_to_the_app_alone() {
    let shell = Run::new(&SHELL).options(["--single-child"]).script(SHELL_AND_APP).start();
    let pid = shell.line("app pid ");
    let pid = pid.split(' ').next().expect("a pid");
    shell.line("app ready");

    shell.kill("USR1");

    shell.line("shell got USR1");
    // A later signal of a higher number: had USR1 been sent to the group, it would be reported first.
    assert_eq!(shell.exec(&["/bin/kill", "-USR2", pid]).code, 0);
    shell.line("app got USR2");
    assert_eq!(shell.count("app got USR1 from 1"), 0, "{:?}", shell.logs());
}

/// A shell that lives through USR1, with a child in its group.
const SHELL_AND_APP: &str =
    "trap 'echo shell got USR1' USR1; /app report & while kill -0 $! 2>/dev/null; do wait $!; done";

#[test]
#[ignore = "needs a Docker engine"]
fn a_signal_can_be_rewritten_on_its_way() {
    let app = Run::new(&BARE).options(["--rewrite", "HUP:QUIT"]).words(["/app", "report"]).start();
    app.line("app ready");

    app.kill("HUP");

    app.line("app got QUIT from 1");
    app.kill("TERM");
    assert_eq!(app.wait(), 0);
    assert_eq!(app.count("app got HUP from 1"), 0, "{:?}", app.logs());
}
