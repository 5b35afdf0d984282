//! What every init does with a terminal: `init U32`–`U34`.

use crate::common::*;
use libc::{SIGHUP, SIGINT, SIGQUIT, SIGTSTP, SIGUSR1};

/// Arguments and environment with which the subject prints about each signal.
fn verbose(run: Run, subject: &Subject) -> Run {
    match subject.name() {
        "tini" => run.arg("-vvv"),
        "catatonit" => run.env("CATATONIT_DEBUG", "1"),
        _ => run.arg("-v"),
    }
}

conform! { all;
    // init U32
    fn u32_the_program_is_alone_in_the_foreground_and_reads(subject) {
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let (dir, terminal) = (TempDir::new(), Terminal::new());
            let (file, script) = (dir.file("r"), "read line; echo got-$line; exit 4");
            let steps = ["report", &file, "exec", "/bin/sh", "-c", script];
            let mut running = run.terminal(&terminal).witness(steps).spawn();
            let report = Report::of(&running, &file);
            assert_eq!(report.get("pgid"), report.get("pid"));
            assert_eq!(report.get("stdin_foreground"), report.get("pgid"));
            terminal.press("words\n");
            terminal.shows("got-words");
            running.wait().exits(4);
        }
    }

    // init U32, K4
    fn u32_keys_signal_the_program(subject) {
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let (dir, terminal) = (TempDir::new(), Terminal::new());
            let running = run.terminal(&terminal).witness(["record", &dir.file("signals")]).spawn();
            let recording = Recording::of(&running, &dir, "signals");
            for (key, signal) in [("\x03", SIGINT), ("\x1c", SIGQUIT), ("\x1a", SIGTSTP)] {
                terminal.press(key);
                recording.receives(&running, signal);
            }
        }
    }

    // init U32: but for K4, where nothing can be stopped.
    fn u32_a_shell_has_working_job_control(subject) {
        if subject.is_real("catatonit") {
            return;
        }
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let terminal = Terminal::new();
            let mut running = run.terminal(&terminal).args(["--", "/bin/sh", "-i"]).spawn();
            let shell = running.main_pid();
            running.until("the shell has the terminal", || (terminal.foreground() == Some(shell)).then_some(()));
            terminal.press("sleep 90\n");
            let foreground_job = || terminal.foreground().filter(|group| children(shell).contains(group));
            let job = running.until("sleep is in the foreground", foreground_job);
            running.until("it sleeps", || (status(job, "Name")? == "sleep").then_some(()));
            terminal.press("\x1a");
            running.until("sleep is stopped", || (state(job) == Some('T')).then_some(()));
            running.until("the shell is back", || (terminal.foreground() == Some(shell)).then_some(()));
            terminal.press("fg\n");
            running.until("sleep is back", || (terminal.foreground() == Some(job)).then_some(()));
            running.until("and goes on", || (state(job) == Some('S')).then_some(()));
            terminal.press("\x03");
            running.until("the shell is back", || (terminal.foreground() == Some(shell)).then_some(()));
            terminal.press("exit 11\n");
            running.wait().exits(11);
        }
    }

    // init U33
    fn u33_init_prints_from_the_background_without_being_stopped(subject) {
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let (dir, terminal) = (TempDir::new(), Terminal::new());
            terminal.set_tostop();
            let running = verbose(run.terminal(&terminal), subject).witness(["record", &dir.file("signals")]).spawn();
            let recording = Recording::of(&running, &dir, "signals");
            running.until("the program has the terminal", || (terminal.foreground() == Some(running.main_pid())).then_some(()));
            for signal in [SIGUSR1, SIGINT, SIGHUP] {
                running.signal(signal);
            }
            assert!(recording.all_so_far(&running).contains(&SIGUSR1));
            assert_ne!(state(running.pid()), Some('T'));
        }
    }

    // init U34, K6
    fn u34_no_terminal_or_somebody_else_s_is_no_error(subject) {
        let (others, nobodys) = (Terminal::new(), Terminal::new());
        let leader = Run::program(witness()).args(["hold"]).terminal(&others).spawn();
        let (reader, _writer) = pipe();
        let stdins = [
            ("/dev/null", Stdio::Null),
            ("a pipe", Stdio::Fd(reader.into())),
            ("a terminal of no session", Stdio::Fd(nobodys.open_slave())),
            ("a terminal of another session", Stdio::Fd(others.open_slave())),
            ("closed", Stdio::Closed),
        ];
        for (kind, stdin) in stdins {
            if kind == "closed" && subject.is_real("tini") {
                continue;
            }
            let finished = Run::of(subject).pid1().stdin(stdin).witness(["exit", "6"]).finish();
            assert_eq!(finished.code, Some(6), "{kind}: {finished:?}");
        }
        assert_eq!(others.foreground(), Some(leader.pid()));
    }
}
