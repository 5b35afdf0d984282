//! Where the peers differ: what our own name chooses (`init X1`–`X15`).

use crate::common::*;
use libc::{
    RLIMIT_CORE, SIGABRT, SIGBUS, SIGFPE, SIGHUP, SIGILL, SIGINT, SIGKILL, SIGPIPE, SIGSEGV,
    SIGSYS, SIGTERM, SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
};

/// Every name with a program to start, for what holds under each.
const NAMES: [&str; 4] = ["podinit", "tini", "dumb-init", "catatonit"];

// init X1
#[test]
fn x01_options_end_at_the_program() {
    own().pid1().args(["/bin/sh", "-c", "exit 3"]).finish().exits(3).silently();
    assert_eq!(own().pid1().args(["/bin/echo", "--", "-c"]).finish().exits(0).stdout, "-- -c\n");
    assert_eq!(
        own().pid1().args(["--", "/bin/echo", "-v", "--"]).finish().exits(0).stdout,
        "-v --\n"
    );
}

// init X2, U9: the shell's codes, and 125 for our own failures.
#[test]
fn x02_not_found_is_127_not_executable_126_and_usage_125() {
    let image = TempDir::new();
    image.write("init", 0o755, std::fs::read(Subject::podinit().path()).unwrap());
    image.write("text", 0o755, "exit 0\n");
    image.write("empty", 0o755, "");
    image.write("plain", 0o644, "exit 0\n");
    let cases = [
        ("/nothing", 127),
        ("nothing", 127),
        ("/plain", 126),
        ("/", 126),
        ("/text", 126),
        ("/empty", 126),
    ];
    for (program, code) in cases {
        // No /bin/sh in this image.
        let finished =
            Run::program("/init").root(image.path()).pid1().args(["--", program]).finish();
        assert_eq!(
            (finished.code, finished.stderr.lines().count()),
            (Some(code), 1),
            "{program}: {finished:?}"
        );
        assert!(finished.stderr.contains(program), "{finished:?}");
    }
    for args in [
        &["--no-such-option", "true"][..],
        &["-Z", "true"],
        &["--grace-period", "soon", "true"],
        &["--grace-period"],
        &["-e", "256", "true"],
        &["-r", "TERM", "true"],
        &["-r", "KILLED:TERM", "true"],
        &["-p", "nothing", "true"],
    ] {
        let finished = own().pid1().args(args).finish().exits(125);
        assert!(
            finished.stdout.is_empty() && !finished.stderr.is_empty(),
            "{args:?}: {finished:?}"
        );
    }
}

// init X3
#[test]
fn x03_the_target_is_the_group_and_with_c_the_child() {
    let (group, alone) = (&["main", "group"][..], &["main"][..]);
    let cases =
        [(&[][..], group), (&["-g"], group), (&["-c"], alone), (&["--single-child"], alone)];
    for (options, expected) in cases {
        for run in [own(), own().pid1()] {
            let dir = TempDir::new();
            let (running, family) = Family::start(run.args(options), &dir, "");
            running.signal(SIGUSR1);
            family.main.receives(&running, SIGUSR1);
            assert_eq!(family.reached(), expected, "{options:?}");
        }
    }
}

// init X4, X5
#[test]
fn x04_x05_the_program_leads_a_group_in_the_session_of_init_even_with_c() {
    for run in [own(), own().arg("-c"), own().pid1(), own().pid1().arg("-c")] {
        let report = reported(run);
        assert_eq!(report.get("pgid"), report.get("pid"));
        assert_eq!(report.get("sid"), report.get("init_sid"));
        assert_ne!(report.get("pgid"), report.get("init_pgid"));
    }
}

// init X5, U18
#[test]
fn x05_a_key_press_reaches_a_single_child_once() {
    let (dir, terminal) = (TempDir::new(), Terminal::new());
    let (running, recording) = recorded(own().arg("-c").terminal(&terminal), &dir);
    for presses in 1..=20 {
        terminal.press("\x03");
        running.until("it arrives", || (recording.count(SIGINT) >= presses).then_some(()));
        let arrived = recording.all_so_far(&running);
        assert_eq!(arrived.iter().filter(|s| **s == SIGINT).count(), presses);
    }
}

