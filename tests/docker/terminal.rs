//! `docker run -it`: keys, job control, the foreground (init U18, U21, U32, I6).

use crate::engine::Run;
use crate::images::{BARE, SHELL};
use crate::pty::Terminal;

const CTRL_C: &str = "\x03";
const CTRL_Z: &str = "\x1a";
const CTRL_BACKSLASH: &str = "\x1c";

#[test]
#[ignore = "needs a Docker engine"]
fn the_app_is_in_the_foreground_of_its_terminal() {
    let mut terminal = Terminal::start(&Run::new(&BARE).words(["/app", "report"]));
    terminal.expect("app ready");

    let line = terminal.container.line("app pid ");
    let words: Vec<_> = line.split(' ').collect();
    let ["parent", "1", "group", group, "session", "1", "front", front] = words[1..] else {
        panic!("{line}")
    };
    assert_eq!((group, front), (words[0], words[0]), "{line}");

    terminal.container.kill("TERM");
    assert_eq!(terminal.end(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn ctrl_c_reaches_the_app_directly_and_once() {
    let mut terminal = Terminal::start(&Run::new(&BARE).words(["/app", "report"]));
    terminal.expect("app ready");

    terminal.press(CTRL_C);

    terminal.expect("app got INT from the kernel");
    terminal.press(CTRL_BACKSLASH);
    terminal.expect("app got QUIT from the kernel");
    // What init had forwarded by now would be shown before this.
    terminal.container.kill("USR1");
    terminal.expect("app got USR1 from 1");
    let screen = terminal.screen();
    assert_eq!(
        (screen.matches("got INT").count(), screen.matches("got QUIT").count()),
        (1, 1),
        "{screen}"
    );
    terminal.container.kill("TERM");
    assert_eq!(terminal.end(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn ctrl_z_stops_the_app_and_cont_wakes_it() {
    let mut terminal = Terminal::start(&Run::new(&BARE).words(["/app", "report", "stops"]));
    terminal.expect("app ready");

    terminal.press(CTRL_Z);

    until_stopped(&terminal, true);
    assert!(terminal.container.running());
    terminal.container.kill("CONT");
    terminal.expect("app got CONT from 1");
    until_stopped(&terminal, false);
    terminal.container.kill("TERM");
    assert_eq!(terminal.end(), 0);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_stop_request_for_a_stopped_app_waits_until_it_continues() {
    let mut terminal = Terminal::start(&Run::new(&BARE).words(["/app", "report", "stops"]));
    terminal.expect("app ready");
    terminal.press(CTRL_Z);
    until_stopped(&terminal, true);

    terminal.container.kill("TERM");

    until_stopped(&terminal, true);
    assert!(terminal.container.running());
    assert!(!terminal.screen().contains("got TERM"), "{}", terminal.screen());
    terminal.container.kill("CONT");
    assert_eq!(terminal.end(), 0);
    assert_eq!(
        terminal.screen().matches("app got TERM from 1").count(),
        1,
        "{}",
        terminal.screen()
    );
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_stopped_app_is_killed_at_the_end_of_the_grace_period() {
    let run = Run::new(&BARE).options(["--grace-period", "1s"]).words(["/app", "report", "stops"]);
    let mut terminal = Terminal::start(&run);
    terminal.expect("app ready");
    terminal.press(CTRL_Z);
    until_stopped(&terminal, true);

    terminal.container.kill("TERM");

    assert_eq!(terminal.end(), 137);
}

#[test]
#[ignore = "needs a Docker engine"]
fn a_shell_has_job_control() {
    let mut terminal = Terminal::start(&Run::new(&SHELL).words(["/bin/sh"]));
    terminal.expect("/ # ");
    assert!(!terminal.screen().contains("job control"), "{}", terminal.screen());

    terminal.press("sleep 1000\n");
    until_in_front(&terminal, "sleep 1000", true);
    terminal.press(CTRL_Z);
    terminal.expect("Stopped");
    terminal.press("fg\n");
    until_in_front(&terminal, "sleep 1000", true);
    terminal.press(CTRL_C);
    until_in_front(&terminal, "/bin/sh", true);
    terminal.press("echo code=$?\n");
    terminal.expect("code=130");
    terminal.press("sleep 2000 &\n");
    until_in_front(&terminal, "sleep 2000", false);
    terminal.press("exit 3\n");

    assert_eq!(terminal.end(), 3);
}

#[test]
#[ignore = "needs a Docker engine"]
fn the_app_hears_of_a_new_size_from_the_terminal_alone() {
    // By default docker's client passes its own WINCH on to the container as well.
    let run = Run::new(&BARE).flags(["--sig-proxy=false"]).words(["/app", "report"]);
    let mut terminal = Terminal::start(&run);
    terminal.expect("app ready");

    // Docker's client may not yet listen when the app is ready.
    let mut rows = 30;
    terminal.container.until("a new size", || {
        rows += 1;
        terminal.resize(rows, 100);
        terminal.screen().contains("app got WINCH from the kernel").then_some(())
    });

    terminal.container.kill("USR1");
    terminal.expect("app got USR1 from 1");
    assert!(!terminal.screen().contains("app got WINCH from 1"), "{}", terminal.screen());
    terminal.container.kill("TERM");
    assert_eq!(terminal.end(), 0);
}

fn until_stopped(terminal: &Terminal, stopped: bool) {
    terminal.container.until(&format!("app stopped: {stopped}"), || {
        let app = terminal.container.process_now("/app report")?;
        (app.state.starts_with('T') == stopped).then_some(())
    });
}

/// The states of `ps` have a `+` in the foreground group.
fn until_in_front(terminal: &Terminal, command: &str, front: bool) {
    terminal.container.until(&format!("{command} in front: {front}"), || {
        let process = terminal.container.process_now(command)?;
        (process.state.contains('+') == front && !process.state.starts_with('T')).then_some(())
    });
}
