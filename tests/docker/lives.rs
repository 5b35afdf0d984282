//! nginx with hooks, probes and restarts around it, in real containers.

use std::time::Duration;

use crate::engine::{Container, Run};
use crate::images::{NGINX_SHELL, NGINX_WORDS, SHELL};

/// Longer than any time that is not ours: what ends earlier was not ended by the engine.
const ENGINE_DEADLINE: u32 = 60;

/// `/healthz` of [`NGINX_SHELL`] is well if `/run/ready` is there and `/run/broken` is not.
const HEALTH: &str = "http://:8080/healthz";

/// An exec action in which a script writes a line to a file, and is well as long as there is none called `sick`.
const NOTED: &str = "exec:/bin/sh -c 'echo >>/run/probed; [ ! -e /run/sick ]'";

/// The server under podinit with these options.
fn served(options: &[&str]) -> Run {
    Run::new(&NGINX_SHELL).options(options.iter().copied()).words(NGINX_WORDS)
}

/// The host's number of a process whose command line begins so.
fn pid(container: &Container, args: &str) -> u32 {
    container.process(args).pid
}

const MASTER: &str = "nginx: master process";

fn run(container: &Container, script: &str) -> String {
    let output = container.exec(&["/bin/sh", "-c", script]);
    assert_eq!(output.code, 0, "{script}: {output:?} {:?}", container.logs());
    output.stdout
}

/// How many attempts of [`NOTED`] there have been.
fn probed(container: &Container) -> u32 {
    run(container, "wc -l <>/run/probed").trim().parse().expect("a number")
}

/// The lines of podinit's that have this in them.
fn said(container: &Container, what: &str) -> Vec<String> {
    let lines = container.logs().stderr;
    lines.lines().filter(|line| line.contains(what)).map(str::to_owned).collect()
}

fn says(container: &Container, what: &str) -> String {
    container.until(what, || said(container, what).pop())
}

// kubelet W21, R6
#[test]
#[ignore = "needs a Docker engine"]
fn a_liveness_check_that_fails_restarts_the_server_in_its_place() {
    let options = [
        ["--restart", "on-failure"],
        ["--startup", "tcp://:8080"],
        ["--startup-opts", "period=50ms,failure=100000"],
        ["--liveness", HEALTH],
        ["--liveness-opts", "period=200ms,failure=2,timeout=20s"],
    ];
    let options = options.as_flattened().iter().copied();
    let script = "rm -f /run/broken; : >/run/ready; exec nginx -g 'daemon off;'";
    let run_it = Run::new(&NGINX_SHELL).options(options).script(script);
    let server = run_it.flags(["--env", "PATH=/usr/sbin:/bin"]).start();
    let (first, container) = (pid(&server, MASTER), server.inspect("{{.State.Pid}}"));
    run(&server, ": >/run/broken");

    says(&server, "failed liveness probe, will be restarted");
    let is_other = |process: &crate::engine::Process| process.pid != first;
    server.until("another server", || server.process_now(MASTER).filter(is_other));

    let well = server.exec(&["/podinit", "probe", "--timeout", "20s", HEALTH]);
    server.until("it is well again", || {
        let output = server.exec(&["/podinit", "probe", HEALTH]);
        (output.code == 0).then_some(())
    });
    assert_eq!(server.inspect("{{.State.Pid}}"), container, "{well:?}");
    assert_eq!(server.inspect("{{.RestartCount}}"), "0");
    assert_eq!(
        said(&server, "Liveness probe failed: HTTP probe failed with statuscode: 500").len(),
        2
    );
    server.stop(ENGINE_DEADLINE);
    assert_eq!(server.wait(), 0, "{:?}", server.logs());
}

// kubelet W11 to W13
#[test]
#[ignore = "needs a Docker engine"]
fn a_slow_start_is_waited_for_before_it_is_asked_whether_it_lives() {
    let server = served(&[
        "--startup",
        HEALTH,
        "--startup-opts",
        "period=100ms,failure=100000",
        "--liveness",
        NOTED,
        "--liveness-opts",
        "period=100ms,failure=1,timeout=20s",
    ])
    .start();
    server.until("it has failed often", || {
        (said(&server, "Startup probe failed").len() > 10).then_some(())
    });
    let first = pid(&server, MASTER);
    assert_eq!(probed(&server), 0);
    run(&server, ": >/run/ready");
    server.until("it is asked whether it lives", || (probed(&server) > 5).then_some(()));
    let failed = said(&server, "Startup probe failed").len();
    server.until("it lives on", || (probed(&server) > 15).then_some(()));
    assert_eq!(said(&server, "Startup probe failed").len(), failed);
    assert_eq!(pid(&server, MASTER), first);
    server.stop(ENGINE_DEADLINE);
    assert_eq!(server.wait(), 0, "{:?}", server.logs());
}

