//! A peer that says what it says, whatever it is told.

use super::*;
use crate::probe::http2::hpack;
use proptest::prelude::*;
use std::io;

/// Gives `said` in pieces, then the end; keeps what it was told.
struct Peer {
    said: Vec<u8>,
    at: usize,
    piece: usize,
    told: Vec<u8>,
}

impl Peer {
    fn new(said: &[u8]) -> Peer {
        Peer { said: said.to_vec(), at: 0, piece: usize::MAX, told: Vec::new() }
    }

    /// The frames that it was told, behind the preface.
    fn frames(&self) -> Vec<Frame> {
        let mut rest = self.told.strip_prefix(PREFACE).expect("the preface comes first");
        let mut incoming = Incoming::default();
        let mut frames = Vec::new();
        while let Ok(frame) = incoming.next(&mut rest) {
            frames.push(frame);
        }
        frames
    }
}

impl Read for &mut Peer {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = &self.said[self.at..];
        let count = rest.len().min(buffer.len()).min(self.piece);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

impl Write for &mut Peer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.told.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

const REQUEST: Request<'static> = Request {
    method: "GET",
    scheme: "https",
    authority: "localhost",
    path: "/",
    headers: &[("X-Foo", "Bar"), ("Connection", "close"), ("TE", "gzip")],
    body: b"",
};

/// Frames, one behind the other.
struct Script(Vec<u8>);

impl Script {
    fn new() -> Script {
        Script(Vec::new()).frame(kind::SETTINGS, 0, 0, &[])
    }

    fn frame(mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Script {
        frame::put(kind, flags, stream, payload, &mut self.0);
        self
    }

    fn headers(self, flags: u8, fields: &[(&str, &str)]) -> Script {
        self.frame(kind::HEADERS, flags | flag::END_HEADERS, 1, &block(fields))
    }

    fn data(self, flags: u8, payload: &[u8]) -> Script {
        self.frame(kind::DATA, flags, 1, payload)
    }
}

fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        hpack::encode(name, value.as_bytes(), &mut block);
    }
    block
}

fn setting(number: u16, value: u32) -> Vec<u8> {
    [&number.to_be_bytes()[..], &value.to_be_bytes()].concat()
}

const OK: &[(&str, &str)] = &[(":status", "200")];
const END: u8 = flag::END_STREAM;

fn ask(peer: &mut Peer, request: &Request<'_>, limit: usize) -> Result<(Head, Body), Error> {
    let mut exchange = Exchange::begin(peer, request)?;
    let head = exchange.head()?;
    let body = exchange.body(limit)?;
    exchange.close();
    Ok((head, body))
}

fn answer(script: Script) -> Result<(Head, Body), Error> {
    ask(&mut Peer::new(&script.0), &REQUEST, 100)
}

#[test]
fn a_request_goes_out_at_once_and_plainly() {
    let mut peer = Peer::new(&Script::new().headers(END, OK).0);
    ask(&mut peer, &Request { body: b"body", ..REQUEST }, 100).unwrap();
    let frames = peer.frames();
    let kinds: Vec<_> =
        frames.iter().map(|frame| (frame.kind, frame.flags, frame.stream)).collect();
    assert_eq!(
        kinds,
        [
            (kind::SETTINGS, 0, 0),
            (kind::HEADERS, flag::END_HEADERS, 1),
            (kind::DATA, END, 1),
            (kind::SETTINGS, flag::ACK, 0),
            (kind::GOAWAY, 0, 0),
        ]
    );
    let fields = Decoder::default().decode(&frames[1].payload, LIST_LIMIT).unwrap();
    let fields: Vec<_> = fields.iter().collect();
    let expected: [(&[u8], &[u8]); 5] = [
        (b":method", b"GET"),
        (b":scheme", b"https"),
        (b":authority", b"localhost"),
        (b":path", b"/"),
        (b"x-foo", b"Bar"),
    ];
    assert_eq!(fields, expected);
    assert_eq!(frames[2].payload, b"body");
}

