//! `podinit probe`, `wait` and `sleep` where they are meant to be: in containers, with the engine's names and its health checks.

use std::fs;
use std::time::Duration;

use crate::builder::build_text;
use crate::engine::{Container, Network, Run, docker, unique};
use crate::images::{BARE, NGINX, NGINX_WORDS, SHELL, shell_with};

/// nginx, and a health check of its `/healthz`, which is 503 until `/run/ready` is there and 500 once `/run/broken` is.
fn checked() -> Container {
    let text = format!(
        "FROM {}\nHEALTHCHECK --interval=500ms --timeout=20s --start-period=1h --retries=2 \
         CMD [\"/podinit\", \"probe\", \"http://:8080/healthz\"]\n",
        *NGINX
    );
    Run::new(&build_text(&text, "podinit-test-checked")).words(NGINX_WORDS).start()
}

/// Puts an empty file into the container, as nobody inside could.
fn put(container: &Container, path: &str) {
    let file = std::env::temp_dir().join(unique("put"));
    fs::write(&file, "").expect("a file can be written");
    docker(["cp", &file.display().to_string(), &format!("{}:{path}", container.name)]);
    fs::remove_file(file).expect("it is ours");
}

#[test]
#[ignore = "needs a Docker engine"]
fn health_goes_from_starting_to_healthy_to_unhealthy() {
    let server = checked();
    let last = "{{range .State.Health.Log}}{{.ExitCode}} {{.Output}}{{end}}";
    let status = || server.inspect("{{.State.Health.Status}}");
    let becomes = |wanted: &str, seen: &str| {
        server.until(wanted, || {
            let log = server.inspect(last);
            (status() == wanted && log.contains(seen)).then_some(())
        });
    };
    becomes("starting", "1 503 Service Temporarily Unavailable in ");
    put(&server, "/run/ready");
    becomes("healthy", "0 200 OK in ");
    put(&server, "/run/broken");
    becomes("unhealthy", "1 500 Internal Server Error in ");
}

/// A name that the engine's own DNS server knows, asked for in an image with nothing in it.
#[test]
#[ignore = "needs a Docker engine"]
fn names_resolve_in_scratch() {
    let network = Network::new();
    let flags = ["--network", network.name.as_str()];
    let server =
        Run::new(&NGINX).flags(flags).flags(["--network-alias", "web"]).words(NGINX_WORDS).start();
    server.process("nginx: worker process");
    let probe = |action: &str| {
        Run::new(&BARE)
            .flags(flags)
            .entrypoint("/podinit")
            .words(["probe", "--timeout", "20s", action])
            .finish()
    };
    for action in
        ["http://web:8080/", "tcp://web:8080", "dns://web", &format!("http://{}:8080", server.name)]
    {
        let output = probe(action);
        assert_eq!(output.code, 0, "{action}: {output:?}");
    }
    let output = probe("dns://nobody-of-this-name");
    assert_eq!(output.code, 1);
    assert!(output.stdout.contains("lookup nobody-of-this-name"), "{output:?}");
    let local = probe("dns://localhost");
    assert!(local.stdout.starts_with("localhost is 127.0.0.1"), "{local:?}");
}

/// No module of the image's libc is asked, whatever its nsswitch.conf says.
#[test]
#[ignore = "needs a Docker engine"]
fn names_resolve_beside_a_foreign_libc_with_an_odd_nsswitch() {
    let image = shell_with(
        "nsswitch",
        "RUN echo 'hosts: mymachines [!UNAVAIL=return] resolve' > /etc/nsswitch.conf && \
         echo garbage > /lib/libnss_mymachines.so.2 || mkdir /lib && echo garbage > /lib/libnss_mymachines.so.2",
    );
    let network = Network::new();
    let flags = ["--network", network.name.as_str()];
    let server =
        Run::new(&NGINX).flags(flags).flags(["--network-alias", "web"]).words(NGINX_WORDS).start();
    server.process("nginx: worker process");
    let run = Run::new(&image).flags(flags).entrypoint("/podinit");
    let output = run.words(["probe", "--timeout", "20s", "http://web:8080/"]).finish();
    assert_eq!(output.code, 0, "{output:?}");
}

/// What an init container does, and then the program takes its place as PID 1.
#[test]
#[ignore = "needs a Docker engine"]
fn a_wait_becomes_the_program() {
    let network = Network::new();
    let flags = ["--network", network.name.as_str()];
    let words = ["wait", "http://web:8080/", "dns://web", "--", "/app", "report"];
    let app = Run::new(&BARE).flags(flags).entrypoint("/podinit").words(words).start();
    app.until("it has tried", || app.logs().stderr.contains("lookup web").then_some(()));
    let server =
        Run::new(&NGINX).flags(flags).flags(["--network-alias", "web"]).words(NGINX_WORDS).start();
    server.process("nginx: worker process");
    assert!(app.line("app pid ").starts_with("1 "), "{:?}", app.logs());
    app.kill("TERM");
    assert_eq!(app.wait(), 0);
    assert_eq!(app.count("app got TERM from 0"), 1, "{:?}", app.logs());
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_wait_and_a_sleep_end_at_once_when_stopped() {
    for words in [["wait", "file:/never"], ["sleep", "24h"]] {
        let container = Run::new(&BARE).entrypoint("/podinit").words(words).start();
        container.process("/podinit");
        let took = container.stop(60);
        assert_eq!(container.wait(), 143, "{words:?}");
        assert!(took < Duration::from_secs(60), "{words:?}: {took:?}");
    }
}

/// As nobody, with nothing to write to and nothing allowed.
#[test]
#[ignore = "needs a Docker engine"]
fn probes_work_for_those_who_may_do_nothing() {
    let confined = [
        "--user",
        "65534:65534",
        "--read-only",
        "--cap-drop",
        "ALL",
        "--security-opt",
        "no-new-privileges",
    ];
    let server = Run::new(&NGINX).words(NGINX_WORDS).start();
    server.process("nginx: worker process");
    let network = format!("container:{}", server.name);
    for action in
        ["http://:8080/", "tcp://:8080", "dns://localhost", "file:/podinit", "exec:/bin/true"]
    {
        let run =
            Run::new(&SHELL).flags(confined).flags(["--network", &network]).entrypoint("/podinit");
        let output = run.words(["probe", "--timeout", "20s", action]).finish();
        assert_eq!((output.code, output.stderr.as_str()), (0, ""), "{action}: {output:?}");
    }
    // And no image at all around it.
    let run = Run::new(&BARE).flags(confined).entrypoint("/podinit");
    let output = run.words(["probe", "exec:/bin/true"]).finish();
    assert!(output.code == 1 && output.stdout.contains("no such file or directory"), "{output:?}");
}

/// Where no process can be made the attempt fails with a reason, and nothing else does.
#[test]
#[ignore = "needs a Docker engine"]
fn a_limit_on_processes_is_told() {
    let run = Run::new(&SHELL).flags(["--pids-limit", "1"]).entrypoint("/podinit");
    let output = run.words(["probe", "exec:/bin/true"]).finish();
    assert_eq!(output.code, 1, "{output:?}");
    assert!(output.stdout.starts_with("no process can be made for it: "), "{output:?}");
}
