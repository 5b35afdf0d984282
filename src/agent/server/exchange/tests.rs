use super::*;
use proptest::prelude::*;

/// Answers what a peer says in such pieces, each sent piece by piece too; the paths asked for, and all that was answered.
fn answers<'a>(
    pieces: impl IntoIterator<Item = &'a [u8]>,
    ends: bool,
) -> (Vec<String>, Exchange, String) {
    let (mut exchange, mut asked, mut out) = (Exchange::default(), Vec::new(), Vec::new());
    for piece in pieces {
        let mut piece = piece;
        while !piece.is_empty() && exchange.room() > 0 {
            let (now, later) = piece.split_at(exchange.room().min(piece.len()));
            exchange.take(now);
            speak(&mut exchange, &mut asked, &mut out);
            piece = later;
        }
    }
    if ends {
        exchange.end();
        speak(&mut exchange, &mut asked, &mut out);
    }
    (asked, exchange, String::from_utf8(out).unwrap())
}

fn speak(exchange: &mut Exchange, asked: &mut Vec<String>, out: &mut Vec<u8>) {
    let mut respond = |request: &Request<'_>| {
        asked.push(format!("{} {}", request.method, request.path));
        Response::text(200, "ok")
    };
    while exchange.answer(&mut respond) {
        assert!(!exchange.answer(&mut |_| panic!("before the answer was sent")));
        assert_eq!(exchange.room(), 0);
        while !exchange.output().is_empty() {
            out.push(exchange.output()[0]);
            exchange.sent(1);
        }
    }
}

fn whole(text: &str) -> (Vec<String>, Exchange, String) {
    answers([text.as_bytes()], false)
}

#[test]
fn requests_are_answered_in_their_order() {
    let text = "GET /a HTTP/1.1\r\nHost: x\r\n\r\n\r\nHEAD /b HTTP/1.1\nHost: x\n\nGET /c HTTP/1.0\r\n\r\nGET /d";
    let (asked, exchange, out) = whole(text);
    assert_eq!(asked, ["GET /a", "HEAD /b", "GET /c"]);
    assert!(exchange.is_over());
    let bodies: Vec<_> = out.split("\r\n\r\n").map(|part| part.starts_with("okHTTP/1.1")).collect();
    assert_eq!(bodies, [false, true, false, false], "{out}");
    assert!(out.ends_with("Connection: close\r\n\r\nok"), "{out}");
}

#[test]
fn a_body_is_dropped() {
    let text = "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nGET / HTTGET /b HTTP/1.1\r\nHost: x\r\n\r\n";
    assert_eq!(whole(text).0, ["PUT /a", "GET /b"]);
    let without = "PUT /a HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n";
    assert!(whole(without).1.is_over());
}

#[test]
fn what_is_no_request_is_answered_and_is_the_last() {
    let (asked, exchange, out) = whole("GET / HTTP/1.1\r\n\r\nGET / HTTP/1.0\r\n\r\n");
    assert!(asked.is_empty() && exchange.is_over());
    assert!(out.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{out}");
    let long = format!("GET / HTTP/1.1\r\nA: {}", "b".repeat(2 * HEAD_LIMIT));
    assert!(whole(&long).2.starts_with("HTTP/1.1 431 "));
}

#[test]
fn a_peer_that_says_no_more_still_gets_its_answers() {
    let text = b"GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\nGET /c";
    let (mut exchange, mut asked, mut out) = (Exchange::default(), Vec::new(), Vec::new());
    exchange.take(text);
    exchange.end();
    assert!(!exchange.is_over());
    speak(&mut exchange, &mut asked, &mut out);
    assert_eq!(asked, ["GET /a", "GET /b"]);
    assert!(exchange.is_over());
}

#[test]
fn who_takes_too_long_is_told_if_he_has_begun() {
    for (text, told) in [("", ""), ("GET", "HTTP/1.1 408 Request Timeout\r\n")] {
        let mut exchange = whole(text).1;
        exchange.time_out();
        assert!(exchange.output().starts_with(told.as_bytes()));
        assert_eq!(exchange.output().is_empty(), told.is_empty());
    }
}

#[test]
fn memory_is_bounded_whatever_comes() {
    let pieces = [b"G".as_slice(), &[b'a'; 4096], &[b'a'; 4096], &[b'a'; 1]];
    let (_, exchange, _) = answers(pieces, false);
    assert!(exchange.is_over());
    let (_, exchange, _) = answers(pieces[..2].iter().copied(), false);
    assert!(exchange.input.capacity() <= HEAD_LIMIT + 1);
}

fn request() -> impl Strategy<Value = String> {
    let line =
        prop_oneof!["GET|HEAD|PUT|X".prop_map(|m| format!("{m} /a HTTP/1.1\r\nHost: x\r\n"))];
    let rest = prop_oneof![
        Just("\r\n"),
        Just("Content-Length: 3\r\n\r\nabc"),
        Just("Content-Length: x\r\n\r\n"),
        Just("Connection: close\r\n\r\n"),
        Just("\n"),
        Just("A: b"),
    ];
    (line, rest).prop_map(|(line, rest)| line + rest)
}

fn anything() -> impl Strategy<Value = Vec<u8>> {
    let texts =
        prop::collection::vec(request(), 0..5).prop_map(|texts| texts.concat().into_bytes());
    prop_oneof![texts, prop::collection::vec(any::<u8>(), 0..200)]
}

proptest! {
    #[test]
    fn the_pieces_make_no_difference(bytes in anything(), size in 1usize..40, ends: bool) {
        let (asked, exchange, out) = answers([&bytes[..]], ends);
        let (again, pieced, out_again) = answers(bytes.chunks(size), ends);
        prop_assert_eq!((asked, out, exchange.is_over()), (again, out_again, pieced.is_over()));
    }
}
