//! What those who ask by HTTP can do to podinit: nothing but be answered.

use super::listen::{address, get, listening, told};
use crate::common::*;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Instant;

/// A program that runs, and where it is asked.
fn start(run: Run) -> (Running, SocketAddr) {
    let running = listening(run).args(["--", "/bin/sleep", "1000"]).spawn();
    let address = address(&running);
    running.until("it runs", || (get(address, "/livez").0 == 200).then_some(()));
    (running, address)
}

/// The agent's memory, in KiB.
fn memory(running: &Running) -> u64 {
    let agent = running.agent().expect("the agent lives");
    status(agent, "VmRSS").unwrap().trim_end_matches(" kB").trim().parse().unwrap()
}

#[test]
fn whatever_is_sent_it_is_answered_and_goes_on() {
    let (running, address) = start(own().pid1());
    let agent = running.agent();
    let long = "x".repeat(100_000);
    for (bytes, status) in [
        ("GET / HTTP/1.1\r\n\r\n", "400"),
        ("GET /livez HTTP/1.1\nHost: x\nConnection: close\n\n", "200"),
        ("get /livez HTTP/1.0\r\n\r\n", "405"),
        ("DELETE /livez HTTP/1.0\r\n\r\n", "405"),
        ("DELETE /none HTTP/1.0\r\n\r\n", "404"),
        ("OPTIONS * HTTP/1.0\r\n\r\n", "400"),
        ("CONNECT localhost:80 HTTP/1.0\r\n\r\n", "400"),
        ("GET http://elsewhere/livez HTTP/1.0\r\n\r\n", "200"),
        ("GET /livez HTTP/3.0\r\n\r\n", "505"),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
        ("GET /livez HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501"),
        ("POST /livez HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n", "413"),
        ("\x16\x03\x01\x02\0\x01\0", "400"),
        ("(GET /livez", "400"),
        ("\0\0\0\0", "400"),
        (&format!("GET /{long} HTTP/1.0\r\n\r\n"), "414"),
        (&format!("GET / HTTP/1.0\r\nA: {long}\r\n\r\n"), "431"),
    ] {
        let answer = told(address, bytes);
        let (version, rest) = answer.split_at_checked(9).unwrap_or_else(|| panic!("{bytes:.99}"));
        assert_eq!((version, rest.get(..3)), ("HTTP/1.1 ", Some(status)), "{bytes:.99}: {answer}");
    }
    // Half a request and no more of it is none.
    for bytes in ["", "\r\n", "GET /livez HTTP/1.1\r\n"] {
        assert_eq!(told(address, bytes), "");
    }
    let many = "HEAD /livez HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1000);
    assert_eq!(told(address, many).matches("HTTP/1.1 200 OK\r\n").count(), 1000);
    assert_eq!(get(address, "/livez").0, 200);
    assert_eq!(running.agent(), agent, "{}", running.stderr());
}

/// Opens so many connections, and says a little more on each as soon as it has been heard by all.
fn crowd(address: SocketAddr, count: usize) -> Vec<TcpStream> {
    let connect = |index: usize| {
        let mut stream = TcpStream::connect(address).unwrap();
        // A third says nothing at all.
        let text = ["", "G", "GET /livez HTTP/1.1\r\nHost: "][index % 3];
        let _ = stream.write_all(text.as_bytes());
        stream
    };
    (0..count).map(connect).collect()
}

// design 7
#[test]
fn a_thousand_who_hold_on_keep_nobody_from_an_answer() {
    for limit in [None, Some(256)] {
        let run = own().pid1();
        let run = match limit {
            Some(limit) => run.limit(libc::RLIMIT_NOFILE, limit, limit),
            None => run,
        };
        let (running, address) =
            start(run.args(["--liveness", "exec:true", "--liveness-opts", "period=20ms"]));
        let agent = running.agent();
        let mut crowd = crowd(address, 1000);
        for _ in 0..5 {
            for stream in &mut crowd {
                // Some had to give way.
                let _ = stream.write_all(b"x");
            }
            let began = Instant::now();
            assert_eq!(get(address, "/livez"), (200, "ok".to_owned()));
            assert!(began.elapsed() < DEADLINE);
        }
        assert!(memory(&running) <= 64 << 10, "{} KiB", memory(&running));
        assert_eq!(running.agent(), agent, "{}", running.stderr());
        assert!(!running.stderr().contains("probe was not made"), "{}", running.stderr());
    }
}

/// The kernel refuses descriptors to all of the user's processes at once; here only the agent has too few.
#[test]
fn without_room_for_a_connection_the_agent_does_not_spin() {
    let (running, address) = start(own().pid1().limit(libc::RLIMIT_NOFILE, 12, 12));
    let crowd = crowd(address, 100);
    assert_eq!(get(address, "/livez").0, 200);
    drop(crowd);
    assert_eq!(get(address, "/livez").0, 200);
    assert!(running.agent().is_some());
}

#[test]
fn an_answer_is_given_a_byte_at_a_time_too() {
    let (_running, address) = start(own().pid1());
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.ends_with("\r\n\r\nok"), "{text}");
}
