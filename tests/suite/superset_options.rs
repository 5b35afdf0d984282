//! Where the peers differ: terminal, odd starts, output, options and environment of our own name (`init X16`–`X24`).

use crate::common::*;
use libc::{SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGUSR1, SIGUSR2};
use std::time::Duration;

const NAMES: [&str; 4] = ["podinit", "tini", "dumb-init", "catatonit"];

/// What the program receives when these signals are sent, each after the other has been dealt with.
#[track_caller]
fn rewritten(run: Run, sent: &[i32]) -> Vec<i32> {
    let dir = TempDir::new();
    let running = run.witness(["record", &dir.file("signals")]).spawn();
    let recording = Recording::of(&running, &dir, "signals");
    sent.iter()
        .map(|signal| (running.signal(*signal), recording.all_so_far(&running)).1)
        .last()
        .unwrap()
}

// init X16, K3: a script without job control that reads the terminal after an init has had it.
#[test]
fn x16_the_terminal_is_given_back_at_the_end() {
    for name in ["podinit", "tini", "catatonit"] {
        let terminal = Terminal::new();
        let script = "\"$@\"; echo code-$?; read line; echo got-$line";
        let run =
            Run::of(&Subject::ours(name)).via(["/bin/sh", "-c", script, "sh"]).terminal(&terminal);
        let mut running = run.args(["--", "/bin/sh", "-c", "read line; exit 5"]).spawn();
        let shell = running.pid();
        running
            .until("the program has it", || terminal.foreground().filter(|group| *group != shell));
        terminal.press("first\n");
        terminal.shows("code-5");
        assert_eq!(terminal.foreground(), Some(shell), "{name}");
        terminal.press("second\n");
        terminal.shows("got-second");
        running.wait().exits(0);
    }
}

// init X16: also when a signal ended the program.
#[test]
fn x16_the_terminal_is_given_back_after_a_key_press_ended_the_program() {
    let terminal = Terminal::new();
    let script = "\"$@\"; echo code-$?; read line; echo got-$line";
    let run = own().via(["/bin/sh", "-c", script, "sh"]).terminal(&terminal);
    let running = run.witness(["hold"]).spawn();
    let main = || children(running.init()).first().copied();
    running.until("the program has it", || (terminal.foreground()? == main()?).then_some(()));
    running.until("and runs", || (status(main()?, "Name")? == "witness").then_some(()));
    terminal.press("\x03");
    terminal.shows("code-130");
    terminal.press("words\n");
    terminal.shows("got-words");
}

// init X17, K6, under every name.
#[test]
fn x17_closed_stdin_works() {
    for name in NAMES {
        let run = Run::of(&Subject::ours(name)).pid1().stdin(Stdio::Closed);
        run.witness(["exit", "6"]).finish().exits(6).silently();
    }
}

// init X18, K5, under every name.
#[test]
fn x18_sigchld_inherited_as_ignored_works() {
    for name in NAMES {
        let run = Run::of(&Subject::ours(name)).pid1().ignored([SIGCHLD]);
        run.witness(["exit", "6"]).finish().exits(6).silently();
    }
}

// init X19, U27, under every name: also after signals and orphans.
#[test]
fn x19_no_wake_ups_when_there_is_nothing_to_do() {
    let dir = TempDir::new();
    let run = |name: &&str| {
        let running =
            Run::of(&Subject::ours(name)).pid1().witness(["orphans", "3", &dir.file(name)]).spawn();
        Recording::of(&running, &dir, name);
        running.signal(SIGUSR1);
        running.until("they are reaped", || {
            (children(running.pid()) == [running.main_pid()]).then_some(())
        });
        running.until("init sleeps", || (state(running.pid()) == Some('S')).then_some(()));
        running
    };
    let all: Vec<Running> = NAMES.iter().map(run).collect();
    let counts = || all.iter().map(|running| sleeps(running.pid())).collect::<Vec<_>>();
    let before = counts();
    assert!(
        poll_until(Duration::from_secs(2), || (counts() != before).then_some(())).is_none(),
        "{before:?} {:?}",
        counts()
    );
}

// init X20, X21, under every name.
#[test]
fn x20_x21_verbose_output_is_all_on_stderr() {
    for (name, option) in [("podinit", "-v"), ("tini", "-vvv"), ("dumb-init", "-v")] {
        let finished = Run::of(&Subject::ours(name))
            .pid1()
            .arg(option)
            .witness(["exit", "6"])
            .finish()
            .exits(6);
        assert!(finished.stdout.is_empty() && !finished.stderr.is_empty(), "{name}: {finished:?}");
    }
}

// init X22
#[test]
fn x22_exit_codes_are_remapped() {
    for (options, steps, code) in [
        (&["-e", "143"][..], ["die", "15"], 0),
        (&["-e143"], ["exit", "143"], 0),
        (&["--remap-exit", "3", "--remap-exit=4"], ["exit", "4"], 0),
        (&["--remap-exit", "3", "--remap-exit=4"], ["exit", "5"], 5),
        (&["-e", "0"], ["exit", "1"], 1),
    ] {
        let finished = own().pid1().args(options).witness(steps).finish();
        assert_eq!(finished.code, Some(code), "{options:?} {steps:?}: {finished:?}");
    }
}

