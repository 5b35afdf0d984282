//! `--status-fd`: what whoever started podinit is told of the container.

use crate::common::*;
use k8s_openapi::api::core::v1::ContainerStatus;
use libc::{SIGKILL, SIGTERM, SIGUSR1};
use serde_json::Value;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// A line, and the status in it as the API's type.
struct Told {
    line: Value,
    status: ContainerStatus,
}

impl Told {
    fn event(&self) -> &str {
        self.line["event"].as_str().unwrap()
    }

    fn message(&self) -> &str {
        self.line["message"].as_str().unwrap()
    }

    fn exit_code(&self) -> Option<i32> {
        let ended = |state: &k8s_openapi::api::core::v1::ContainerState| {
            state.terminated.as_ref().map(|end| end.exit_code)
        };
        self.status.state.as_ref().and_then(ended)
    }

    /// The termination message of the latest end.
    fn last_words(&self) -> Option<&str> {
        let states = [&self.status.state, &self.status.last_state];
        let mut ends = states.into_iter().flatten().filter_map(|state| state.terminated.as_ref());
        ends.next()?.message.as_deref()
    }
}

/// Every line that is there in full; each is held to the form.
#[track_caller]
fn told_in(text: &str) -> Vec<Told> {
    let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
    let told: Vec<Told> = whole
        .lines()
        .map(|line| {
            assert!(line.len() < 4096, "{line}");
            let line: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            let status = serde_json::from_value(line["status"].clone()).unwrap();
            let ts = line["ts"].as_str().unwrap();
            assert!(ts.len() == "2026-01-31T10:20:30.100Z".len() && ts.ends_with('Z'), "{ts}");
            assert!(["Normal", "Warning"].contains(&line["type"].as_str().unwrap()), "{line}");
            Told { line, status }
        })
        .collect();
    for Told { line, status } in &told {
        assert_eq!(line["container"], *status.name);
        let state = status.state.as_ref().unwrap();
        let states = [state.waiting.is_some(), state.running.is_some(), state.terminated.is_some()];
        assert_eq!(states.iter().filter(|is| **is).count(), 1, "{line}");
        // Numbers and times of the API's that are not in its schema's defaults.
        assert!(line["status"]["restartCount"].is_u64() && line["status"]["ready"].is_boolean());
    }
    told
}

fn events(told: &[Told]) -> Vec<&str> {
    told.iter().map(Told::event).collect()
}

/// podinit that writes its status to a file.
struct Subject {
    dir: TempDir,
}

impl Subject {
    fn new() -> Subject {
        Subject { dir: TempDir::new() }
    }

    fn run(&self) -> Run {
        let file = File::options().create(true).append(true).open(self.dir.file("status")).unwrap();
        own().args(["--status-fd", "7"]).inherits(7, file)
    }

    #[track_caller]
    fn told(&self) -> Vec<Told> {
        told_in(&fs::read_to_string(self.dir.file("status")).unwrap())
    }

    /// Waits until there are so many of this event; all lines up to then.
    #[track_caller]
    fn until(&self, running: &Running, event: &str, times: usize) -> Vec<Told> {
        running.until(&format!("{times} of {event}"), || {
            let told = self.told();
            (told.iter().filter(|told| told.event() == event).count() >= times).then_some(told)
        })
    }

    /// `exec:` of a script, in which `@` is the directory.
    fn shell(&self, script: &str) -> String {
        format!("exec:/bin/sh -c '{}'", script.replace('@', self.dir.path().to_str().unwrap()))
    }
}

