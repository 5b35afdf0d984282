use proptest::prelude::*;
use std::io;

use super::*;
use crate::probe::http::request::{Asked, Headers};
use crate::probe::http::url::Url;
use crate::spec::action::Header;

fn request(path: &str, given: &[(&str, &str)]) -> String {
    let header = |(name, value): &(&str, &str)| Header::new(name, value).unwrap();
    let given: Vec<Header> = given.iter().map(header).collect();
    let Asked { host: custom_host, headers } = Headers::of_probe(&given).unwrap();
    let url = Url::of_probe("http", "127.0.0.1:8080", path).unwrap();
    String::from_utf8(encode(&Request { method: Method::Get, url, custom_host, headers })).unwrap()
}

/// Recorded from Go 1.19's net/http, used as the kubelet does.
#[test]
fn p21_p25_p26_p27_requests_are_what_go_writes() {
    let agent = "User-Agent: kube-probe/1.36\r\n";
    let plain = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n";
    let close = "Connection: close\r\n\r\n";
    for (path, given, expected) in [
        ("/", &[][..], format!("{plain}{agent}Accept: */*\r\n{close}")),
        (
            "/x",
            &[
                ("x-foo", "1"),
                ("Host", "a.b:9"),
                ("X-FOO", "2"),
                ("a_b", "c"),
                ("content-length", "5"),
                ("Transfer-Encoding", "chunked"),
                ("Connection", "keep-alive"),
                ("host", "second"),
            ],
            format!(
                "GET /x HTTP/1.1\r\nHost: a.b:9\r\n{agent}A_b: c\r\nAccept: */*\r\nConnection: keep-alive\r\n\
                 X-Foo: 1\r\nX-Foo: 2\r\n{close}"
            ),
        ),
        (
            "/",
            &[("Connection", "close"), ("User-Agent", ""), ("Accept", "")],
            format!("{plain}{close}"),
        ),
        (
            "/",
            &[
                ("Connection", "Upgrade"),
                ("X-Empty", ""),
                ("Accept-Encoding", "gzip"),
                ("aCCept", "a"),
                ("accept", "b"),
                ("trailer", "x"),
            ],
            format!(
                "{plain}{agent}Accept: a\r\nAccept: b\r\nAccept-Encoding: gzip\r\nConnection: Upgrade\r\n\
                 X-Empty: \r\n{close}"
            ),
        ),
        (
            "/",
            &[("Connection", "foo, close")],
            format!("{plain}{agent}Accept: */*\r\nConnection: foo, close\r\n\r\n"),
        ),
        (
            "/",
            &[("www-authenticate-eTag", "q"), ("user-agent", "a"), ("User-Agent", "b")],
            format!("{plain}User-Agent: a\r\nAccept: */*\r\nWww-Authenticate-Etag: q\r\n{close}"),
        ),
    ] {
        assert_eq!(request(path, given), expected);
    }
}

type Read1 = Result<(u16, Option<String>, Result<String, String>), String>;

fn read(input: impl Read, method: Method) -> Read1 {
    let response = read_response(input, method, |_| true).map_err(|error| error.to_string())?;
    let body = response.body.map(|body| String::from_utf8_lossy(&body).into_owned());
    let body = body.map_err(|broken| broken.to_string());
    Ok((response.head.status, response.head.location, body))
}

fn get(bytes: &[u8]) -> Read1 {
    read(bytes, Method::Get)
}

#[track_caller]
fn answers(bytes: &[u8], status: u16, body: Result<&str, &str>) {
    let body = body.map(str::to_owned).map_err(str::to_owned);
    let (got, _, got_body) = get(bytes).unwrap();
    assert_eq!((got, got_body), (status, body), "{}", bytes.escape_ascii());
}

