//! The exchange itself, as a client has it: its only stream is number 1.

use std::io::{Read, Write};

use super::error::{Code, Error, Fault, Language};
use super::fields::Fields;
use super::frame::{self, Frame, FrameError, Incoming, flag, kind};
use super::hpack::Decoder;
use super::window::Windows;
use super::{LIST_LIMIT, Request};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const STREAM: u32 = 1;

/// Settings by their numbers (RFC 9113, 6.5.2).
mod setting {
    pub const ENABLE_PUSH: u16 = 2;
    pub const INITIAL_WINDOW_SIZE: u16 = 4;
    pub const MAX_FRAME_SIZE: u16 = 5;
    pub const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// When so much has come, padding included, it is told that there is room for as much again.
const REFILL: u32 = 32 * 1024;

/// What a peer says for people may have so many bytes.
const SAID_LIMIT: usize = 256;

/// The beginning of a response.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    pub status: u16,
    pub headers: Fields,
    /// There is no body, and there are no trailers.
    pub is_all: bool,
}

/// The rest of it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Body {
    pub bytes: Vec<u8>,
    /// As much was read as was asked for; whether there is more is not known.
    pub is_cut: bool,
    pub trailers: Fields,
}

/// A request under way.
pub struct Exchange<'a, S> {
    stream: S,
    incoming: Incoming,
    decoder: Decoder,
    /// What of the request's body has still to go out.
    unsent: &'a [u8],
    windows: Windows,
    /// The peer's settings have come.
    greeted: bool,
    farewell: Option<(Code, String)>,
    /// Bytes that came and were not yet told of to be gone.
    taken: u32,
    is_head_request: bool,
    /// What is missing of the body, if it was said how long it is.
    missing: Option<u64>,
    ended: bool,
}

enum Event {
    Headers(Fields, bool),
    Data(Frame),
    Other,
}

impl<'a, S: Read + Write> Exchange<'a, S> {
    /// Sends the request without waiting for the peer's settings, as far as it may be sent so.
    ///
    /// # Errors
    /// The stream's.
    pub fn begin(stream: S, request: &Request<'a>) -> Result<Exchange<'a, S>, Error> {
        let mut exchange = Exchange {
            stream,
            incoming: Incoming::default(),
            decoder: Decoder::default(),
            unsent: request.body,
            windows: Windows::default(),
            greeted: false,
            farewell: None,
            taken: 0,
            is_head_request: request.method == "HEAD",
            missing: None,
            ended: false,
        };
        let mut first = PREFACE.to_vec();
        let mut settings = Vec::new();
        for (name, value) in
            [(setting::ENABLE_PUSH, 0), (setting::MAX_HEADER_LIST_SIZE, LIST_LIMIT as u32)]
        {
            settings.extend(name.to_be_bytes());
            settings.extend(u32::to_be_bytes(value));
        }
        frame::put(kind::SETTINGS, 0, 0, &settings, &mut first);
        let block = request.block();
        let mut pieces = block.chunks(frame::LONGEST).peekable();
        let mut this = kind::HEADERS;
        let mut flags = if request.body.is_empty() { flag::END_STREAM } else { 0 };
        while let Some(piece) = pieces.next() {
            if pieces.peek().is_none() {
                flags |= flag::END_HEADERS;
            }
            frame::put(this, flags, STREAM, piece, &mut first);
            (this, flags) = (kind::CONTINUATION, 0);
        }
        exchange.put_body(&mut first);
        exchange.send(&first)?;
        Ok(exchange)
    }

    /// Whether the peer has shown that it speaks HTTP/2.
    pub fn is_greeted(&self) -> bool {
        self.greeted
    }

    /// The final status and its headers.
    ///
    /// # Errors
    /// Why there is none.
    pub fn head(&mut self) -> Result<Head, Error> {
        self.read_head().inspect_err(|error| self.tell(error))
    }

    /// The body, up to `limit` bytes, and what comes behind it.
    ///
    /// # Errors
    /// It broke off.
    pub fn body(&mut self, limit: usize) -> Result<Body, Error> {
        self.read_body(limit).inspect_err(|error| self.tell(error))
    }

    /// Takes leave. The peer may be gone already.
    pub fn close(mut self) {
        let mut last = Vec::new();
        if !self.ended || !self.unsent.is_empty() {
            frame::put(kind::RST_STREAM, 0, STREAM, &Code::CANCEL.0.to_be_bytes(), &mut last);
        }
        put_farewell(Code::NO_ERROR, &mut last);
        let _ = self.send(&last);
    }

    /// Tells a peer that has made a mistake, if it still listens.
    fn tell(&mut self, error: &Error) {
        if let Error::Fault(fault) = error {
            let mut last = Vec::new();
            put_farewell(fault.code(), &mut last);
            let _ = self.send(&last);
        }
    }

    fn read_head(&mut self) -> Result<Head, Error> {
        loop {
            let (headers, is_all) = match self.next()? {
                Event::Headers(headers, is_all) => (headers, is_all),
                Event::Data(frame) => return Err(Error::Fault(Fault::Misplaced(frame.kind))),
                Event::Other => continue,
            };
            let status = headers.status().ok_or(Error::Fault(Fault::Headers))?;
            // There is no switching of protocols in HTTP/2 (RFC 9113, 8.6).
            if status < 200 && (is_all || status == 101) {
                return Err(Error::Fault(Fault::Headers));
            }
            if status >= 200 {
                self.ended = is_all;
                if !self.is_head_request && !matches!(status, 204 | 304) {
                    self.missing = content_length(&headers)?;
                }
                return Ok(Head { status, headers, is_all });
            }
        }
    }

    fn read_body(&mut self, limit: usize) -> Result<Body, Error> {
        let mut body = Body::default();
        self.count_body(0)?;
        while !self.ended {
            if body.bytes.len() >= limit {
                body.is_cut = true;
                return Ok(body);
            }
            match self.next()? {
                Event::Data(frame) => {
                    let data = frame.content().ok_or(Error::Fault(Fault::Padding))?;
                    let room = limit.saturating_sub(body.bytes.len());
                    self.ended = frame.has(flag::END_STREAM);
                    self.count_body(data.len())?;
                    body.is_cut = data.len() > room;
                    body.bytes.extend_from_slice(data.get(..room).unwrap_or(data));
                    self.make_room(frame.payload.len())?;
                }
                Event::Headers(trailers, true) if trailers.are_plain() => {
                    self.ended = true;
                    self.count_body(0)?;
                    body.trailers = trailers;
                }
                Event::Headers(..) => return Err(Error::Fault(Fault::Headers)),
                Event::Other => {}
            }
        }
        Ok(body)
    }

    /// Compares a body with what its headers said of its length.
    fn count_body(&mut self, came: usize) -> Result<(), Error> {
        let Some(missing) = self.missing else { return Ok(()) };
        match missing.checked_sub(came as u64) {
            Some(left) if left == 0 || !self.ended => self.missing = Some(left),
            _ => return Err(Error::Fault(Fault::ContentLength)),
        }
        Ok(())
    }

    /// Gives back the room that a frame has taken up.
    fn make_room(&mut self, came: usize) -> Result<(), Error> {
        self.taken = self.taken.saturating_add(came as u32);
        if self.taken < REFILL || self.ended {
            return Ok(());
        }
        let mut updates = Vec::new();
        for stream in [0, STREAM] {
            frame::put(kind::WINDOW_UPDATE, 0, stream, &self.taken.to_be_bytes(), &mut updates);
        }
        self.taken = 0;
        self.send(&updates)
    }

    fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.stream.write_all(bytes).and_then(|()| self.stream.flush()).map_err(Error::Io)
    }

