//! tini: its command line and what it prints (`init T1`–`T13`, `T17`, `T18`, `T22`).

use crate::common::*;
use libc::{ENOENT, SIGTERM, SIGUSR1};

/// The signals whose names `-p` takes.
const NAMES: [&str; 28] = [
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGILL",
    "SIGTRAP",
    "SIGABRT",
    "SIGBUS",
    "SIGFPE",
    "SIGKILL",
    "SIGUSR1",
    "SIGSEGV",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGCHLD",
    "SIGCONT",
    "SIGSTOP",
    "SIGTSTP",
    "SIGTTIN",
    "SIGTTOU",
    "SIGURG",
    "SIGXCPU",
    "SIGXFSZ",
    "SIGVTALRM",
    "SIGPROF",
    "SIGWINCH",
    "SIGSYS",
];

fn tini(subject: &Subject, args: &[&str]) -> Finished {
    Run::of(subject).pid1().args(args).finish()
}

/// Where levels 2 and up are printed: X20.
fn chatter<'a>(subject: &Subject, finished: &'a Finished) -> &'a str {
    if subject.is_peer() { &finished.stdout } else { &finished.stderr }
}

#[track_caller]
fn refused(finished: Finished) -> Finished {
    let finished = finished.exits(1);
    assert_eq!(finished.stdout, "", "{finished:?}");
    assert_ne!(finished.stderr, "");
    finished
}

