//! Servers that mean ill, or mean well and are large: each attempt at them ends in time and in little memory. And a real
//! one.

use super::probe_http::Attempt;
use crate::common::*;
use std::time::Duration;

/// A probe may take so much memory besides its own code, of which a release build has less than 3 MiB: 8 MiB in all.
/// The kernel sees to it, as a look now and then can miss a peak.
const MOST_DATA: u64 = 5 * 1024 * 1024;

/// Makes an attempt that may take so many seconds, and watches its memory.
#[track_caller]
fn attacked(limit: u32, serve: impl Fn(&mut Connection) + Send + Sync + 'static) -> Attempt {
    let server = Server::start(serve);
    let mut running = own()
        .limit(libc::RLIMIT_DATA, MOST_DATA, MOST_DATA)
        .args(["probe", "-o", "json", &server.url("/"), "--timeout", &limit.to_string()])
        .spawn();
    let mut most = 0;
    let over = poll_until(DEADLINE, || {
        let now = status(running.pid(), "RssAnon");
        let kib = now.and_then(|text| text.trim_end_matches(" kB").parse().ok()).unwrap_or(0);
        most = most.max(kib);
        running.is_over().then_some(())
    });
    assert!(over.is_some(), "it does not end");
    let attempt = Attempt::read(&running.wait());
    assert!(attempt.seconds < f64::from(limit) + 10.0, "{attempt:?}");
    assert!(most * 1024 < MOST_DATA, "{most} KiB");
    println!("peak {most} KiB, {:.2} s: {}", attempt.seconds, attempt.seen);
    assert!(attempt.seen.len() < 10_000 && attempt.output.len() <= 10_240);
    attempt
}

/// Time for an attempt that ends by itself, in seconds.
const ENOUGH: u32 = 15;

const HUNDRED_MB: usize = 100_000_000;

/// Sends a beginning and then the same over and over.
#[track_caller]
fn flooded(begin: &'static str, endless: &'static str) -> Attempt {
    attacked(ENOUGH, move |connection| {
        connection.request();
        connection.send(begin);
        connection.flood(endless, HUNDRED_MB);
    })
}

#[track_caller]
fn fails(attempt: &Attempt, why: &str) {
    assert_eq!(attempt.result, "failure", "{attempt:?}");
    assert!(attempt.output.contains(why), "{attempt:?}");
}

const TOO_LONG: &str = "net/http: server response headers exceeded 262144 bytes; aborted";

#[test]
fn heads_without_end() {
    fails(&flooded("", "x"), TOO_LONG);
    fails(&flooded("HTTP/1.1 200 ", "x"), TOO_LONG);
    fails(&flooded("HTTP/1.1 200 OK\r\nA: ", "x"), TOO_LONG);
    fails(&flooded("HTTP/1.1 200 OK\r\n", "A: b\r\n"), TOO_LONG);
    fails(&flooded("HTTP/1.1 200 OK\r\nA: b\r\n", " c\r\n"), TOO_LONG);
    fails(&flooded("", "HTTP/1.1 100 Continue\r\n\r\n"), TOO_LONG);
}

#[test]
fn long_locations() {
    for (location, result) in [
        ("/", "failure"),
        ("/../a", "failure"),
        ("//127.0.0.1/%41", "failure"),
        ("%", "failure"),
        ("?", "failure"),
        ("\x01", "failure"),
        ("127.0.0.1:", "failure"),
        ("http://127.0.0.1:", "warning"),
        ("http://other.example/", "warning"),
        ("x:", "warning"),
    ] {
        let attempt = attacked(ENOUGH, move |connection| {
            connection.request();
            connection.send("HTTP/1.1 302 Off\r\nLocation: ");
            connection.send(location.repeat(250_000 / location.len()));
            connection.send("\r\n\r\n");
        });
        assert_eq!(attempt.result, result, "{location:?}");
    }
}

// kubelet P34
#[test]
fn p34_bodies_without_end() {
    for begin in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 9223372036854775807\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
    ] {
        let attempt = flooded(begin, "x");
        attempt.is("success", "200 OK", &"x".repeat(10_240));
    }
}

// kubelet P35
#[test]
fn p35_chunks_without_end() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
    fails(&flooded(chunked, "0"), "header line too long");
    fails(
        &flooded("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;", "x"),
        "header line too long",
    );
    fails(
        &flooded("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "T: x\r\n"),
        "suspiciously long trailer",
    );
    fails(
        &flooded("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11111111111111111\r\n", "x"),
        "chunk length too large",
    );
}

/// One byte each 50 ms keeps no probe alive.
#[test]
fn p33_drips() {
    let pause = Duration::from_millis(50);
    let late = "context deadline exceeded (Client.Timeout";
    for (begin, drip) in [
        ("", "HTTP/1.1 200 OK and more and more and more"),
        ("HTTP/1.1 200 OK\r\n", "A: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\nA: b\r\n"),
        ("HTTP/1.1 100 C\r\n\r\n", "HTTP/1.1 100 C\r\n\r\nHTTP/1.1 100 C\r\n\r\n"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"),
    ] {
        let attempt = attacked(1, move |connection| {
            connection.request();
            connection.send(begin);
            connection.drip(drip.repeat(20), pause);
        });
        fails(&attempt, late);
        assert!(attempt.seconds >= 1.0, "{attempt:?}");
    }
}

/// Ten times the longest head.
#[test]
fn p31_redirects_with_long_heads() {
    let attempt = attacked(ENOUGH, |connection| {
        connection.request();
        let filler = format!("A: {}\r\n", "b".repeat(250_000));
        connection.send(format!("HTTP/1.1 302 Off\r\n{filler}Location: /\r\n\r\n"));
    });
    fails(&attempt, "");
}

#[test]
fn a_real_server() {
    let dir = TempDir::new();
    dir.write("index.html", 0o644, "a page\n");
    let server = "root DIR;
        location = /moved { return 301 /index.html; }
        location = /away { return 302 http://other.example/; }
        location = /busy { return 503; }";
    let nginx = Nginx::start(dir, &[server.to_owned()]);
    let port = nginx.port(0);
    for host in ["", "127.0.0.1"] {
        let url = |path: &str| format!("http://{host}:{port}{path}");
        let attempt = |path: &str| Attempt::of(&[&url(path), "--timeout", "20s"]);
        attempt("/").is("success", "200 OK", "a page\n");
        attempt("/moved").is("success", "200 OK", "a page\n");
        let away = attempt("/away");
        assert_eq!(away.result, "warning");
        assert_eq!(away.seen, "302 Moved Temporarily to http://other.example/ (not followed)");
        let busy = "HTTP probe failed with statuscode: 503";
        attempt("/busy").is("failure", "503 Service Temporarily Unavailable", busy);
        let none = "HTTP probe failed with statuscode: 404";
        attempt("/none").is("failure", "404 Not Found", none);
        Attempt::of(&[&url("/"), "--method", "HEAD", "--timeout", "20s"])
            .is("success", "200 OK", "");
    }
}