#[test]
fn long_headers_go_out_in_several_frames() {
    let long = "x".repeat(40_000);
    let mut peer = Peer::new(&Script::new().headers(END, OK).0);
    ask(&mut peer, &Request { headers: &[("x", &long)], ..REQUEST }, 100).unwrap();
    let frames = peer.frames();
    let flags: Vec<_> =
        frames.iter().skip(1).take(3).map(|frame| (frame.kind, frame.flags)).collect();
    let more = kind::CONTINUATION;
    assert_eq!(flags, [(kind::HEADERS, END), (more, 0), (more, flag::END_HEADERS)]);
}

#[test]
fn a_response_with_everything_around_it() {
    let script = Script::new()
        .frame(kind::SETTINGS, flag::ACK, 0, &[])
        .frame(2, 0, 1, &[0; 5])
        .frame(0xee, 0xff, 77, b"what nobody knows")
        .frame(kind::PING, 0, 0, b"12345678")
        .frame(kind::WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1])
        .headers(0, &[(":status", "103"), ("link", "x")])
        .headers(0, &[(":status", "100")])
        .frame(
            kind::HEADERS,
            flag::PADDED | flag::PRIORITY,
            1,
            &[&[2, 0, 0, 0, 0, 0], &block(OK)[..4], &[0, 0]].concat(),
        )
        .frame(kind::CONTINUATION, 0, 1, &[])
        .frame(
            kind::CONTINUATION,
            flag::END_HEADERS,
            1,
            &[&block(OK)[4..], &block(&[("a", "b")])].concat(),
        )
        .data(0, b"")
        .data(flag::PADDED, &[&[3], &b"bo"[..], &[0; 3]].concat())
        .data(0, b"dy")
        .frame(kind::GOAWAY, 0, 0, &[0, 0, 0, 1, 0, 0, 0, 0])
        .headers(END, &[("trailer", "t")]);
    for piece in [1, 7, usize::MAX] {
        let mut peer = Peer { piece, ..Peer::new(&script.0) };
        let (head, body) = ask(&mut peer, &REQUEST, 100).unwrap();
        assert_eq!(
            (head.status, head.headers.get("a"), head.is_all),
            (200, Some(&b"b"[..]), false)
        );
        assert_eq!((&body.bytes[..], body.is_cut), (&b"body"[..], false));
        assert_eq!(body.trailers.get("trailer"), Some(&b"t"[..]));
        let pong = peer.frames().into_iter().find(|frame| frame.kind == kind::PING).unwrap();
        assert_eq!((pong.flags, &pong.payload[..]), (flag::ACK, &b"12345678"[..]));
        assert!(!peer.frames().iter().any(|frame| frame.kind == kind::RST_STREAM));
    }
}

#[test]
fn a_stream_may_end_in_three_places() {
    assert!(answer(Script::new().headers(END, OK)).unwrap().0.is_all);
    assert_eq!(answer(Script::new().headers(0, OK).data(END, b"x")).unwrap().1.bytes, b"x");
    assert_eq!(
        answer(Script::new().headers(0, OK).data(0, b"x").data(END, b"")).unwrap().1.bytes,
        b"x"
    );
    let ended = answer(Script::new().headers(0, OK).headers(END, &[]));
    assert_eq!(ended.unwrap().1, Body::default());
}

#[test]
fn no_more_of_a_body_is_read_than_was_asked_for() {
    let script = Script::new().headers(0, OK).data(0, &[b'x'; 60]).data(0, &[b'x'; 60]);
    let mut peer = Peer::new(&script.0);
    let body = ask(&mut peer, &REQUEST, 100).unwrap().1;
    assert_eq!((body.bytes.len(), body.is_cut), (100, true));
    assert!(peer.frames().iter().any(|frame| frame.kind == kind::RST_STREAM));
    // It need not end either.
    let body = answer(Script::new().headers(0, OK).data(0, &[b'x'; 100])).unwrap().1;
    assert_eq!((body.bytes.len(), body.is_cut), (100, true));
    let body = answer(Script::new().headers(0, OK).data(END, &[b'x'; 100])).unwrap().1;
    assert_eq!((body.bytes.len(), body.is_cut), (100, false));
}

