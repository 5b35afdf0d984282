//! Defects of the peers that README.md and docs/differences.md speak of and that no other test shows. They are asked of
//! the real peers only: what podinit does in their place is tested beside them.

use crate::common::*;
use libc::{SIGCHLD, SIGKILL, SIGUSR1};
use std::time::Duration;

/// Long enough for what would happen if it were to happen.
const PATIENCE: Duration = Duration::from_millis(1500);

// init K3: ours `superset_options::x16_the_terminal_is_given_back_at_the_end`.
#[test]
#[ignore = "needs the real tini and catatonit"]
fn k3_a_script_does_not_get_its_terminal_back() {
    for name in ["tini", "catatonit"] {
        let terminal = Terminal::new();
        let script = "\"$@\"; echo code-$?; read line || echo no-line";
        let run =
            Run::of(&Subject::peer(name)).via(["/bin/sh", "-c", script, "sh"]).terminal(&terminal);
        let running = run.args(["--", "/bin/sh", "-c", "read line; exit 5"]).spawn();
        let shell = running.pid();
        running
            .until("the program has it", || terminal.foreground().filter(|group| *group != shell));
        terminal.press("first\n");
        terminal.shows("code-5");
        terminal.shows("no-line");
        assert_ne!(terminal.foreground(), Some(shell), "{name}");
    }
}

// init K5, X18: ours `superset_options::x18_sigchld_inherited_as_ignored_works`.
#[test]
#[ignore = "needs the real tini and catatonit"]
fn k5_an_ignored_sigchld_keeps_it_for_ever() {
    for name in ["tini", "catatonit"] {
        let run = Run::of(&Subject::peer(name)).pid1().ignored([SIGCHLD]);
        let mut running = run.witness(["exit", "6"]).spawn();
        assert!(running.wait_for(PATIENCE).is_none(), "{name}");
    }
}

// init K8: ours `universal_start::u09_the_code_holds_when_nobody_can_read_the_reason`.
#[test]
#[ignore = "needs the real tini and catatonit"]
fn k8_a_failed_start_that_nobody_reads_of_ends_by_sigpipe() {
    for name in ["tini", "catatonit"] {
        let run = Run::of(&Subject::peer(name)).pid1().args(["--", "/nonexistent/program"]);
        run.stderr(Stdio::Fd(pipe_without_reader())).finish().exits(128 + libc::SIGPIPE);
    }
}

// Ours: `log::a_full_stderr_delays_no_signal_and_the_loss_is_told`.
#[test]
#[ignore = "needs the real dumb-init"]
fn a_full_stderr_keeps_dumb_init_v_from_forwarding() {
    use std::io::Read;
    let (mut reader, writer) = pipe();
    let dir = TempDir::new();
    let run = Run::of(&Subject::peer("dumb-init")).arg("-v").stderr(Stdio::Fd(writer));
    let running = run.witness(["close", "2", "record", &dir.file("s")]).spawn();
    let recording = Recording::of(&running, &dir, "s");
    // Its own lines fill the pipe: each of these signals is one.
    let stuck = (0..20_000).find(|_| {
        let before = recording.count(SIGUSR1);
        running.signal(SIGUSR1);
        let arrived = || (recording.count(SIGUSR1) > before).then_some(());
        poll_until(PATIENCE, arrived).is_none()
    });
    assert!(stuck.is_some());
    let mut drained = vec![0; 1 << 16];
    assert!(reader.read(&mut drained).unwrap() > 0);
    send(running.main_pid(), SIGKILL);
}
