//! `podinit probe`: the command line, what it prints, and the attempts that need no protocol: `tcp`, `file`.

use crate::common::*;
use libc::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::ffi::OsStrExt;

fn probe(action: &str) -> Run {
    own().args(["probe", action])
}

/// The line without the time it took, which the test cannot know.
#[track_caller]
fn seen(finished: &Finished) -> &str {
    let line = finished.stdout.strip_suffix('\n').expect("one whole line");
    assert!(finished.stderr.is_empty() && !line.contains('\n'), "{finished:?}");
    let (seen, took) = line.rsplit_once(" in ").expect("how long it took");
    let (number, unit) = took.split_once(' ').unwrap();
    assert!(number.parse::<f64>().is_ok() && ["ms", "s"].contains(&unit), "{line}");
    seen
}

#[track_caller]
fn refused(run: Run) -> String {
    let finished = run.finish().exits(125);
    assert_eq!((finished.stdout.as_str(), finished.stderr.lines().count()), ("", 1));
    finished.stderr
}

/// The result in JSON, and whether it was an error.
#[track_caller]
fn result(finished: &Finished) -> (String, bool) {
    let value: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    (value["result"].as_str().unwrap().to_owned(), value["errored"].as_bool().unwrap())
}

/// What breaks off in its body, as a server's answer.
const BROKEN_OFF: &str = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc";

// kubelet P1, P3: four results, of which a warning holds too and an unknown one does not. kubelet P4, P38: it is an
// error only if a command cannot be run or a body cannot be read.
#[test]
fn p01_p03_p04_results_and_errors() {
    let elsewhere =
        "HTTP/1.1 302 Found\r\nLocation: http://b.example/\r\nContent-Length: 0\r\n\r\n";
    let (elsewhere, broken) = (Server::answering(elsewhere), Server::answering(BROKEN_OFF));
    let refusing = Refusing::new();
    let closed = refusing.port();
    for (action, expected, errored, code) in [
        ("file:/".to_owned(), "success", false, 0),
        (elsewhere.url("/"), "warning", false, 0),
        (format!("tcp://:{closed}"), "failure", false, 1),
        (format!("http://:{closed}"), "failure", false, 1),
        ("exec:false".to_owned(), "failure", false, 1),
        (broken.url("/"), "failure", true, 1),
        ("exec:/nowhere".to_owned(), "unknown", true, 1),
    ] {
        let finished = probe(&action).args(["-o", "json", "--timeout", "20s"]).finish();
        assert_eq!(result(&finished.exits(code)), (expected.to_owned(), errored), "{action}");
    }
}

// kubelet P2, P9: the command is one attempt, also where the kubelet would make three at once.
#[test]
fn p02_p09_an_error_is_not_tried_again() {
    let server = Server::answering(BROKEN_OFF);
    let finished = probe(&server.url("/")).args(["-o", "json", "--timeout", "20s"]).finish();
    assert_eq!(result(&finished.exits(1)), ("failure".to_owned(), true));
    assert_eq!(server.accepted(), 1);
}

// kubelet P6, P7: a port is a number from 1 to 65535. Here is no manifest that could give one a name.
#[test]
fn p06_p07_ports_are_numbers() {
    for scheme in ["http", "https", "tcp", "grpc"] {
        for port in ["0", "65536", "-1", "+80", "0x50", "metrics", "99999999999999999999", ""] {
            let told = refused(probe(&format!("{scheme}://127.0.0.1:{port}")));
            assert!(told.contains("is not a port (1 to 65535)"), "{scheme} {port}: {told}");
        }
    }
}

// kubelet P16: to a runtime no time would mean no end; here nobody can ask for it.
#[test]
fn p16_there_is_no_attempt_without_time() {
    for none in ["0", "0s", "0.0", "0ms"] {
        let told = refused(probe("file:/").args(["--timeout", none]));
        assert!(told.contains("leaves no time at all"), "{told}");
    }
}

// kubelet P37: as soon as the connection is there, and it is closed at once.
#[test]
fn p37_tcp_is_a_connection_and_nothing_more() {
    for address in loopbacks() {
        let listener = TcpListener::bind(address).unwrap();
        let target = format!("tcp://{}", listener.local_addr().unwrap());
        let finished = probe(&target).finish().exits(0);
        assert_eq!(seen(&finished), format!("connected to {}", listener.local_addr().unwrap()));
        let (mut stream, _) = listener.accept().unwrap();
        assert_eq!(std::io::Read::read(&mut stream, &mut [0; 8]).unwrap(), 0);
    }
}