// init X6, X7, X8: what a process sends is forwarded, stop signals too.
#[test]
fn x06_x07_x08_faults_and_stop_signals_are_forwarded() {
    let signals =
        [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS, SIGTSTP, SIGTTIN, SIGTTOU];
    for run in [own().limit(RLIMIT_CORE, 0, 0), own().pid1()] {
        let dir = TempDir::new();
        let (running, recording) = recorded(run, &dir);
        for signal in signals {
            running.signal(signal);
            recording.receives(&running, signal);
        }
        assert_eq!(recording.all_so_far(&running), signals);
        assert_ne!(state(running.pid()), Some('T'));
    }
}

// init X8: a neighbour in init's background group reads the terminal, and the kernel signals them all.
#[test]
fn x08_the_kernel_s_own_stop_signals_are_not_forwarded() {
    for name in NAMES.into_iter().filter(|name| *name != "dumb-init") {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let script = format!(
            "\"$@\" & until test -s {}; do sleep 0.01; done; read x < /dev/tty",
            dir.file("signals")
        );
        let via = [witness(), "background", "/bin/sh", "-c", &script, "sh"];
        let run = Run::of(&Subject::ours(name)).via(via).terminal(&terminal);
        let (running, recording) = recorded(run, &dir);
        let shell = running.init();
        let init = running.until("the init is there", || children(shell).first().copied());
        running.until("the shell is stopped", || (state(shell) == Some('T')).then_some(()));
        send(init, 64);
        assert_eq!(recording.receives(&running, 64).signals(), [64], "{name}");
        assert_ne!(state(init), Some('T'), "{name}");
    }
}

// init X9, under every name.
#[test]
fn x09_blocked_and_ignored_sets_are_kept() {
    for name in NAMES {
        let report = reported(
            Run::of(&Subject::ours(name))
                .pid1()
                .blocked([SIGUSR1, 34])
                .ignored([SIGHUP, SIGPIPE, 35]),
        );
        assert_eq!(
            (report.blocked(), report.ignored()),
            (vec![SIGUSR1, 34], vec![SIGHUP, SIGPIPE, 35]),
            "{name}"
        );
    }
}

// init X10
#[test]
fn x10_elsewhere_it_is_a_subreaper_and_silent() {
    for options in [&[][..], &["-s"], &["--subreaper"]] {
        let dir = TempDir::new();
        let mut running = own().args(options).witness(["orphans", "3", &dir.file("ready")]).spawn();
        Recording::of(&running, &dir, "ready");
        assert_eq!(children(running.pid()).len(), 4, "{options:?}");
        running.signal(SIGUSR1);
        running.until("they are reaped", || {
            (children(running.pid()) == [running.main_pid()]).then_some(())
        });
        running.signal(SIGUSR2);
        running.wait().exits(42).silently();
    }
}

// init X11: what the program leaves behind gets TERM, then KILL.
#[test]
fn x11_leftovers_get_term_and_after_the_grace_kill() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, family) =
            Family::start(run.args(["--grace-period", "1s"]), &dir, "until 12 5");
        send(running.main_pid(), SIGUSR2);
        running.wait().exits(5);
        for (name, recording, pid) in &family.others {
            assert_eq!(recording.signals(), [SIGTERM], "{name}");
            assert!(!is_alive(*pid), "{name}");
        }
    }
}

// init X11
#[test]
fn x11_leftovers_that_obey_term_end_it_without_a_word() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let script = format!(
            "sleep 99 & setsid sleep 99 & exec {} record {} until 12 5",
            witness(),
            dir.file("main")
        );
        let mut running = run.args(["--", "/bin/sh", "-c", &script]).spawn();
        Recording::of(&running, &dir, "main");
        let left = running.until("both sleep", || {
            let all = children(running.main_pid());
            (all.len() == 2
                && all.iter().all(|pid| status(*pid, "Name").as_deref() == Some("sleep")))
            .then_some(all)
        });
        running.signal(SIGUSR2);
        running.wait().exits(5).silently();
        assert!(left.iter().all(|pid| !is_alive(*pid)));
    }
}