#[test]
fn a_life_that_is_stopped() {
    for pid1 in [false, true] {
        let subject = Subject::new();
        let run = if pid1 { subject.run().pid1() } else { subject.run() };
        let steps = ["record", &subject.dir.file("signals"), "until", "15", "7"];
        let mut running = run.witness(steps).spawn();
        let recording = Recording::of(&running, &subject.dir, "signals");
        let pids = status(running.main_pid(), "NSpid").unwrap();
        let pid: i32 = pids.split_whitespace().last().unwrap().parse().unwrap();
        running.signal(SIGTERM);
        running.wait().exits(7).silently();
        assert_eq!(recording.signals(), [SIGTERM]);
        let told = subject.told();
        let expected =
            ["Waiting", "Running", "Started", "NotReady", "Killing", "Terminated", "Exited"];
        assert_eq!(events(&told), expected);
        let [waiting, run, _, unready, killing, _, exited] = &told[..] else { panic!() };
        assert_eq!((&waiting.line["pid"], &waiting.line["instance"]), (&Value::Null, &0.into()));
        assert_eq!((&run.line["pid"], &run.line["instance"]), (&pid.into(), &1.into()));
        assert!(run.status.ready && run.status.started == Some(true) && !unready.status.ready);
        assert_eq!(killing.message(), "Stopping container witness");
        assert_eq!(
            (&killing.line["type"], &exited.line["type"]),
            (&"Normal".into(), &"Warning".into())
        );
        assert_eq!((exited.exit_code(), &exited.line["exitCode"]), (Some(7), &7.into()));
        assert!(exited.message().contains("exit 7"), "{}", exited.message());
        let ended = exited.status.state.as_ref().unwrap().terminated.as_ref().unwrap();
        assert!(ended.reason.as_deref() == Some("Error") && ended.message.is_none());
        assert!(ended.started_at <= ended.finished_at);
    }
}

// kubelet R17, R25, R27, M9
#[test]
fn r25_a_crash_loop() {
    let subject = Subject::new();
    let run = subject.run().args(["--restart", "always", "--restart-delay", "50ms..50ms"]);
    let mut running = run.pid1().script("exit 3").spawn();
    let told = subject.until(&running, "BackOff", 2);
    let once = ["Running", "Started", "Terminated"];
    let later = ["Waiting", "BackOff", "Running", "Started", "Terminated"];
    let expected = [&["Waiting"][..], &once, &once, &later, &later[..2]].concat();
    assert_eq!(events(&told)[..expected.len()], expected);
    let back_off = told.iter().find(|told| told.event() == "BackOff").unwrap();
    let status = &back_off.status;
    let waiting = status.state.as_ref().unwrap().waiting.as_ref().unwrap();
    assert_eq!(waiting.reason.as_deref(), Some("CrashLoopBackOff"));
    let message = "back-off 50ms restarting failed container=sh";
    assert_eq!(waiting.message.as_deref(), Some(message));
    let last = status.last_state.as_ref().unwrap().terminated.as_ref().unwrap();
    assert_eq!((last.exit_code, status.restart_count, status.ready), (3, 1, false));
    running.signal(SIGTERM);
    running.wait().exits(3);
}

// kubelet M1, M5, W21
#[test]
fn m05_a_liveness_probe_restarts_it() {
    let subject = Subject::new();
    let health = subject.shell("if [ -e @/sick ]; then rm @/sick; echo \"not well\"; exit 1; fi");
    let run =
        subject.run().args(["--liveness", &health, "--liveness-opts", "period=20ms,failure=1"]);
    let run = run.args(["--restart", "on-failure"]);
    let running =
        run.script("trap 'exit 0' TERM; echo up >&2; while :; do sleep 0.02; done").spawn();
    running.says("up\n");
    subject.dir.write("sick", 0o644, "");
    let told = subject.until(&running, "Running", 2);
    let expected = ["Unhealthy", "NotReady", "Killing", "Terminated", "Running"];
    assert_eq!(events(&told)[3..8], expected);
    let (unhealthy, killing) = (&told[3], &told[5]);
    assert_eq!(unhealthy.message(), "Liveness probe failed: not well");
    assert_eq!(
        (&unhealthy.line["type"], &unhealthy.line["instance"]),
        (&"Warning".into(), &1.into())
    );
    assert_eq!(killing.message(), "Container sh failed liveness probe, will be restarted");
    let again = &told[7];
    assert_eq!((again.status.restart_count, &again.line["instance"]), (1, &2.into()));
    // There is no file to write it to.
    assert_eq!(again.last_words(), Some(killing.message()));
    running.says_often("up\n", 2);
    running.signal_and_end(SIGTERM);
}

