//! `podinit wait` and `podinit probe` where something is missing, stuck or in the way: no attempt is left behind, and
//! a stop signal is never lost.

use crate::common::*;
use libc::{SIGKILL, SIGPIPE, SIGSTOP, SIGTERM};
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

/// A command with a descendant that has left its session.
const FAMILY: &str = "exec:/bin/sh -c '(setsid sleep 77 &) ; sleep 77'";

fn named(pids: Vec<i32>, name: &str) -> Vec<i32> {
    pids.into_iter().filter(|pid| status(*pid, "Name").as_deref() == Some(name)).collect()
}

/// The attempt's process, and the two that sleep below it.
#[track_caller]
fn family_of(running: &Running) -> (i32, Vec<i32>) {
    running.until("both sleep", || {
        let sleeps = named(descendants(running.pid()), "sleep");
        let attempt = named(descendants(running.pid()), "podinit").into_iter().next();
        Some((attempt?, sleeps)).filter(|(_, sleeps)| sleeps.len() == 2)
    })
}

/// A pipe with no room left, and its reading end.
fn full_pipe() -> (fs::File, OwnedFd) {
    let (reader, writer) = pipe();
    let mut filler = fs::File::from(writer.try_clone().unwrap());
    // SAFETY: integers only.
    unsafe { libc::fcntl(filler.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
    while std::io::Write::write(&mut filler, &[b'x'; 4096]).is_ok() {}
    // SAFETY: integers only.
    unsafe { libc::fcntl(filler.as_raw_fd(), libc::F_SETFL, 0) };
    (reader, writer)
}

/// A command gets 0 to 2 and nothing of what podinit was given.
#[test]
fn a_command_inherits_no_other_descriptors() {
    let dir = TempDir::new();
    let file = || fs::File::open("/dev/null").unwrap();
    let words = format!("exec:{} report {}", witness(), dir.file("report"));
    own().args(["probe", &words]).inherits(7, file()).inherits(60, file()).finish().exits(0);
    assert_eq!(Report::read(&dir.file("report")).unwrap().descriptors(), [0, 1, 2]);
}

/// Neither podinit nor what it makes attempts in needs a TERM that gets through.
#[test]
fn an_ignored_term_lets_no_command_get_away() {
    let run = own().args(["wait", FAMILY, "--attempt-timeout", "1h", "--timeout", "1500ms"]);
    let mut running = run.ignored([SIGTERM]).spawn();
    let (_, sleeps) = family_of(&running);
    running.wait().exits(124);
    sleeps.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));

    let run = own().args(["wait", FAMILY, "--attempt-timeout", "1h"]);
    let mut running = run.ignored([SIGTERM]).spawn();
    let (_, sleeps) = family_of(&running);
    running.signal(SIGKILL);
    running.wait();
    sleeps.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));
}

/// `timeout -s KILL` kills a whole group.
#[test]
fn a_kill_of_the_group_lets_no_command_get_away() {
    let mut running = own().args(["wait", FAMILY, "--attempt-timeout", "1h"]).spawn();
    let (_, sleeps) = family_of(&running);
    send(-running.pid(), SIGKILL);
    running.wait();
    sleeps.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));
}

#[test]
fn a_stopped_attempt_ends_with_what_it_started() {
    let mut running = own().args(["wait", FAMILY, "--attempt-timeout", "1h"]).spawn();
    let (attempt, sleeps) = family_of(&running);
    send(attempt, SIGSTOP);
    eventually("it has stopped", || state(attempt) == Some('T'));
    running.signal(SIGTERM);
    running.wait().exits(128 + SIGTERM);
    sleeps.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));
}

/// The kernel would throw it away when the mask is given back, and the program would never know.
#[test]
fn a_term_to_pid_1_while_attempts_are_ended_is_not_lost() {
    let dir = TempDir::new();
    let file = format!("file:{}", dir.file("go"));
    let run = own().pid1().args(["wait", "--any", &file, FAMILY, "--attempt-timeout", "1h"]);
    let mut running = run.args(["--interval", "20ms", "--", "sleep", "66"]).spawn();
    let (_, sleeps) = family_of(&running);
    let below = || children(running.init()).into_iter();
    let attempt = below().find(|pid| !children(*pid).is_empty()).unwrap();
    // Held by a debugger, it takes its time to end.
    let none = std::ptr::null_mut::<libc::c_void>();
    // SAFETY: these requests read and write no memory.
    assert_eq!(unsafe { libc::ptrace(libc::PTRACE_SEIZE, attempt, none, none) }, 0);
    // SAFETY: as above.
    assert_eq!(unsafe { libc::ptrace(libc::PTRACE_INTERRUPT, attempt, none, none) }, 0);
    eventually("it is held", || state(attempt) == Some('t'));
    dir.write("go", 0o644, "");
    running.until("it ends the others", || running.stderr().contains("holds, after").then_some(()));
    running.signal(SIGTERM);
    // The debugger is told of its stop and of its end, and lets it go.
    let mut told = 0;
    // SAFETY: one integer, which lives through the call.
    while unsafe { libc::waitpid(attempt, &raw mut told, libc::__WALL) } == attempt
        && libc::WIFSTOPPED(told)
    {}
    running.wait_for(DEADLINE).expect("it ends").exits(128 + SIGTERM);
    sleeps.into_iter().for_each(|pid| eventually("it is gone", || !is_alive(pid)));
}

