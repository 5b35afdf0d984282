//! `podinit probe grpc://…`: the kubelet's gRPC health check (kubelet P39 to P43).

use super::probe_grpc_peers::*;
use crate::common::tls::{certificate_for, self_signed, with_certificate};
use crate::common::*;
use std::io::Write;
use std::sync::mpsc;

/// A probe of that port, with options.
fn probe(port: u16, service: &str, options: &[&str]) -> Run {
    own().args(["probe", &format!("grpc://:{port}{service}")]).args(options)
}

/// So much time that only a probe that does not wait comes to an end within the test's.
const LONG: [&str; 2] = ["--timeout", "1h"];

/// What is over soon, for what can end in no other way.
const SHORT: [&str; 2] = ["--timeout", "300ms"];

/// Fails unless the probe succeeds.
#[track_caller]
fn serves(port: u16, service: &str) {
    let finished = probe(port, service, &LONG).finish().exits(0);
    assert!(finished.stdout.starts_with("SERVING in "), "{finished:?}");
}

/// Fails unless the probe fails with these words, in which `TO` is the target.
#[track_caller]
fn fails(port: u16, service: &str, options: &[&str], words: &str) {
    let words = words.replace("TO", &format!("127.0.0.1:{port}"));
    let json = [options, &["-o", "json"]].concat();
    let finished = probe(port, service, &json).finish().exits(1);
    let seen: serde_json::Value = serde_json::from_str(&finished.stdout).expect("JSON");
    assert_eq!(seen["output"], words.as_str(), "{finished:?}");
    // kubelet P42: a failure, never an error.
    assert_eq!((&seen["result"], &seen["errored"]), (&"failure".into(), &false.into()));
}

// kubelet P39, P41
#[test]
fn p41_a_server_that_serves_is_healthy() {
    serves(health_server(), "");
    serves(health_server(), "/");
    serves(health_server(), "/a/b");
    let json = probe(health_server(), "", &["--timeout", "1h", "-o", "json"]).finish().exits(0);
    let seen: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&seen["output"], &seen["result"]), (&"service healthy".into(), &"success".into()));
}

// kubelet P41, P43
#[test]
fn p41_any_other_status_is_a_failure() {
    let words = |status: &str| format!("service unhealthy (responded with \"{status}\")");
    fails(health_server(), "/db", &LONG, &words("NOT_SERVING"));
    fails(health_server(), "/u", &LONG, &words("UNKNOWN"));
    let ok = [("grpc-status", "0")];
    for (message, status) in [
        (&[8, 3][..], "SERVICE_UNKNOWN"),
        (&[], "UNKNOWN"),
        (&[8, 7], "7"),
        (&[8, 1, 8, 2], "NOT_SERVING"),
    ] {
        fails(saying(answer(message, &ok)), "", &LONG, &words(status));
    }
}

// kubelet P43
#[test]
fn p43_what_the_server_says_of_an_unknown_service_is_told() {
    let words =
        "error: health rpc probe failed: rpc error: code = NotFound desc = service not registered";
    fails(health_server(), "/nobody", &LONG, words);
}

// kubelet P43
#[test]
fn p43_a_server_without_the_health_service_is_recognised() {
    let start =
        "error: this server does not implement the grpc health protocol (grpc.health.v1.Health): ";
    fails(other_server(), "", &LONG, start);
    let trailers = [&GRPC[..], &[("grpc-status", "12"), ("grpc-message", "no %C3%A4")]].concat();
    let said = [settings(), headers(END_STREAM, &trailers)].concat();
    fails(saying(said), "", &LONG, &format!("{start}no ä"));
}

// kubelet P39, P40
#[test]
fn p39_the_request_is_the_one_of_the_kubelet() {
    for (service, message) in [("", &[][..]), ("/db", b"\x0a\x02db")] {
        let (sender, receiver) = mpsc::channel();
        let port = peer(move |mut stream| {
            sender.send(read_request(&mut stream)).unwrap();
            let _ = stream.write_all(&answer(&[8, 1], &[("grpc-status", "0")]));
            let _ = std::io::copy(&mut stream, &mut std::io::sink());
        });
        probe(port, service, &["--timeout", "10s"]).finish().exits(0);
        let (fields, body) = receiver.recv().unwrap();
        let value = |name| {
            let all: Vec<_> = fields.iter().filter(|(other, _)| other == name).collect();
            assert_eq!(all.len(), 1, "{name} in {fields:?}");
            all[0].1.clone()
        };
        assert_eq!(value(":method"), "POST");
        assert_eq!(value(":scheme"), "http");
        assert_eq!(value(":path"), "/grpc.health.v1.Health/Check");
        assert_eq!(value(":authority"), format!("127.0.0.1:{port}"));
        assert_eq!(value("content-type"), "application/grpc");
        assert_eq!(value("te"), "trailers");
        // kubelet P40
        assert!(value("user-agent").starts_with("kube-probe/1.36"), "{fields:?}");
        let left: u32 = value("grpc-timeout").strip_suffix('u').unwrap().parse().unwrap();
        assert!((1..=10_000_000).contains(&left), "{left}");
        assert_eq!(fields.len(), 8, "{fields:?}");
        assert_eq!(body, [&[0, 0, 0, 0, message.len() as u8], message].concat());
    }
}