// kubelet W26, W27
#[test]
fn w26_readiness_comes_and_goes() {
    let subject = Subject::new();
    let args = ["--readiness", &subject.shell("test -e @/ready"), "--readiness-opts"];
    let run = subject.run().args(args).args(["period=20ms,failure=1"]);
    let running = run.witness(["hold"]).spawn();
    for times in 1..=2 {
        subject.until(&running, "Unhealthy", times);
        subject.dir.write("ready", 0o644, "");
        let told = subject.until(&running, "Ready", times);
        assert!(told.last().unwrap().status.ready);
        fs::remove_file(subject.dir.file("ready")).unwrap();
        let told = subject.until(&running, "NotReady", times);
        assert!(
            told.iter()
                .rfind(|told| told.event() == "NotReady")
                .is_some_and(|told| !told.status.ready)
        );
    }
}

#[test]
fn a_startup_probe_and_a_hook_that_fails() {
    let subject = Subject::new();
    let pre_stop = subject.shell("echo out; exit 3");
    let args = ["--startup", "exec:true", "--readiness", "exec:false", "--pre-stop", &pre_stop];
    let steps = ["record", &subject.dir.file("signals"), "until", "15", "0"];
    let running = subject.run().args(args).witness(steps).spawn();
    let told = subject.until(&running, "StartedUp", 1);
    let begun = told.iter().find(|told| told.event() == "Running").unwrap();
    let up = told.last().unwrap();
    assert_eq!(
        (begun.status.started, up.status.started, up.status.ready),
        (Some(false), Some(true), false)
    );
    running.signal_and_end(SIGTERM);
    let told = subject.told();
    // What a hook prints is no event.
    assert!(!events(&told).contains(&"HookOutput"));
    let failed = told.iter().filter(|told| told.event() == "FailedPreStopHook");
    let failed: Vec<_> = failed.map(Told::message).collect();
    let detail = failed.iter().filter(|message| message.contains("exited with 3")).count();
    assert_eq!((failed.len(), detail, failed.contains(&"PreStopHook failed")), (2, 1, true));
}

// kubelet R26, M10
#[test]
fn r26_what_cannot_be_executed() {
    for (program, code, why) in [
        ("/no/such/program", 127, "the program was not found"),
        ("/etc/passwd", 126, "the program cannot be executed"),
    ] {
        let subject = Subject::new();
        subject.run().args(["--", program]).finish().exits(code);
        let told = subject.told();
        assert_eq!(events(&told), ["Waiting", "Terminated", "Failed", "Exited"]);
        let ended = told[1].status.state.as_ref().unwrap().terminated.as_ref().unwrap();
        assert_eq!((ended.reason.as_deref(), ended.exit_code), (Some("StartError"), code));
        assert_eq!((told[1].last_words(), &told[2].line["type"]), (Some(why), &"Warning".into()));
    }
}

#[test]
fn who_kills_the_agent_stops_no_line() {
    let subject = Subject::new();
    let args =
        ["--readiness", &subject.shell("test -e @/ready"), "--readiness-opts", "period=20ms"];
    let run = subject.run().args(args).args(["--restart", "always"]);
    let running = run.witness(["record", &subject.dir.file("signals"), "until", "15", "0"]).spawn();
    subject.until(&running, "Running", 1);
    for times in 1..=3 {
        let agent = running.until("there is an agent", || running.agent());
        send(agent, SIGKILL);
        running.until("another", || running.agent().filter(|pid| *pid != agent));
        subject.dir.write("ready", 0o644, "");
        subject.until(&running, "Ready", times);
        fs::remove_file(subject.dir.file("ready")).unwrap();
        subject.until(&running, "NotReady", times);
    }
    send(running.main_pid(), SIGKILL);
    let told = subject.until(&running, "Running", 2);
    let end = told.iter().rfind(|told| told.event() == "Terminated").unwrap();
    let ended = end.status.state.as_ref().unwrap().terminated.as_ref().unwrap();
    assert_eq!((ended.exit_code, ended.signal), (137, Some(SIGKILL)));
}