/// Recorded from Go 1.19, but for what later versions refuse.
#[test]
fn p34_p35_answers() {
    answers(b"HTTP/1.1 200\r\n\r\nxx", 200, Ok("xx"));
    answers(b"HTTP/1.1  200 OK\r\n\r\nxx", 200, Ok("xx"));
    answers(b"HTTP/2.0 200 OK\r\n\r\nxx", 200, Ok("xx"));
    answers(b"HTTP/1.1 200 OK\nA: b\n\nxx", 200, Ok("xx"));
    answers(b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\t \r\n\r\nxx", 200, Ok("xx"));
    answers(b"HTTP/1.1 200 OK\r\nA : x\r\n\r\nyy", 200, Ok("yy"));
    answers(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nyy", 200, Ok("y"));
    answers(b"HTTP/1.1 200 OK\r\nContent-Length:\r\n 1\r\n\r\nyy", 200, Ok("y"));
    answers(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc", 200, Err("unexpected EOF"));
    answers(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n", 200, Ok("2\r\n"));
    answers(b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", 204, Ok(""));
    answers(b"HTTP/1.1 304 No\r\nTransfer-Encoding: chunked\r\n\r\n", 304, Ok(""));
    answers(b"HTTP/1.1 101 S\r\nContent-Length: 5\r\n\r\n", 101, Ok(""));
    answers(
        b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nL: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nyy",
        200,
        Ok("yy"),
    );
    answers(b"HTTP/1.1 999 \xff\r\nX: \xff\r\n\r\n", 999, Ok(""));
    let head = read(&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"[..], Method::Head);
    assert_eq!(head, Ok((200, None, Ok(String::new()))));
}

#[test]
fn p36_no_answers() {
    let broken = "net/http: HTTP/1.x transport connection broken: ";
    for (bytes, expected) in [
        (&b""[..], "EOF".to_owned()),
        (b"SSH-2.0-x\r\n", format!(r#"{broken}malformed HTTP response "SSH-2.0-x""#)),
        (b"SSH-2.0-x", format!(r#"{broken}malformed HTTP response "SSH-2.0-x""#)),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", format!(r#"{broken}malformed HTTP response """#)),
        (b"\x15\x03\x01", format!(r#"{broken}malformed HTTP response "\x15\x03\x01""#)),
        (b"HTTP/1.1 20 OK\r\n\r\n", format!(r#"{broken}malformed HTTP status code "20""#)),
        (b"HTTP/1.1 2x0 OK\r\n\r\n", format!(r#"{broken}malformed HTTP status code "2x0""#)),
        (b"HTTP/1.x 200 OK\r\n\r\n", format!(r#"{broken}malformed HTTP version "HTTP/1.x""#)),
        (b"HTTP/1.1 200 OK\r\n", format!("{broken}unexpected EOF")),
        (b"HTTP/1.1 200 OK\r\nA: b", format!("{broken}unexpected EOF")),
        (b"HTTP/1.1 100 Continue\r\n\r\n", format!("{broken}unexpected EOF")),
        (b"HTTP/1.1 199 C\r\n\r\n", format!("{broken}unexpected EOF")),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            format!(r#"{broken}bad Content-Length "-1""#),
        ),
    ] {
        assert_eq!(get(bytes), Err(expected), "{}", bytes.escape_ascii());
    }
    for bytes in [
        &b"HTTP/1.1 200 OK\r\nA b\r\n\r\n"[..],
        b"HTTP/1.1 200 OK\r\n : x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: \x01\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    ] {
        let error = get(bytes).unwrap_err();
        assert!(error.starts_with(&format!("{broken}malformed MIME header: ")), "{error}");
    }
}

#[test]
fn a_location_is_what_it_says() {
    let location =
        |lines: &str| get(format!("HTTP/1.1 302 F\r\n{lines}\r\n\r\n").as_bytes()).unwrap().1;
    assert_eq!(location("location:  /a \t\r\nLocation: /b").as_deref(), Some("/a"));
    assert_eq!(location("Location: /a\r\n  b").as_deref(), Some("/a b"));
    assert_eq!(location("Location: "), None);
    let raw = get(b"HTTP/1.1 302 F\r\nLocation: /\xfc\r\n\r\n").unwrap().1;
    assert_eq!(raw.as_deref(), Some("/%FC"));
}

/// Each of these would go on for ever.
#[test]
fn heads_without_end_are_left() {
    let too_long = "net/http: server response headers exceeded 262144 bytes; aborted";
    let head = b"HTTP/1.1 200 OK\r\nA: ";
    assert_eq!(read(head.chain(io::repeat(b'x')), Method::Get), Err(too_long.to_owned()));
    assert_eq!(read(io::repeat(b'H'), Method::Get).unwrap_err(), too_long);
    let interim = Endless(b"HTTP/1.1 100 Continue\r\n\r\n", 0);
    assert_eq!(read(interim, Method::Get), Err(too_long.to_owned()));
    let lines = b"HTTP/1.1 200 OK\r\n".chain(Endless(b"A: b\r\n", 0));
    assert_eq!(read(lines, Method::Get), Err(too_long.to_owned()));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a:\n".repeat(5000));
    let error = get(many.as_bytes()).unwrap_err();
    assert!(error.ends_with("too many headers"), "{error}");
}

struct Endless(&'static [u8], usize);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        for byte in buffer.iter_mut() {
            *byte = self.0[self.1 % self.0.len()];
            self.1 += 1;
        }
        Ok(buffer.len())
    }
}

/// Hands out what it has in pieces, with an interruption before each.
struct Pieces<'a>(&'a [u8], Vec<usize>, bool);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.2 = !self.2;
        if self.2 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let piece = self.1.pop().unwrap_or(1).max(1).min(self.0.len()).min(buffer.len());
        let (now, later) = self.0.split_at(piece);
        buffer[..piece].copy_from_slice(now);
        self.0 = later;
        Ok(piece)
    }
}

/// Bytes that look like a response, more or less.
fn likely() -> impl Strategy<Value = Vec<u8>> {
    let pieces = prop::sample::select(vec![
        "HTTP/1.1 200 OK",
        "HTTP/1.0 302 Found",
        "HTTP/1.1 100 C",
        " ",
        "\r\n",
        "\r\n\r\n",
        "\n",
        "\n ",
        "Content-Length: 3",
        "Content-Length: 99",
        "Transfer-Encoding: chunked",
        "Location: /x",
        "A: b",
        ":",
        "0",
        "3",
        "abc",
        ";",
        "\0",
        "ü",
    ]);
    let pieces = prop::collection::vec(pieces, 0..20);
    let raw = prop::collection::vec(any::<u8>(), 0..20);
    (any::<bool>(), pieces, raw).prop_map(|(begins, pieces, raw)| {
        let begin = if begins { "HTTP/1.1 200 OK\r\n" } else { "" };
        [begin.as_bytes(), pieces.concat().as_bytes(), &raw].concat()
    })
}

proptest! {
    #[test]
    fn any_bytes_are_read_the_same_in_any_pieces(
        bytes in likely(),
        pieces in prop::collection::vec(1_usize..9, 0..40),
    ) {
        let whole = get(&bytes);
        prop_assert_eq!(read(Pieces(&bytes, pieces, false), Method::Get), whole);
    }

    #[test]
    fn p34_no_more_is_kept_than_asked_for(length in 0_usize..30_000) {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let bytes = [head.as_bytes(), &vec![b'x'; length]].concat();
        let body = get(&bytes).unwrap().2.unwrap();
        prop_assert_eq!(body.len(), length.min(10_240));
    }
}