// kubelet P10
#[test]
#[ignore = "needs strace"]
fn p10_sockets_linger_for_a_second() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let target = format!("127.0.0.1:{}", listener.local_addr().unwrap().port());
    for scheme in ["http", "tcp", "grpc"] {
        let run = own().via(["/usr/bin/strace", "-f", "-e", "trace=setsockopt,connect"]);
        let run = run.args(["probe", &format!("{scheme}://{target}"), "--timeout", "200ms"]);
        let traced = run.finish().stderr;
        let after = traced.split_once("connect(").unwrap_or_else(|| panic!("{traced}")).1;
        assert!(after.contains("SO_LINGER, {l_onoff=1, l_linger=1}"), "{scheme}: {traced}");
    }
}

// kubelet P8, as podinit has it: without a host it is this container.
#[test]
fn p08_without_a_host_it_is_this_container() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    probe(&format!("tcp://:{}", listener.local_addr().unwrap().port())).finish().exits(0);
}

// kubelet P38
#[test]
fn p38_any_dial_error_is_a_failure_in_gos_words() {
    let refusing = Refusing::new();
    let port = refusing.port();
    let finished = probe(&format!("tcp://:{port}")).finish().exits(1);
    let expected = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    assert_eq!(seen(&finished), expected);
}

// kubelet P9, P37, P38: the time-out is that of the connection.
#[test]
fn p37_the_timeout_applies_to_the_connection() {
    let unaccepting = Unaccepting::new();
    let target = format!("tcp://{}", unaccepting.address());
    let finished = probe(&target).args(["--timeout", "300ms"]).finish().exits(1);
    let expected = format!("dial tcp {}: i/o timeout", unaccepting.address());
    assert_eq!(seen(&finished), expected);
}

/// What the connection waits for is not what a signal waits for.
#[test]
fn a_stop_signal_ends_an_attempt_at_once() {
    let unaccepting = Unaccepting::new();
    let target = format!("tcp://{}", unaccepting.address());
    for signal in [SIGTERM, SIGINT, SIGHUP] {
        for run in [probe(&target), probe(&target).pid1()] {
            let mut running = run.args(["--timeout", "1h"]).spawn();
            running.until("it connects", || (descriptors(running.pid()).len() > 4).then_some(()));
            running.signal(signal);
            assert_eq!(running.wait().exits(128 + signal).stdout, "");
        }
    }
}

// A nohup must not become a stop, nor SIGCHLD ignored hide how a command ends.
#[test]
fn what_is_ignored_at_the_start_stays_ignored() {
    let unaccepting = Unaccepting::new();
    let target = format!("tcp://{}", unaccepting.address());
    let mut running = probe(&target).args(["--timeout", "1h"]).ignored([SIGHUP]).spawn();
    running.until("it connects", || (descriptors(running.pid()).len() > 4).then_some(()));
    running.signal(SIGHUP);
    running.signal(SIGTERM);
    running.wait().exits(128 + SIGTERM);
    assert_eq!(seen(&probe("exec:false").ignored([SIGCHLD]).finish().exits(1)), "exit 1");
}

#[test]
fn a_file_is_there_or_not() {
    let dir = TempDir::new();
    let target = format!("file:{}", dir.file("ready"));
    let finished = probe(&target).finish().exits(1);
    assert_eq!(seen(&finished), format!("{}: no such file or directory", dir.file("ready")));
    dir.write("ready", 0o000, "");
    let finished = probe(&target).finish().exits(0);
    assert_eq!(seen(&finished), format!("{} is there, a file", dir.file("ready")));
    probe("file:ready").cwd(dir.path()).finish().exits(0);
    std::os::unix::fs::symlink("/nowhere", dir.file("link")).unwrap();
    probe(&format!("file:{}", dir.file("link"))).finish().exits(1);
}

