//! What a server answers, whatever the version of HTTP.

use std::fmt;
use std::io;

use super::reason_phrase::reason_phrase;
use crate::probe::patience::{Cut, cut_of};
use crate::probe::reason;
use crate::sys::Errno;

/// The answer to one request.
#[derive(Debug)]
pub struct Response {
    pub head: Head,
    /// Its first [`crate::probe::OUTPUT_LIMIT`] bytes (kubelet P34); none of them if nobody asked for them.
    pub body: Result<Vec<u8>, Broken>,
}

/// What is known of a response before its body.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    pub status: u16,
    /// What the server calls it; may be empty.
    pub reason: String,
    /// The first Location, if it says anything.
    pub location: Option<String>,
    /// What its Content-Length says, if that says where the body ends.
    pub length: Option<u64>,
}

impl fmt::Display for Head {
    /// `404 Not Found`, in the server's words or the standard's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let reason = if self.reason.is_empty() { reason_phrase(self.status) } else { &self.reason };
        let blank = if reason.is_empty() { "" } else { " " };
        write!(f, "{}{blank}{reason}", self.status)
    }
}

/// Why a connection's bytes end before they should.
#[derive(Debug)]
pub enum Broken {
    Cut(Cut),
    /// Closed by the server.
    End,
    /// The call that failed.
    Io(&'static str, io::Error),
    /// They are no HTTP.
    Malformed(Malformed),
    /// They are HTTP/2, and not what was asked for.
    #[cfg(feature = "grpc")]
    Http2(crate::probe::http2::Error),
}

/// Why there is no response.
#[derive(Debug)]
pub enum NoResponse {
    /// Not a byte of it.
    Silent(Broken),
    Started(Broken),
}

/// What is wrong with what a server sent, in Go's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Malformed {
    Response(String),
    Status(String),
    Version(String),
    /// The parser's word for it.
    Header(httparse::Error),
    /// The head has no end.
    LongHead(usize),
    ContentLength(String),
    ContentLengths(Vec<String>),
    TransferEncoding(String),
    TransferEncodings(Vec<String>),
    ChunkLine(&'static str),
    Chunk,
    Trailer(&'static str),
}

impl Broken {
    pub fn io(call: &'static str, error: io::Error) -> Broken {
        match cut_of(&error) {
            Some(cut) => Broken::Cut(cut),
            None => Broken::Io(call, error),
        }
    }

    pub fn cut(&self) -> Option<Cut> {
        match self {
            Broken::Cut(cut) => Some(*cut),
            _ => None,
        }
    }
}

impl NoResponse {
    pub fn cut(&self) -> Option<Cut> {
        match self {
            NoResponse::Silent(broken) | NoResponse::Started(broken) => broken.cut(),
        }
    }
}

impl std::error::Error for Broken {}
impl std::error::Error for NoResponse {}
impl std::error::Error for Malformed {}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Broken::Cut(Cut::TimedOut) => write!(f, "context deadline exceeded"),
            Broken::Cut(cut) => cut.fmt(f),
            Broken::End => write!(f, "unexpected EOF"),
            Broken::Io(call, error) => match error.raw_os_error() {
                Some(number) => write!(f, "{call}: {}", reason(Errno::from_raw(number))),
                None => error.fmt(f),
            },
            Broken::Malformed(malformed) => malformed.fmt(f),
            #[cfg(feature = "grpc")]
            Broken::Http2(error) => write!(f, "http2: {error}"),
        }
    }
}

impl fmt::Display for NoResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoResponse::Silent(Broken::End) => write!(f, "EOF"),
            NoResponse::Silent(broken) | NoResponse::Started(broken @ Broken::Cut(_)) => {
                broken.fmt(f)
            }
            NoResponse::Started(Broken::Malformed(long @ Malformed::LongHead(_))) => long.fmt(f),
            NoResponse::Started(broken) => {
                write!(f, "net/http: HTTP/1.x transport connection broken: {broken}")
            }
        }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Response(line) => write!(f, "malformed HTTP response {line}"),
            Malformed::Status(text) => write!(f, "malformed HTTP status code {text}"),
            Malformed::Version(text) => write!(f, "malformed HTTP version {text}"),
            Malformed::Header(error) => write!(f, "malformed MIME header: {error}"),
            Malformed::LongHead(limit) => {
                write!(f, "net/http: server response headers exceeded {limit} bytes; aborted")
            }
            Malformed::ContentLength(text) if text == "\"\"" => {
                write!(f, "invalid empty Content-Length {text}")
            }
            Malformed::ContentLength(text) => write!(f, "bad Content-Length {text}"),
            Malformed::ContentLengths(all) => write!(
                f,
                "http: message cannot contain multiple Content-Length headers; got [{}]",
                all.join(" ")
            ),
            Malformed::TransferEncoding(text) => {
                write!(f, "unsupported transfer encoding: {text}")
            }
            Malformed::TransferEncodings(all) => {
                write!(f, "too many transfer encodings: [{}]", all.join(" "))
            }
            Malformed::ChunkLine(what) => f.write_str(what),
            Malformed::Chunk => write!(f, "malformed chunked encoding"),
            Malformed::Trailer(what) => f.write_str(what),
        }
    }
}

/// So much of a server's bytes is quoted.
const QUOTED: usize = 200;

/// Bytes from elsewhere between quotes, as Go's `%q` has them; what is long is cut off.
pub fn quote(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    let (shown, rest) = bytes.split_at(bytes.len().min(QUOTED));
    for chunk in shown.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '"' | '\\' => text.extend(['\\', c]),
                '\n' => text.push_str("\\n"),
                '\r' => text.push_str("\\r"),
                '\t' => text.push_str("\\t"),
                c if c.is_ascii_control() => text.push_str(&format!("\\x{:02x}", u32::from(c))),
                c => text.push(c),
            }
        }
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text.push_str(if rest.is_empty() { "\"" } else { "…\"" });
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_without_a_reason_gets_the_standard_one() {
        let head = |status, reason: &str| {
            Head { status, reason: reason.to_owned(), location: None, length: None }.to_string()
        };
        assert_eq!(head(503, ""), "503 Service Unavailable");
        assert_eq!(head(503, "Not yet"), "503 Not yet");
        assert_eq!(head(999, ""), "999");
    }

    #[test]
    fn bytes_are_quoted_and_cut() {
        assert_eq!(quote(b"\x15\x03\"\\\r\xffa"), r#""\x15\x03\"\\\r\xffa""#);
        assert_eq!(quote("ü".as_bytes()), "\"ü\"");
        assert_eq!(quote(&[b'a'; 300]), format!("\"{}…\"", "a".repeat(200)));
    }
}
