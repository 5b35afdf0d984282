//! dumb-init: its command line and what it prints (`init D1`–`D7`, `D15`, `D19`, `D20`).

use crate::common::*;
use libc::{SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGUSR1, SIGUSR2};

fn dumb_init(subject: &Subject, args: &[&str]) -> Finished {
    Run::of(subject).pid1().args(args).finish()
}

#[track_caller]
/// What the program receives for these signals, sent one after the other.
fn rewritten(subject: &Subject, options: &[&str], sent: &[i32]) -> Vec<i32> {
    let dir = TempDir::new();
    let running =
        Run::of(subject).pid1().args(options).witness(["record", &dir.file("signals")]).spawn();
    let recording = Recording::of(&running, &dir, "signals");
    let mut last = Vec::new();
    for signal in sent {
        running.signal(*signal);
        last = recording.all_so_far(&running);
    }
    last
}

/// Whether the program is in init's own session and group.
fn in_the_group_of_init(run: Run) -> bool {
    let dir = TempDir::new();
    run.args([witness(), "report", &dir.file("r"), "exit", "0"]).finish().exits(0);
    let report = Report::read(&dir.file("r")).unwrap();
    let same = report.get("pgid") == report.get("init_pgid");
    assert_eq!(same, report.get("sid") == report.get("init_sid"));
    same
}