/// Where there is no descriptor left to be told of signals by, or none to make attempts with.
#[test]
fn a_stop_is_seen_without_descriptors() {
    let missing: Vec<String> = (0..400).map(|n| format!("file:/no/such/{n}")).collect();
    for (limit, interval) in [(3, "1h"), (4, "1ms")] {
        let run = own().args(["wait", "-q", "--interval", interval]).args(&missing);
        let mut running = run.limit(libc::RLIMIT_NOFILE, limit, limit).spawn();
        let waits = || interval == "1ms" || state(running.pid()) == Some('S');
        running.until("it waits", || (takes(running.pid(), SIGTERM) && waits()).then_some(()));
        running.signal(SIGTERM);
        running.wait_for(DEADLINE).expect("it ends").exits(128 + SIGTERM);
    }
}

/// Text that would need a screen of its own is shown in one short line.
#[test]
fn a_condition_takes_one_line() {
    let condition = format!("exec:sh -c 'exit 1\n# {}'", "x".repeat(50_000));
    let finished = own().args(["wait", &condition, "--timeout", "100ms"]).finish().exits(124);
    let lines: Vec<&str> = finished.stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.iter().all(|line| line.contains("exec:sh -c 'exit 1 # xxx") && line.len() < 800));
}

/// Nobody reads: neither an end nor the exit code is lost.
#[test]
fn a_reader_that_is_gone_costs_nothing() {
    let gone = || Stdio::Fd(pipe_without_reader());
    own().args(["probe", "file:/"]).stdout(gone()).finish().exits(0);
    own().args(["wait", "file:/"]).stderr(gone()).finish().exits(0);
    // The program is as sensitive as ever, and not to what podinit has caused.
    let run = |script| own().args(["wait", "file:/", "--", "sh", "-c", script]).stderr(gone());
    run("exit 7").finish().exits(7);
    assert_eq!(run("kill -PIPE $$").finish().signal, Some(SIGPIPE));
}

#[test]
fn a_full_pipe_on_stdout_does_not_keep_a_probe_from_ending() {
    let (_reader, writer) = full_pipe();
    let mut running = own().args(["probe", "file:/"]).stdout(Stdio::Fd(writer)).spawn();
    let waits = || state(running.pid()) == Some('S') && children(running.pid()).is_empty();
    running.until("it waits", || waits().then_some(()));
    running.signal(SIGTERM);
    running.wait_for(DEADLINE).expect("it ends").exits(128 + SIGTERM);
}

/// A root file system with nothing but a program.
#[test]
fn a_command_needs_no_dev() {
    let dir = TempDir::new();
    fs::copy(env!("CARGO_BIN_EXE_podinit"), dir.file("podinit")).unwrap();
    let run = Run::program("/podinit").root(dir.path()).pid1();
    run.args(["probe", "exec:/podinit --version"]).finish().exits(0);
}

/// A file system whose server never answers: the wait and the probe end on time.
#[test]
fn a_file_system_that_hangs_holds_nothing_up() {
    let dir = TempDir::new();
    fs::create_dir(dir.file("hung")).unwrap();
    let Some(_mount) = Mount::that_hangs(&dir.file("hung")) else { return };
    let file = format!("file:{}", dir.file("hung/x"));
    for (command, code) in [("probe", 1), ("wait", 124)] {
        let run = own().args([command, &file, "--timeout", "300ms"]);
        run.spawn().wait_for(Duration::from_secs(10)).expect("it ends").exits(code);
    }
    let mut running = own().args(["probe", &file, "--timeout", "1h"]).spawn();
    running.until("it tries", || descendants(running.pid()).pop());
    running.signal(SIGTERM);
    running.wait_for(DEADLINE).expect("it ends").exits(128 + SIGTERM);
}

/// A FUSE mount, of a server that reads no request.
struct Mount {
    _server: fs::File,
    at: std::ffi::CString,
}

impl Mount {
    /// `None` where this may not be done.
    fn that_hangs(at: &str) -> Option<Mount> {
        let server = fs::File::options().read(true).write(true).open("/dev/fuse").ok()?;
        let options = format!("fd={},rootmode=40000,user_id=0,group_id=0", server.as_raw_fd());
        let options = std::ffi::CString::new(options).unwrap();
        let at = std::ffi::CString::new(at).unwrap();
        let (source, kind) = (c"hung".as_ptr(), c"fuse".as_ptr());
        // SAFETY: strings that live through the call.
        let done = unsafe { libc::mount(source, at.as_ptr(), kind, 0, options.as_ptr().cast()) };
        (done == 0).then_some(Mount { _server: server, at })
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // SAFETY: a string that lives through the call.
        unsafe { libc::umount2(self.at.as_ptr(), libc::MNT_DETACH) };
    }
}
