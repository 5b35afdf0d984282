//! Hooks, probes and restarts where a container is frozen, or short of memory or processes: the program is not harmed by
//! what podinit does beside it, and podinit goes on when it can (design 8).

use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::engine::{Container, Process, Run, docker};
use crate::images::{NGINX_SHELL, NGINX_WORDS, SHELL};

/// Longer than any time that is not ours: what ends earlier was not ended by the engine.
const ENGINE_DEADLINE: u32 = 60;

/// Longer than what the agent may take for one turn (30 s), and than many periods.
const FROZEN: Duration = Duration::from_secs(35);

/// A probe that writes a line each time and takes most of its period.
const SLOW: &str = "exec:/bin/sh -c 'echo >>/run/probed; sleep 0.6'";

const QUICK: &str = "exec:/bin/sh -c 'echo >>/run/probed'";

fn probed(container: &Container) -> u32 {
    let output = container.exec(&["/bin/sh", "-c", "wc -l <>/run/probed"]);
    output.stdout.trim().parse().unwrap_or_else(|_| panic!("{output:?}"))
}

/// There is another line, or several.
fn is_probed_on(container: &Container) {
    let before = probed(container);
    container.until("it is probed on", || (probed(container) > before + 3).then_some(()));
}

/// What podinit has said.
fn said(container: &Container) -> String {
    container.logs().stderr
}

fn says(container: &Container, what: &str) {
    container.until(what, || said(container).contains(what).then_some(()));
}

/// Podinit's second process: the child of the first that has executed nothing.
fn agent(container: &Container) -> Option<Process> {
    let all = container.processes();
    let init = container.inspect("{{.State.Pid}}").parse::<u32>().expect("a pid");
    all.into_iter().find(|one| one.parent == init && one.args.starts_with("/podinit"))
}

/// SIGKILL, from the host.
fn kill(process: &Process) {
    let status = Command::new("kill").args(["-9", &process.pid.to_string()]).status();
    assert!(status.expect("kill runs").success(), "{process:?}");
}

/// A frozen container does not see the time go by, but the clock does. Three of them: some are in the middle of an attempt.
#[test]
#[ignore = "needs a Docker engine"]
fn a_frozen_container_has_failed_nothing_when_it_wakes() {
    let options = [
        ["--restart", "always"],
        ["--liveness", SLOW],
        ["--liveness-opts", "period=1s,timeout=20s,failure=1"],
        ["--readiness", "http://:8080/"],
        ["--readiness-opts", "period=1s,timeout=20s,failure=1"],
    ];
    let run = Run::new(&NGINX_SHELL).options(options.as_flattened().iter().copied());
    let is_frozen = || {
        let server = run.clone().words(NGINX_WORDS).start();
        is_probed_on(&server);
        let processes =
            || (server.process("nginx: master process").pid, agent(&server).map(|one| one.pid));
        let before = processes();
        docker(["pause", &server.name]);
        thread::sleep(FROZEN);
        docker(["unpause", &server.name]);
        is_probed_on(&server);
        let (said, now) = (said(&server), processes());
        // One that was frozen in the middle of a turn, a millisecond's work, cannot tell that from hanging.
        let is_chance = said.contains("hooks and probes ended (killed by ALRM)");
        assert!(now == before || now.0 == before.0 && is_chance, "{before:?} {now:?} {said}");
        // Nginx may not have listened at the first attempt.
        let failed = |line: &&str| line.contains("probe failed") && !line.contains("refused");
        assert_eq!(said.lines().find(failed), None, "{said}");
        assert!(!said.contains("restarted"), "{said}");
        server.stop(ENGINE_DEADLINE);
        assert_eq!(server.wait(), 0);
    };
    thread::scope(|scope| {
        [(); 3].map(|()| scope.spawn(is_frozen)).map(|one| one.join().expect("it is well"))
    });
}