// kubelet W18, W21; what was killed for that is no success.
#[test]
#[ignore = "needs a Docker engine"]
fn a_start_that_never_comes_is_the_end() {
    let options = ["--startup", HEALTH, "--startup-opts", "period=100ms,failure=5,timeout=20s"];
    let server = served(&options).start();
    assert_eq!(server.wait(), 137, "{:?}", server.logs());
    says(&server, "failed startup probe");
    // Before nginx listens it is refused, which counts as well.
    assert_eq!(said(&server, "Startup probe failed: ").len(), 5, "{:?}", server.logs());
}

// kubelet H14; design 3.4, 3.6
#[test]
#[ignore = "needs a Docker engine"]
fn a_request_under_way_is_answered_in_full_before_the_end() {
    let drain = "exec:/bin/sh -c 'echo draining; sleep 1'";
    let options = ["--pre-stop", drain, "--stop-signal", "QUIT", "--grace-period", "50s"];
    let server = served(&options).start();
    server.process("nginx: worker process");
    let network = format!("container:{}", server.name);
    let script =
        "wget -q -O /tmp/page http://127.0.0.1:8080/slow; echo ended $? $(wc -c </tmp/page)";
    let client = Run::new(&SHELL).flags(["--network", &network]).script(script).start();
    client.until("it is being served", || {
        let size = client.exec(&["/bin/stat", "-c", "%s", "/tmp/page"]);
        (size.code == 0 && size.stdout.trim() != "0").then_some(())
    });

    let took = server.stop(ENGINE_DEADLINE);

    assert_eq!(server.wait(), 0, "{:?}", server.logs());
    let whole = Run::new(&SHELL).entrypoint("/bin/stat").words(["-c", "%s", "/podinit"]).finish();
    assert_eq!(client.line("ended "), format!("0 {}", whole.stdout.trim()));
    says(&server, "podinit: preStop: draining");
    let line = says(&server, " podinit: terminated: preStop ");
    assert!(line.contains("QUIT→exit ") && line.ends_with(" of 50s, exit 0"), "{line}");
    let seconds = |after: &str| -> f64 {
        let (_, rest) = line.split_once(after).expect("a time");
        rest.split('s').next().unwrap_or_default().parse().expect("seconds")
    };
    let (hook, rest) = (seconds("preStop "), seconds("QUIT→exit "));
    assert!(hook >= 1.0 && hook + rest <= took.as_secs_f64() + 0.2, "{took:?}: {line}");
    assert!(took < Duration::from_secs(ENGINE_DEADLINE.into()), "{took:?}");
}

// kubelet R13 to R17
#[test]
#[ignore = "needs a Docker engine"]
fn a_crash_loop_waits_twice_as_long_each_time_and_is_stopped_at_once() {
    let broken = ["/usr/sbin/nginx", "-c", "/no/such/file"];
    let options = ["--restart", "always", "--restart-delay"];
    let looping = |delay| {
        Run::new(&NGINX_SHELL).options(options.into_iter().chain([delay])).words(broken).start()
    };
    let server = looping("100ms..400ms");
    server.until("it has waited", || (said(&server, "Back-off").len() >= 5).then_some(()));
    let pauses = said(&server, "Back-off restarting failed container nginx: ");
    for (line, pause) in pauses.iter().zip(["0.1s", "0.2s", "0.4s", "0.4s", "0.4s"]) {
        assert!(line.ends_with(&format!("{pause} after its last end")), "{pauses:?}");
    }
    assert!(server.running());

    let server = looping("1h");
    says(&server, "Back-off");
    let took = server.stop(ENGINE_DEADLINE);
    assert_eq!(server.wait(), 1);
    assert!(took < Duration::from_secs(ENGINE_DEADLINE.into()), "{took:?}");
    assert_eq!(server.logs().stderr.matches("/no/such/file").count(), 2, "{:?}", server.logs());
}

/// The server goes on as a daemon when the program ends, and has the port until it is gone (design 3.5).
#[test]
#[ignore = "needs a Docker engine"]
fn what_an_instance_left_behind_is_gone_before_the_next() {
    let script = "echo left $(ps -o comm | grep -c nginx); nginx || exit 9; \
                  while ! wget -q -O /dev/null http://127.0.0.1:8080/; do sleep 0.1; done; \
                  echo served; exit 1";
    let options = ["--restart", "on-failure", "--restart-delay", "50ms"];
    let run = Run::new(&NGINX_SHELL).options(options).script(script);
    let server = run.flags(["--env", "PATH=/usr/sbin:/bin"]).start();
    server.until("the fourth has served", || (server.count("served") >= 4).then_some(()));
    server.stop(ENGINE_DEADLINE);
    let logs = server.logs();
    assert!(
        server.count("left 0") >= 4
            && logs.stdout.matches("left ").count() == server.count("left 0"),
        "{logs:?}"
    );
    assert!(!logs.stderr.contains("Address already in use"), "{logs:?}");
    assert_eq!(said(&server, "still there"), [""; 0], "{logs:?}");
}