// kubelet P42: there it is retried until the time-out
#[test]
fn p42_a_refused_connection_fails_at_once() {
    let words =
        "error: failed to connect service at \"TO\": dial tcp TO: connect: connection refused";
    let refusing = Refusing::new();
    fails(refusing.port(), "", &LONG, words);
}

// kubelet P42: the same of who speaks something else
#[test]
fn p42_servers_that_speak_no_http2_fail_at_once() {
    let start = "error: failed to connect service at \"TO\": error reading server preface: ";
    let (dir, own) = (TempDir::new(), self_signed(&certificate_for(&["localhost"])));
    let plain = "return 200;".to_owned();
    let secure = with_certificate(&dir, "own", &own) + &plain;
    let nginx = Nginx::start(dir, &[plain, secure]);
    for nth in 0..2 {
        fails(nginx.port(nth), "", &LONG, &format!("{start}the answer is HTTP/1.1, not HTTP/2"));
    }
    let alert = vec![0x15, 3, 3, 0, 2, 2, 10];
    fails(
        saying_and_leaving(alert),
        "",
        &LONG,
        &format!("{start}the answer is TLS, not plain HTTP/2"),
    );
    let http1 = b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec();
    fails(saying(http1), "", &LONG, &format!("{start}the answer is HTTP/1.1, not HTTP/2"));
    fails(
        saying(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()),
        "",
        &LONG,
        &format!("{start}the answer is not HTTP/2"),
    );
    fails(saying_and_leaving(Vec::new()), "", &LONG, &format!("{start}EOF"));
}

// kubelet P40, P43
#[test]
fn p43_who_never_accepts_or_never_speaks_is_not_connected_in_time() {
    let words = "timeout: failed to connect service \"TO\" within 300ms: context deadline exceeded";
    let unaccepting = Unaccepting::new();
    fails(unaccepting.address().port(), "", &SHORT, words);
    fails(saying(Vec::new()), "", &SHORT, words);
    // Most of a SETTINGS frame.
    fails(saying(settings()[..8].to_vec()), "", &SHORT, words);
}

/// Fails unless the time-out comes after the connection. On a loaded machine the peer may get its turn too late for
/// that; then it is tried with more time.
#[track_caller]
fn connects_and_times_out(name: &str, peer: impl Fn() -> u16, bounds: impl Fn(Run) -> Run) {
    for time in ["300ms", "1s", "5s", "15s"] {
        let finished = bounds(probe(peer(), "", &["--timeout", time])).finish().exits(1);
        let words = format!("timeout: health rpc did not complete within {time} in ");
        if finished.stdout.starts_with(&words) {
            return;
        }
        let was_late = finished.stdout.starts_with("timeout: failed to connect");
        assert!(was_late && time != "15s", "{name}: {finished:?}");
    }
}

// kubelet P40, P43
#[test]
fn p43_an_answer_that_does_not_end_is_none() {
    let whole = answer(&[8, 1], &[("grpc-status", "0")]);
    let trailers = headers(END_STREAM, &[("grpc-status", "0")]).len();
    let settings = settings().len();
    for length in [settings, settings + 4, whole.len() - trailers, whole.len() - 1] {
        let peer = || saying(whole[..length].to_vec());
        connects_and_times_out(&format!("{length} bytes"), peer, |run| run);
    }
    // The server's own deadline counts as ours.
    let trailers = [("grpc-status", "4"), ("grpc-message", "too late")];
    fails(
        saying(answer(&[], &trailers)),
        "",
        &["--timeout", "10s"],
        "timeout: health rpc did not complete within 10s",
    );
}

// kubelet P41
#[test]
fn p41_success_needs_a_message_and_a_status() {
    let start = "error: health rpc probe failed: rpc error: code = ";
    let with =
        |frames: &[Vec<u8>]| saying([&[settings(), headers(0, &GRPC)], frames].concat().concat());
    let serving = frame(DATA, 0, 1, &[0, 0, 0, 0, 2, 8, 1]);
    let ok = headers(END_STREAM, &[("grpc-status", "0")]);
    let message =
        "cardinality violation: received no response message from non-server-streaming RPC";
    for (port, words) in [
        (
            with(&[frame(DATA, END_STREAM, 1, &[0, 0, 0, 0, 2, 8, 1])]),
            "Internal desc = server closed the stream without sending trailers".to_owned(),
        ),
        (
            with(&[serving.clone(), headers(END_STREAM, &[("x", "y")])]),
            "Unknown desc = ".to_owned(),
        ),
        (
            with(&[
                serving.clone(),
                headers(END_STREAM, &[("grpc-status", "14"), ("grpc-message", "busy")]),
            ]),
            "Unavailable desc = busy".to_owned(),
        ),
        (
            with(&[serving.clone(), headers(END_STREAM, &[("grpc-status", "42")])]),
            "Code(42) desc = ".to_owned(),
        ),
        (with(std::slice::from_ref(&ok)), format!("Internal desc = {message}")),
        (
            with(&[frame(DATA, 0, 1, &[1, 0, 0, 0, 2, 8, 1]), ok.clone()]),
            "Internal desc = grpc: compressed flag set with identity or empty encoding".to_owned(),
        ),
        (
            with(&[frame(DATA, 0, 1, &[0, 0xff, 0, 0, 2, 8, 1]), ok.clone()]),
            "ResourceExhausted desc = grpc: received message larger than max (4278190082 vs. 4096)"
                .to_owned(),
        ),
    ] {
        let words = format!("{start}{words}");
        fails(port, "", &LONG, &words);
    }
}

