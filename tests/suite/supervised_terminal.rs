//! Each instance has the terminal that podinit has.

use crate::common::*;
use libc::SIGTERM;

/// `sleep` as the program, as PID 1 on this terminal.
fn sleeping<'a>(terminal: &Terminal, options: impl IntoIterator<Item = &'a &'a str>) -> Running {
    let run = own().pid1().args(options).args(["--", "/bin/sleep", "90"]);
    run.terminal(terminal).spawn()
}

/// The program, when it is one and is in the foreground.
fn in_front(running: &Running, terminal: &Terminal) -> Option<i32> {
    let is_it = |pid: &i32| status(*pid, "Name").as_deref() == Some("sleep");
    let program = children(running.pid()).into_iter().find(is_it)?;
    (terminal.foreground() == Some(program)).then_some(program)
}

#[test]
fn every_instance_has_the_terminal_in_turn() {
    for hooks in [&[][..], &["--pre-stop", "exec:true"]] {
        let terminal = Terminal::new();
        let again = ["--restart", "always", "--restart-delay", "50ms..100ms"];
        let running = sleeping(&terminal, again.iter().chain(hooks));
        let mut last = 0;
        for _ in 0..3 {
            last = running.until("the next is in the foreground", || {
                in_front(&running, &terminal).filter(|program| *program != last)
            });
            terminal.press("\x03");
        }
    }
}

/// As PID 1 there is no shell that wants its prompt (init U21).
#[test]
fn a_stopped_program_stays_stopped_and_ends_with_the_grace_period() {
    for hooks in [&[][..], &["--post-stop", "exec:true"]] {
        let terminal = Terminal::new();
        let options = ["--restart", "never", "--grace-period", "200ms"];
        let mut running = sleeping(&terminal, options.iter().chain(hooks));
        let program = running.until("it is in the foreground", || in_front(&running, &terminal));
        terminal.press("\x1a");
        running.until("it is stopped", || (state(program) == Some('T')).then_some(()));
        running.signal(SIGTERM);
        running.wait().exits(137);
    }
}
