//! `podinit probe http://…`: kubelet P21 to P36 as far as they concern one request. Redirects and attacks have files of
//! their own.

use crate::common::*;
use std::time::Duration;

/// What an attempt came to, by `-o json`.
#[derive(Debug)]
pub struct Attempt {
    pub result: String,
    pub errored: bool,
    pub seen: String,
    pub output: String,
    pub seconds: f64,
}

impl Attempt {
    /// Makes it, with these words behind `podinit probe`, and checks that the exit code says the same.
    #[track_caller]
    pub fn of(words: &[&str]) -> Self {
        let finished = own().args(["probe", "-o", "json"]).args(words).finish();
        Self::read(&finished)
    }

    #[track_caller]
    pub fn read(finished: &Finished) -> Self {
        assert_eq!(finished.stderr, "");
        let value: serde_json::Value = serde_json::from_str(&finished.stdout).unwrap();
        let text = |name: &str| value[name].as_str().unwrap().to_owned();
        let attempt = Self {
            result: text("result"),
            errored: value["errored"].as_bool().unwrap(),
            seen: text("seen"),
            output: text("output"),
            seconds: value["seconds"].as_f64().unwrap(),
        };
        let holds = matches!(attempt.result.as_str(), "success" | "warning");
        assert_eq!(finished.code, Some(i32::from(!holds)), "{attempt:?}");
        attempt
    }

    /// At a server that answers so.
    #[track_caller]
    pub fn at(bytes: impl AsRef<[u8]>) -> Self {
        let server = Server::answering(bytes);
        Self::of(&[&server.url("/"), "--timeout", "20s"])
    }

    #[track_caller]
    pub fn is(&self, result: &str, seen: &str, output: &str) {
        let got = (self.result.as_str(), self.seen.as_str(), self.output.as_str());
        assert_eq!(got, (result, seen, output));
        assert!(!self.errored, "{self:?}");
    }