#[test]
fn what_is_printed_and_what_is_not() {
    let refusing = Refusing::new();
    let port = refusing.port();
    let target = format!("tcp://:{port}");
    probe(&target).arg("-q").finish().exits(1).silently();
    let finished = probe(&target).args(["-o", "json"]).finish().exits(1);
    let value: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
    let why = format!("dial tcp 127.0.0.1:{port}: connect: connection refused");
    assert_eq!(value["action"], target.as_str());
    assert_eq!((&value["result"], &value["errored"]), (&"failure".into(), &false.into()));
    assert_eq!((&value["seen"], &value["output"]), (&why.as_str().into(), &why.as_str().into()));
    assert!(value["seconds"].as_f64().is_some_and(|seconds| seconds < 20.0));
    // Whoever closed standard output wants the exit code alone.
    let run = probe(&target).stdout(Stdio::Fd(pipe_without_reader())).ignored([libc::SIGPIPE]);
    run.finish().exits(1);
}

#[test]
fn what_is_printed_cannot_play_with_the_terminal() {
    let answer = "HTTP/1.1 503 \x1b[2J\u{7f}\u{9b}31m\u{202e}\r\nContent-Length: 0\r\n\r\n";
    let server = Server::answering(answer);
    for format in ["text", "json"] {
        let finished = probe(&server.url("/")).args(["-o", format]).finish().exits(1);
        let line = finished.stdout.strip_suffix('\n').unwrap();
        assert!(!line.contains(|c: char| c.is_control() || c == '\u{202e}'), "{line:?}");
        if format == "json" {
            let value: serde_json::Value = serde_json::from_str(line).unwrap();
            assert_eq!(value["seen"], "503 \x1b[2J\u{7f}\u{9b}31m\u{202e}");
        }
    }
}

#[test]
fn a_command_line_that_is_wrong_is_told_where() {
    for (arguments, expected) in [
        (
            &["probe"][..],
            "podinit: probe: the following required arguments were not provided: <ACTION>",
        ),
        (&["probe", "x"], "podinit: probe: ACTION: \"x\": not an action (try http://"),
        (
            &["probe", "tcp://:0"],
            "podinit: probe: ACTION: \"tcp://:0\": \"0\" is not a port (1 to 65535)",
        ),
        (&["probe", "sleep:5s"], "podinit: probe: ACTION: \"sleep:5s\": sleep: is for hooks"),
        (&["probe", "file:a", "file:b"], "podinit: probe: unexpected argument 'file:b' found"),
        (
            &["probe", "file:a", "--timeout", "10 sec"],
            "podinit: probe: --timeout: \"10 sec\" is not a duration (try 10s)",
        ),
        (
            &["probe", "file:a", "--timeout", "0"],
            "podinit: probe: --timeout: \"0\" leaves no time at all",
        ),
        (
            &["probe", "file:a", "--timeout"],
            "podinit: probe: a value is required for '--timeout <D>'",
        ),
        (
            &["probe", "file:a", "-o", "xml"],
            "podinit: probe: invalid value 'xml' for '--output <FORMAT>'",
        ),
        (&["probe", "file:a", "--frob"], "podinit: probe: unexpected argument '--frob' found"),
        (
            &["probe", "http://:1", "--header", "a"],
            "podinit: probe: --header: there is no colon behind the name",
        ),
        (
            &["probe", "tcp://:1", "--header", "a: b"],
            "podinit: probe: --header: is for http:// and https:// only",
        ),
        (
            &["probe", "tcp://:1", "--method", "HEAD"],
            "podinit: probe: --method: is for http:// and https:// only",
        ),
    ] {
        let told = refused(own().args(arguments));
        assert!(told.starts_with(expected), "{arguments:?}: {told}");
    }
    let bytes = std::ffi::OsStr::from_bytes(b"file:\xff");
    assert!(refused(own().arg("probe").arg(bytes)).contains("UTF-8"));
    let help = probe("--help").finish().exits(0);
    assert!(help.stdout.contains("Usage: podinit probe [OPTIONS] <ACTION>"), "{help:?}");
}

/// Behind the dashes it is a program, as ever.
#[test]
fn a_program_called_probe_is_still_to_be_had() {
    let dir = TempDir::new();
    dir.write("probe", 0o755, "#!/bin/sh\nexit 7\n");
    own().no_env().env("PATH", dir.path()).args(["--", "probe"]).finish().exits(7);
}