#[test]
fn padding_takes_room_that_is_given_back() {
    let padded = [&[255][..], b"x", &[0; 255]].concat();
    let script =
        (0..150).fold(Script::new().headers(0, OK), |script, _| script.data(flag::PADDED, &padded));
    let mut peer = Peer::new(&script.data(END, b"").0);
    assert_eq!(ask(&mut peer, &REQUEST, 1000).unwrap().1.bytes.len(), 150);
    let frames = peer.frames();
    let updates: Vec<_> = frames.iter().filter(|frame| frame.kind == kind::WINDOW_UPDATE).collect();
    assert_eq!(updates.iter().map(|frame| frame.stream).collect::<Vec<_>>(), [0, 1]);
    assert_eq!(updates[0].payload, (128_u32 * 257).to_be_bytes());
}

#[test]
fn a_long_request_waits_for_room() {
    let body = vec![b'x'; 100_000];
    let request = Request { body: &body, ..REQUEST };
    let sent = |script: Script| {
        let mut peer = Peer::new(&script.0);
        let _ = ask(&mut peer, &request, 100);
        let frames = peer.frames();
        let data: Vec<_> =
            frames.iter().filter(|frame| frame.kind == kind::DATA).cloned().collect();
        assert!(data.iter().all(|frame| frame.payload.len() <= frame::LONGEST));
        let ends = data.iter().filter(|frame| frame.has(END)).count();
        (data.iter().map(|frame| frame.payload.len()).sum::<usize>(), ends)
    };
    let update = |script: Script, stream, by: u32| {
        script.frame(kind::WINDOW_UPDATE, 0, stream, &by.to_be_bytes())
    };
    assert_eq!(sent(Script(Vec::new())), (65_535, 0));
    // Room on one of the two is not enough.
    assert_eq!(sent(update(Script::new(), 0, 50_000)), (65_535, 0));
    assert_eq!(sent(update(Script::new(), 1, 50_000)), (65_535, 0));
    assert_eq!(sent(update(update(Script::new(), 1, 50_000), 0, 20_000)), (85_535, 0));
    assert_eq!(sent(update(update(Script::new(), 1, 50_000), 0, 50_000)), (100_000, 1));
    // The window becomes less than nothing, then grows again.
    let shrunk = || Script::new().frame(kind::SETTINGS, 0, 0, &setting(4, 0));
    assert_eq!(sent(update(update(shrunk(), 0, 50_000), 1, 65_535)), (65_535, 0));
    assert_eq!(sent(update(update(shrunk(), 0, 50_000), 1, 65_545)), (65_545, 0));
    let grown = shrunk().frame(kind::SETTINGS, 0, 0, &setting(4, 200_000));
    assert_eq!(sent(update(grown, 0, 50_000)), (100_000, 1));
}

#[test]
fn who_speaks_something_else_is_recognised() {
    for (said, language) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], Language::Http1),
        (&[0x15, 3, 1, 0, 2, 2, 70], Language::Tls),
        (b"SSH-2.0-OpenSSH_9.2\r\n", Language::Unknown),
        (b"x", Language::Unknown),
        // An empty frame of data.
        (&[0, 0, 0, 0, 0, 0, 0, 0, 1], Language::Unknown),
    ] {
        let mut peer = Peer::new(said);
        let mut exchange = Exchange::begin(&mut peer, &REQUEST).unwrap();
        let error = exchange.head().unwrap_err();
        assert!(matches!(error, Error::Foreign(seen) if seen == language), "{error}");
        assert!(!exchange.is_greeted());
    }
    let error = ask(&mut Peer::new(b""), &REQUEST, 1).unwrap_err();
    assert!(matches!(error, Error::Closed), "{error}");
}

