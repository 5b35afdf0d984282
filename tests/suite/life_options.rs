//! The options for hooks, probes and restarts: how they are written, and what is said of those that are wrong.

use crate::common::*;

/// A program that says it was started.
const ECHO: [&str; 3] = ["--", "/bin/echo", "started"];

#[track_caller]
fn refused(run: Run, says: &str) {
    let finished = run.args(ECHO).finish().exits(125);
    assert_eq!((&*finished.stderr, &*finished.stdout), (&*format!("podinit: {says}\n"), ""));
}

#[test]
fn what_is_wrong_is_named_with_its_remedy_and_starts_nothing() {
    let actions = "(try http://:8080/healthz, tcp://:5432, grpc://:9090, dns://db, file:/run/ready or exec:CMD ARG)";
    for (args, says) in [
        (
            &["--post-start", "tcp://:80"][..],
            "--post-start: \"tcp://:80\": a hook can be exec:, http://, https:// or sleep: only",
        ),
        (
            &["--pre-stop", "dns://db"],
            "--pre-stop: \"dns://db\": a hook can be exec:, http://, https:// or sleep: only",
        ),
        (
            &["--post-stop", "exec:"],
            "--post-stop: \"exec:\": the command is missing (try exec:pg_isready -q)",
        ),
        (
            &["--pre-stop", "sleep:long"],
            "--pre-stop: \"sleep:long\": \"long\" is not a duration (try sleep:5s)",
        ),
        (&["--startup", "tcp://:0"], "--startup: \"tcp://:0\": \"0\" is not a port (1 to 65535)"),
        (&["--liveness", "ready"], &format!("--liveness: \"ready\": not an action {actions}")),
        (
            &["--readiness", "sleep:1s"],
            "--readiness: \"sleep:1s\": sleep: is for hooks (to sleep: podinit sleep 5s)",
        ),
        (
            &["--startup-opts", "perod=1s"],
            "--startup-opts: \"perod\" is none of delay, period, timeout, success, failure, grace (try period=10s)",
        ),
        (
            &["--liveness-opts", "period=1s,timeout=x"],
            "--liveness-opts: timeout: \"x\" is not a duration (try 10s)",
        ),
        (
            &["--liveness-opts", "success=2"],
            "--liveness-opts: success: must be 1 for a liveness probe: leave it out",
        ),
        (
            &["--readiness-opts", "grace=1s"],
            "--readiness-opts: grace: a readiness probe ends nothing: leave it out",
        ),
        (
            &["--readiness-opts", "period=1s"],
            "--readiness-opts: there is no readiness probe: write --readiness ACTION too",
        ),
        (&["--probe-host", "a b"], "--probe-host: \"a b\" is not a host name"),
        (&["--probe-host", ""], "--probe-host: the name is missing"),
        (
            &["--restart", "sometimes"],
            "--restart: \"sometimes\" is none of never, on-failure, always, pod",
        ),
        (&["--restart", "pod"], "--restart: \"pod\" is what a manifest says: write --pod FILE too"),
        (&["--restart-delay", "x"], "--restart-delay: \"x\" is not a duration (try 10s)"),
        (&["--restart-delay", "1s.."], "--restart-delay: \"\" is not a duration (try 10s)"),
        (&["--restart-delay", "0"], "--restart-delay: \"0\" is no pause (try 10s..5m)"),
        (&["--restart-delay", "5m..10s"], "--restart-delay: 5m is more than 10s (try 10s..5m)"),
        (&["--strict-hooks=yes"], "--strict-hooks takes no value"),
    ] {
        refused(own().args(args), says);
    }
    assert_eq!(
        own().arg("--liveness").finish().exits(125).stderr,
        "podinit: --liveness: its value ACTION is missing\n"
    );
    assert_eq!(
        own().args(["--liveness", "exec:true"]).finish().exits(125).stderr,
        "podinit: no program given (try podinit --help)\n"
    );
}

#[test]
fn what_is_right_starts_the_program() {
    for args in [
        &["--post-start", "exec:true"][..],
        &["--pre-stop=sleep:0", "--post-stop", "exec:sh -c 'exit 0'"],
        &["--startup", "file:/", "--startup-opts", "delay=0,period=0.5,timeout=500ms,success=1"],
        &["--liveness", "exec:true", "--liveness-opts", "failure=10,grace=2s"],
        &["--liveness", "exec:true", "--liveness-opts", ""],
        &["--readiness", "http://:1/", "--readiness-opts", "success=3"],
        &["--readiness", "tcp://:1", "--probe-host", "localhost", "--strict-hooks"],
        &["--readiness", "grpc://:1/service"],
        &["--restart", "never", "--restart-delay", "1s"],
        &["--restart", "never", "--restart-delay", "1s..1s"],
    ] {
        own().args(args).witness(["exit", "6"]).finish().exits(6);
    }
}

#[test]
fn each_is_a_variable_and_the_option_wins() {
    for (name, value, says) in [
        ("PODINIT_POST_START", "sleep", "not an action"),
        (
            "PODINIT_STARTUP_OPTS",
            "period=1s",
            "there is no startup probe: write --startup ACTION too",
        ),
        ("PODINIT_RESTART", "pod", "\"pod\" is what a manifest says: write --pod FILE too"),
        ("PODINIT_LIVENESS_OPTS", "failure=no", "failure: \"no\" is not a number of attempts"),
    ] {
        let finished = own().env(name, value).args(ECHO).finish().exits(125);
        assert!(finished.stderr.starts_with(&format!("podinit: {name}: ")), "{finished:?}");
        assert!(finished.stderr.contains(says), "{finished:?}");
    }
    // What is not wanted is not looked at.
    let run = own().env("PODINIT_RESTART", "sometimes").args(["--restart", "never"]);
    run.witness(["exit", "6"]).finish().exits(6);
    let run = own().env("PODINIT_LIVENESS", "").env("PODINIT_STRICT_HOOKS", "1");
    run.witness(["exit", "6"]).finish().exits(6).silently();
}

#[test]
fn the_help_text_has_them_in_groups() {
    let help = own().arg("--help").finish().exits(0).stdout;
    let at = |text: &str| help.find(text).unwrap_or_else(|| panic!("{text}: {help}"));
    assert!(at("\noptions:\n") < at("  --grace-period D\n"));
    assert!(at("  -l, --license") < at("\nhooks and probes:\n"));
    assert!(at("\nhooks and probes:\n") < at("      --liveness ACTION\n"));
    if cfg!(feature = "manifest") {
        assert!(at("      --restart-delay D..D\n") < at("\nmanifest:\n"));
        assert!(at("\nmanifest:\n") < at("      --pod FILE\n"));
    }
    // A Service named podinit makes Kubernetes inject variables of such names.
    for word in help.split_whitespace().filter(|word| word.starts_with("--")) {
        assert!(!word.ends_with("-port") && !word.ends_with("-service-host"), "{word}");
    }
}

/// The user, the directory and the start are those of a command line without them.
#[test]
fn the_program_is_started_as_ever() {
    let dir = TempDir::new();
    let run = own().args(["-q", "--readiness", "exec:true", "--user", "4242:4343", "--chdir"]);
    let report = reported(run.arg(dir.path()).env("FOO", "bar"));
    assert_eq!((report.get("uid"), report.get("gid")), ("4242 4242 4242", "4343 4343 4343"));
    assert_eq!(report.cwd(), dir.path().to_str().unwrap());
    assert_eq!(report.var("FOO").as_deref(), Some("bar"));
}