    /// It failed before there was a response, for this reason.
    #[track_caller]
    pub fn has_no_response(&self, url: &str, why: &str) {
        let text = format!("Get \"{url}\": {why}");
        self.is("failure", &text, &text);
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";

/// What a server is sent for `podinit probe http://ADDRESS/PATH WORDS`.
#[track_caller]
fn sent(path: &str, words: &[&str]) -> String {
    let server = Server::answering(OK);
    Attempt::of(&[&[server.url(path).as_str()], words].concat()).is("success", "200 OK", "hi");
    server.request().replace(&server.address().to_string(), "ADDRESS")
}

// kubelet P21, P26, P27
#[test]
fn p21_p26_p27_the_request_of_a_bare_url() {
    let expected = "GET /healthz HTTP/1.1\r\nHost: ADDRESS\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\
                    Connection: close\r\n\r\n";
    assert_eq!(sent("/healthz", &[]), expected);
    let head = sent("/", &["--method", "GET"]);
    assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
}

// kubelet P21
#[test]
fn p21_no_proxy_of_the_environment_is_asked() {
    let proxy = Server::answering(OK);
    let server = Server::answering(OK);
    let mut run = own().args(["probe", &server.url("/")]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
        run = run.env(name, proxy.url("/"));
    }
    run.finish().exits(0);
    assert_eq!((proxy.accepted(), server.accepted()), (0, 1));
}

// kubelet P8 (ours is 127.0.0.1), P23
#[test]
fn p8_p23_a_url_without_a_host_means_this_container() {
    let server = Server::answering(OK);
    let url = format!("http://:{}", server.port());
    Attempt::of(&[&url]).is("success", "200 OK", "hi");
    let host = format!("GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n", server.port());
    assert!(server.request().starts_with(&host), "{}", server.request());
}

// kubelet P24: the request-line vectors that can be written as an action; the others are the unit tests'.
#[test]
fn p24_request_lines() {
    for (path, expected) in [
        ("/p?q=1#frag", "/p?q=1"),
        ("", "/"),
        ("/%zz", "/%25zz"),
        ("?q", "/?q"),
        ("/a b", "/a%20b"),
        ("/http://evil.example/zz", "/http://evil.example/zz"),
        ("//evil.example/zz", "/zz"),
        ("/a\nHost: evil", "/a%0AHost:%20evil"),
    ] {
        let line = sent(path, &[]).lines().next().unwrap().to_owned();
        assert_eq!(line, format!("GET {expected} HTTP/1.1"), "{path}");
    }
}

// kubelet P24
#[test]
fn p24_ipv6_hosts_get_brackets() {
    let Some(address) = loopbacks().find(|address| address.starts_with('[')) else { return };
    let server = Server::on(address, |connection| {
        connection.request();
        connection.send(OK);
    });
    Attempt::of(&[&server.url("/x")]).is("success", "200 OK", "hi");
    let host = format!("GET /x HTTP/1.1\r\nHost: [::1]:{}\r\n", server.port());
    assert!(server.request().starts_with(&host), "{}", server.request());
}

// kubelet P25
#[test]
fn p25_headers_are_canonical_repeated_and_sorted() {
    let words =
        ["--header", "x-foo: 1", "--header", "X-FOO: 2", "--header", "Authorization: Bearer t"];
    let expected = "GET / HTTP/1.1\r\nHost: ADDRESS\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\
                    Authorization: Bearer t\r\nX-Foo: 1\r\nX-Foo: 2\r\nConnection: close\r\n\r\n";
    assert_eq!(sent("/", &words), expected);
    let words = ["--header", "host: app.example", "--header", "Host: other.example"];
    let request = sent("/", &words);
    assert!(request.contains("\r\nHost: app.example\r\n"), "{request}");
    assert_eq!(request.matches("Host").count(), 1, "{request}");
}

// kubelet P26, P27
#[test]
fn p26_p27_own_headers_can_be_replaced_and_left_out() {
    let request = sent("/", &["--header", "user-agent: me", "--header", "Accept: text/plain"]);
    assert!(request.contains("\r\nUser-Agent: me\r\nAccept: text/plain\r\n"), "{request}");
    let request = sent("/", &["--header", "User-Agent:", "--header", "Accept:"]);
    assert_eq!(request, "GET / HTTP/1.1\r\nHost: ADDRESS\r\nConnection: close\r\n\r\n");
    let request = sent("/", &["--header", "Accept-Encoding: gzip", "--header", "X-Empty:"]);
    assert!(request.contains("\r\nAccept-Encoding: gzip\r\nX-Empty: \r\n"), "{request}");
}

/// The client knows better how long its request is.
#[test]
fn headers_that_frame_the_request_are_not_the_users() {
    let words = ["--header", "Content-Length: 5", "--header", "Transfer-Encoding: chunked"];
    let request = sent("/", &words);
    assert!(!request.contains("Content-Length") && !request.contains("Encoding"), "{request}");
}

#[test]
fn head_asks_for_no_body() {
    // A length that no body follows.
    let server = Server::answering("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
    Attempt::of(&[&server.url("/x"), "--method", "HEAD"]).is("success", "200 OK", "");
    assert!(server.request().starts_with("HEAD /x HTTP/1.1\r\n"));
    let refusing = Refusing::new();
    let url = format!("http://127.0.0.1:{}/", refusing.port());
    let attempt = Attempt::of(&[&url, "--method", "HEAD"]);
    assert!(attempt.output.starts_with(&format!("Head \"{url}\": dial tcp")), "{attempt:?}");
}

// kubelet P28, P29: the table's statuses.
#[test]
fn p28_p29_statuses() {
    for status in [200, 204, 299] {
        let body = if status == 204 { "" } else { "hi" };
        let length = body.len();
        let attempt = Attempt::at(format!(
            "HTTP/1.1 {status} Fine\r\nContent-Length: {length}\r\n\r\n{body}"
        ));
        attempt.is("success", &format!("{status} Fine"), body);
    }
    for status in [300, 301, 302, 303, 304, 305, 307, 308, 399] {
        let attempt = Attempt::at(format!("HTTP/1.1 {status} Off\r\n\r\nhi"));
        let body = if status == 304 { "" } else { "hi" };
        let output = format!("Probe terminated redirects, Response body: {body}");
        attempt.is("warning", &format!("{status} Off"), &output);
    }
    for status in [101, 400, 404, 499, 500, 503, 599, 600, 999] {
        let attempt = Attempt::at(format!("HTTP/1.1 {status} Bad\r\n\r\nsecret"));
        let output = format!("HTTP probe failed with statuscode: {status}");
        attempt.is("failure", &format!("{status} Bad"), &output);
    }
}

#[test]
fn a_line_says_what_was_seen() {
    for (bytes, code, expected) in [
        ("HTTP/1.1 200 OK\r\n\r\n", 0, "200 OK in "),
        ("HTTP/1.1 503\r\n\r\n", 1, "503 Service Unavailable in "),
        ("HTTP/1.1 304\r\n\r\n", 0, "warning: 304 Not Modified in "),
        ("HTTP/1.1 500 \x1b[2J\r\n\r\n", 1, "500 \\u{1b}[2J in "),
    ] {
        let server = Server::answering(bytes);
        let finished = own().args(["probe", &server.url("/")]).finish().exits(code);
        assert!(finished.stdout.starts_with(expected), "{}", finished.stdout);
        assert_eq!(finished.stdout.lines().count(), 1);
    }
}

// kubelet P33
#[test]
fn p33_a_refused_connection() {
    let refusing = Refusing::new();
    let url = format!("http://127.0.0.1:{}/p", refusing.port());
    let why = format!("dial tcp 127.0.0.1:{}: connect: connection refused", refusing.port());
    Attempt::of(&[&url]).has_no_response(&url, &why);
}

/// Makes an attempt at a server that gets slow after its first words, with time for these even where the machine is
/// slow: `heard` says whether they have been read. Returns how often it was made.
fn slow(server: &Server, heard: impl Fn(&Attempt) -> bool) -> (Attempt, usize) {
    let limits = [("300ms", 0.3), ("2s", 2.0), ("10s", 10.0)];
    let mut made = 0;
    loop {
        let (text, limit) = limits[made];
        let attempt = Attempt::of(&[&server.url("/"), "--timeout", text]);
        timed_out(&attempt, limit);
        made += 1;
        if heard(&attempt) || made == limits.len() {
            return (attempt, made);
        }
    }
}

/// Took its time-out, and not very much more.
#[track_caller]
fn timed_out(attempt: &Attempt, limit: f64) {
    assert!(attempt.seconds >= limit && attempt.seconds < limit + 10.0, "{attempt:?}");
}

// kubelet P33
#[test]
fn p33_nobody_accepts() {
    let unaccepting = Unaccepting::new();
    let (address, url) = (unaccepting.address(), format!("http://{}/", unaccepting.address()));
    let attempt = Attempt::of(&[&url, "--timeout", "300ms"]);
    let why =
        format!("dial tcp {address}: i/o timeout (Client.Timeout exceeded while awaiting headers)");
    attempt.has_no_response(&url, &why);
    timed_out(&attempt, 0.3);
}

// kubelet P33
#[test]
fn p33_the_time_out_covers_the_head() {
    let late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
    for begin in
        ["", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\nA: b\r\n", "HTTP/1.1 100 Continue\r\n\r\n"]
    {
        let server = Server::start(move |connection| {
            connection.request();
            connection.send(begin);
            connection.hang();
        });
        let (attempt, _) = slow(&server, |attempt| attempt.output.contains(late));
        attempt.has_no_response(&server.url("/"), late);
    }
}

// kubelet P35: there it is discarded, here it failed.
#[test]
fn p35_a_body_that_stalls() {
    for status in ["200 OK", "500 Internal Server Error"] {
        for lengths in [
            "Content-Length: 100\r\n\r\nabc",
            "\r\nabc",
            "Transfer-Encoding: chunked\r\n\r\n3\r\nabc",
        ] {
            let server = Server::start(move |connection| {
                connection.request();
                connection.send(format!("HTTP/1.1 {status}\r\n{lengths}"));
                connection.hang();
            });
            let (attempt, made) = slow(&server, |attempt| attempt.errored);
            let why = "context deadline exceeded (Client.Timeout or context cancellation while reading body)";
            assert_eq!(
                (attempt.result.as_str(), attempt.errored),
                ("failure", true),
                "{attempt:?}"
            );
            assert_eq!(attempt.output, why);
            assert_eq!(attempt.seen, format!("{status}, but its body broke off: {why}"));
            // One attempt, not three.
            assert_eq!(server.accepted(), made);
        }
    }
}

// kubelet P35
#[test]
fn p35_a_body_that_is_cut() {
    for (lengths, why) in [
        ("Content-Length: 100\r\n\r\nabc", "unexpected EOF"),
        ("Transfer-Encoding: chunked\r\n\r\n5\r\nabc", "unexpected EOF"),
        ("Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "http chunk length too large"),
        ("Transfer-Encoding: chunked\r\n\r\n-1\r\n", "invalid byte in chunk length"),
        ("Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n", "malformed chunked encoding"),
    ] {
        let attempt = Attempt::at(format!("HTTP/1.1 200 OK\r\n{lengths}"));
        assert_eq!((attempt.result.as_str(), attempt.errored), ("failure", true), "{attempt:?}");
        assert_eq!(attempt.output, why);
    }
    let server = Server::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\n\r\nabc");
        connection.reset();
    });
    let attempt = Attempt::of(&[&server.url("/"), "--timeout", "20s"]);
    // A reset may overtake what was sent before it.
    assert!(attempt.output.ends_with("read: connection reset by peer"), "{attempt:?}");
}

// kubelet P34
#[test]
fn p34_of_a_long_body_the_beginning_is_kept() {
    let body = "x".repeat(20_000);
    let attempt =
        Attempt::at(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    attempt.is("success", "200 OK", &body[..10_240]);
    // What follows is not waited for.
    let server = Server::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n");
        connection.send("x".repeat(10_240));
        connection.hang();
    });
    Attempt::of(&[&server.url("/"), "--timeout", "20s"]).is("success", "200 OK", &body[..10_240]);
}

#[test]
fn chunks_and_old_servers() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: T\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n\
                   0\r\nT: 1\r\n\r\n";
    Attempt::at(chunked).is("success", "200 OK", "hello");
    Attempt::at("HTTP/1.0 200 OK\r\n\r\nhello").is("success", "200 OK", "hello");
    Attempt::at("HTTP/1.1 200 OK\nContent-Length: 5\n\nhello").is("success", "200 OK", "hello");
    Attempt::at("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nhello")
        .is("success", "200 OK", "hello");
}

// kubelet P36
#[test]
fn p36_no_http() {
    let broken = "net/http: HTTP/1.x transport connection broken";
    for (bytes, why) in [
        ("", "EOF".to_owned()),
        (
            "SSH-2.0-OpenSSH_9.2\r\n",
            format!(r#"{broken}: malformed HTTP response "SSH-2.0-OpenSSH_9.2""#),
        ),
        ("HTTP/1.1 200 OK\r\n", format!("{broken}: unexpected EOF")),
        ("HTTP/1.1 100 Continue\r\n\r\n", format!("{broken}: unexpected EOF")),
        ("HTTP/1.1 199 Odd\r\n\r\n", format!("{broken}: unexpected EOF")),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            format!(r#"{broken}: bad Content-Length "-1""#),
        ),
        (
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
            format!(r#"{broken}: bad Content-Length "99999999999999999999""#),
        ),
    ] {
        let server = Server::answering(bytes);
        let attempt = Attempt::of(&[&server.url("/"), "--timeout", "20s"]);
        attempt.has_no_response(&server.url("/"), &why);
    }
    let server = Server::start(|connection| {
        connection.request();
        connection.reset();
    });
    let attempt = Attempt::of(&[&server.url("/"), "--timeout", "20s"]);
    attempt.has_no_response(&server.url("/"), "read: connection reset by peer");
}

/// A server that answers before it has read, and is gone.
#[test]
fn an_early_answer_counts() {
    let server = Server::start(|connection| {
        connection.send("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
        connection.request();
    });
    let output = "HTTP probe failed with statuscode: 503";
    Attempt::of(&[&server.url("/"), "--timeout", "20s"]).is("failure", "503 Busy", output);
}

#[test]
fn a_stop_signal_ends_it_at_once() {
    let server = Server::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 200 OK\r\n\r\nabc");
        connection.hang();
    });
    let mut running = own().args(["probe", &server.url("/"), "--timeout", "1h"]).spawn();
    running.until("it asks", || (server.requests().len() == 1).then_some(()));
    running.signal(libc::SIGTERM);
    running.wait().exits(143).silently();
}

#[test]
fn slow_is_fine_within_the_time_out() {
    let server = Server::start(|connection| {
        connection.request();
        connection.drip("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", Duration::from_millis(2));
    });
    Attempt::of(&[&server.url("/"), "--timeout", "20s"]).is("success", "200 OK", "hi");
}