// init X11: without /proc only the group can be found, before PID 1 leaves and the kernel kills all.
#[test]
fn x11_without_proc_the_group_gets_term() {
    let dir = TempDir::new();
    let (mut running, family) =
        Family::start(own().no_proc().args(["--grace-period", "1s"]), &dir, "until 12 5");
    send(running.main_pid(), SIGUSR2);
    running.wait().exits(5);
    assert_eq!(family.others[0].1.signals(), [SIGTERM]);
    eventually("the kernel has killed all", || {
        family.others.iter().all(|(_, _, pid)| !is_alive(*pid))
    });
}

// init X11: our own option; a stop is not for ever.
#[test]
fn x11_a_program_that_ignores_term_is_killed_after_the_grace() {
    for run in [own(), own().pid1()] {
        let dir = TempDir::new();
        let (mut running, recording) = recorded(run.args(["--grace-period", "1s"]), &dir);
        running.signal(SIGTERM);
        running.wait().exits(128 + SIGKILL);
        assert_eq!(recording.signals(), [SIGTERM]);
    }
}

// init X11: grace 0 is SIGKILL at once, nothing before it.
#[test]
fn x11_without_any_grace_nothing_comes_before_kill() {
    let dir = TempDir::new();
    let (mut running, family) = Family::start(own().pid1().args(["--grace-period", "0"]), &dir, "");
    running.signal(SIGTERM);
    running.wait().exits(128 + SIGKILL);
    assert_eq!(family.main.signals(), [0; 0]);
    assert!(family.others.iter().all(|(_, recording, _)| recording.signals().is_empty()));
}

// init X11: the default grace has no end.
#[test]
fn x11_without_the_option_a_stop_waits_for_the_program() {
    let dir = TempDir::new();
    let mut running =
        own().pid1().witness(["record", &dir.file("signals"), "until", "12", "6"]).spawn();
    let recording = Recording::of(&running, &dir, "signals");
    for signal in [SIGTERM, SIGINT, SIGTERM] {
        running.signal(signal);
        recording.receives(&running, signal);
        recording.all_so_far(&running);
    }
    assert!(running.wait_for(std::time::Duration::from_millis(1500)).is_none());
    running.signal(SIGUSR2);
    running.wait().exits(6);
    assert_eq!(recording.count(SIGTERM), 2);
}

// init X12, X13, under every name.
#[test]
fn x12_x13_init_lets_go_of_directory_and_descriptors() {
    for name in NAMES {
        let (dir, (reader, writer)) = (TempDir::new(), pipe());
        let run = Run::of(&Subject::ours(name)).cwd("/usr").inherits(9, writer);
        let running = run.witness(["close", "9", "record", &dir.file("signals")]).spawn();
        Recording::of(&running, &dir, "signals");
        running.until("the reader sees the end", || hung_up(&reader).then_some(()));
        running.until("init moves", || (directory(running.pid()) == "/").then_some(()));
        assert_eq!(directory(running.main_pid()), "/usr", "{name}");
    }
}

// init X14, C13, under every name.
#[test]
fn x14_listen_pid_is_rewritten() {
    for name in NAMES {
        for (value, expected) in [("1", "2"), ("77", "77")] {
            let report = reported(Run::of(&Subject::ours(name)).pid1().env("LISTEN_PID", value));
            assert_eq!(
                (report.get("pid"), report.var("LISTEN_PID").as_deref()),
                ("2", Some(expected)),
                "{name}"
            );
        }
    }
}

// init X15, K10, under every name.
#[test]
fn x15_an_init_in_the_background_leaves_the_terminal_alone() {
    for name in NAMES {
        for stdin_is_terminal in [true, false] {
            let (dir, terminal) = (TempDir::new(), Terminal::new());
            let run =
                Run::of(&Subject::ours(name)).via([witness(), "background"]).terminal(&terminal);
            let run = if stdin_is_terminal { run } else { run.stdin(Stdio::Null) };
            let (running, _) = recorded(run, &dir);
            assert_eq!(terminal.foreground(), Some(running.pid()), "{name}");
        }
    }
}