    /// Appends as much of the request's body as the peer has room for.
    fn put_body(&mut self, to: &mut Vec<u8>) {
        while !self.unsent.is_empty() && self.windows.room() > 0 {
            // No peer may want them any shorter.
            let length = self.unsent.len().min(self.windows.room()).min(frame::LONGEST);
            let (piece, rest) = self.unsent.split_at_checked(length).unwrap_or((self.unsent, &[]));
            let flags = if rest.is_empty() { flag::END_STREAM } else { 0 };
            frame::put(kind::DATA, flags, STREAM, piece, to);
            self.unsent = rest;
            self.windows.take(length);
        }
    }

    fn frame(&mut self) -> Result<Frame, Error> {
        match self.incoming.next(&mut self.stream) {
            Ok(frame) if !self.greeted && frame.kind != kind::SETTINGS => {
                Err(Error::Foreign(Language::Unknown))
            }
            Ok(frame) => Ok(frame),
            Err(FrameError::Io(error)) => Err(Error::Io(error)),
            Err(FrameError::Long(bytes)) if !self.greeted => {
                Err(Error::Foreign(Language::of(&bytes)))
            }
            Err(FrameError::Long(_)) => Err(Error::Fault(Fault::LongFrame)),
            Err(FrameError::End(bytes)) if !self.greeted && !bytes.is_empty() => {
                Err(Error::Foreign(Language::of(&bytes)))
            }
            Err(FrameError::End(_)) => Err(match self.farewell.take() {
                Some((code, said)) => Error::GoAway(code, said),
                None => Error::Closed,
            }),
        }
    }

    /// Takes the next frame and does what it asks for.
    fn next(&mut self) -> Result<Event, Error> {
        let frame = self.frame()?;
        let misplaced = Err(Error::Fault(Fault::Misplaced(frame.kind)));
        let on_connection = frame.stream == 0;
        let on_ours = frame.stream == STREAM;
        match frame.kind {
            kind::DATA if on_ours => return Ok(Event::Data(frame)),
            kind::HEADERS if on_ours => return self.headers(&frame),
            kind::SETTINGS if on_connection => self.settings(&frame)?,
            kind::PING if on_connection => self.ping(&frame)?,
            kind::GOAWAY if on_connection => self.farewell(&frame)?,
            kind::RST_STREAM if on_ours => {
                return Err(Error::Reset(Code(number(&frame.payload)?)));
            }
            kind::WINDOW_UPDATE if on_connection || on_ours => {
                let increment = number(&frame.payload)? & 0x7fff_ffff;
                self.windows.grow(increment, on_ours).map_err(Error::Fault)?;
                self.send_body()?;
            }
            kind::DATA
            | kind::HEADERS
            | kind::SETTINGS
            | kind::PING
            | kind::GOAWAY
            | kind::RST_STREAM
            | kind::WINDOW_UPDATE
            | kind::PUSH_PROMISE
            | kind::CONTINUATION => return misplaced,
            // PRIORITY means nothing any more, and unknown ones are ignored (RFC 9113, 5.3.2 and 4.1).
            _ => {}
        }
        Ok(Event::Other)
    }