/// podinit that writes its status into a pipe, a program that records its signals, and the other end.
fn piped(dir: &TempDir, pid1: bool, writing: OwnedFd) -> (Running, Recording) {
    let run = own().args([
        "--status-fd",
        "7",
        "--readiness",
        "exec:false",
        "--readiness-opts",
        "period=10ms",
    ]);
    let run = if pid1 { run.pid1() } else { run }.inherits(7, writing);
    let running = run.witness(["record", &dir.file("s"), "until", "15", "9"]).spawn();
    let recording = Recording::of(&running, dir, "s");
    (running, recording)
}

/// Waits until podinit has nothing more to write into: it has failed probes to tell of all the time.
#[test]
fn a_reader_who_does_not_read_delays_nothing_and_learns_what_it_has_missed() {
    for pid1 in [false, true] {
        let dir = TempDir::new();
        let (mut reading, writing) = pipe();
        // SAFETY: integers only.
        let size = unsafe { libc::fcntl(writing.as_raw_fd(), libc::F_SETPIPE_SZ, 4096) };
        assert_eq!(size, 4096);
        let (mut running, recording) = piped(&dir, pid1, writing);
        // More than fit.
        running.says_often("Readiness probe failed", 50);
        for _ in 0..3 {
            let before = recording.count(SIGUSR1);
            running.signal(SIGUSR1);
            running.until("it arrives", || (recording.count(SIGUSR1) > before).then_some(()));
        }
        let mut buffer = vec![0; 1 << 16];
        let mut text = String::new();
        let lost = running.until("the loss is told", || {
            let count = reading.read(&mut buffer).unwrap();
            text += str::from_utf8(&buffer[..count]).unwrap();
            told_in(&text).iter().find_map(|told| told.line["lost"].as_u64())
        });
        assert!(lost >= 20, "{lost}");
        running.signal(SIGTERM);
        let rest = std::thread::spawn(move || {
            let mut rest = String::new();
            reading.read_to_string(&mut rest).map(|_| rest)
        });
        running.wait().exits(9);
        // Its end is podinit's.
        text += &rest.join().unwrap().unwrap();
        let told = told_in(&text);
        assert_eq!(told.last().map(Told::event), Some("Exited"));
        assert!(text.ends_with('\n'));
    }
}

#[test]
fn a_reader_who_is_gone_harms_nobody() {
    for pid1 in [false, true] {
        let dir = TempDir::new();
        let (mut running, recording) = piped(&dir, pid1, pipe_without_reader());
        running.says_often("Readiness probe failed", 5);
        recording.hears_only_what_is_sent(&mut running);
    }
}

#[test]
fn a_socket_a_device_and_a_terminal_are_written_to() {
    let (ours, theirs) = UnixStream::pair().unwrap();
    own().args(["--status-fd", "7"]).inherits(7, theirs).script("exit 5").finish().exits(5);
    let mut text = String::new();
    (&ours).read_to_string(&mut text).unwrap();
    let expected = ["Waiting", "Running", "Started", "Terminated", "Exited"];
    assert_eq!(events(&told_in(&text)), expected);

    for device in ["/dev/full", "/dev/null"] {
        let device = File::options().write(true).open(device).unwrap();
        let run = own().args(["--status-fd", "7"]).inherits(7, device);
        run.script("exit 5").finish().exits(5).silently();
    }

    let terminal = Terminal::new();
    let run = own().args(["--status-fd", "7"]).inherits(7, terminal.open_slave());
    run.script("exit 5").finish().exits(5);
    eventually("it is printed", || terminal.output().contains("\"event\":\"Exited\""));
}

