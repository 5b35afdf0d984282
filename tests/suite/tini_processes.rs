//! tini: groups, terminal, signals, what init holds and how it leaves (`init T14`–`T16`, `T19`–`T21`, `T23`).

use crate::common::*;
use libc::{
    SIGABRT, SIGBUS, SIGCHLD, SIGFPE, SIGILL, SIGKILL, SIGSEGV, SIGSTOP, SIGSYS, SIGTERM, SIGTRAP,
    SIGTSTP, SIGTTIN, SIGTTOU,
};

/// What the processor itself raises; tini leaves them their default action.
const FAULTS: [i32; 7] = [SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGSYS];

conform! { tini;
    // init T14
    fn t14_the_program_leads_a_group_in_the_session_of_init(subject) {
        for run in [Run::of(subject), Run::of(subject).arg("-g"), Run::of(subject).pid1()] {
            let dir = TempDir::new();
            let mut running = run.witness(["report", &dir.file("r"), "exit", "0"]).spawn();
            running.wait().exits(0);
            let report = Report::read(&dir.file("r")).unwrap();
            assert_eq!(report.get("pgid"), report.get("pid"));
            assert_eq!(report.get("sid"), report.get("init_sid"));
            assert_ne!(report.get("pgid"), report.get("init_pgid"));
        }
    }

    // init T15, X15, K10: the peer takes the terminal even from the background; ours does not.
    fn t15_the_terminal_and_an_init_in_the_background(subject) {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let run = Run::of(subject).via([witness(), "background"]).terminal(&terminal);
        let running = run.witness(["record", &dir.file("signals")]).spawn();
        Recording::of(&running, &dir, "signals");
        let expected = if subject.is_peer() { running.main_pid() } else { running.pid() };
        assert_eq!(terminal.foreground(), Some(expected));
    }

    // init T15, X17, K6
    fn t15_closed_stdin(subject) {
        let code = if subject.is_peer() { 1 } else { 6 };
        Run::of(subject).pid1().stdin(Stdio::Closed).witness(["exit", "6"]).finish().exits(code);
    }

    // init T16, X6, X7, X8
    fn t16_what_pid_1_forwards(subject) {
        let mut dropped = vec![SIGCHLD, SIGKILL, SIGSTOP, SIGTTIN, SIGTTOU];
        if subject.is_peer() {
            dropped.extend(FAULTS);
        }
        let dir = TempDir::new();
        let running = Run::of(subject).pid1().witness(["record", &dir.file("signals")]).spawn();
        let recording = Recording::of(&running, &dir, "signals");
        let arrived = recording.of_all_signals(&running);
        let expected: Vec<i32> = all_signals().filter(|s| *s != 64 && !dropped.contains(s)).collect();
        assert_eq!(arrived, expected);
    }

    // init T16, X6
    fn t16_faults_sent_to_one_that_is_not_pid_1(subject) {
        for fault in FAULTS {
            let dir = TempDir::new();
            let run = Run::of(subject).arg("-s").limit(libc::RLIMIT_CORE, 0, 0);
            let mut running = run.witness(["record", &dir.file("signals"), "until", "15", "0"]).spawn();
            let recording = Recording::of(&running, &dir, "signals");
            let main = running.main_pid();
            running.signal(fault);
            if subject.is_peer() {
                assert_eq!(running.wait().signal, Some(fault));
                send(main, SIGTERM);
            } else {
                recording.receives(&running, fault);
                running.signal(SIGTERM);
                running.wait().exits(0);
            }
        }
    }

    // init T16, U33: neither a key nor `kill` stops init.
    fn t16_stop_signals_do_not_stop_init(subject) {
        let dir = TempDir::new();
        let running = Run::of(subject).arg("-s").witness(["record", &dir.file("signals")]).spawn();
        let recording = Recording::of(&running, &dir, "signals");
        for signal in [SIGTTIN, SIGTTOU, SIGTSTP] {
            running.signal(signal);
        }
        assert_eq!(recording.all_so_far(&running), [SIGTSTP]);
        assert_ne!(state(running.pid()), Some('T'));
    }

    // init T19
    fn t19_dispositions_it_touched_are_restored(subject) {
        for inherited in [vec![], vec![SIGTTIN], vec![SIGTTOU], vec![SIGTTIN, SIGTTOU]] {
            let dir = TempDir::new();
            let run = Run::of(subject).pid1().ignored(inherited.clone()).blocked(inherited.clone());
            run.witness(["report", &dir.file("r"), "exit", "0"]).finish().exits(0);
            let report = Report::read(&dir.file("r")).unwrap();
            assert_eq!((report.ignored(), report.blocked()), (inherited.clone(), inherited));
        }
    }

    // init T20, X12, X13, K7
    fn t20_the_directory_and_descriptors_of_init(subject) {
        let (dir, (reader, writer)) = (TempDir::new(), pipe());
        let run = Run::of(subject).cwd("/usr").inherits(9, writer);
        let running = run.witness(["close", "9", "record", &dir.file("signals")]).spawn();
        Recording::of(&running, &dir, "signals");
        if subject.is_peer() {
            assert_eq!(directory(running.pid()), "/usr");
            assert!(descriptors(running.pid()).contains(&9));
        } else {
            running.until("init moves to /", || (directory(running.pid()) == "/").then_some(()));
            running.until("the reader sees the end", || hung_up(&reader).then_some(()));
        }
    }

    // init T21, X11
    fn t21_init_leaves_and_signals_nobody(subject) {
        let dir = TempDir::new();
        let (mut running, family) = Family::start(Run::of(subject).args(["-s", "-g"]), &dir, "until 12 5");
        send(running.main_pid(), libc::SIGUSR2);
        running.wait().exits(5).silently();
        assert_eq!(family.reached(), ["main"]);
        assert!(family.all_alive());
    }
}
