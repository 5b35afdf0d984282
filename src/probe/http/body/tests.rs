use super::*;

fn framing(lengths: &[&str], encodings: &[&str], is_http_1_0: bool) -> Result<Framing, String> {
    let all = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    let lengths = Lengths {
        content_lengths: all(lengths),
        transfer_encodings: all(encodings),
        is_bodiless: false,
        is_http_1_0,
    };
    lengths.framing().map_err(|malformed| malformed.to_string())
}

#[test]
fn how_a_body_ends() {
    assert_eq!(framing(&[], &[], false), Ok(Framing::UntilClose));
    assert_eq!(framing(&["5"], &[], false), Ok(Framing::Length(5)));
    assert_eq!(framing(&["5", "5"], &[], false), Ok(Framing::Length(5)));
    assert_eq!(framing(&["5"], &["Chunked"], false), Ok(Framing::Chunked));
    assert_eq!(framing(&[], &["chunked"], true), Ok(Framing::UntilClose));
    let most = i64::MAX.to_string();
    assert_eq!(framing(&[&most], &[], false), Ok(Framing::Length(i64::MAX as u64)));
}

/// kubelet P36, in Go's words.
#[test]
fn p36_lengths_that_are_none() {
    for (lengths, encodings, expected) in [
        (&["-1"][..], &[][..], r#"bad Content-Length "-1""#),
        (&["+1"], &[], r#"bad Content-Length "+1""#),
        (&["1, 1"], &[], r#"bad Content-Length "1, 1""#),
        (&["9223372036854775808"], &[], r#"bad Content-Length "9223372036854775808""#),
        (&[""], &[], r#"invalid empty Content-Length """#),
        (
            &["2", "3"],
            &[],
            r#"http: message cannot contain multiple Content-Length headers; got ["2" "3"]"#,
        ),
        (&[], &["gzip"], r#"unsupported transfer encoding: "gzip""#),
        (&[], &["gzip", "chunked"], r#"too many transfer encodings: ["gzip" "chunked"]"#),
    ] {
        assert_eq!(framing(lengths, encodings, false), Err(expected.to_owned()));
    }
}

fn chunks(bytes: &[u8]) -> Result<String, String> {
    let body = read(&mut Input::new(bytes), Framing::Chunked);
    body.map(|body| String::from_utf8(body).unwrap()).map_err(|broken| broken.to_string())
}

#[test]
fn chunks_are_put_together() {
    assert_eq!(chunks(b"2\r\nab\r\n0003 \t\r\ncde\r\n0\r\n\r\n").unwrap(), "abcde");
    assert_eq!(
        chunks(b"A;x=\"y\"\r\n0123456789\r\n0;x\r\nT: a\r\nU: b\r\n\r\n").unwrap(),
        "0123456789"
    );
    assert_eq!(chunks(b"0\r\n\r\n").unwrap(), "");
}

/// A size beyond all that could come: what has come counts (kubelet P34).
#[test]
fn p34_enough_of_a_chunk_is_enough() {
    let bytes = [b"ffffffffffffffff\r\n".as_slice(), &[b'x'; 20_000]].concat();
    assert_eq!(chunks(&bytes).unwrap().len(), OUTPUT_LIMIT);
    let exact = [b"2800\r\n".as_slice(), &[b'x'; 10_240]].concat();
    assert_eq!(chunks(&exact).unwrap().len(), OUTPUT_LIMIT);
}

#[test]
fn chunks_that_are_none() {
    for (bytes, expected) in [
        (&b"zz\r\n"[..], "invalid byte in chunk length"),
        (b"-2\r\n", "invalid byte in chunk length"),
        (b"11111111111111111\r\n", "http chunk length too large"),
        (b"\r\n", "empty hex number for chunk length"),
        (b"2\nab\n0\n\n", "chunked line ends with bare LF"),
        (b"2\r\r\nab", "invalid CR in chunked line"),
        (b"2\r\nabc\r\n0\r\n\r\n", "malformed chunked encoding"),
        (b"2\r\nab\r\n0\r\n", "http: unexpected EOF reading trailer"),
        (b"2\r\nab\r\n0\r\nT: a", "http: unexpected EOF reading trailer"),
        (b"2\r\nab\r\n", "unexpected EOF"),
        (b"2\r\nab", "unexpected EOF"),
        (b"2\r\na", "unexpected EOF"),
        (b"2", "unexpected EOF"),
        (b"", "unexpected EOF"),
    ] {
        assert_eq!(chunks(bytes), Err(expected.to_owned()), "{}", bytes.escape_ascii());
    }
    let long = ["1;", &"x".repeat(5000), "\r\na\r\n"].concat();
    assert_eq!(chunks(long.as_bytes()), Err("header line too long".to_owned()));
    let trailer = ["0\r\n", &"T: x\r\n".repeat(1000)].concat();
    let expected = "http: suspiciously long trailer after chunked body";
    assert_eq!(chunks(trailer.as_bytes()), Err(expected.to_owned()));
    let noise = format!("1;{}\r\na\r\n", "x".repeat(4000)).repeat(10);
    let expected = "chunked encoding contains too much non-data";
    assert_eq!(chunks(noise.as_bytes()), Err(expected.to_owned()));
}

/// One byte a chunk is unusual, not wrong.
#[test]
fn small_chunks_are_chunks() {
    let bytes = ["1\r\na\r\n".repeat(9000), "0\r\n\r\n".to_owned()].concat();
    assert_eq!(chunks(bytes.as_bytes()).unwrap().len(), 9000);
}
