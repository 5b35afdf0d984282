//! What every init does before its program runs: `init U1`–`U12`.

use crate::common::*;
use libc::{EACCES, ENOENT, SIGCHLD, SIGHUP, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Runs `INIT -- WITNESS report FILE exit 0` as the caller arranges it, and gives the report.
#[track_caller]
fn reported(run: Run) -> Report {
    let dir = TempDir::new();
    run.witness(["report", &dir.file("report"), "exit", "0"]).finish().exits(0);
    Report::read(&dir.file("report")).expect("the program ran")
}

fn missing_interpreter(dir: &TempDir) -> String {
    dir.write("no-interpreter", 0o755, "#!/nonexistent/interpreter\n")
}

conform! { all;
    // init U1
    fn u01_two_dashes_end_the_options_once(subject) {
        Run::of(subject).pid1().args(["--", witness(), "exit", "3"]).finish().exits(3);
        Run::of(subject).pid1().args([witness(), "exit", "4"]).finish().exits(4);
        let second = Run::of(subject).pid1().args(["--", "--", "true"]).finish();
        second.exits(subject.exec_failure(ENOENT));
    }

    // init U2
    fn u02_arguments_arrive_byte_for_byte(subject) {
        let dir = TempDir::new();
        let large = "x".repeat(127 * 1024);
        let odd: [&[u8]; 6] = [b"", b"a\nb", b"\xff\xfe\x80", b"--", b"-h", b" \t'\"\\$x"];
        let steps = ["report".to_owned(), dir.file("r"), "exit".into(), "0".into()];
        Run::of(subject)
            .witness(steps)
            .args(odd.map(OsStr::from_bytes))
            .args(std::iter::repeat_n(&large, 8))
            .finish()
            .exits(0);
        let args = Report::read(&dir.file("r")).unwrap().args();
        assert_eq!(args[0], witness().as_bytes());
        assert_eq!(args[5..11], odd);
        assert_eq!(args[11..], vec![large.as_bytes(); 8]);
    }

    // init U2
    fn u02_the_program_is_started_once_with_its_name_as_typed(subject) {
        let dir = TempDir::new();
        let bin = std::path::Path::new(witness()).parent().unwrap();
        let running = Run::of(subject)
            .no_env()
            .env("PATH", bin)
            .args(["--", "witness", "report", &dir.file("r"), "record", &dir.file("signals")])
            .spawn();
        Recording::of(&running, &dir, "signals");
        assert_eq!(children(running.pid()).len(), 1);
        let report = Report::read(&dir.file("r")).unwrap();
        assert_eq!(report.args()[0], b"witness");
        let starts = std::fs::read_to_string(dir.file("signals")).unwrap().matches("ready").count();
        assert_eq!(starts, 1);
    }

    // init U3
    fn u03_the_program_is_searched_along_path(subject) {
        let dir = TempDir::new();
        for (bin, mode) in [("forbidden", 0o644), ("good", 0o755)] {
            std::fs::create_dir(dir.file(bin)).unwrap();
            dir.write(&format!("{bin}/program"), mode, "#!/bin/sh\nexit 6\n");
        }
        let (forbidden, good, none) = (dir.file("forbidden"), dir.file("good"), dir.file("none"));
        let not_found = subject.exec_failure(ENOENT);
        let cases = [
            ("program", good.clone(), 6),
            ("program", format!("{none}:{forbidden}:{good}"), 6),
            ("program", format!("{forbidden}:{none}"), subject.exec_failure(EACCES)),
            ("program", none.clone(), not_found),
            ("./program", none.clone(), 6),
            ("program", format!("{none}:"), 6),
            ("", good.clone(), not_found),
        ];
        for (program, path, code) in cases {
            let run = Run::of(subject).no_env().env("PATH", &path).cwd(&good);
            let finished = run.args(["--", program]).finish();
            assert_eq!(finished.code, Some(code), "{program:?} with PATH={path}: {finished:?}");
        }
        // No PATH at all: libc's default one.
        Run::of(subject).no_env().args(["--", "sh", "-c", "exit 5"]).finish().exits(5);
    }

    // init U4
    fn u04_text_without_interpreter_line_goes_to_the_shell(subject) {
        let dir = TempDir::new();
        let script = dir.write("script", 0o755, "echo \"$0 $1\"\nexit 7\n");
        let finished = Run::of(subject).args(["--", &script, "one word"]).finish().exits(7);
        assert_eq!(finished.stdout, format!("{script} one word\n"));
        let by_path = Run::of(subject).no_env().env("PATH", dir.path()).args(["--", "script", "x"]).finish().exits(7);
        assert_eq!(by_path.stdout, format!("{script} x\n"));
        let empty = dir.write("empty", 0o755, "");
        Run::of(subject).args(["--", &empty]).finish().exits(0);
    }

    // init U5
    fn u05_the_environment_is_unchanged(subject) {
        let entries: [&[u8]; 7] =
            [b"B=2", b"A=1", b"EMPTY=", b"no equals sign", b"A=again", b"BYTES=\xff\n", b"LISTEN_PID=99999999"];
        let run = entries.iter().fold(Run::of(subject).no_env(), |run, entry| run.raw_env(entry));
        assert_eq!(reported(run).env(), entries);
        assert_eq!(reported(Run::of(subject).no_env()).env(), [b""; 0]);
    }

    // init U6
    fn u06_directory_mask_priority_limits_and_credentials_are_inherited(subject) {
        let report = reported(
            Run::of(subject)
                .cwd("/usr/share")
                .umask(0o027)
                .nice(3)
                .limit(libc::RLIMIT_NOFILE, 123, 456)
                .limit(libc::RLIMIT_CORE, 0, 4096)
                .limit(libc::RLIMIT_STACK, 4 << 20, 16 << 20)
                .user(60001, 60002, &[60003, 60004])
                .no_new_privs(),
        );
        assert_eq!(report.cwd(), "/usr/share");
        let facts = [
            ("umask", "027"),
            ("nice", "3"),
            ("uid", "60001 60001 60001"),
            ("gid", "60002 60002 60002"),
            ("groups", "60003 60004"),
            ("no_new_privs", "1"),
        ];
        for (key, value) in facts {
            assert_eq!(report.get(key), value, "{key}");
        }
        assert_eq!(report.limit(libc::RLIMIT_NOFILE), (123, 456));
        assert_eq!(report.limit(libc::RLIMIT_CORE), (0, 4096));
        assert_eq!(report.limit(libc::RLIMIT_STACK), (4 << 20, 16 << 20));
    }

    // init U7
    fn u07_inherited_descriptors_reach_the_program_and_no_other(subject) {
        let null = || std::fs::File::open("/dev/null").unwrap();
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let report = reported(run.inherits(3, null()).inherits(9, null()).inherits(77, null()));
            assert_eq!(report.descriptors(), [0, 1, 2, 3, 9, 77]);
        }
    }

    // init U7
    fn u07_a_closed_standard_descriptor_stays_closed(subject) {
        for closed in [&[1][..], &[2], &[1, 2], &[0], &[0, 1, 2]] {
            if closed.contains(&0) && subject.is_real("tini") {
                continue; // init K6
            }
            let mut run = Run::of(subject).pid1();
            for fd in closed {
                run = match fd {
                    0 => run.stdin(Stdio::Closed),
                    1 => run.stdout(Stdio::Closed),
                    _ => run.stderr(Stdio::Closed),
                };
            }
            let report = reported(run);
            for fd in 0..3 {
                let there = report.descriptors().contains(&fd);
                let expected = if closed.contains(&fd) { !there || report.is_null(fd) } else { there };
                assert!(expected, "{closed:?} closed, {fd} there: {there}");
            }
            assert!(report.descriptors().iter().all(|fd| *fd < 3), "{closed:?}: {:?}", report.descriptors());
        }
    }

    // init U8, D17, C9
    fn u08_blocked_and_ignored_sets_are_those_of_init(subject) {
        let inherited_blocked = [SIGUSR1, SIGTSTP, 34, 40, 64];
        let inherited_ignored = [SIGHUP, SIGPIPE, SIGTTIN, 35, 63];
        let defect = [SIGTSTP, SIGTTIN, SIGTTOU];
        let run = || Run::of(subject).pid1();
        let nothing = reported(run());
        let something = reported(run().blocked(inherited_blocked).ignored(inherited_ignored));
        assert_eq!(nothing.ignored(), [0; 0]);
        if subject.is_real("catatonit") {
            assert_eq!(nothing.blocked(), defect);
            assert_eq!(something.blocked(), [SIGUSR1, SIGTSTP, SIGTTIN, SIGTTOU, 34, 40, 64]);
        } else {
            assert_eq!(nothing.blocked(), [0; 0]);
            let kept: &[i32] = if subject.is_real("dumb-init") { &[] } else { &inherited_blocked };
            assert_eq!(something.blocked(), kept);
        }
        let kept: &[i32] = if subject.is_real("dumb-init") { &[35, 63] } else { &inherited_ignored };
        assert_eq!(something.ignored(), kept);
    }

    // init U9, T17, D15, C7
    fn u09_a_program_that_cannot_be_executed_is_named_with_its_code(subject) {
        let dir = TempDir::new();
        let plain = dir.write("plain", 0o644, "#!/bin/sh\n");
        let cases = [
            ("no-such-program".to_owned(), ENOENT),
            ("/nonexistent/program".to_owned(), ENOENT),
            (missing_interpreter(&dir), ENOENT),
            (plain, EACCES),
            (dir.file("."), EACCES),
        ];
        for (program, errno) in cases {
            let finished = Run::of(subject).pid1().args(["--", &program]).finish();
            assert_eq!(finished.code, Some(subject.exec_failure(errno)), "{program}: {finished:?}");
            assert_eq!(finished.stdout, "", "{program}");
            assert_eq!(finished.stderr.lines().count(), 1, "{program}: {finished:?}");
            let named = finished.stderr.contains(&program);
            assert!(named || subject.is_real("catatonit"), "{program}: {finished:?}");
        }
    }

    // init U9, K8
    fn u09_the_code_holds_when_nobody_can_read_the_reason(subject) {
        let code = subject.exec_failure(ENOENT);
        let run = || Run::of(subject).pid1().args(["--", "/nonexistent/program"]);
        run().stderr(Stdio::Closed).finish().exits(code);
        if !subject.is_real("tini") && !subject.is_real("catatonit") {
            run().stderr(Stdio::Fd(pipe_without_reader())).finish().exits(code);
        }
    }

    // init U10
    fn u10_no_process_to_be_had_is_one_line_and_an_exit(subject) {
        let user = unused_user();
        let run = Run::of(subject).pid1().limit(libc::RLIMIT_NPROC, 1, 1).user(user, user, &[]);
        let finished = run.args(["--", "/bin/true"]).finish().exits(subject.own_failure());
        let lines = if subject.is_real("catatonit") { 2 } else { 1 };
        assert_eq!((finished.stdout.as_str(), finished.stderr.lines().count()), ("", lines), "{finished:?}");
    }

    // init U11
    fn u11_pid_1_is_silent(subject) {
        Run::of(subject).pid1().witness(["exit", "0"]).finish().exits(0).silently();
        Run::of(subject).pid1().witness(["orphans-now", "3", "die", "15"]).finish().exits(143).silently();
    }

    // init U12
    fn u12_needs_nothing_but_the_kernel(subject) {
        let user = unused_user();
        let run = || Run::of(subject).pid1();
        let closed = |run: Run| match subject.is_real("tini") {
            true => run, // init K6
            false => run.stdin(Stdio::Closed).stdout(Stdio::Closed).stderr(Stdio::Closed),
        };
        let poor = [
            ("no /proc", run().no_proc()),
            ("read-only root", run().read_only()),
            ("no user", run().user(user, user, &[]).no_new_privs()),
            ("no environment", run().no_env()),
            ("no descriptor", closed(run())),
            ("nothing", closed(run().no_proc().read_only().user(user, user, &[]).no_env().no_new_privs())),
        ];
        for (lacking, run) in poor {
            let finished = run.witness(["orphans-now", "5", "exit", "9"]).finish();
            assert_eq!(finished.code, Some(9), "{lacking}: {finished:?}");
        }
    }

    // init U12
    fn u12_with_three_descriptors_it_works_or_says_why_not(subject) {
        let finished = Run::of(subject).pid1().limit(libc::RLIMIT_NOFILE, 3, 3).witness(["exit", "9"]).finish();
        let said = finished.exit_code() != 0 && !finished.stderr.is_empty();
        assert!(finished.code == Some(9) || said, "{finished:?}");
    }

    // init U12
    fn u12_the_work_at_start_does_not_grow_with_the_descriptor_limit(subject) {
        let calls = |limit: u64| {
            let dir = TempDir::new();
            let strace = ["/usr/bin/strace", "-f", "-qq", "-o", &dir.file("trace")];
            Run::of(subject)
                .via(strace)
                .limit(libc::RLIMIT_NOFILE, limit, 20_000)
                .witness(["exit", "9"])
                .finish()
                .exits(9);
            std::fs::read_to_string(dir.file("trace")).unwrap().lines().count()
        };
        let (few, many) = (calls(256), calls(20_000));
        assert!(many < few + 50, "{few} system calls with a low limit, {many} with a high one");
    }
}