/// Somebody has 20 of 64 MiB, a probe's command takes what is left. By then the agent, which has offered itself to the
/// kernel, counts for more than either, and the program for less.
#[test]
#[ignore = "needs a Docker engine"]
fn out_of_memory_the_program_lives_and_is_probed_on() {
    let options = [
        ["--restart", "always"],
        ["--liveness", QUICK],
        ["--liveness-opts", "period=100ms,timeout=20s,failure=1"],
        // Reads zeroes for ever, and keeps them: there is no end of a line.
        ["--readiness", "exec:/bin/sh -c '[ ! -e /run/hungry ] || exec tail /dev/zero'"],
        ["--readiness-opts", "period=200ms,timeout=20s"],
    ];
    // The second keeps what the first says until that ends.
    let holds = "(head -c 20971520 /dev/zero; exec sleep 1000) | tail -c 20971520";
    let server = Run::new(&NGINX_SHELL)
        .flags(["--memory", "64m", "--memory-swap", "64m"])
        .options(options.as_flattened().iter().copied())
        .script(&format!("{holds} & exec /usr/sbin/nginx -g 'daemon off;'"))
        .start();
    is_probed_on(&server);
    // What is held may be taken with the agent: the memory of who is being killed is nobody's for a moment.
    let program = || server.process("nginx: master process").pid;
    let before = program();
    let holds_all = || {
        let status = server.exec(&["/bin/sh", "-c", "grep VmRSS /proc/[0-9]*/status"]).stdout;
        let sizes = status.lines().filter_map(|line| line.split_whitespace().nth(1));
        sizes.filter_map(|size| size.parse().ok()).any(|size: u32| size > 20_000).then_some(())
    };
    server.until("it holds its memory", holds_all);
    assert_eq!(server.exec(&["/bin/touch", "/run/hungry"]).code, 0);
    says(&server, "the process for hooks and probes ended (killed by KILL)");
    // There may be no memory for it at once.
    server.until("nobody takes it any more", || {
        (server.exec(&["/bin/rm", "-f", "/run/hungry"]).code == 0).then_some(())
    });
    is_probed_on(&server);
    let said = said(&server);
    assert_eq!(program(), before, "{said}");
    assert!(!said.contains("will be restarted") && !said.contains("Back-off"), "{said}");
    let took = server.stop(ENGINE_DEADLINE);
    assert_eq!(server.wait(), 0, "{said}");
    assert!(took < Duration::from_secs(ENGINE_DEADLINE.into()), "{took:?}");
}

/// Neither an attempt, nor a hook, nor an agent, nor another instance can be forked: said, tried again, no harm done.
#[test]
#[ignore = "needs a Docker engine"]
fn without_a_process_to_be_had_it_is_said_and_tried_again() {
    let options = [
        ["--restart", "always"],
        ["--restart-delay", "100ms..400ms"],
        ["--liveness", QUICK],
        ["--liveness-opts", "period=100ms,timeout=20s,failure=1"],
        ["--pre-stop", "exec:/bin/true"],
        ["--grace-period", "2s"],
    ];
    let app = Run::new(&SHELL)
        .flags(["--tmpfs", "/run"])
        .options(options.as_flattened().iter().copied())
        .words(["/app", "report"])
        .start();
    is_probed_on(&app);
    let first = app.process("/app report");
    let allow = |processes: u32| {
        docker(["update", "--pids-limit", &processes.to_string(), &app.name]);
    };

    allow(1);
    says(&app, "Liveness probe was not made: no process can be made for it");
    kill(&agent(&app).expect("an agent"));
    says(&app, "no process can be made for hooks and probes: ");
    assert_eq!(app.process("/app report").pid, first.pid, "{:?}", app.logs());

    kill(&first);
    says(&app, "podinit: /app: ");
    allow(100);
    app.until("it is started again", || (app.count("app ready") == 2).then_some(()));
    is_probed_on(&app);
    assert!(!said(&app).contains("failed liveness probe"), "{:?}", app.logs());

    allow(1);
    let took = app.stop(ENGINE_DEADLINE);
    assert_eq!(app.wait(), 0, "{:?}", app.logs());
    assert!(took < Duration::from_secs(ENGINE_DEADLINE.into()), "{took:?}");
    assert_eq!(app.count("app got TERM from 1"), 1, "{:?}", app.logs());
    says(&app, "preStop has to wait: no process can be made for it");
}