#[test]
fn standard_output_and_error_are_descriptors_too() {
    let finished = own().args(["--status-fd", "1"]).script("echo mine").finish().exits(0);
    let (mine, lines) = finished.stdout.lines().partition::<Vec<_>, _>(|line| *line == "mine");
    assert_eq!(mine.len(), 1);
    assert_eq!(events(&told_in(&(lines.join("\n") + "\n"))).last(), Some(&"Exited"));
    let finished = own().args(["-v", "--status-fd", "2"]).script("exit 0").finish().exits(0);
    let (lines, log) = finished.stderr.lines().partition::<Vec<_>, _>(|line| line.starts_with('{'));
    assert!(lines.len() >= 5 && log.iter().all(|line| line.contains(" podinit: ")), "{finished:?}");
}

#[test]
fn nobody_inherits_it() {
    let subject = Subject::new();
    let free = "[ -e /proc/self/fd/7 ] && exit 9; [ -e /proc/self/fd/8 ] || exit 8";
    let closed = subject.shell("test ! -e /proc/self/fd/7 || exit 9");
    let other = File::open("/dev/null").unwrap();
    let run = subject.run().inherits(8, other);
    let run = run.args([
        "--post-start",
        &closed,
        "--readiness",
        &closed,
        "--readiness-opts",
        "period=10ms",
    ]);
    // Who is left behind when podinit has gone does not hold it either.
    let text = format!("{free}; trap 'exit 0' TERM; echo up >&2; while :; do sleep 0.02; done");
    let running = run.script(&text).spawn();
    let told = subject.until(&running, "Ready", 1);
    assert!(!events(&told).contains(&"Unhealthy"));
    running.says("up\n");
    running.signal_and_end(SIGTERM);
}

#[test]
fn what_cannot_be_written_to_is_refused() {
    let refused = |run: Run, says: &str| {
        let finished = run.args(["--", "/bin/echo", "started"]).finish().exits(125);
        assert_eq!((&*finished.stderr, &*finished.stdout), (&*format!("podinit: {says}\n"), ""));
    };
    let with = |value: &str| own().args(["--status-fd", value]);
    for value in ["0", "-1", "x", "", "3x", "99999999999"] {
        let expected = "is not a descriptor to write to (try 3, and start podinit with 3>FILE)";
        refused(with(value), &format!("--status-fd: {value:?} {expected}"));
    }
    // Neither is one that podinit has opened itself.
    for number in 3..12 {
        let says = format!("--status-fd: {number} is not open (start podinit with {number}>FILE)");
        refused(with(&number.to_string()), &says);
    }
    let says = "--status-fd: 7 is not open for writing (start podinit with 7>FILE)";
    refused(with("7").inherits(7, File::open("/dev/null").unwrap()), says);
    refused(with("7").inherits(7, pipe().0), says);
    refused(
        own().env("PODINIT_STATUS_FD", "5"),
        "PODINIT_STATUS_FD: 5 is not open (start podinit with 5>FILE)",
    );
}

#[test]
fn as_a_variable() {
    let dir = TempDir::new();
    let file = File::create(dir.file("status")).unwrap();
    own().env("PODINIT_STATUS_FD", "7").inherits(7, file).script("exit 4").finish().exits(4);
    let told = told_in(&fs::read_to_string(dir.file("status")).unwrap());
    assert_eq!(told.last().map(|told| &told.line["exitCode"]), Some(&4.into()));
}

/// To a podinit that the program is, or starts, the number would mean what the program has there, or nothing.
#[test]
fn the_variable_goes_no_further_than_its_descriptor() {
    for disabled in ["0", "1"] {
        let null = File::options().write(true).open("/dev/null").unwrap();
        let run = own().arg("-q").env("PODINIT_STATUS_FD", "7").env("PODINIT_DISABLED", disabled);
        assert_eq!(reported(run.inherits(7, null)).var("PODINIT_STATUS_FD"), None);
    }
}
