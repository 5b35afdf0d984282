//! Why an exchange came to nothing.

use std::{fmt, io};

use super::super::patience::{Cut, cut_of};
use super::super::reason;
use super::frame::LONGEST;
use super::hpack::HpackError;
use crate::sys::Errno;

#[derive(Debug)]
pub enum Error {
    /// Of the stream below; time over is among them.
    Io(io::Error),
    /// The peer has closed the connection before its response was complete.
    Closed,
    /// The peer speaks no HTTP/2.
    Foreign(Language),
    /// What the peer sent is against the rules.
    Fault(Fault),
    /// The peer has given up this request.
    Reset(Code),
    /// The peer gives up the connection, with a word why.
    GoAway(Code, String),
}

/// What a peer speaks instead, by its first bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Language {
    Http1,
    Tls,
    Unknown,
}

impl Language {
    pub(super) fn of(bytes: &[u8]) -> Language {
        match bytes {
            [b'H', b'T', b'T', b'P', b'/', ..] => Language::Http1,
            // An alert, or a handshake's beginning, of any version (RFC 8446, 5.1).
            [0x15 | 0x16, 0x03, ..] => Language::Tls,
            _ => Language::Unknown,
        }
    }
}

/// What is wrong with what a peer sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    LongFrame,
    FrameLength,
    Padding,
    /// A frame of this kind where none may be.
    Misplaced(u8),
    Setting,
    Window,
    Increment,
    LongHeaders,
    Hpack(HpackError),
    /// A response's headers or trailers that cannot be such.
    Headers,
    /// More of a body, or less, than its headers said.
    ContentLength,
}

impl Fault {
    /// What the peer is told of it.
    pub(super) fn code(self) -> Code {
        match self {
            Fault::LongFrame | Fault::FrameLength => Code::FRAME_SIZE_ERROR,
            Fault::Window => Code::FLOW_CONTROL_ERROR,
            Fault::LongHeaders | Fault::Hpack(HpackError::Long) => Code::ENHANCE_YOUR_CALM,
            Fault::Hpack(_) => Code::COMPRESSION_ERROR,
            Fault::Padding
            | Fault::Misplaced(_)
            | Fault::Setting
            | Fault::Increment
            | Fault::Headers
            | Fault::ContentLength => Code::PROTOCOL_ERROR,
        }
    }
}

/// An error code (RFC 9113, 7).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Code(pub u32);

impl Code {
    pub const NO_ERROR: Code = Code(0);
    pub const PROTOCOL_ERROR: Code = Code(1);
    pub const FLOW_CONTROL_ERROR: Code = Code(3);
    pub const FRAME_SIZE_ERROR: Code = Code(6);
    pub const REFUSED_STREAM: Code = Code(7);
    pub const CANCEL: Code = Code(8);
    pub const COMPRESSION_ERROR: Code = Code(9);
    pub const ENHANCE_YOUR_CALM: Code = Code(11);
    pub const INADEQUATE_SECURITY: Code = Code(12);
}

const NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(self.0 as usize) {
            Some(name) => f.write_str(name),
            None => write!(f, "unknown error code 0x{:x}", self.0),
        }
    }
}

impl Error {
    /// The end of patience, if that was the reason.
    pub fn cut(&self) -> Option<Cut> {
        match self {
            Error::Io(error) => cut_of(error),
            _ => None,
        }
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(error) => match error.raw_os_error() {
                Some(number) => f.write_str(&reason(Errno::from_raw(number))),
                None => error.fmt(f),
            },
            Error::Closed => write!(f, "EOF"),
            Error::Foreign(Language::Http1) => write!(f, "the answer is HTTP/1.1, not HTTP/2"),
            Error::Foreign(Language::Tls) => write!(f, "the answer is TLS, not plain HTTP/2"),
            Error::Foreign(Language::Unknown) => write!(f, "the answer is not HTTP/2"),
            Error::Fault(fault) => fault.fmt(f),
            Error::Reset(code) => write!(f, "the server has reset the stream: {code}"),
            Error::GoAway(code, said) => {
                write!(f, "the server closes the connection: {code}, {said:?}")
            }
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::LongFrame => write!(f, "a frame has more than {LONGEST} bytes"),
            Fault::FrameLength => write!(f, "a frame has a length that it cannot have"),
            Fault::Padding => write!(f, "a frame has more padding than bytes"),
            Fault::Misplaced(kind) => write!(f, "a frame of type {kind} may not be there"),
            Fault::Setting => write!(f, "a setting has a value that it cannot have"),
            Fault::Window => write!(f, "a flow-control window is larger than can be"),
            Fault::Increment => write!(f, "a WINDOW_UPDATE of nothing"),
            Fault::LongHeaders => write!(f, "the headers are too long"),
            Fault::Hpack(error) => error.fmt(f),
            Fault::Headers => write!(f, "the headers are malformed"),
            Fault::ContentLength => write!(f, "the body is not as long as its content-length"),
        }
    }
}