#[test]
fn a_peer_that_gives_up_is_believed() {
    let reset = answer(Script::new().frame(kind::RST_STREAM, 0, 1, &[0, 0, 0, 7])).unwrap_err();
    assert!(matches!(reset, Error::Reset(Code::REFUSED_STREAM)), "{reset}");
    let before = [&[0, 0, 0, 0, 0, 0, 0, 11][..], b"too_many"].concat();
    let gone =
        answer(Script::new().frame(kind::GOAWAY, 0, 0, &before).headers(END, OK)).unwrap_err();
    assert!(
        matches!(&gone, Error::GoAway(Code::ENHANCE_YOUR_CALM, said) if said == "too_many"),
        "{gone}"
    );
    let after = Script::new().frame(kind::GOAWAY, 0, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);
    assert!(answer(Script(after.0.clone()).headers(END, OK)).is_ok());
    assert!(matches!(answer(after), Err(Error::GoAway(Code::NO_ERROR, _))));
    assert!(matches!(answer(Script::new().headers(0, OK)), Err(Error::Closed)));
}

#[test]
fn each_fault_is_seen_and_told_of() {
    let long = vec![0; frame::LONGEST + 1];
    let headers = || Script::new().headers(0, OK);
    let first = || Script::new().frame(kind::HEADERS, 0, 1, &block(OK));
    let flood =
        (0..5).fold(first(), |script, _| script.frame(kind::CONTINUATION, 0, 1, &[0; 16_000]));
    for (script, fault) in [
        (Script::new().data(0, &long), Fault::LongFrame),
        (Script::new().frame(kind::PING, 0, 0, &[0; 7]), Fault::FrameLength),
        (Script::new().frame(kind::SETTINGS, 0, 0, &[0; 5]), Fault::FrameLength),
        (Script::new().frame(kind::SETTINGS, flag::ACK, 0, &[0; 6]), Fault::FrameLength),
        (Script::new().frame(kind::RST_STREAM, 0, 1, &[0; 3]), Fault::FrameLength),
        (Script::new().frame(kind::GOAWAY, 0, 0, &[0; 7]), Fault::FrameLength),
        (Script::new().frame(kind::WINDOW_UPDATE, 0, 0, &[0; 5]), Fault::FrameLength),
        (Script::new().frame(kind::WINDOW_UPDATE, 0, 1, &[0; 4]), Fault::Increment),
        (Script::new().frame(kind::WINDOW_UPDATE, 0, 1, &[0x7f, 0xff, 0xff, 0xff]), Fault::Window),
        (Script::new().frame(kind::SETTINGS, 0, 0, &setting(4, 0x8000_0000)), Fault::Window),
        (Script::new().frame(kind::SETTINGS, 0, 0, &setting(5, 100)), Fault::Setting),
        (Script::new().frame(kind::HEADERS, flag::PADDED, 1, &[9, 0]), Fault::Padding),
        (headers().data(flag::PADDED, &[2, 0]), Fault::Padding),
        (Script::new().data(0, b"early"), Fault::Misplaced(kind::DATA)),
        (Script::new().frame(kind::DATA, 0, 3, b""), Fault::Misplaced(kind::DATA)),
        (Script::new().frame(kind::HEADERS, 4, 2, &block(OK)), Fault::Misplaced(kind::HEADERS)),
        (
            Script::new().frame(kind::PUSH_PROMISE, 4, 1, &[0; 4]),
            Fault::Misplaced(kind::PUSH_PROMISE),
        ),
        (Script::new().frame(kind::CONTINUATION, 4, 1, &[]), Fault::Misplaced(kind::CONTINUATION)),
        (Script::new().frame(kind::PING, 0, 1, &[0; 8]), Fault::Misplaced(kind::PING)),
        (first().frame(kind::PING, 0, 0, &[0; 8]), Fault::Misplaced(kind::PING)),
        (first().frame(kind::CONTINUATION, 4, 3, &[]), Fault::Misplaced(kind::CONTINUATION)),
        (flood, Fault::LongHeaders),
        (Script::new().frame(kind::HEADERS, 4, 1, &[0x80]), Fault::Hpack(hpack::HpackError::Index)),
        (Script::new().headers(0, &[]), Fault::Headers),
        (Script::new().headers(0, &[("a", "b")]), Fault::Headers),
        (Script::new().headers(0, &[(":status", "2x0")]), Fault::Headers),
        (Script::new().headers(0, &[(":status", "099")]), Fault::Headers),
        (Script::new().headers(0, &[(":status", "101")]), Fault::Headers),
        (Script::new().headers(END, &[(":status", "100")]), Fault::Headers),
        (Script::new().headers(0, &[(":status", "200"), (":status", "200")]), Fault::Headers),
        (Script::new().headers(0, &[(":status", "200"), ("Upper", "")]), Fault::Headers),
        (headers().headers(0, &[("trailer", "without end")]), Fault::Headers),
        (headers().headers(END, OK), Fault::Headers),
        (Script::new().headers(0, &[(":status", "200"), ("content-length", "x")]), Fault::Headers),
    ] {
        let mut peer = Peer::new(&script.0);
        let error = ask(&mut peer, &REQUEST, 100).unwrap_err();
        assert!(matches!(error, Error::Fault(seen) if seen == fault), "{fault:?}: {error:?}");
        let last = peer.frames().pop().unwrap();
        assert_eq!(
            (last.kind, &last.payload[4..]),
            (kind::GOAWAY, &fault.code().0.to_be_bytes()[..])
        );
    }
}