// init U12, P7: the init and its program alone in an image.
#[test]
fn u12_our_binary_needs_no_libc_in_the_image() {
    let image = TempDir::new();
    for (name, path) in [("init", Subject::podinit().path()), ("witness", witness().as_ref())] {
        image.write(name, 0o755, std::fs::read(path).unwrap());
    }
    let user = unused_user();
    let run = Run::program("/init").root(image.path()).pid1().user(user, user, &[]);
    run.args(["--", "/witness", "exit", "9"]).finish().exits(9).silently();
}

// init U8, U24: what an init must change for itself it gives back.
#[test]
fn u08_an_ignored_sigchld_reaches_the_program_ignored() {
    let report = reported(Run::of(&Subject::podinit()).pid1().ignored([SIGCHLD]));
    assert_eq!(report.ignored(), [SIGCHLD]);
}

// init U7: what init opens for itself never gets the number of a closed standard descriptor.
#[test]
fn u07_init_keeps_out_of_closed_standard_descriptors() {
    let closed = || Stdio::Closed;
    let run = Run::of(&Subject::podinit()).stdin(closed()).stdout(closed()).stderr(closed());
    let running = run.witness(["hold"]).spawn();
    running.until("init is ready", || takes(running.pid(), libc::SIGTERM).then_some(()));
    running.until("it waits", || (state(running.pid())? == 'S').then_some(()));
    running.until("the program runs", || {
        (status(running.main_pid(), "Name")? == "witness").then_some(())
    });
    eventually("it holds its own only", || descriptors(running.pid()).iter().all(|fd| *fd > 2));
}
