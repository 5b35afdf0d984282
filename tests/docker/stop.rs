//! How a container ends: `docker stop`, its stop signal, its deadline (init I4, U28, U29).

use std::time::Duration;

use crate::engine::{Run, docker};
use crate::images::{BARE, NGINX, NGINX_WORDS, shell_with};

/// Longer than any deadline that is not ours: what ends earlier was not ended by the engine.
const ENGINE_DEADLINE: u32 = 40;

#[test]
#[ignore = "needs a Docker engine"]
fn a_stopped_nginx_exits_with_0_and_in_silence() {
    let server = Run::new(&NGINX).words(NGINX_WORDS).start();
    server.process("nginx: worker process");
    let page = Run::new(&crate::images::SHELL)
        .flags(["--network", &format!("container:{}", server.name)])
        .words(["/bin/wget", "-q", "-O", "-", "http://127.0.0.1:8080/"])
        .finish();
    assert_eq!((page.code, page.stdout.as_str()), (0, "served\n"), "{page:?}");

    let took = server.stop(ENGINE_DEADLINE);

    assert_eq!(server.wait(), 0);
    assert!(took < Duration::from_secs(ENGINE_DEADLINE.into()), "{took:?}");
    let logs = server.logs();
    assert_eq!((logs.stdout.as_str(), logs.stderr.as_str()), ("", ""));
}

#[test]
#[ignore = "needs a Docker engine"]
fn an_app_that_ignores_term_is_killed_at_the_end_of_the_grace_period() {
    let app =
        Run::new(&BARE).options(["--grace-period", "1s"]).words(["/app", "report", "deaf"]).start();
    app.line("app ready");

    let took = app.stop(ENGINE_DEADLINE);

    assert_eq!(app.wait(), 137);
    assert!(took < Duration::from_secs(ENGINE_DEADLINE.into()), "{took:?}");
    assert_eq!(app.count("app got TERM from 1"), 1, "{:?}", app.logs());
    assert_eq!(
        app.logs().stderr.lines().count(),
        1,
        "a SIGKILL is told in one line: {:?}",
        app.logs()
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_grace_period_can_come_from_the_environment() {
    let app =
        Run::new(&BARE).env("PODINIT_GRACE_PERIOD", "1s").words(["/app", "report", "deaf"]).start();
    app.line("app ready");

    let took = app.stop(ENGINE_DEADLINE);

    assert_eq!(app.wait(), 137);
    assert!(took < Duration::from_secs(ENGINE_DEADLINE.into()), "{took:?}");
}

#[test]
#[ignore = "needs a Docker engine"]
fn without_a_grace_period_the_engine_owns_the_kill() {
    let app = Run::new(&BARE).words(["/app", "report", "deaf"]).start();
    app.line("app ready");

    let took = app.stop(1);

    assert_eq!(app.wait(), 137);
    assert!(took >= Duration::from_secs(1), "{took:?}");
    assert_eq!(app.count("app got TERM from 1"), 1);
    assert_eq!(app.logs().stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_images_stop_signal_reaches_the_app() {
    let image = shell_with("stop-signal", "STOPSIGNAL SIGQUIT");
    let app = Run::new(&image).words(["/app", "report"]).start();
    app.line("app ready");

    // The app does not leave at QUIT: the engine's deadline ends it.
    app.stop(1);

    assert_eq!(app.wait(), 137);
    assert_eq!(app.count("app got QUIT from 1"), 1, "{:?}", app.logs());
    assert_eq!(app.count("app got TERM from 1"), 0, "{:?}", app.logs());
}

#[test]
#[ignore = "needs a Docker engine"]
fn nginx_leaves_gracefully_at_its_images_own_stop_signal() {
    let server = Run::new(&NGINX).flags(["--stop-signal", "SIGQUIT"]).words(NGINX_WORDS).start();
    server.process("nginx: worker process");

    server.stop(ENGINE_DEADLINE);

    assert_eq!(server.wait(), 0);
    assert_eq!(server.logs().stderr, "");
}

#[test]
#[ignore = "needs a Docker engine"]
fn another_stop_signal_can_be_sent_in_place_of_the_engines() {
    let app = Run::new(&BARE)
        .options(["--stop-signal", "HUP", "--grace-period", "1s"])
        .words(["/app", "report"])
        .start();
    app.line("app ready");

    app.stop(ENGINE_DEADLINE);

    // HUP does not end this app, so the grace period does.
    assert_eq!(app.wait(), 137);
    assert_eq!(app.count("app got HUP from 1"), 1, "{:?}", app.logs());
    assert_eq!(app.count("app got TERM from 1"), 0, "{:?}", app.logs());
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_signal_outside_the_stop_set_can_begin_the_stop() {
    let app = Run::new(&BARE)
        .flags(["--stop-signal", "SIGRTMIN+3"])
        .options(["--stop-on", "RTMIN+3", "--grace-period", "1s"])
        .words(["/app", "report", "deaf"])
        .start();
    app.line("app ready");

    app.stop(ENGINE_DEADLINE);

    assert_eq!(app.wait(), 137);
    assert_eq!(app.count("app got RTMIN+3 from 1"), 1, "{:?}", app.logs());
}

#[test]
#[ignore = "needs a Docker engine"]
fn docker_kill_ends_everything_at_once() {
    let app = Run::new(&BARE).words(["/app", "report", "deaf"]).start();
    app.line("app ready");

    docker(["kill", &app.name]);

    assert_eq!(app.wait(), 137);
}