conform! { tini;
    // init T1
    fn t01_h_prints_usage_with_every_option_and_variable(subject) {
        let finished = tini(subject, &["-h"]).exits(0);
        assert_eq!(finished.stderr, "");
        let words = [
            "--version", "-h", "-s", "-p", "-v", "-w", "-g", "-e", "-l", "TINI_SUBREAPER", "TINI_VERBOSITY",
            "TINI_KILL_PROCESS_GROUP",
        ];
        for word in words {
            assert!(finished.stdout.contains(word), "{word}: {}", finished.stdout);
        }
    }

    // init T2, X24, I2
    fn t02_version_stands_alone_and_is_the_only_long_option(subject) {
        let finished = tini(subject, &["--version"]).exits(0);
        assert_eq!(finished.stderr, "");
        let version = finished.stdout.strip_prefix("tini version ").expect("what docker parses");
        let number = version.trim_end().split(" - git.").next().unwrap();
        let parts: Vec<u32> = number.split('.').map(|part| part.parse().expect("X.Y.Z")).collect();
        assert_eq!(parts.len(), 3, "{version:?}");
        for args in [&["--version", "true"][..], &["--version", "--"], &["--help"], &["--verbose", "--", "true"]] {
            refused(tini(subject, args));
        }
    }

    // init T3
    fn t03_without_a_program_or_with_a_bad_option_usage_and_1(subject) {
        for args in [&[][..], &["--"], &["-w"], &["-g", "--"]] {
            assert!(refused(tini(subject, args)).stderr.contains("-g"), "{args:?}");
        }
        for (args, named) in [(["-Z", "--", "true"], 'Z'), (["-gZ", "--", "true"], 'Z')] {
            let finished = refused(tini(subject, &args));
            assert!(finished.stderr.lines().next().unwrap().contains(named), "{finished:?}");
            assert!(finished.stderr.contains("-g"), "{finished:?}");
        }
        for (option, named) in [("-e", 'e'), ("-p", 'p')] {
            let finished = refused(tini(subject, &[option]));
            assert!(finished.stderr.lines().next().unwrap().contains(named), "{finished:?}");
        }
    }

    // init T4
    fn t04_subreaper_by_flag_or_environment(subject) {
        let run = || Run::of(subject);
        let variable = |value: &str| run().env("TINI_SUBREAPER", value);
        for run in [run().arg("-s"), variable(""), variable("0"), variable("1")] {
            let dir = TempDir::new();
            let running = run.witness(["orphans", "3", &dir.file("ready")]).spawn();
            Recording::of(&running, &dir, "ready");
            assert_eq!(children(running.pid()).len(), 4);
            running.signal(SIGUSR1);
            running.until("they are reaped", || (children(running.pid()) == [running.main_pid()]).then_some(()));
            assert_eq!(running.stderr(), "");
        }
        run().pid1().arg("-s").witness(["exit", "3"]).finish().exits(3).silently();
    }

    // init T5
    fn t05_p_takes_upper_case_names_only(subject) {
        for name in NAMES {
            tini(subject, &["-p", name, "--", "true"]).exits(0).silently();
        }
        let bad = [
            "KILL", "sigterm", "SIGSTKFLT", "SIGIO", "SIGPOLL", "SIGPWR", "SIGRTMIN", "SIGRTMAX", "9", "", " SIGTERM", "SIGTERM ",
            "SIGIOT",
        ];
        for name in bad {
            refused(tini(subject, &["-p", name, "--", "true"]));
        }
    }

    // init T5
    fn t05_the_death_of_the_parent_is_forwarded(subject) {
        let dir = TempDir::new();
        let shell = ["/bin/sh", "-c", "\"$@\" & wait", "sh"];
        let run = Run::of(subject).via(shell).args(["-s", "-p", "SIGUSR1"]);
        let mut running = run.witness(["record", &dir.file("signals"), "until", "15", "0"]).spawn();
        let recording = Recording::of(&running, &dir, "signals");
        let init = running.init();
        send(running.pid(), libc::SIGKILL);
        assert_eq!(running.wait().signal, Some(libc::SIGKILL));
        eventually("the signal arrives", || recording.signals() == [SIGUSR1]);
        send(init, SIGTERM);
        eventually("it still forwards", || recording.signals() == [SIGUSR1, SIGTERM]);
        eventually("it ends", || !is_alive(init));
    }

    // init T6, T7, X20
    fn t06_t07_levels_by_option_or_environment(subject) {
        let levels = |args: &[&str], variable: Option<&str>| {
            let mut run = Run::of(subject).args(args);
            if let Some(level) = variable {
                run = run.env("TINI_VERBOSITY", level);
            }
            run.witness(["exit", "0"]).finish().exits(0)
        };
        // Not PID 1: what level 1 shows is the warning of T18.
        let warns = |finished: &Finished| !finished.stderr.is_empty();
        for (args, variable, expected) in [
            (&[][..], None, true),
            (&[], Some("0"), false),
            (&[], Some("1"), true),
            (&["-v"], Some("0"), false),
            (&["-vvv"], Some("0"), false),
            (&[], Some("loud"), false),
            (&[], Some(""), false),
        ] {
            let finished = levels(args, variable);
            assert_eq!(warns(&finished), expected, "{args:?} {variable:?}: {finished:?}");
            assert_eq!(finished.stdout, "", "{args:?} {variable:?}");
        }
        let chatters = |args: &[&str], variable| {
            let finished = levels(&[&["-s"], args].concat(), variable);
            chatter(subject, &finished).lines().count()
        };
        let (info, debug, trace) = (chatters(&["-v"], None), chatters(&["-vv"], None), chatters(&["-vvv"], None));
        assert!(0 < info && info < debug && debug <= trace, "{info} {debug} {trace}");
        assert_eq!((chatters(&[], Some("2")), chatters(&["-vv"], Some("2"))), (info, info));
        assert_eq!(chatters(&[], Some("3")), debug);
    }

    // init T7
    fn t07_lines_carry_name_and_pid(subject) {
        let mut running = Run::of(subject).args(["-sv"]).witness(["exit", "0"]).spawn();
        let (pid, finished) = (running.pid(), running.wait());
        assert_ne!(chatter(subject, &finished), "");
        for line in chatter(subject, &finished).lines() {
            assert!(line.contains("tini") && line.contains(&pid.to_string()), "{line:?}");
        }
    }

    // init T8
    fn t08_w_warns_once_per_reaped_orphan_with_its_pid(subject) {
        for (args, level, warnings) in [(&["-w"][..], "1", 3), (&["-w"], "0", 0), (&[], "1", 0), (&["-vwg"], "1", 3)] {
            let dir = TempDir::new();
            let run = Run::of(subject).pid1().args(args).env("TINI_VERBOSITY", level);
            let mut running = run.witness(["orphans", "3", &dir.file("ready")]).spawn();
            Recording::of(&running, &dir, "ready");
            let main = running.main_pid();
            let inner = |pid: &i32| status(*pid, "NSpid").unwrap().split_whitespace().last().unwrap().to_owned();
            let orphans: Vec<String> = children(running.pid()).iter().filter(|pid| **pid != main).map(inner).collect();
            running.signal(SIGUSR1);
            running.until("they are reaped", || (children(running.pid()) == [main]).then_some(()));
            running.signal(SIGTERM);
            let finished = running.wait().exits(0);
            assert_eq!((finished.stderr.lines().count(), finished.stdout.as_str()), (warnings, ""), "{args:?}: {finished:?}");
            for pid in orphans.iter().filter(|_| warnings > 0) {
                assert!(finished.stderr.contains(pid.as_str()), "{pid}: {finished:?}");
            }
        }
    }

    // init T9
    fn t09_group_by_flag_or_environment(subject) {
        let run = || Run::of(subject).pid1();
        let variable = |value: &str| run().env("TINI_KILL_PROCESS_GROUP", value);
        let (group, alone) = (&["main", "group"][..], &["main"][..]);
        for (run, expected) in
            [(run().arg("-g"), group), (variable(""), group), (variable("0"), group), (variable("1"), group), (run(), alone)]
        {
            let dir = TempDir::new();
            let (running, family) = Family::start(run, &dir, "");
            running.signal(SIGUSR1);
            family.main.receives(&running, SIGUSR1);
            assert_eq!(family.reached(), expected);
        }
    }

    // init T10
    fn t10_e_turns_codes_into_0(subject) {
        let all: Vec<String> = (0..=255).map(|code| format!("-e{code}")).collect();
        let all: Vec<&str> = all.iter().map(String::as_str).collect();
        let cases = [
            (&["-e", "143"][..], ["die", "15"], 0),
            (&["-e", "143"], ["exit", "143"], 0),
            (&["-e", "143"], ["exit", "15"], 15),
            (&["-e", "3", "-e", "5", "-e", "255"], ["exit", "3"], 0),
            (&["-e", "3", "-e", "5", "-e", "255"], ["exit", "5"], 0),
            (&["-e", "3", "-e", "5", "-e", "255"], ["exit", "255"], 0),
            (&["-e", "3", "-e", "5", "-e", "255"], ["exit", "4"], 4),
            (&["-e", "0"], ["exit", "1"], 1),
            (&["-e", " 7"], ["exit", "7"], 0),
            (&["-e", "+7"], ["exit", "7"], 0),
            (&["-e", "007"], ["exit", "7"], 0),
            (&["-e", ""], ["exit", "7"], 7),
            (&all, ["exit", "200"], 0),
            (&all, ["die", "64"], 0),
            (&all, ["exit", "0"], 0),
        ];
        for (args, steps, code) in cases {
            let finished = Run::of(subject).pid1().args(args).witness(steps).finish();
            assert_eq!(finished.code, Some(code), "{args:?} {steps:?}: {finished:?}");
        }
        for bad in ["256", "-1", "1x", "x", "0x10", "1 ", "99999999999999999999"] {
            refused(tini(subject, &["-e", bad, "--", "true"]));
        }
    }

    // init T11
    fn t11_l_prints_the_licence(subject) {
        let finished = tini(subject, &["-l"]).exits(0);
        assert!(finished.stdout.contains("Permission is hereby granted") && finished.stderr.is_empty(), "{finished:?}");
    }

    // init T12
    fn t12_short_options_may_be_joined_and_the_first_word_decides(subject) {
        for options in ["-gs", "-wgs", "-sge7", "-gspSIGTERM"] {
            tini(subject, &[options, "--", witness(), "exit", "0"]).exits(0).silently();
        }
        tini(subject, &["-sge7", "--", witness(), "exit", "7"]).exits(0);
        let (usage, licence) = (tini(subject, &["-h"]).stdout, tini(subject, &["-l"]).stdout);
        for (args, first) in [(["-h", "-Z"], &usage), (["-h", "-l"], &usage), (["-gh", "-l"], &usage), (["-l", "-h"], &licence)] {
            assert_eq!(&tini(subject, &args).exits(0).stdout, first, "{args:?}");
        }
        refused(tini(subject, &["-Z", "-h"]));
        refused(tini(subject, &["-e", "300", "-h"]));
    }

    // init T13, X1: ours ends its options at PROGRAM, as tini built with musl does.
    fn t13_options_after_the_program(subject) {
        let shell = tini(subject, &["/bin/sh", "-c", "exit 3"]);
        let later = tini(subject, &["/bin/echo", "a", "--", "-l"]).exits(0);
        if subject.is_peer() {
            refused(shell);
            assert_eq!(later.stdout, "a -l\n");
            assert_eq!(tini(subject, &["/bin/echo", "-l"]).stdout, tini(subject, &["-l"]).stdout);
        } else {
            shell.exits(3);
            assert_eq!(later.stdout, "a -- -l\n");
            assert_eq!(tini(subject, &["/bin/echo", "-l"]).stdout, "-l\n");
        }
    }

    // init T13, X1: tini's own usage text says `PROGRAM -- ARGS`.
    fn t13_the_two_dashes_after_the_program(subject) {
        let usage = ["/bin/echo", "--", "-g", "--", "x"];
        assert_eq!(tini(subject, &usage).exits(0).stdout, "-g -- x\n");
        assert_eq!(tini(subject, &["--", "/bin/echo", "--", "x"]).exits(0).stdout, "-- x\n");
        let correct = Run::of(subject).pid1().env("POSIXLY_CORRECT", "").args(usage).finish().exits(0);
        assert_eq!(correct.stdout, "-- -g -- x\n");
        let shell = Run::of(subject).pid1().env("POSIXLY_CORRECT", "1").args(["/bin/sh", "-c", "exit 3"]).finish();
        shell.exits(3);
    }

    // init T17
    fn t17_exec_failure_codes(subject) {
        let dir = TempDir::new();
        let plain = dir.write("plain", 0o644, "");
        let cases = [("/nonexistent", 127), (plain.as_str(), 126), ("/etc/passwd/x", 1), ("/etc", 126)];
        for (program, code) in cases {
            let finished = refused_with(tini(subject, &["--", program]), code);
            assert!(finished.stderr.contains(program), "{finished:?}");
        }
    }

    // init T18
    fn t18_elsewhere_it_warns_and_goes_on(subject) {
        let finished = Run::of(subject).witness(["exit", "3"]).finish().exits(3);
        assert!(finished.stderr.lines().count() > 1 && finished.stdout.is_empty(), "{finished:?}");
        Run::of(subject).env("TINI_VERBOSITY", "0").witness(["exit", "3"]).finish().exits(3).silently();
        Run::of(subject).arg("-s").witness(["exit", "3"]).finish().exits(3).silently();
    }

    // init T22: the full build, whose first word may be an option.
    fn t22_this_is_the_build_with_options(subject) {
        tini(subject, &["-g", "--", witness(), "exit", "3"]).exits(3).silently();
        refused_with(tini(subject, &["--", "-g"]), subject.exec_failure(ENOENT));
    }
}

#[track_caller]
fn refused_with(finished: Finished, code: i32) -> Finished {
    let finished = finished.exits(code);
    assert!(finished.stdout.is_empty() && !finished.stderr.is_empty(), "{finished:?}");
    finished
}

// init I1, I2: the other names of tini.
#[test]
fn docker_init_and_tini_static_are_tini() {
    for name in ["docker-init", "tini-static"] {
        let subject = Subject::ours(name);
        assert!(
            tini(&subject, &["--version"]).exits(0).stdout.starts_with("tini version "),
            "{name}"
        );
        tini(&subject, &["-e", "7", "--", witness(), "exit", "7"]).exits(0).silently();
        let warned = Run::of(&subject).witness(["exit", "3"]).finish().exits(3);
        assert_ne!(warned.stderr, "", "{name} says that it is not PID 1");
    }
}