#[test]
fn a_body_is_as_long_as_it_was_said_to_be() {
    let said = |length| [(":status", "200"), ("content-length", length)];
    let of = |length, script: fn(Script) -> Script| {
        answer(script(Script::new().headers(0, &said(length))))
    };
    let lies = |result: Result<(Head, Body), Error>| {
        matches!(result, Err(Error::Fault(Fault::ContentLength)))
    };
    assert!(of("2", |script| script.data(0, b"x").data(END, b"y")).is_ok());
    assert!(of("2", |script| script.data(0, b"xy").headers(END, &[])).is_ok());
    assert!(lies(of("3", |script| script.data(END, b"xy"))));
    assert!(lies(of("3", |script| script.data(0, b"xy").headers(END, &[]))));
    assert!(lies(of("1", |script| script.data(0, b"xy"))));
    assert!(lies(answer(Script::new().headers(END, &said("1")))));
    let not_modified = [(":status", "304"), ("content-length", "1")];
    assert!(answer(Script::new().headers(END, &not_modified)).is_ok());
    let mut peer = Peer::new(&Script::new().headers(END, &said("1")).0);
    assert!(ask(&mut peer, &Request { method: "HEAD", ..REQUEST }, 100).is_ok());
}

/// Frames that make sense more often than any bytes would.
fn any_frames() -> impl Strategy<Value = Vec<u8>> {
    let payload = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..20),
        Just(block(OK)),
        Just(block(&[("grpc-status", "0")])),
        Just(setting(4, 3)),
        proptest::collection::vec(any::<u8>(), 4),
        proptest::collection::vec(any::<u8>(), 8),
    ];
    let flags = prop_oneof![Just(0_u8), Just(4), Just(5), Just(1), any::<u8>()];
    let frame = (0_u8..11, flags, 0_u32..3, payload).prop_map(|(kind, flags, stream, payload)| {
        let mut bytes = Vec::new();
        frame::put(kind, flags, stream, &payload, &mut bytes);
        bytes
    });
    proptest::collection::vec(frame, 0..20)
        .prop_map(|frames| [Script::new().0, frames.concat()].concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_said_it_ends(said in any_frames(), piece in 1_usize..100, size in 0_usize..70_000) {
        let body = vec![0; size];
        let mut peer = Peer { piece, ..Peer::new(&said) };
        if let Ok((_, body)) = ask(&mut peer, &Request { body: &body, ..REQUEST }, 10) {
            prop_assert!(body.bytes.len() <= 10);
        }
    }

    #[test]
    fn any_bytes_end(said: Vec<u8>) {
        let _ = ask(&mut Peer::new(&said), &REQUEST, 10);
    }
}
