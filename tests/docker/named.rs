//! Beside an engine's init and in its place: `--init`, docker-init, podman-init, pause (init I1–I5).

use crate::engine::{Run, docker};
use crate::images::{BARE, NGINX, NGINX_WORDS, SHELL, shell_with};

/// An image in which podinit has another place, and so another name.
fn linked(path: &str) -> String {
    let name = path.rsplit('/').next().expect("a name");
    shell_with(name, &format!("COPY --from={{bare}} /podinit {path}"))
}

#[test]
#[ignore = "needs a Docker engine"]
fn beside_the_engines_init_orphans_are_still_reaped_and_nobody_warns() {
    let output = Run::new(&BARE).flags(["--init"]).words(["/app", "orphan"]).finish();

    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    assert_eq!(output.line("orphan parent "), output.line("app parent "));
    assert_ne!(output.line("app parent "), "1", "podinit is not PID 1 here");
}

#[test]
#[ignore = "needs a Docker engine"]
fn beside_the_engines_init_daemons_end_with_the_app() {
    let output = Run::new(&BARE).flags(["--init"]).words(["/app", "daemon", "7"]).finish();

    assert_eq!((output.code, output.stderr.as_str()), (7, ""), "{output:?}");
    assert!(output.stdout.contains("daemon got TERM"), "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn beside_the_engines_init_signals_reach_the_app() {
    let app = Run::new(&BARE).flags(["--init"]).words(["/app", "report"]).start();
    app.line("app ready");
    app.kill("USR1");
    app.line("app got USR1 from");

    app.stop(40);

    assert_eq!(app.wait(), 0);
    assert_eq!(app.logs().stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn as_docker_init_it_runs_what_the_engine_gives_it() {
    let image = linked("/sbin/docker-init");
    let run = Run::new(&image).entrypoint("/sbin/docker-init");

    let output = run.clone().words(["--", "/app", "orphan"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    let output = run.clone().words(["--", "/app", "exit", "3"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (3, ""), "{output:?}");
    let output = run.clone().words(["--", "/none"]).finish();
    assert_eq!(output.code, 127, "{output:?}");

    let app = run.words(["--", "/app", "report"]).start();
    app.line("app ready");
    app.stop(40);
    assert_eq!(app.wait(), 0);
    assert_eq!(app.count("app got TERM from 1"), 1, "{:?}", app.logs());
}

#[test]
#[ignore = "needs a Docker engine"]
fn as_docker_init_it_leaves_at_once() {
    let image = linked("/sbin/docker-init");

    let output = Run::new(&image)
        .entrypoint("/sbin/docker-init")
        .words(["--", "/app", "daemon", "4", "deaf"])
        .finish();

    // The name's owner asks no daemon to end; the kernel ends it with the namespace (init T21, X11).
    assert_eq!(output.code, 4, "{output:?}");
    assert!(!output.stdout.contains("daemon got"), "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn as_docker_init_it_tells_its_version_the_way_the_engine_reads_it() {
    let image = linked("/sbin/docker-init");

    let output = Run::new(&image).entrypoint("/sbin/docker-init").words(["--version"]).finish();

    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");
    let version =
        output.stdout.strip_prefix("tini version ").unwrap_or_else(|| panic!("{output:?}"));
    assert!(version.starts_with(|first: char| first.is_ascii_digit()), "{output:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn as_podman_init_it_runs_what_the_engine_gives_it() {
    let image = linked("/run/podman-init");
    let run = Run::new(&image).entrypoint("/run/podman-init");

    let output = run.clone().words(["--", "/app", "orphan"]).finish();
    assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{output:?}");

    let app = run.words(["--", "/app", "report"]).start();
    app.line("app ready");
    app.stop(40);
    assert_eq!(app.wait(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn as_catatonit_it_pauses_reaps_and_leaves() {
    let image = linked("/usr/bin/catatonit");
    pauses(&Run::new(&image).entrypoint("/usr/bin/catatonit").words(["-P"]));
}

#[test]
#[ignore = "needs a Docker engine"]
fn as_pause_it_holds_a_pod() {
    let image = linked("/pause");
    pauses(&Run::new(&image).entrypoint("/pause"));
}

#[test]
#[ignore = "needs a Docker engine"]
fn its_own_pause_holds_a_pod() {
    pauses(&Run::new(&BARE).entrypoint("/podinit").words(["pause"]));
}

/// A pod as a kubelet or podman makes it: one process holds the namespaces, the apps come and go.
fn pauses(run: &Run) {
    let pause = run.start();
    let namespace = format!("container:{}", pause.name);
    let join = ["--pid", &namespace, "--network", &namespace, "--ipc", "none"];
    let app = Run::new(&BARE).flags(join).entrypoint("/app").words(["orphan"]).finish();
    assert_eq!(app.code, 0, "{app:?}");
    assert_eq!(app.line("orphan parent "), "1", "{app:?}");

    // With podinit in the pod's container too, it reaps for itself.
    let app = Run::new(&SHELL).flags(join).words(["/app", "orphan"]).finish();
    assert_eq!((app.code, app.stderr.as_str()), (0, ""), "{app:?}");
    assert_eq!(app.line("orphan parent "), app.line("app parent "), "{app:?}");

    let server = Run::new(&NGINX).flags(join).words(NGINX_WORDS).start();
    server.process("nginx: worker process");
    server.stop(40);
    assert_eq!(server.wait(), 0);

    for ignored in ["HUP", "USR1", "RTMIN+1"] {
        pause.kill(ignored);
    }
    assert!(pause.running());
    docker(["kill", "-s", "TERM", &pause.name]);
    assert_eq!(pause.wait(), 0);
}
