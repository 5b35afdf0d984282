//! Frames (RFC 9113, 4.1 and 6).

use std::io::{self, Read};

/// The longest frame that may be sent to us: what we never said otherwise.
pub const LONGEST: usize = 16_384;
const HEADER: usize = 9;

pub mod kind {
    pub const DATA: u8 = 0;
    pub const HEADERS: u8 = 1;
    pub const RST_STREAM: u8 = 3;
    pub const SETTINGS: u8 = 4;
    pub const PUSH_PROMISE: u8 = 5;
    pub const PING: u8 = 6;
    pub const GOAWAY: u8 = 7;
    pub const WINDOW_UPDATE: u8 = 8;
    pub const CONTINUATION: u8 = 9;
}

pub mod flag {
    pub const ACK: u8 = 1;
    pub const END_STREAM: u8 = 1;
    pub const END_HEADERS: u8 = 4;
    pub const PADDED: u8 = 8;
    pub const PRIORITY: u8 = 0x20;
}

/// A frame as it came.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Frame {
    pub fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// Its payload without padding (and for HEADERS without a priority); `None` if there is more of that than payload.
    pub fn content(&self) -> Option<&[u8]> {
        let mut content = self.payload.as_slice();
        let mut padding = 0;
        if self.has(flag::PADDED) {
            let (length, rest) = content.split_first()?;
            (padding, content) = (usize::from(*length), rest);
        }
        if self.kind == kind::HEADERS && self.has(flag::PRIORITY) {
            content = content.get(5..)?;
        }
        content.get(..content.len().checked_sub(padding)?)
    }
}

/// Appends a frame to what is to be sent. No caller has more payload than fits.
pub fn put(kind: u8, flags: u8, stream: u32, payload: &[u8], to: &mut Vec<u8>) {
    let [_, length @ ..] = (payload.len() as u32).to_be_bytes();
    to.extend(length);
    to.extend([kind, flags]);
    to.extend(stream.to_be_bytes());
    to.extend_from_slice(payload);
}

/// Why there is no next frame.
#[derive(Debug)]
pub enum FrameError {
    Io(io::Error),
    /// The stream ends. What came last is no whole frame: nothing, or a few bytes of one.
    End(Vec<u8>),
    /// It is longer than allowed. Its first bytes.
    Long(Vec<u8>),
}

/// Cuts a stream of bytes into frames.
#[derive(Default)]
pub struct Incoming {
    bytes: Vec<u8>,
    /// So many of `bytes` are done with.
    done: usize,
}

impl Incoming {
    /// The next frame; never holds more than one and what a read had beyond it.
    pub fn next(&mut self, stream: &mut impl Read) -> Result<Frame, FrameError> {
        self.bytes.drain(..self.done.min(self.bytes.len()));
        self.done = 0;
        self.fill(HEADER, stream)?;
        let Some(([a, b, c, kind, flags, number @ ..], rest)) =
            self.bytes.split_first_chunk::<HEADER>()
        else {
            return Err(FrameError::End(Vec::new()));
        };
        let (kind, flags) = (*kind, *flags);
        let stream_number = u32::from_be_bytes(*number) & 0x7fff_ffff;
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        if length > LONGEST {
            return Err(FrameError::Long(self.bytes.iter().copied().take(64).collect()));
        }
        let payload = match rest.get(..length) {
            Some(payload) => payload.to_vec(),
            None => {
                self.fill(HEADER + length, stream)?;
                self.bytes.get(HEADER..HEADER + length).unwrap_or_default().to_vec()
            }
        };
        self.done = HEADER + length;
        Ok(Frame { kind, flags, stream: stream_number, payload })
    }

    fn fill(&mut self, count: usize, stream: &mut impl Read) -> Result<(), FrameError> {
        let mut buffer = [0; 4096];
        while self.bytes.len() < count {
            match stream.read(&mut buffer) {
                Ok(0) => return Err(FrameError::End(std::mem::take(&mut self.bytes))),
                Ok(read) => self.bytes.extend_from_slice(buffer.get(..read).unwrap_or_default()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(FrameError::Io(error)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Gives its bytes in pieces of these lengths, again and again.
    pub struct Pieces<'a>(pub &'a [u8], pub Vec<usize>, pub usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let piece = self.1[self.2 % self.1.len()].min(buffer.len()).min(self.0.len());
            self.2 += 1;
            let (now, later) = self.0.split_at(piece);
            buffer[..piece].copy_from_slice(now);
            self.0 = later;
            Ok(piece)
        }
    }

    fn frames() -> impl Strategy<Value = Vec<Frame>> {
        let payload = proptest::collection::vec(any::<u8>(), 0..300);
        let frame = (any::<u8>(), any::<u8>(), 0_u32..0x8000_0000, payload);
        let frame =
            frame.prop_map(|(kind, flags, stream, payload)| Frame { kind, flags, stream, payload });
        proptest::collection::vec(frame, 0..20)
    }

    proptest! {
        #[test]
        fn frames_arrive_however_they_are_cut(
            frames in frames(),
            pieces in proptest::collection::vec(1_usize..50, 1..10),
        ) {
            let mut bytes = Vec::new();
            for frame in &frames {
                put(frame.kind, frame.flags, frame.stream, &frame.payload, &mut bytes);
            }
            let (mut incoming, mut stream) = (Incoming::default(), Pieces(&bytes, pieces, 0));
            for frame in frames {
                prop_assert_eq!(incoming.next(&mut stream).unwrap(), frame);
            }
            prop_assert!(matches!(incoming.next(&mut stream), Err(FrameError::End(rest)) if rest.is_empty()));
        }

        #[test]
        fn padding_is_taken_off_or_refused(flags: u8, payload in proptest::collection::vec(any::<u8>(), 0..20)) {
            let frame = Frame { kind: kind::HEADERS, flags, stream: 1, payload };
            let around = usize::from(frame.has(flag::PADDED)) + 5 * usize::from(frame.has(flag::PRIORITY));
            let padding = if frame.has(flag::PADDED) { frame.payload.first().map_or(0, |n| usize::from(*n)) } else { 0 };
            match frame.content() {
                Some(content) => prop_assert_eq!(content.len() + around + padding, frame.payload.len()),
                None => prop_assert!(around + padding > frame.payload.len()),
            }
        }
    }

    #[test]
    fn a_frame_that_is_too_long_is_refused_before_it_is_read() {
        let bytes = [0, 0x40, 1, 0, 0, 0, 0, 0, 0];
        let mut incoming = Incoming::default();
        assert!(matches!(incoming.next(&mut &bytes[..]), Err(FrameError::Long(_))));
    }
}