// kubelet P43
#[test]
fn p43_what_http2_says_becomes_a_status() {
    let start = "error: health rpc probe failed: rpc error: code = ";
    let plain = [(":status", "503"), ("content-type", "text/plain")];
    for (said, words) in [
        (
            frame(RST_STREAM, 0, 1, &[0, 0, 0, 7]),
            "Unavailable desc = stream terminated by RST_STREAM with error code: REFUSED_STREAM",
        ),
        (
            headers(0, &plain),
            "Unavailable desc = unexpected HTTP status code received from server: 503 (Service Unavailable); transport: received unexpected content-type \"text/plain\"",
        ),
        (frame(DATA, 0, 1, &[0; 16_385]), "Internal desc = a frame has more than 16384 bytes"),
        (
            frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 11, b'x']),
            "Unavailable desc = closing transport due to: connection error: desc = \"error reading from server: EOF\", received prior goaway: code: ENHANCE_YOUR_CALM, debug data: \"x\"",
        ),
    ] {
        fails(saying([settings(), said].concat()), "", &LONG, &format!("{start}{words}"));
    }
    fails(
        saying_and_leaving(settings()),
        "",
        &LONG,
        &format!("{start}Unavailable desc = error reading from server: EOF"),
    );
}

#[test]
fn an_answer_that_drips_is_an_answer() {
    let port = peer(|mut stream| {
        stream.set_nodelay(true).unwrap();
        for byte in answer(&[8, 1], &[("grpc-status", "0")]) {
            let _ = stream.write_all(&[byte]);
        }
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    serves(port, "");
}

/// None of them ends before its time, and none gets 8 MiB, however much is sent.
#[test]
fn floods_end_at_the_time_out_and_take_no_memory() {
    let begun = frame(HEADERS, 0, 1, &block(&GRPC));
    let answered = headers(0, &GRPC);
    let connected = |more: &[u8]| [&settings(), more].concat();
    for (name, first, again) in [
        ("PING", connected(&[]), frame(PING, 0, 0, &[0; 8])),
        ("PING with ACK", connected(&[]), frame(PING, ACK, 0, &[0; 8])),
        ("SETTINGS", connected(&[]), settings()),
        ("unknown frames", connected(&[]), frame(0xbe, 0xff, 9, &[0; 9000])),
        ("informational headers", connected(&[]), headers(0, &[(":status", "103"), ("x", "y")])),
        ("empty continuations", connected(&begun), frame(CONTINUATION, 0, 1, &[])),
        ("empty data", connected(&answered), frame(DATA, 0, 1, &[])),
    ] {
        for listens in [true, false] {
            let peer = || flooding(first.clone(), again.clone(), listens);
            connects_and_times_out(name, peer, bounded);
        }
    }
}

/// What is too much is refused before it is over.
#[test]
fn what_grows_is_refused() {
    let begun = frame(HEADERS, 0, 1, &block(&GRPC));
    let answered = headers(0, &GRPC);
    let remembered = [&[0x40, 1, b'x', 0x7f, 0xd1, 0x1e][..], &[b'y'; 4000]].concat();
    let bomb = frame(HEADERS, END_HEADERS, 1, &[&remembered[..], &[0xbe; 10_000]].concat());
    for (name, first, again, words) in [
        (
            "headers",
            begun.clone(),
            frame(CONTINUATION, 0, 1, &[0; 9000]),
            "the headers are too long",
        ),
        ("a bomb", bomb, settings(), "the headers are too long"),
        ("a body", answered, frame(DATA, 0, 1, &[0; 9000]), "received another message"),
    ] {
        let port = flooding([settings(), first].concat(), again, true);
        let finished = bounded(probe(port, "", &LONG)).finish().exits(1);
        assert!(finished.stdout.contains(words), "{name}: {finished:?}");
    }
}

/// With 8 MiB of memory to be had, at which more is refused, and podinit aborts.
fn bounded(run: Run) -> Run {
    run.limit(libc::RLIMIT_DATA, 8 << 20, 8 << 20)
}

#[test]
fn a_stop_signal_ends_the_wait() {
    let (sender, receiver) = mpsc::channel();
    let port = peer(move |mut stream| {
        sender.send(read_request(&mut stream)).unwrap();
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let mut running = probe(port, "", &LONG).spawn();
    receiver.recv().unwrap();
    running.signal(libc::SIGTERM);
    running.wait().exits(128 + libc::SIGTERM);
}