// init X22, D7
#[test]
fn x22_signals_are_rewritten_by_name_or_number() {
    let cases = [
        (&["-r", "TERM:INT"][..], &[SIGTERM][..], &[SIGINT][..]),
        (&["-r", "SIGTERM:SIGINT"], &[SIGTERM], &[SIGINT]),
        (&["--rewrite", "15:2"], &[SIGTERM], &[SIGINT]),
        (&["--rewrite=TERM:2"], &[SIGTERM], &[SIGINT]),
        (&["-rUSR1:HUP"], &[SIGUSR1], &[SIGHUP]),
        (&["-r", "USR1:0"], &[SIGUSR1, SIGHUP], &[SIGHUP]),
        (&["-r", "USR1:USR2", "-r", "USR2:USR1"], &[SIGUSR1, SIGUSR2], &[SIGUSR2, SIGUSR1]),
        (&["-r", "USR1:USR2", "-r", "USR1:HUP"], &[SIGUSR1], &[SIGHUP]),
        (&[], &[SIGTERM], &[SIGTERM]),
    ];
    for (options, sent, arrived) in cases {
        assert_eq!(rewritten(own().pid1().args(options), sent), arrived, "{options:?}");
    }
}

// init X22, T5
#[test]
fn x22_the_death_of_the_parent_is_forwarded() {
    for option in [&["-p", "SIGUSR1"][..], &["-p", "USR1"], &["--parent-death-signal", "USR1"]] {
        let dir = TempDir::new();
        let shell = ["/bin/sh", "-c", "\"$@\" & wait", "sh"];
        let run = own().via(shell).args(option);
        let mut running = run.witness(["record", &dir.file("signals"), "until", "12", "0"]).spawn();
        let recording = Recording::of(&running, &dir, "signals");
        let init = running.init();
        send(running.pid(), SIGKILL);
        assert_eq!(running.wait().signal, Some(SIGKILL));
        eventually("the signal arrives", || recording.signals() == [SIGUSR1]);
        send(init, SIGUSR2);
        eventually("it ends", || !is_alive(init));
    }
}

// init X22, T8
#[test]
fn x22_each_reaped_orphan_is_warned_of() {
    for (options, warnings) in [(&["-w"][..], 3), (&["--warn-on-reap"], 3), (&[], 0)] {
        let dir = TempDir::new();
        let mut running =
            own().pid1().args(options).witness(["orphans", "3", &dir.file("ready")]).spawn();
        Recording::of(&running, &dir, "ready");
        running.signal(SIGUSR1);
        running.until("they are reaped", || {
            (children(running.pid()) == [running.main_pid()]).then_some(())
        });
        running.signal(SIGTERM);
        let finished = running.wait().exits(0);
        assert_eq!(
            (finished.stderr.lines().count(), finished.stdout.as_str()),
            (warnings, ""),
            "{finished:?}"
        );
    }
}

// init X22, C14
#[test]
fn x22_p_is_pause() {
    for (option, signal) in [("-P", SIGTERM), ("-P", SIGINT), ("pause", SIGTERM)] {
        let running = own().pid1().arg(option).spawn();
        running.until("it takes signals", || takes(running.pid(), SIGTERM).then_some(()));
        running.signal(SIGHUP);
        running.signal_and_end(signal);
    }
}

// init X23
#[test]
fn x23_own_variables_count_and_the_peers_do_not() {
    let run = || own().pid1();
    assert_eq!(rewritten(run().env("PODINIT_REWRITE", "TERM:INT"), &[SIGTERM]), [SIGINT]);
    assert_eq!(
        rewritten(run().env("PODINIT_REWRITE", "TERM:INT").args(["-r", "TERM:HUP"]), &[SIGTERM]),
        [SIGHUP]
    );
    run().env("PODINIT_GRACE_PERIOD", "soon").witness(["exit", "0"]).finish().exits(125);
    let foreign = [
        ("TINI_SUBREAPER", ""),
        ("TINI_VERBOSITY", "4"),
        ("TINI_KILL_PROCESS_GROUP", ""),
        ("DUMB_INIT_DEBUG", "1"),
        ("DUMB_INIT_SETSID", "0"),
        ("CATATONIT_DEBUG", "1"),
        ("CATATONIT_LOG", "1"),
        ("PODINIT_PORT", "tcp://10.0.0.1:80"),
        ("PODINIT_SERVICE_HOST", "10.0.0.1"),
        ("PODINIT_NO_SUCH_OPTION", "1"),
    ];
    let with_all = foreign.iter().fold(run(), |run, (name, value)| run.env(name, value));
    with_all.witness(["exit", "6"]).finish().exits(6).silently();
}

// init X23: and under a peer's name only that peer's.
#[test]
fn x23_under_a_peer_s_name_only_that_peer_s_variables_count() {
    let all = [
        ("TINI_VERBOSITY", "4", "tini"),
        ("DUMB_INIT_DEBUG", "1", "dumb-init"),
        ("CATATONIT_DEBUG", "1", "catatonit"),
        ("PODINIT_GRACE_PERIOD", "soon", "podinit"),
    ];
    for name in ["tini", "dumb-init", "catatonit"] {
        let run = Run::of(&Subject::ours(name)).pid1();
        let foreign = all.iter().filter(|(_, _, owner)| *owner != name);
        let run = foreign.fold(run, |run, (variable, value, _)| run.env(variable, value));
        run.witness(["exit", "6"]).finish().exits(6).silently();
    }
}

// init X24
#[test]
fn x24_version_texts() {
    let version = |name: &str, option: &str| {
        Run::of(&Subject::ours(name)).pid1().arg(option).finish().exits(0)
    };
    let ours = env!("CARGO_PKG_VERSION");
    assert_eq!(version("podinit", "--version").stdout, format!("podinit {ours}\n"));
    for name in ["tini", "tini-static", "docker-init", "catatonit", "podman-init"] {
        assert!(version(name, "--version").stdout.starts_with("tini version "), "{name}");
    }
    assert!(version("dumb-init", "-V").stderr.starts_with("dumb-init v"));
}