    fn send_body(&mut self) -> Result<(), Error> {
        let mut body = Vec::new();
        self.put_body(&mut body);
        if body.is_empty() { Ok(()) } else { self.send(&body) }
    }

    /// A header block with its continuations.
    fn headers(&mut self, first: &Frame) -> Result<Event, Error> {
        let mut block = first.content().ok_or(Error::Fault(Fault::Padding))?.to_vec();
        let mut is_whole = first.has(flag::END_HEADERS);
        while !is_whole {
            let more = self.frame()?;
            if more.kind != kind::CONTINUATION || more.stream != first.stream {
                return Err(Error::Fault(Fault::Misplaced(more.kind)));
            }
            if block.len() + more.payload.len() > LIST_LIMIT {
                return Err(Error::Fault(Fault::LongHeaders));
            }
            block.extend_from_slice(&more.payload);
            is_whole = more.has(flag::END_HEADERS);
        }
        let fields = self.decoder.decode(&block, LIST_LIMIT);
        let fields = fields.map_err(|error| Error::Fault(Fault::Hpack(error)))?;
        Ok(Event::Headers(fields, first.has(flag::END_STREAM)))
    }

    fn settings(&mut self, frame: &Frame) -> Result<(), Error> {
        if frame.has(flag::ACK) {
            let is_in_order = self.greeted && frame.payload.is_empty();
            return if is_in_order { Ok(()) } else { Err(Error::Fault(Fault::FrameLength)) };
        }
        let (settings, rest) = frame.payload.as_chunks::<6>();
        if !rest.is_empty() {
            return Err(Error::Fault(Fault::FrameLength));
        }
        for [a, b, value @ ..] in settings {
            let value = u32::from_be_bytes(*value);
            match u16::from_be_bytes([*a, *b]) {
                setting::INITIAL_WINDOW_SIZE => self.windows.resize(value).map_err(Error::Fault)?,
                setting::MAX_FRAME_SIZE
                    if !(frame::LONGEST..1 << 24).contains(&(value as usize)) =>
                {
                    return Err(Error::Fault(Fault::Setting));
                }
                _ => {}
            }
        }
        self.greeted = true;
        let mut answer = Vec::new();
        frame::put(kind::SETTINGS, flag::ACK, 0, &[], &mut answer);
        self.put_body(&mut answer);
        self.send(&answer)
    }

    fn ping(&mut self, frame: &Frame) -> Result<(), Error> {
        if frame.payload.len() != 8 {
            return Err(Error::Fault(Fault::FrameLength));
        }
        if frame.has(flag::ACK) {
            return Ok(());
        }
        let mut answer = Vec::new();
        frame::put(kind::PING, flag::ACK, 0, &frame.payload, &mut answer);
        self.send(&answer)
    }

    /// The peer takes no new streams, and tells which it will still serve.
    fn farewell(&mut self, frame: &Frame) -> Result<(), Error> {
        let (last, rest) =
            frame.payload.split_at_checked(4).ok_or(Error::Fault(Fault::FrameLength))?;
        let (code, said) = rest.split_at_checked(4).ok_or(Error::Fault(Fault::FrameLength))?;
        let said = said.get(..SAID_LIMIT).unwrap_or(said);
        let (code, said) = (Code(number(code)?), String::from_utf8_lossy(said).into_owned());
        if number(last)? & 0x7fff_ffff < STREAM {
            return Err(Error::GoAway(code, said));
        }
        self.farewell = Some((code, said));
        Ok(())
    }
}

fn put_farewell(code: Code, to: &mut Vec<u8>) {
    let [a, b, c, d] = code.0.to_be_bytes();
    frame::put(kind::GOAWAY, 0, 0, &[0, 0, 0, 0, a, b, c, d], to);
}

fn number(bytes: &[u8]) -> Result<u32, Error> {
    bytes.try_into().map(u32::from_be_bytes).map_err(|_| Error::Fault(Fault::FrameLength))
}

fn content_length(headers: &Fields) -> Result<Option<u64>, Error> {
    let Some(value) = headers.get("content-length") else { return Ok(None) };
    let digits =
        std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
    let length = digits.and_then(|digits| digits.parse().ok());
    length.map(Some).ok_or(Error::Fault(Fault::Headers))
}

#[cfg(test)]
mod tests;
