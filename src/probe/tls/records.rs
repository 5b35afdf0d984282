//! Where a server's TLS records begin and end, which rustls keeps to itself.
//!
//! It is needed to judge an end without a farewell as Go does (see [`Secure`](super::Secure)), and to say what
//! a server is that does not speak TLS.

use std::io::{self, Read, Write};

use super::super::patience::Wire;

/// What a record begins with: its type, its version, its length (RFC 8446, 5.1).
const HEADER: usize = 5;

/// A wire whose incoming records are followed.
pub struct Records<'a> {
    pub wire: Wire<'a>,
    at: Position,
}

impl<'a> Records<'a> {
    pub fn new(wire: Wire<'a>) -> Records<'a> {
        Records { wire, at: Position::default() }
    }

    pub fn position(&self) -> &Position {
        &self.at
    }
}

impl Read for Records<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.wire.read(buffer)?;
        self.at.advance(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

impl Write for Records<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.wire.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.wire.flush()
    }
}

/// A place in a stream of records.
#[derive(Default)]
pub struct Position {
    header: [u8; HEADER],
    /// So many bytes of the header are known.
    known: usize,
    /// So many bytes follow before the next header.
    left: usize,
    first: Option<[u8; HEADER]>,
}

/// What a server says first.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Greeting {
    Tls,
    PlainHttp,
    Unknown,
}

impl Position {
    fn advance(&mut self, mut bytes: &[u8]) {
        loop {
            let skipped = self.left.min(bytes.len());
            self.left -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            let Some((byte, rest)) = bytes.split_first() else { return };
            bytes = rest;
            if let Some(place) = self.header.get_mut(self.known) {
                *place = *byte;
            }
            self.known += 1;
            if self.known == HEADER {
                self.first.get_or_insert(self.header);
                let [_, _, _, high, low] = self.header;
                self.left = usize::from(u16::from_be_bytes([high, low]));
                self.known = 0;
            }
        }
    }

    /// Whether it is where one record has ended and no other has begun.
    pub fn is_boundary(&self) -> bool {
        self.known == 0 && self.left == 0
    }

    /// Judged as Go does, by the first header; `Tls` as long as that is not complete.
    pub fn greeting(&self) -> Greeting {
        const ALERT: u8 = 21;
        const HANDSHAKE: u8 = 22;
        match self.first {
            Some(header) if header == *b"HTTP/" => Greeting::PlainHttp,
            Some([ALERT | HANDSHAKE, ..0x10, ..]) | None => Greeting::Tls,
            Some(_) => Greeting::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(payload: &[u8]) -> Vec<u8> {
        let length = (payload.len() as u16).to_be_bytes();
        [&[22, 3, 3], length.as_slice(), payload].concat()
    }

    proptest! {
        /// However the bytes arrive, boundaries are seen where records end and nowhere else.
        #[test]
        fn boundaries(
            payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..40), 1..6),
            pieces in proptest::collection::vec(1_usize..30, 1..20),
        ) {
            let mut ends = vec![0];
            let mut stream = Vec::new();
            for payload in &payloads {
                stream.extend(record(payload));
                ends.push(stream.len());
            }
            let (mut position, mut at) = (Position::default(), 0);
            for piece in pieces.iter().cycle() {
                prop_assert_eq!(position.is_boundary(), ends.contains(&at));
                if at == stream.len() {
                    break;
                }
                let end = (at + piece).min(stream.len());
                position.advance(&stream[at..end]);
                at = end;
            }
        }
    }

    #[test]
    fn greetings() {
        let greeting = |bytes: &[u8]| {
            let mut position = Position::default();
            position.advance(bytes);
            position.greeting()
        };
        assert_eq!(greeting(&record(b"hello")), Greeting::Tls);
        assert_eq!(greeting(b"HTTP/1.1 400 Bad Request\r\n"), Greeting::PlainHttp);
        assert_eq!(greeting(b"HTTP"), Greeting::Tls);
        assert_eq!(greeting(b"SSH-2.0-OpenSSH"), Greeting::Unknown);
        assert_eq!(greeting(&[22, 0x20, 0, 0, 0]), Greeting::Unknown);
    }
}