conform! { dumb_init;
    // init D1
    fn d01_options_end_at_the_program(subject) {
        dumb_init(subject, &["/bin/sh", "-c", "exit 3"]).exits(3).silently();
        assert_eq!(dumb_init(subject, &["/bin/echo", "-c", "--", "-V"]).exits(0).stdout, "-c -- -V\n");
        assert_eq!(dumb_init(subject, &["--", "/bin/echo", "--"]).exits(0).stdout, "--\n");
    }

    // init D1
    fn d01_long_options_may_be_abbreviated_and_short_ones_joined(subject) {
        for options in [
            &["--rewrite", "15:2"][..],
            &["--rewrite=15:2"],
            &["--rew=15:2"],
            &["--r", "15:2"],
            &["-r15:2"],
            &["-r", "15:2"],
            &["-cr15:2"],
            &["-cr", "15:2"],
        ] {
            assert_eq!(rewritten(subject, options, &[SIGTERM]), [SIGINT], "{options:?}");
        }
        for options in [&["--sing"][..], &["--single-child"], &["-cv"], &["-vc"], &["--verb", "-c"]] {
            assert!(in_the_group_of_init(Run::of(subject).pid1().args(options)), "{options:?}");
        }
        // --ver may be --verbose or --version.
        dumb_init(subject, &["--ver", "true"]).refused();
    }

    // init D2, D3
    fn d02_d03_help_and_version_on_stderr(subject) {
        let help = dumb_init(subject, &["-h"]).exits(0);
        assert!(help.stdout.is_empty() && help.stderr.contains("--single-child"), "{help:?}");
        let version = dumb_init(subject, &["-V"]).exits(0);
        let number = version.stderr.strip_prefix("dumb-init v").expect("dumb-init vX.Y.Z").trim_end();
        assert_eq!(number.split('.').filter(|part| part.parse::<u32>().is_ok()).count(), 3, "{number}");
        for (args, printed) in [
            (&["--help"][..], &help),
            (&["--he"], &help),
            (&["-h", "-V", "-Z"], &help),
            (&["-ch", "-r", "bad"], &help),
            (&["--version"], &version),
            (&["-V", "-Z"], &version),
            (&["-V", "true"], &version),
        ] {
            let finished = dumb_init(subject, args).exits(0);
            assert_eq!((&finished.stdout, &finished.stderr), (&printed.stdout, &printed.stderr), "{args:?}");
        }
    }

    // init D4
    fn d04_without_a_program_or_with_a_bad_option_1(subject) {
        for args in [&[][..], &["--"], &["-c"], &["-r", "15:2"]] {
            let stderr = dumb_init(subject, args).refused().stderr;
            assert!(stderr.lines().next().unwrap().to_lowercase().contains("usage"), "{args:?}: {stderr}");
        }
        for args in [["-Z", "true"], ["--nonsense", "true"], ["--single-child=yes", "true"]] {
            assert_eq!(dumb_init(subject, &args).refused().stderr.lines().count(), 1, "{args:?}");
        }
    }

    // init D5, X20
    fn d05_verbose_on_stderr_with_a_prefix(subject) {
        let run = |args: &[&str]| Run::of(subject).pid1().args(args);
        let variable = |value: &str| run(&[]).env("DUMB_INIT_DEBUG", value);
        for run in [run(&["-v"]), run(&["--verbose"]), variable("1")] {
            let finished = run.witness(["exit", "3"]).finish().exits(3);
            assert!(finished.stdout.is_empty() && !finished.stderr.is_empty(), "{finished:?}");
            assert!(finished.stderr.lines().all(|line| line.starts_with("[dumb-init]")), "{finished:?}");
        }
        for run in [run(&[]), variable("0"), variable(""), variable("11"), variable("true")] {
            run.witness(["exit", "3"]).finish().exits(3).silently();
        }
    }

    // init D6, D8, D9
    fn d06_single_child_by_flag_or_environment(subject) {
        let run = |args: &[&str]| Run::of(subject).pid1().args(args);
        let variable = |value: &str| run(&[]).env("DUMB_INIT_SETSID", value);
        for run in [run(&["-c"]), run(&["--single-child"]), variable("0"), variable("1").arg("-c")] {
            assert!(in_the_group_of_init(run));
        }
        for run in [run(&[]), variable("1"), variable(""), variable("00"), variable("false")] {
            assert!(!in_the_group_of_init(run));
        }
    }

    // init D7
    fn d07_signals_are_rewritten_in_one_step(subject) {
        let cases = [
            (&["-r", "15:2"][..], &[SIGTERM, SIGUSR1][..], &[SIGINT, SIGUSR1][..]),
            (&["-r", "15:2", "-r", "2:15"], &[SIGTERM, SIGINT], &[SIGINT, SIGTERM]),
            (&["-r", "15:2", "-r", "2:1", "-r", "1:3"], &[SIGTERM], &[SIGINT]),
            (&["-r", "15:2", "-r", "15:12"], &[SIGTERM], &[SIGUSR2]),
            (&["-r", "15:0"], &[SIGTERM, SIGHUP], &[SIGHUP]),
            (&["-r", "15:2abc"], &[SIGTERM], &[SIGINT]),
            (&["-r", "015:02"], &[SIGTERM], &[SIGINT]),
            (&["-r", "1:31", "-r", "31:1"], &[SIGHUP], &[31]),
        ];
        for (options, sent, arrived) in cases {
            assert_eq!(rewritten(subject, options, sent), arrived, "{options:?}");
        }
    }

    // init D7
    fn d07_rewriting_to_kill_ends_the_program(subject) {
        let mut running = Run::of(subject).pid1().args(["-r", "10:9"]).witness(["hold"]).spawn();
        let main = running.main_pid();
        running.until("the program runs", || (status(main, "Name")? == "witness").then_some(()));
        running.signal(SIGUSR1);
        running.wait().exits(128 + SIGKILL);
    }

    // init D7
    fn d07_a_bad_rewrite_starts_nothing(subject) {
        for bad in ["15", "15:", ":2", "x:2", "0:1", "32:1", "15:32", "-1:2", "15:-1", "TERM:INT", "", "15;2", "15 2"] {
            let finished = dumb_init(subject, &["-r", bad, "/bin/echo", "started"]).refused();
            assert!(finished.stderr.contains("-r"), "{bad:?}: {finished:?}");
        }
        dumb_init(subject, &["-r"]).refused();
        dumb_init(subject, &["-r", "64:1", "/bin/echo", "started"]).refused();
    }

    // init D15
    fn d15_exec_failure_names_program_and_reason(subject) {
        for program in ["no-such-program", "/etc"] {
            let finished = dumb_init(subject, &[program]).exits(2);
            let (_, reason) = finished.stderr.split_once(&format!("{program}: ")).expect("NAME: reason");
            assert!(reason.trim().len() > 5 && reason.lines().count() == 1, "{finished:?}");
        }
    }

    // init D19
    fn d19_several_in_a_row_work_and_say_nothing(subject) {
        let init = subject.path().to_str().unwrap();
        for options in [&[][..], &["-c"]] {
            let dir = TempDir::new();
            let inner = [init, witness(), "record", &dir.file("signals"), "until", "15", "4"];
            let mut running = Run::of(subject).args(options).args(inner).spawn();
            let recording = Recording::of(&running, &dir, "signals");
            running.signal(SIGUSR1);
            recording.receives(&running, SIGUSR1);
            running.signal(SIGTERM);
            running.wait().exits(4).silently();
        }
    }

    // init D20
    fn d20_usable_as_an_interpreter(subject) {
        let (dir, init) = (TempDir::new(), subject.path().display());
        let script = dir.write("script", 0o755, format!("#!{init} /bin/sh\necho \"$0 $1 $2\"\nexit 7\n"));
        let finished = Run::program(&script).args(["-c", "a b"]).pid1().finish().exits(7);
        assert_eq!(finished.stdout, format!("{script} -c a b\n"));
        let one_word = dir.write("one-word", 0o755, format!("#!{init} -c /bin/sh\nexit 7\n"));
        Run::program(&one_word).pid1().finish().refused();
    }
}
