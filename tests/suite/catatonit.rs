//! catatonit (`init C1`–`C15`).

use crate::common::*;
use libc::{
    SIGABRT, SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGINT, SIGKILL, SIGSEGV, SIGSTOP, SIGSYS, SIGTERM,
    SIGTRAP, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2,
};

/// What the processor itself raises; catatonit leaves them their default action.
const FAULTS: [i32; 7] = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS];

fn catatonit(subject: &Subject, args: &[&str]) -> Finished {
    Run::of(subject).pid1().args(args).finish()
}

/// Starts it with `-P` and further words, and waits until it has taken TERM.
#[track_caller]
fn pausing(run: Run, words: &[&str]) -> Running {
    let running = run.arg("-P").args(words).spawn();
    running.until("it takes signals", || takes(running.pid(), SIGTERM).then_some(()));
    running
}

conform! { catatonit;
    // init C1, X1: ours ends its options at PROGRAM.
    fn c01_options_and_where_they_end(subject) {
        catatonit(subject, &["--help"]).refused();
        catatonit(subject, &["-g", "--", "/bin/sh", "-c", "exit 3"]).exits(3).silently();
        assert_eq!(catatonit(subject, &["/bin/echo", "--", "-g"]).exits(0).stdout, "-g\n");
        assert_eq!(catatonit(subject, &["--", "/bin/echo", "--", "-g"]).exits(0).stdout, "-- -g\n");
        let correct = Run::of(subject).pid1().env("POSIXLY_CORRECT", "1").args(["/bin/echo", "--", "-g"]).finish();
        assert_eq!(correct.exits(0).stdout, "-- -g\n");
        let shell = catatonit(subject, &["/bin/sh", "-c", "exit 3"]);
        if subject.is_peer() {
            shell.refused();
        } else {
            shell.exits(3);
        }
    }

    // init C2, X24, I2
    fn c02_help_licence_and_version(subject) {
        let help = catatonit(subject, &["-h"]).exits(0);
        assert!(help.stdout.is_empty() && help.stderr.contains("-g"), "{help:?}");
        let licence = catatonit(subject, &["-L"]).exits(0);
        assert!(licence.stderr.is_empty() && licence.stdout.lines().count() > 3, "{licence:?}");
        for option in ["-V", "--version"] {
            let version = catatonit(subject, &[option]).exits(0);
            let text = version.stdout.strip_prefix("tini version ").expect("what docker parses");
            assert!(text.trim_end().ends_with("_catatonit") && version.stderr.is_empty(), "{version:?}");
            assert!(text.starts_with(|c: char| c.is_ascii_digit()), "{version:?}");
        }
    }

    // init C3
    fn c03_without_a_program_or_with_a_bad_option_usage_and_1(subject) {
        for args in [&[][..], &["--"], &["-g"], &["-Z", "--", "true"], &["-gZ", "--", "true"], &["--nonsense"]] {
            let stderr = catatonit(subject, args).refused().stderr;
            assert!(stderr.contains("-g"), "{args:?}: {stderr}");
        }
    }

    // init C4
    fn c04_group_by_flag_and_by_no_variable(subject) {
        let run = || Run::of(subject).pid1();
        let variable = run().env("TINI_KILL_PROCESS_GROUP", "1").env("CATATONIT_KILL_PROCESS_GROUP", "1");
        for (run, expected) in [(run().arg("-g"), &["main", "group"][..]), (variable, &["main"]), (run(), &["main"])] {
            let dir = TempDir::new();
            let (running, family) = Family::start(run, &dir, "");
            running.signal(SIGUSR1);
            family.main.receives(&running, SIGUSR1);
            assert_eq!(family.reached(), expected);
        }
    }

    // init C5
    fn c05_elsewhere_it_becomes_a_subreaper_without_a_word(subject) {
        let dir = TempDir::new();
        let mut running = Run::of(subject).witness(["orphans", "3", &dir.file("ready")]).spawn();
        Recording::of(&running, &dir, "ready");
        assert_eq!(children(running.pid()).len(), 4);
        running.signal(SIGUSR2);
        running.wait().exits(42).silently();
    }

    // init C5
    fn c05_without_subreapers_it_fails(subject) {
        let call = [libc::SYS_prctl.to_string(), libc::PR_SET_CHILD_SUBREAPER.to_string()];
        let via = [witness(), "refuse", &call[0], &call[1], "exec"];
        Run::of(subject).via(via).args(["--", "/bin/echo", "started"]).finish().refused();
        Run::of(&Subject::podinit()).via(via).args(["--", "/bin/echo", "started"]).finish().exits(0);
    }

    // init C6
    fn c06_debug_by_variable_and_no_log(subject) {
        for value in ["", "0", "1"] {
            let run = Run::of(subject).pid1().env("CATATONIT_DEBUG", value);
            let finished = run.witness(["exit", "3"]).finish().exits(3);
            assert!(finished.stdout.is_empty() && !finished.stderr.is_empty(), "{finished:?}");
            let run = Run::of(subject).pid1().env("CATATONIT_LOG", value);
            run.args(["--", "/bin/echo", "started"]).finish().refused();
        }
        Run::of(subject).env("TINI_VERBOSITY", "4").env("DUMB_INIT_DEBUG", "1").witness(["exit", "3"]).finish().exits(3).silently();
    }

    // init C7
    fn c07_exec_failure_is_1_whatever_the_reason(subject) {
        for program in ["no-such-program", "/nonexistent/program", "/etc", "/etc/passwd", "/etc/passwd/x", ""] {
            catatonit(subject, &["--", program]).refused();
        }
    }

    // init C8
    fn c08_the_program_leads_a_group_in_the_session_of_init(subject) {
        for run in [Run::of(subject), Run::of(subject).arg("-g"), Run::of(subject).pid1()] {
            let dir = TempDir::new();
            run.witness(["report", &dir.file("r"), "exit", "0"]).finish().exits(0);
            let report = Report::read(&dir.file("r")).unwrap();
            assert_eq!(report.get("pgid"), report.get("pid"));
            assert_eq!(report.get("sid"), report.get("init_sid"));
            assert_ne!(report.get("pgid"), report.get("init_pgid"));
        }
    }

    // init C8
    fn c08_the_terminal_is_that_of_the_session_even_if_stdin_is_not(subject) {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let (running, _) = recorded(Run::of(subject).terminal(&terminal).stdin(Stdio::Null), &dir);
        assert_eq!(terminal.foreground(), Some(running.main_pid()));
    }

    // init C8, X15, K10: the peer takes the terminal even from the background; ours does not.
    fn c08_the_terminal_and_an_init_in_the_background(subject) {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let (running, _) = recorded(Run::of(subject).via([witness(), "background"]).terminal(&terminal), &dir);
        let expected = if subject.is_peer() { running.main_pid() } else { running.pid() };
        assert_eq!(terminal.foreground(), Some(expected));
    }

    // init C9, C10, X6, X7, X8, K4
    fn c09_c10_what_pid_1_forwards(subject) {
        let mut dropped = vec![SIGCHLD, SIGKILL, SIGSTOP, SIGTTIN, SIGTTOU];
        if subject.is_peer() {
            dropped.push(SIGTSTP);
            dropped.extend(FAULTS);
        }
        let dir = TempDir::new();
        let (running, recording) = recorded(Run::of(subject).pid1(), &dir);
        let arrived = recording.of_all_signals(&running);
        let expected: Vec<i32> = all_signals().filter(|s| *s != 64 && !dropped.contains(s)).collect();
        assert_eq!(arrived, expected);
    }

    // init C9, K4, X9
    fn c09_stop_signals_are_blocked_for_the_program_by_the_peer_only(subject) {
        let dir = TempDir::new();
        Run::of(subject).pid1().witness(["report", &dir.file("r"), "exit", "0"]).finish().exits(0);
        let blocked: &[i32] = if subject.is_peer() { &[SIGTSTP, SIGTTIN, SIGTTOU] } else { &[] };
        assert_eq!(Report::read(&dir.file("r")).unwrap().blocked(), blocked);
    }

    // init C10, X6
    fn c10_faults_sent_to_one_that_is_not_pid_1(subject) {
        for fault in FAULTS {
            let dir = TempDir::new();
            let (mut running, recording) = recorded(Run::of(subject).limit(libc::RLIMIT_CORE, 0, 0), &dir);
            let main = running.main_pid();
            running.signal(fault);
            if subject.is_peer() {
                assert_eq!(running.wait().signal, Some(fault));
                send(main, SIGKILL);
            } else {
                recording.receives(&running, fault);
            }
        }
    }

    // init C11, X13
    fn c11_init_lets_go_of_inherited_descriptors(subject) {
        let (dir, (reader, writer)) = (TempDir::new(), pipe());
        let run = Run::of(subject).inherits(9, writer);
        let running = run.witness(["close", "9", "record", &dir.file("signals")]).spawn();
        Recording::of(&running, &dir, "signals");
        running.until("the reader sees the end", || hung_up(&reader).then_some(()));
    }

    // init C12, X12: Debian's 0.1.7 stays, ours moves.
    fn c12_the_directory_of_init(subject) {
        let dir = TempDir::new();
        let (running, _) = recorded(Run::of(subject).cwd("/usr"), &dir);
        if subject.is_peer() {
            assert_eq!(directory(running.pid()), "/usr");
        } else {
            running.until("init moves", || (directory(running.pid()) == "/").then_some(()));
        }
        assert_eq!(directory(running.main_pid()), "/usr");
    }

    // init C13, X14
    fn c13_listen_pid_becomes_that_of_the_program(subject) {
        for (value, expected) in [("1", "2"), ("2", "2"), ("77", "77"), ("", ""), ("x1", "x1")] {
            let dir = TempDir::new();
            let run = Run::of(subject).pid1().env("LISTEN_PID", value).env("LISTEN_FDS", "1");
            run.witness(["report", &dir.file("r"), "exit", "0"]).finish().exits(0);
            let report = Report::read(&dir.file("r")).unwrap();
            assert_eq!((report.get("pid"), report.var("LISTEN_PID").as_deref()), ("2", Some(expected)), "{value:?}");
            assert_eq!(report.var("LISTEN_FDS").as_deref(), Some("1"));
        }
    }

    // init C13
    fn c13_listen_pid_of_one_that_is_not_pid_1(subject) {
        let dir = TempDir::new();
        let run = Run::of(subject).via(["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$@\"", "sh"]);
        run.witness(["report", &dir.file("r"), "exit", "0"]).finish().exits(0);
        let report = Report::read(&dir.file("r")).unwrap();
        assert_eq!(report.var("LISTEN_PID").as_deref(), Some(report.get("pid")));
    }

    // init C14
    fn c14_pause_ends_with_0_at_int_and_term(subject) {
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            pausing(run, &[]).signal_and_end(SIGTERM);
        }
        for words in [&[][..], &["--", "/bin/echo", "started"], &["/bin/echo"]] {
            pausing(Run::of(subject), words).signal_and_end(SIGINT);
        }
    }

    // init C14
    fn c14_pause_drops_all_else(subject) {
        let mut running = pausing(Run::of(subject), &[]);
        let mut others: Vec<i32> = all_signals().filter(|s| ![SIGINT, SIGTERM, SIGKILL, SIGSTOP].contains(s)).collect();
        others.retain(|signal| !(subject.is_peer() && FAULTS.contains(signal)));
        for signal in others {
            running.signal(signal);
            running.until("it is taken", || (!waits(running.pid(), signal)).then_some(()));
        }
        assert!(children(running.pid()).is_empty());
        running.signal(SIGTERM);
        running.wait().exits(0).silently();
    }

    // init C14, C11
    fn c14_pause_lets_go_of_descriptors_and_reaps(subject) {
        let (dir, (reader, writer)) = (TempDir::new(), pipe());
        let running = pausing(Run::of(subject).pid1().inherits(9, writer), &[]);
        running.until("the reader sees the end", || hung_up(&reader).then_some(()));
        let orphan = running.adopts_a_daemon(&dir.file("daemon"));
        send(orphan, SIGKILL);
        running.until("it is reaped", || children(running.pid()).is_empty().then_some(()));
        running.signal_and_end(SIGTERM);
    }

    // init C15
    fn c15_when_the_program_has_ended_nobody_is_signalled(subject) {
        let dir = TempDir::new();
        let (mut running, family) = Family::start(Run::of(subject).arg("-g"), &dir, "until 12 5");
        send(running.main_pid(), SIGUSR2);
        running.wait().exits(5).silently();
        assert_eq!(family.reached(), ["main"]);
        assert!(family.all_alive());
    }
}

fn waits(pid: i32, signal: i32) -> bool {
    (signal_set(pid, "ShdPnd") | signal_set(pid, "SigPnd")) & bit(signal) != 0
}

// init I3: the other name of catatonit.
#[test]
fn podman_init_is_catatonit() {
    let subject = Subject::ours("podman-init");
    assert!(catatonit(&subject, &["--version"]).exits(0).stdout.ends_with("_catatonit\n"));
    catatonit(&subject, &["--", "/nonexistent"]).exits(1);
    pausing(Run::of(&subject).pid1(), &[]).signal_and_end(SIGTERM);
    catatonit(&subject, &["-e", "7", "--", "true"]).refused();
}
