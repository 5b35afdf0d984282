//! dumb-init: sessions, terminal, signals, how it leaves (`init D8`–`D14`, `D16`–`D18`, `D21`).

use crate::common::*;
use libc::{
    SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGKILL, SIGSTOP, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU,
    SIGUSR1, SIGUSR2,
};

fn controlling_terminal(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit_once(')').unwrap().1.split_whitespace().nth(4).unwrap() != "0"
}

conform! { dumb_init;
    // init D8
    fn d08_the_program_leads_a_new_session_whose_group_is_signalled(subject) {
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let dir = TempDir::new();
            let (running, family) = Family::start(run, &dir, "");
            let main = running.main_pid();
            assert_eq!(group_and_session(main), Some((main, main)));
            running.signal(SIGUSR1);
            family.main.receives(&running, SIGUSR1);
            assert_eq!(family.reached(), ["main", "group"]);
        }
    }

    // init D9
    fn d09_a_single_child_stays_in_the_group_of_init_and_is_signalled_alone(subject) {
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let dir = TempDir::new();
            let (running, family) = Family::start(run.arg("-c"), &dir, "");
            assert_eq!(group_and_session(running.main_pid()), group_and_session(running.pid()));
            running.signal(SIGUSR1);
            family.main.receives(&running, SIGUSR1);
            assert_eq!(family.reached(), ["main"]);
        }
    }

    // init D9: ours may do better.
    fn d09_a_key_press_reaches_a_single_child_twice(subject) {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let (running, recording) = recorded(Run::of(subject).pid1().arg("-c").terminal(&terminal), &dir);
        let mut pressed = 0;
        let mut press = || {
            terminal.press("\x03");
            pressed += 1;
            running.until("it arrives", || (recording.count(SIGINT) >= pressed).then_some(()));
            recording.all_so_far(&running).iter().filter(|s| **s == SIGINT).count()
        };
        // The two become one if the program has not taken the first before the second comes.
        let twice = (1..=50).any(|presses| press() > presses);
        assert!(twice || !subject.is_peer());
    }

    // init D10
    fn d10_the_terminal_goes_to_the_new_session(subject) {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let (file, signals) = (dir.file("r"), dir.file("signals"));
        let steps = ["report", &file, "record", &signals];
        let running = Run::of(subject).terminal(&terminal).witness(steps).spawn();
        Recording::of(&running, &dir, "signals");
        let report = Report::read(&file).unwrap();
        assert_eq!(report.get("sid"), report.get("pid"));
        assert_eq!(report.get("tty_foreground"), report.get("pid"));
        assert!(!controlling_terminal(running.pid()));
        assert!(controlling_terminal(running.main_pid()));
    }

    // init D10
    fn d10_a_terminal_of_another_session_is_not_taken(subject) {
        let (dir, terminal) = (TempDir::new(), Terminal::new());
        let leader = Run::program(witness()).args(["hold"]).terminal(&terminal).spawn();
        let (running, _) = recorded(Run::of(subject).stdin(Stdio::Fd(terminal.open_slave())), &dir);
        assert!(!controlling_terminal(running.main_pid()));
        assert_eq!(terminal.foreground(), Some(leader.pid()));
    }

    // init D11
    fn d11_the_hangup_that_init_caused_is_swallowed_once(subject) {
        for run in [Run::of(subject), Run::of(subject).pid1()] {
            let (dir, terminal) = (TempDir::new(), Terminal::new());
            let (running, recording) = recorded(run.terminal(&terminal), &dir);
            assert_eq!(recording.all_so_far(&running), [0; 0]);
            for signal in [SIGHUP, SIGCONT] {
                running.signal(signal);
                recording.receives(&running, signal);
            }
            assert_eq!(recording.all_so_far(&running), [SIGHUP, SIGCONT]);
        }
    }

    // init D11: only if init led the session.
    fn d11_without_a_terminal_the_first_hangup_is_forwarded(subject) {
        let dir = TempDir::new();
        let (running, recording) = recorded(Run::of(subject).pid1(), &dir);
        running.signal(SIGHUP);
        assert_eq!(recording.all_so_far(&running), [SIGHUP]);
    }

    // init D12
    fn d12_stop_signals_stop_program_and_init(subject) {
        for signal in [SIGTSTP, SIGTTIN, SIGTTOU] {
            let dir = TempDir::new();
            let (running, recording) = recorded(Run::of(subject), &dir);
            let (init, main) = (running.pid(), running.main_pid());
            running.signal(signal);
            running.until("both stop", || (state(init) == Some('T') && state(main) == Some('T')).then_some(()));
            running.signal(SIGCONT);
            recording.receives(&running, SIGCONT);
            assert_eq!(recording.all_so_far(&running), [SIGCONT]);
            assert!(state(init) != Some('T') && state(main) != Some('T'));
        }
    }

    // init D12
    fn d12_a_single_child_gets_stop_signals_as_they_are_and_init_stops(subject) {
        for (options, signal, arrives) in [
            (&["-c"][..], SIGTSTP, SIGTSTP),
            (&["-c"], SIGTTIN, SIGTTIN),
            (&["-c"], SIGTTOU, SIGTTOU),
            (&["-r", "20:15"], SIGTSTP, SIGTERM),
            (&["-r", "21:21"], SIGTTIN, SIGTTIN),
        ] {
            let dir = TempDir::new();
            let (running, recording) = recorded(Run::of(subject).args(options), &dir);
            running.signal(signal);
            running.until("init stops", || (state(running.pid()) == Some('T')).then_some(()));
            recording.receives(&running, arrives);
            running.signal(SIGCONT);
            recording.receives(&running, SIGCONT);
            assert_eq!(recording.all_so_far(&running), [arrives, SIGCONT], "{options:?}");
        }
    }

    // init D12
    fn d12_a_stop_signal_rewritten_to_nothing_still_stops_init(subject) {
        let dir = TempDir::new();
        let (running, recording) = recorded(Run::of(subject).args(["-r", "20:0"]), &dir);
        running.signal(SIGTSTP);
        running.until("init stops", || (state(running.pid()) == Some('T')).then_some(()));
        assert_ne!(state(running.main_pid()), Some('T'));
        running.signal(SIGCONT);
        assert_eq!(recording.all_so_far(&running), [SIGCONT]);
    }

    // init D12
    fn d12_pid_1_cannot_stop_itself(subject) {
        let dir = TempDir::new();
        let (running, recording) = recorded(Run::of(subject).pid1(), &dir);
        let main = running.main_pid();
        running.signal(SIGTSTP);
        running.until("the program stops", || (state(main) == Some('T')).then_some(()));
        // Its vain STOP to itself would discard a CONT that waits.
        running.until("init has done all it does", || (state(running.pid()) == Some('S')).then_some(()));
        running.signal(SIGCONT);
        recording.receives(&running, SIGCONT);
        assert_ne!(state(running.pid()), Some('T'));
    }

    // init D13, X6, K9
    fn d13_all_signals_are_forwarded(subject) {
        let dir = TempDir::new();
        let (running, recording) = recorded(Run::of(subject).pid1().arg("-c"), &dir);
        let arrived = recording.of_all_signals(&running);
        let expected: Vec<i32> = all_signals().filter(|s| ![SIGKILL, SIGSTOP, SIGCHLD, 64].contains(s)).collect();
        assert_eq!(arrived, expected);
    }

    // init D14, X11
    fn d14_the_group_gets_term_when_the_program_has_ended(subject) {
        for (options, group_gets) in [
            (&[][..], &[SIGTERM][..]),
            (&["-r", "15:2"], &[SIGINT]),
            (&["-r", "15:0"], &[]),
            (&["-r", "10:12"], &[SIGTERM]),
            (&["-c"], &[]),
        ] {
            let dir = TempDir::new();
            let (mut running, family) = Family::start(Run::of(subject).args(options), &dir, "until 12 5");
            send(running.main_pid(), SIGUSR2);
            running.wait().exits(5).silently();
            assert_eq!(family.signals_of("group"), group_gets, "{options:?}");
            assert_eq!((family.signals_of("own-group"), family.signals_of("own-session")), (vec![], vec![]));
            assert!(family.all_alive());
        }
    }

    // init D16, X12
    fn d16_init_moves_to_the_root_and_the_program_does_not(subject) {
        let dir = TempDir::new();
        let (running, _) = recorded(Run::of(subject).cwd("/usr/share"), &dir);
        running.until("init moves", || (directory(running.pid()) == "/").then_some(()));
        assert_eq!(directory(running.main_pid()), "/usr/share");
    }

    // init D17, X9: the peer forgets nohup, ours does not.
    fn d17_inherited_signal_sets(subject) {
        let dir = TempDir::new();
        let run = Run::of(subject).ignored([SIGHUP]).blocked([SIGUSR1]);
        run.witness(["report", &dir.file("r"), "exit", "0"]).finish().exits(0);
        let report = Report::read(&dir.file("r")).unwrap();
        let kept = if subject.is_peer() { (vec![], vec![]) } else { (vec![SIGHUP], vec![SIGUSR1]) };
        assert_eq!((report.ignored(), report.blocked()), kept);
    }

    // init D18
    fn d18_sigchld_may_be_inherited_as_ignored(subject) {
        Run::of(subject).ignored([SIGCHLD]).witness(["orphans-now", "3", "exit", "7"]).finish().exits(7).silently();
    }

    // init D21, X13, K7
    fn d21_the_descriptors_of_init(subject) {
        let (dir, (reader, writer)) = (TempDir::new(), pipe());
        let run = Run::of(subject).inherits(9, writer);
        let running = run.witness(["close", "9", "record", &dir.file("signals")]).spawn();
        Recording::of(&running, &dir, "signals");
        if subject.is_peer() {
            assert!(descriptors(running.pid()).contains(&9));
        } else {
            running.until("the reader sees the end", || hung_up(&reader).then_some(()));
        }
    }
}
