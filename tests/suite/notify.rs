//! `--notify`: the program says by sd_notify(3) when it has started and is ready, and podinit tells its own manager.

use crate::common::*;
use libc::{SIGCONT, SIGKILL, SIGSTOP, SIGTERM};
use std::cell::RefCell;
use std::io::ErrorKind;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

/// How long it is looked whether something is said that must not be.
const WHILE: Duration = Duration::from_millis(300);

const READY: &str = "READY=1";
const STARTED: &str = "STATUS=Container started";

/// Who manages podinit: the other end of the `NOTIFY_SOCKET` it is given.
struct Manager {
    socket: UnixDatagram,
    name: String,
    heard: RefCell<Vec<String>>,
}

impl Manager {
    fn new() -> Manager {
        let dir = TempDir::new();
        let name = dir.path().to_str().unwrap().trim_start_matches('/').replace('/', "-");
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let socket = UnixDatagram::bind_addr(&address).unwrap();
        socket.set_nonblocking(true).unwrap();
        Manager { socket, name: format!("@{name}"), heard: RefCell::default() }
    }

    fn manages(&self, run: Run) -> Run {
        run.env("NOTIFY_SOCKET", &self.name)
    }

    /// All it was told so far.
    fn heard(&self) -> Vec<String> {
        let mut buffer = [0; 4096];
        let mut heard = self.heard.borrow_mut();
        while let Ok(length) = self.socket.recv(&mut buffer) {
            heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        heard.clone()
    }

    /// Waits until it has been told this so often.
    #[track_caller]
    fn hears(&self, running: &Running, text: &str, times: usize) {
        running.until(&format!("it is told {text} {times} times"), || {
            (self.heard().iter().filter(|heard| *heard == text).count() >= times).then_some(())
        });
    }

    /// It is told this, and nothing else.
    #[track_caller]
    fn has_heard(&self, texts: &[&str]) {
        assert_eq!(self.heard(), texts);
    }

    /// For some time it is told no more than it has been.
    #[track_caller]
    fn hears_no_more(&self) {
        let before = self.heard().len();
        let more = poll_until(WHILE, || (self.heard().len() > before).then_some(()));
        assert_eq!(more, None, "{:?}", self.heard());
    }
}

/// `exec:` of a script, in which `@` is the directory.
fn shell(dir: &TempDir, script: &str) -> String {
    format!("exec:/bin/sh -c '{}'", script.replace('@', dir.path().to_str().unwrap()))
}

/// A liveness probe that leaves a line in the file `live`, often.
fn watched(run: Run, dir: &TempDir) -> Run {
    let probe = shell(dir, "echo >>@/live");
    run.args(["--liveness", &probe, "--liveness-opts", "period=20ms"])
}

/// A script in which `W` is the witness and `@` the directory.
fn script(run: Run, dir: &TempDir, text: &str) -> Run {
    run.script(&text.replace('W', witness()).replace('@', dir.path().to_str().unwrap()))
}

#[track_caller]
fn there_is(running: &Running, dir: &TempDir, file: &str) {
    running.until(&format!("there is {file}"), || (lines(&dir.file(file)) > 0).then_some(()));
}

fn go(dir: &TempDir, file: &str) {
    dir.write(file, 0o644, "");
}

/// Steps of a program that is ready when there is a file `go`, and ends at TERM.
fn when_told(dir: &TempDir) -> [String; 9] {
    let (go, signals) = (dir.file("go"), dir.file("signals"));
    ["await", &go, "notify", READY, "record", &signals, "until", "15", "0"].map(str::to_owned)
}

// kubelet W9, W11, W13: started is what the program says; nothing is probed before.
#[test]
fn it_is_started_and_ready_when_it_says_so() {
    for run in [own(), own().pid1(), own().no_proc(), own().user(4242, 4343, &[])] {
        let (dir, manager) = (TempDir::new(), Manager::new());
        let run = manager.manages(watched(run.arg("--notify"), &dir));
        let running = run.witness(when_told(&dir)).spawn();
        manager.hears(&running, STARTED, 1);
        manager.hears_no_more();
        assert_eq!(lines(&dir.file("live")), 0);
        go(&dir, "go");
        manager.hears(&running, READY, 1);
        there_is(&running, &dir, "live");
        Recording::of(&running, &dir, "signals");
        running.signal_and_end(SIGTERM);
        let stopping = "STATUS=Stopping container witness";
        let ready = "STATUS=Container witness is ready";
        manager.has_heard(&[STARTED, READY, ready, "STOPPING=1", stopping]);
    }
}

#[test]
fn the_program_alone_is_told_of_the_socket() {
    let (dir, manager) = (TempDir::new(), Manager::new());
    let hook = shell(&dir, "echo ${NOTIFY_SOCKET-none} >@/hook");
    let report = reported(manager.manages(own().args(["--notify", "-q", "--post-stop", &hook])));
    let socket = report.var("NOTIFY_SOCKET").unwrap();
    assert!(socket.starts_with('@') && socket != manager.name, "{socket}");
    assert_eq!(std::fs::read_to_string(dir.file("hook")).unwrap(), "none\n");
    assert_eq!(report.descriptors(), [0, 1, 2]);
    // By a variable, too; switched off podinit is not there.
    let report = reported(own().arg("-q").env("PODINIT_NOTIFY", "1"));
    assert!(report.var("NOTIFY_SOCKET").is_some());
    let run = own().arg("--notify").env("PODINIT_DISABLED", "1");
    assert_eq!(reported(manager.manages(run)).var("NOTIFY_SOCKET"), Some(manager.name.clone()));
}

// kubelet H7, H8
#[test]
fn what_is_said_before_post_start_is_over_counts_then() {
    let (dir, manager) = (TempDir::new(), Manager::new());
    let hook = shell(&dir, "until [ -e @/go ]; do sleep 0.02; done");
    let run = manager.manages(watched(own().args(["--notify", "--post-start", &hook]), &dir));
    let running = run.witness(["notify", READY, "barrier", &dir.file("taken"), "hold"]).spawn();
    there_is(&running, &dir, "taken");
    manager.hears_no_more();
    manager.has_heard(&[STARTED]);
    assert_eq!(lines(&dir.file("live")), 0);
    go(&dir, "go");
    manager.hears(&running, READY, 1);
    there_is(&running, &dir, "live");
}

/// What another instance has said, and what is still sent to its socket, is nothing to the next.
#[test]
fn each_instance_says_so_itself() {
    let (dir, manager) = (TempDir::new(), Manager::new());
    let options = ["--notify", "--restart", "always", "--restart-delay", "1ms"];
    let run = manager.manages(watched(own().args(options), &dir));
    let text = "
        if [ ! -e @/first ]; then
            W report @/first notify READY=1 await @/end flood 3 READY=1 exit 1
        else
            W report @/second await @/go notify READY=1 hold
        fi";
    let running = script(run, &dir, text).spawn();
    there_is(&running, &dir, "live");
    let name = |report: &str| Report::of(&running, &dir.file(report)).var("NOTIFY_SOCKET").unwrap();
    let first = name("first");
    go(&dir, "end");
    let second = name("second");
    manager.hears(&running, STARTED, 2);
    let probed = lines(&dir.file("live"));
    manager.hears_no_more();
    assert_eq!(lines(&dir.file("live")), probed);
    assert_ne!(first, second);
    let first = SocketAddr::from_abstract_name(&first[1..]).unwrap();
    let refused = UnixDatagram::unbound().unwrap().connect_addr(&first).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    go(&dir, "go");
    let is_ready = "STATUS=Container sh is ready";
    manager.hears(&running, is_ready, 2);
    running.until("it is probed", || (lines(&dir.file("live")) > probed).then_some(()));
    manager.has_heard(&[STARTED, READY, is_ready, STARTED, is_ready]);
}

#[test]
fn a_probe_and_the_program_go_together() {
    // The readiness probe says whether it is ready.
    let (dir, manager) = (TempDir::new(), Manager::new());
    let ready = shell(&dir, "echo >>@/asked; test -e @/ready");
    let opts = "period=20ms,failure=1";
    let args = ["--notify", "--readiness", &ready, "--readiness-opts", opts];
    let steps = ["await", &dir.file("go"), "notify", READY, "await", &dir.file("stop")];
    let run = manager.manages(own().args(args)).witness(steps);
    let running = run.args(["notify", "STOPPING=1", "barrier", &dir.file("taken"), "hold"]).spawn();
    manager.hears(&running, STARTED, 1);
    manager.hears_no_more();
    assert_eq!(lines(&dir.file("asked")), 0);
    go(&dir, "go");
    there_is(&running, &dir, "asked");
    assert_eq!(manager.heard(), [STARTED]);
    go(&dir, "ready");
    manager.hears(&running, READY, 1);
    go(&dir, "stop");
    there_is(&running, &dir, "taken");
    manager.hears_no_more();

    // Of the startup probe and the program whoever comes first.
    for (startup, steps) in [("false", &["notify", READY][..]), ("true", &[])] {
        let dir = TempDir::new();
        let probe = shell(&dir, startup);
        let opts = "period=20ms,failure=1000000";
        let args = ["--notify", "--startup", &probe, "--startup-opts", opts];
        let run = watched(own().args(args), &dir).witness(steps).arg("hold");
        there_is(&run.spawn(), &dir, "live");
    }
}

#[test]
fn one_that_stops_is_not_ready_until_it_says_so_again() {
    let (dir, manager) = (TempDir::new(), Manager::new());
    let run = manager.manages(own().arg("--notify"));
    let steps =
        ["notify", "STATUS=up\nREADY=1", "await", &dir.file("stop"), "notify", "STOPPING=1"];
    let running =
        run.witness(steps).args(["await", &dir.file("go"), "notify", READY, "hold"]).spawn();
    let is = |what: &str| format!("STATUS=Container witness is {what}");
    manager.hears(&running, &is("ready"), 1);
    go(&dir, "stop");
    manager.hears(&running, &is("not ready"), 1);
    go(&dir, "go");
    manager.hears(&running, &is("ready"), 2);
    assert_eq!(manager.heard().iter().filter(|heard| *heard == READY).count(), 1);
}

#[test]
fn whoever_hears_it_may_be_killed() {
    let (dir, manager) = (TempDir::new(), Manager::new());
    let run = manager.manages(watched(own().pid1().arg("--notify"), &dir));
    let run = run.witness(["await", &dir.file("go"), "notify", READY, "touch", &dir.file("said")]);
    let run = run.args(["await", &dir.file("stop"), "notify", "STOPPING=1", "hold"]);
    let running = run.spawn();
    let kill = || {
        let agent = running.until("there is an agent", || running.agent());
        send(agent, SIGKILL);
        agent
    };
    let is_replaced = |agent: i32| {
        running.until("there is another", || running.agent().filter(|pid| *pid != agent));
    };
    manager.hears(&running, STARTED, 1);
    is_replaced(kill());
    // Nobody hears it.
    running.signal(SIGSTOP);
    running.until("it is stopped", || (state(running.pid()) == Some('T')).then_some(()));
    let agent = kill();
    running.until("nobody is there", || (!is_alive(agent)).then_some(()));
    go(&dir, "go");
    there_is(&running, &dir, "said");
    manager.hears_no_more();
    running.signal(SIGCONT);
    manager.hears(&running, READY, 1);
    there_is(&running, &dir, "live");
    is_replaced(kill());
    manager.hears_no_more();
    go(&dir, "stop");
    manager.hears(&running, "STATUS=Container witness is not ready", 1);
}

/// Whatever it was doing then.
#[test]
fn what_was_said_is_not_lost_with_who_hears_it() {
    for round in 0..30 {
        let (dir, manager) = (TempDir::new(), Manager::new());
        let run = manager.manages(own().args(["-q", "--notify"]));
        let running = run.witness(["touch", &dir.file("there"), "notify", READY, "hold"]).spawn();
        there_is(&running, &dir, "there");
        let agent = running.until("there is an agent", || running.agent());
        let began = Instant::now();
        while began.elapsed() < Duration::from_micros(round * 50) {}
        send(agent, SIGKILL);
        manager.hears(&running, READY, 1);
    }
}

/// Neither probes nor init.
#[test]
fn a_flood_holds_nobody_up() {
    const FLOOD: &str = "100000";
    let dir = TempDir::new();
    let run = watched(own().pid1().arg("--notify"), &dir);
    let steps = ["notify", READY, "await", &dir.file("go"), "flood", FLOOD, "WATCHDOG=1"];
    let running = run.witness(steps).args(["barrier", &dir.file("over"), "hold"]).spawn();
    running.until("it is probed", || (lines(&dir.file("live")) > 1).then_some(()));
    let (slept, probed) = (sleeps(running.pid()), lines(&dir.file("live")));
    go(&dir, "go");
    running.until("it is probed in the flood", || {
        let is_over = lines(&dir.file("over")) > 0;
        assert!(!is_over, "the flood was over before");
        (lines(&dir.file("live")) > probed + 3).then_some(())
    });
    there_is(&running, &dir, "over");
    assert_eq!(sleeps(running.pid()), slept);
}

/// Of a neighbour in the same network, or in the same PID namespace; but who is gone cannot be asked.
#[test]
fn who_is_not_of_the_container_is_ignored() {
    for (run, says) in [
        (own().pid1(), "NOTIFY_SOCKET: what another PID namespace says is ignored\n".to_owned()),
        (
            own(),
            format!(
                "NOTIFY_SOCKET: what pid {}, which does not descend from podinit, says is ignored\n",
                std::process::id()
            ),
        ),
    ] {
        let (dir, manager) = (TempDir::new(), Manager::new());
        let is_pid1 = says.contains("namespace");
        let run = manager.manages(run.arg("--notify"));
        let running = run.witness(["report", &dir.file("report"), "hold"]).spawn();
        let name = Report::of(&running, &dir.file("report")).var("NOTIFY_SOCKET").unwrap();
        let stranger = UnixDatagram::unbound().unwrap();
        let address = SocketAddr::from_abstract_name(&name[1..]).unwrap();
        stranger.send_to_addr(READY.as_bytes(), &address).unwrap();
        running.says(&says);
        manager.hears(&running, STARTED, 1);
        stranger.send_to_addr(READY.as_bytes(), &address).unwrap();
        manager.hears_no_more();
        assert_eq!(running.stderr().matches("NOTIFY_SOCKET").count(), 1);
        if is_pid1 {
            continue;
        }
        let agent = running.agent().unwrap();
        let both = [running.pid(), agent];
        both.iter().for_each(|pid| {
            send(*pid, SIGSTOP);
            eventually("it is stopped", || state(*pid) == Some('T'));
        });
        let brief = Run::program(witness()).env("NOTIFY_SOCKET", &name);
        brief.args(["notify", READY, "exit", "0"]).finish().exits(0);
        both.iter().for_each(|pid| send(*pid, SIGCONT));
        manager.hears(&running, READY, 1);
    }
}

#[test]
fn what_it_cannot_have_is_said() {
    let finished = own().args(["--notify=1", "--", "true"]).finish().exits(125);
    assert_eq!(finished.stderr, "podinit: --notify takes no value\n");
    let (socket, unix) = (libc::SYS_socket.to_string(), libc::AF_UNIX.to_string());
    let sandbox = [witness(), "refuse", &socket, &unix, "exec"];
    let finished = own().via(sandbox).arg("--notify").witness(["exit", "0"]).finish().exits(125);
    let says = "podinit: --notify: there is no socket for what the program says: Operation not permitted\n";
    assert!(finished.stderr.starts_with(says), "{finished:?}");
}

/// Few descriptors, of which it makes more, and nothing that can be written to.
#[test]
fn it_needs_little() {
    for run in [own().limit(libc::RLIMIT_NOFILE, 4, 64), own().read_only()] {
        let manager = Manager::new();
        let run = manager.manages(run.args(["-q", "--notify"]));
        let running = run.witness(["notify", READY, "hold"]).spawn();
        manager.hears(&running, READY, 1);
    }
}

/// Its manager may have gone, or never have been there.
#[test]
fn nobody_needs_to_listen() {
    for name in ["@podinit-nobody", "/nowhere/notify", "vsock:2:1", "", "odd"] {
        let dir = TempDir::new();
        let run = watched(own().arg("--notify").env("NOTIFY_SOCKET", name), &dir);
        let running = run
            .witness(["notify", READY, "record", &dir.file("signals"), "until", "15", "0"])
            .spawn();
        there_is(&running, &dir, "live");
        Recording::of(&running, &dir, "signals");
        running.signal_and_end(SIGTERM);
    }
}
