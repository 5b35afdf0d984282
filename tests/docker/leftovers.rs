//! What the app leaves behind when it ends: daemons, orphans, the rest of a pipeline (init U22, U28–U31, X11).

use crate::engine::{Run, docker};
use crate::images::{BARE, SHELL};

#[test]
#[ignore = "needs a Docker engine"]
fn an_orphan_of_the_app_is_reaped() {
    let output = Run::new(&BARE).words(["/app", "orphan"]).finish();

    assert_eq!(output.code, 0, "{output:?}");
    assert!(output.stdout.contains("orphan parent 1\n"), "{output:?}");
    assert_eq!(output.stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_daemon_gets_term_when_the_app_ends_and_the_exit_code_is_the_apps() {
    let output = Run::new(&BARE).words(["/app", "daemon", "7"]).finish();

    assert_eq!(output.code, 7, "{output:?}");
    assert_eq!(output.stdout.matches("daemon got TERM from 1\n").count(), 1, "{output:?}");
    assert_eq!(output.stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_daemon_that_stays_is_killed_at_the_end_of_the_grace_period() {
    let output = Run::new(&BARE)
        .options(["--grace-period", "500ms"])
        .words(["/app", "daemon", "7", "deaf"])
        .finish();

    assert_eq!(output.code, 7, "{output:?}");
    assert_eq!(output.stdout.matches("daemon got TERM from 1\n").count(), 1, "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_daemon_that_stays_is_killed_without_a_grace_period_too() {
    let output = Run::new(&BARE).words(["/app", "daemon", "7", "deaf"]).finish();

    assert_eq!(output.code, 7, "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_daemon_lives_as_long_as_the_app() {
    let shell =
        Run::new(&SHELL).script("/app daemon 0; echo daemon started; exec /app report").start();
    shell.line("daemon started");
    shell.line("app ready");
    assert_eq!(shell.process("/app daemon").parent, shell.process("/podinit").pid);
    assert_eq!(shell.count("daemon got TERM from 1"), 0);

    shell.stop(40);

    assert_eq!(shell.wait(), 0);
    assert_eq!(shell.count("daemon got TERM from 1"), 1, "{:?}", shell.logs());
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_stopped_daemon_ends_with_the_app() {
    let run = Run::new(&SHELL).options(["--grace-period", "1s"]);
    let shell = run.script("/app daemon 0; exec /app report").start();
    shell.line("app ready");
    let daemon = shell.line("daemon pid ");
    let daemon = daemon.split(' ').next().expect("a pid");
    assert_eq!(shell.exec(&["/bin/kill", "-STOP", daemon]).code, 0);

    shell.stop(40);

    assert_eq!(shell.wait(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_pipeline_runs_to_its_end() {
    let output = Run::new(&SHELL).script("yes | head -n 3000 | wc -l").finish();

    assert_eq!(
        (output.code, output.stdout.trim(), output.stderr.as_str()),
        (0, "3000", ""),
        "{output:?}"
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_broken_pipe_ends_its_writer() {
    // With SIGPIPE ignored, as some language run-times leave it (init U8), this is 1 and a message.
    let output = Run::new(&SHELL).script("set -o pipefail; yes | head -n 1").finish();

    assert_eq!(
        (output.code, output.stdout.as_str(), output.stderr.as_str()),
        (141, "y\n", ""),
        "{output:?}"
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_apps_input_is_the_containers() {
    let run = Run::new(&SHELL).words(["/bin/cat"]);

    let output = run.finish_with_input("one\ntwo");

    assert_eq!((output.code, output.stdout.as_str(), output.stderr.as_str()), (0, "one\ntwo", ""));
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_restarted_container_starts_afresh() {
    let app = Run::new(&BARE).words(["/app", "report"]).start();
    app.line("app ready");

    docker(["restart", "-t", "40", &app.name]);

    app.until("a second start", || (app.count("app ready") == 2).then_some(()));
    assert_eq!(app.count("app got TERM from 1"), 1, "{:?}", app.logs());
}
