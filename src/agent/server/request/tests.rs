use super::*;

fn read_whole(text: &str) -> Result<Request<'_>, Refused> {
    let (request, length) = read(text.as_bytes())?.expect("it is whole");
    assert_eq!(length, text.len());
    Ok(request)
}

#[test]
fn what_is_asked() {
    let text = "GET /readyz/app?verbose&exclude=a%20b&exclude=c+d HTTP/1.1\r\nHost: x\r\n\r\n";
    let request = read_whole(text).unwrap();
    assert_eq!((request.method, &*request.path), ("GET", "/readyz/app"));
    assert_eq!((request.body, request.goes_on), (0, true));
    let pairs: Vec<_> = request.query().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(pairs, ["verbose=", "exclude=a b", "exclude=c d"]);
}

#[test]
fn targets() {
    for (target, path) in [
        ("/", Some("/")),
        ("/live%7a", Some("/livez")),
        ("http://host:80/livez?x", Some("/livez")),
        ("HTTP://host?verbose", Some("/")),
        ("http://host", Some("/")),
        ("/a%2fb/%C3%A9", Some("/a/b/é")),
        ("/a+b", Some("/a+b")),
        ("*", None),
        ("host:80", None),
        ("https://host/livez", None),
        ("/%", None),
        ("/%4", None),
        ("/%zz", None),
        ("/%ff", None),
    ] {
        let text = format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n");
        let found = read_whole(&text).map(|request| request.path.into_owned());
        assert_eq!(found, path.map(str::to_owned).ok_or(Refused::Target), "{target}");
    }
}

#[test]
fn a_query_may_hold_what_is_no_pair() {
    let text = "GET /?%=a&b=%zz&;c&&=d&e HTTP/1.1\r\nHost: x\r\n\r\n";
    let request = read_whole(text).unwrap();
    let pairs: Vec<_> = request.query().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(pairs, ["=d", "e="]);
}

#[test]
fn whether_another_may_follow() {
    for (head, goes_on) in [
        ("GET / HTTP/1.1\nHost: x\n\n", true),
        ("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Close\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false),
        ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", true),
        ("PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", false),
    ] {
        assert_eq!(read_whole(head).unwrap().goes_on, goes_on, "{head}");
    }
}

#[test]
fn what_is_refused() {
    let host = "Host: x\r\n";
    for (head, status) in [
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\n{host}{host}\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}a b: c\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}Content-Length: +5\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}Content-Length: 5, 5\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}Content-Length: 5\r\nContent-Length: 6\r\n\r\n"), 400),
        (format!("GET / HTTP/1.1\r\n{host}Content-Length: 8193\r\n\r\n"), 413),
        (format!("GET / HTTP/1.1\r\n{host}Content-Length: {}\r\n\r\n", "9".repeat(99)), 413),
        (format!("GET / HTTP/1.1\r\n{host}Transfer-Encoding: chunked\r\n\r\n"), 501),
        (format!("GET / HTTP/1.1\r\n{host}{}\r\n", "a: b\r\n".repeat(64)), 431),
        (format!("GET / HTTP/1.1\r\n{host}a: {}\r\n\r\n", "b".repeat(HEAD_LIMIT)), 431),
        (format!("GET /{} HTTP/1.1\r\n", "b".repeat(HEAD_LIMIT)), 431),
        (format!("GET /{}", "b".repeat(HEAD_LIMIT)), 414),
        ("PRI * HTTP/2.0\r\n\r\n".to_owned(), 505),
        ("\x16\x03\x01".to_owned(), 400),
        ("\r\n\r\n\0".to_owned(), 400),
    ] {
        let refused = read(head.as_bytes()).expect_err(&head);
        assert_eq!(refused.status(), status, "{head} {refused}");
        assert!(!refused.to_string().contains('\n'));
    }
}

#[test]
fn what_has_no_end_may_have_one() {
    for head in
        ["", "\r\n\r\n", "G", "GET / HTTP/1.1\r\nHost: x\r\n", "GET / HTTP/1.1\r\nHost: x\r\n\r"]
    {
        assert_eq!(read(head.as_bytes()), Ok(None), "{head:?}");
    }
    assert_eq!(read(&[b'G'; HEAD_LIMIT]), Ok(None));
}

#[test]
fn the_end_is_found_whatever_was_looked_at() {
    for (head, at) in [("a\r\n\r\nb", 5), ("a\n\nb", 3), ("a\n\r\nb", 4)] {
        let bytes = head.as_bytes();
        for length in 0..=bytes.len() {
            assert_eq!(has_end(&bytes[..length], 0), length >= at, "{head:?} {length}");
        }
        assert!((0..at).all(|before| has_end(bytes, before)), "{head:?}");
    }
}
