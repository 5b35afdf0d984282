//! Containers with little: no rights, no writable file, no new processes, old filters (init U6, U10, U12, I5).

use crate::builder::repository;
use crate::engine::{Output, Run};
use crate::images::{BARE, SHELL};

/// Runs the app to its end, with an orphan on the way, and once until it is stopped.
fn works(flags: &[&str]) {
    let run = Run::new(&BARE).flags(flags.iter().copied());
    let output = run.clone().words(["/app", "orphan"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");

    let output = run.clone().words(["/app", "daemon", "5"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (5, ""), "{output:?}");
    assert_eq!(output.stdout.matches("daemon got TERM").count(), 1, "{output:?}");

    let app = run.options(["--grace-period", "1s"]).words(["/app", "report", "deaf"]).start();
    app.line("app ready");
    app.stop(40);
    assert_eq!(app.wait(), 137, "{:?}", app.logs());
    assert_eq!(app.count("app got TERM from 1"), 1, "{:?}", app.logs());
}

fn who(flags: &[&str]) -> Output {
    let output = Run::new(&BARE).flags(flags.iter().copied()).words(["/app", "who"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    output
}

#[test]
#[ignore = "needs a Docker engine"]
fn works_as_nobody() {
    who(&["--user", "65534"]).says("uid 65534 65534 65534");
    works(&["--user", "65534"]);
}

#[test]
#[ignore = "needs a Docker engine"]
fn works_on_a_read_only_root() {
    let flags = ["--read-only"];
    let output =
        Run::new(&SHELL).flags(flags).script("echo x > /file || echo x > /tmp/file").finish();
    assert_ne!(output.code, 0, "nothing can be written: {output:?}");
    works(&flags);
}

#[test]
#[ignore = "needs a Docker engine"]
fn works_without_new_privileges() {
    let flags = ["--security-opt", "no-new-privileges"];
    who(&flags).says("NoNewPrivs: 1");
    works(&flags);
}

#[test]
#[ignore = "needs a Docker engine"]
fn works_without_capabilities() {
    let flags = ["--cap-drop", "ALL"];
    who(&flags).says("CapEff: 0000000000000000");
    works(&flags);
}

#[test]
#[ignore = "needs a Docker engine"]
fn works_under_a_filter_that_refuses_new_system_calls() {
    let profile = repository().join("tests/docker/images/old-seccomp.json");
    let option = format!("seccomp={}", profile.display());
    let flags = ["--security-opt", option.as_str()];
    let output = Run::new(&BARE).flags(flags).words(["/app", "refused"]).finish();
    assert_eq!(output.stdout, "clone3 EPERM, close_range EPERM\n", "{output:?}");
    works(&flags);
}

#[test]
#[ignore = "needs a Docker engine"]
fn works_with_all_of_these_at_once() {
    let profile = repository().join("tests/docker/images/old-seccomp.json");
    let seccomp = format!("seccomp={}", profile.display());
    let options = ["--security-opt", "no-new-privileges", "--security-opt", &seccomp];
    let flags = [
        "--user",
        "65534:65534",
        "--read-only",
        "--cap-drop",
        "ALL",
        "--network",
        "none",
        "--ulimit",
        "nofile=64",
    ];
    works(&[options.as_slice(), &flags].concat());
}

#[test]
#[ignore = "needs a Docker engine"]
fn without_room_for_a_process_it_says_so_and_fails() {
    let run = Run::new(&BARE).flags(["--pids-limit", "24"]).entrypoint("/app");

    let output = run.words(["fill", "/podinit", "--", "/app", "exit", "0"]).finish();

    assert_eq!(output.code, 125, "{output:?}");
    assert_eq!((output.stdout.as_str(), output.stderr.lines().count()), ("", 1), "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn in_the_hosts_pid_namespace_it_reaps_and_ends_its_own_and_nothing_else() {
    // A user of their own: what this test may hit by mistake is its own bystander.
    let user = ["--user", "61234:61234"];
    let host = Run::new(&BARE).flags(user).flags(["--pid", "host"]);
    let bystander = Run::new(&BARE).flags(user).entrypoint("/app").words(["report"]).start();
    bystander.line("app ready");

    let output = host.clone().words(["/app", "orphan"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    let parents: Vec<_> =
        output.stdout.lines().filter_map(|line| line.split_once(" parent ")).collect();
    assert_eq!((parents.len(), parents[0].1), (2, parents[1].1), "{output:?}");

    let output = host.clone().words(["/app", "daemon", "6"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (6, ""), "{output:?}");
    assert_eq!(output.stdout.matches("daemon got TERM").count(), 1, "{output:?}");

    let app = host.words(["/app", "report"]).start();
    app.line("app ready");
    app.stop(40);
    assert_eq!(app.wait(), 0);

    assert!(bystander.running());
    assert_eq!(bystander.logs().stdout.matches("app got").count(), 0, "{:?}", bystander.logs());
}
