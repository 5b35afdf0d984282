//! HTTP/1.1 as a client, for one request on a connection: what Go's net/http writes, and reads
//! (kubelet P21 to P27, P34 to P36).

use std::io::{Read, Write};

use super::body::{self, Framing, Lengths};
use super::input::Input;
use super::request::Request;
use super::response::{Broken, Head, Malformed, NoResponse, Response, quote};
use crate::spec::action::Method;

/// So long may the head of a response be, and all interim responses before it. Go allows for 10 MiB.
const HEAD_LIMIT: usize = 256 * 1024;

/// And so many header lines may it have.
const LINES_LIMIT: usize = 4096;

/// Sends the request and reads the response; its body only if it `is_wanted`.
pub fn exchange(
    stream: &mut (impl Read + Write + ?Sized),
    request: &Request,
    is_wanted: impl FnOnce(&Head) -> bool,
) -> Result<Response, NoResponse> {
    let bytes = encode(request);
    let written = stream.write_all(&bytes).and_then(|()| stream.flush());
    let written = written.map_err(|error| Broken::io("write", error));
    if let Err(cut @ Broken::Cut(_)) = written {
        return Err(NoResponse::Silent(cut));
    }
    // A server may answer, and close, before it has read all.
    match (read_response(stream, request.method, is_wanted), written) {
        (Err(NoResponse::Silent(Broken::End | Broken::Io(..))), Err(broken)) => {
            Err(NoResponse::Silent(broken))
        }
        (response, _) => response,
    }
}

/// The bytes of a request.
pub fn encode(request: &Request) -> Vec<u8> {
    let (method, target, host) = (request.method.name(), request.url.target(), request.host());
    let mut text = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    for (name, value) in request.headers.lines() {
        text.extend([name, ": ", value, "\r\n"]);
    }
    if !request.headers.keep_alive() && !closes(request) {
        text.push_str("Connection: close\r\n");
    }
    text.push_str("\r\n");
    text.into_bytes()
}

/// Whether the headers themselves say that the connection is for one request, or to become another's.
fn closes(request: &Request) -> bool {
    let connection = |wanted: &str| {
        let mut lines = request.headers.lines().filter(|(name, _)| *name == "Connection");
        lines.any(|(_, value)| value.split(',').any(|v| v.trim().eq_ignore_ascii_case(wanted)))
    };
    let upgrades = request.headers.first("Upgrade").is_some_and(|value| !value.is_empty());
    connection("close") || (upgrades && connection("upgrade"))
}

/// Reads the response to a request of this method; its body only if it `is_wanted`. No bytes whatsoever make it
/// panic or ask for more than some hundred KiB of memory.
pub fn read_response(
    input: impl Read,
    method: Method,
    is_wanted: impl FnOnce(&Head) -> bool,
) -> Result<Response, NoResponse> {
    let mut input = Input::new(input);
    let (head, framing) = read_head(&mut input, method)?;
    let body = if is_wanted(&head) { body::read(&mut input, framing) } else { Ok(Vec::new()) };
    Ok(Response { head, body })
}

/// The first head that is final: interim ones are passed over, but for 101 after which no HTTP follows.
fn read_head(input: &mut Input<impl Read>, method: Method) -> Result<(Head, Framing), NoResponse> {
    let malformed = |malformed| NoResponse::Started(Broken::Malformed(malformed));
    let mut left = HEAD_LIMIT;
    let mut is_first = true;
    loop {
        let mut line = Vec::new();
        let is_whole = input.line(&mut line, left);
        let broken = match is_whole {
            Ok(true) if !line.is_empty() => None,
            Ok(true) => Some(Broken::End),
            Ok(false) => Some(Broken::Malformed(Malformed::LongHead(HEAD_LIMIT))),
            Err(broken) => Some(broken),
        };
        match broken {
            None => {}
            Some(broken @ Broken::Malformed(_)) => return Err(NoResponse::Started(broken)),
            Some(broken) if is_first && line.is_empty() => return Err(NoResponse::Silent(broken)),
            Some(broken) => return Err(NoResponse::Started(broken)),
        }
        is_first = false;
        left = left.saturating_sub(line.len());
        let status = StatusLine::parse(&line).map_err(malformed)?;
        let lines = read_header_lines(input, &mut left).map_err(NoResponse::Started)?;
        if status.is_interim() {
            continue;
        }
        let is_bodiless = method == Method::Head || matches!(status.status, 101 | 204 | 304);
        let mut lengths =
            Lengths { is_bodiless, is_http_1_0: status.version < (1, 1), ..Lengths::default() };
        let location = parse_headers(&lines, &mut lengths).map_err(malformed)?;
        let framing = lengths.framing().map_err(malformed)?;
        let StatusLine { status, reason, .. } = status;
        let length = match framing {
            Framing::Length(length) => Some(length),
            Framing::Chunked | Framing::UntilClose => None,
        };
        return Ok((Head { status, reason, location, length }, framing));
    }
}

struct StatusLine {
    version: (u8, u8),
    status: u16,
    reason: String,
}

/// So much of a reason phrase is kept, in characters.
const REASON: usize = 100;

impl StatusLine {
    /// `HTTP/1.1 200 OK`. By hand, as what is wrong with a server is often to be seen from its first line.
    fn parse(line: &[u8]) -> Result<StatusLine, Malformed> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let (version, rest) = split_blank(line).ok_or_else(|| Malformed::Response(quote(line)))?;
        let rest = trim_blanks(rest);
        let (digits, reason) = split_blank(rest).unwrap_or((rest, b""));
        let status = match digits {
            [b'0'..=b'9', b'0'..=b'9', b'0'..=b'9'] => {
                digits.iter().fold(0, |status, digit| status * 10 + u16::from(digit - b'0'))
            }
            _ => return Err(Malformed::Status(quote(digits))),
        };
        let version = match version {
            [b'H', b'T', b'T', b'P', b'/', major @ b'0'..=b'9', b'.', minor @ b'0'..=b'9'] => {
                (major - b'0', minor - b'0')
            }
            _ => return Err(Malformed::Version(quote(version))),
        };
        let reason = String::from_utf8_lossy(reason).trim().chars().take(REASON).collect();
        Ok(StatusLine { version, status, reason })
    }

    fn is_interim(&self) -> bool {
        (100..200).contains(&self.status) && self.status != 101
    }
}

fn split_blank(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|byte| *byte == b' ')?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

fn trim_blanks(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] = text {
        text = rest;
    }
    text
}

/// Stands before the header lines of a server, whose own status line has been read: the parser knows but two
/// versions, and does not say what is wrong with it.
const STATUS_LINE: &[u8] = b"HTTP/1.1 200 OK\r\n";

/// All header lines, behind [`STATUS_LINE`].
fn read_header_lines(input: &mut Input<impl Read>, left: &mut usize) -> Result<Vec<u8>, Broken> {
    let mut lines = STATUS_LINE.to_vec();
    loop {
        let before = lines.len();
        if !input.line(&mut lines, *left)? {
            return Err(Broken::Malformed(Malformed::LongHead(HEAD_LIMIT)));
        }
        let line = lines.get(before..).unwrap_or_default();
        *left = left.saturating_sub(line.len());
        match line {
            b"\n" | b"\r\n" => return Ok(lines),
            [.., b'\n'] => {}
            _ => return Err(Broken::End),
        }
    }
}

/// Notes what is told of the body's length, and returns the Location.
fn parse_headers(lines: &[u8], lengths: &mut Lengths) -> Result<Option<String>, Malformed> {
    let mut config = httparse::ParserConfig::default();
    config
        .allow_obsolete_multiline_headers_in_responses(true)
        .allow_spaces_after_header_name_in_responses(true);
    let mut room = 64;
    loop {
        let mut headers = vec![httparse::EMPTY_HEADER; room];
        let mut response = httparse::Response::new(&mut headers);
        match config.parse_response(&mut response, lines) {
            Ok(httparse::Status::Complete(_)) => {
                return Ok(take_headers(response.headers, lengths));
            }
            Ok(httparse::Status::Partial) => {
                return Err(Malformed::Header(httparse::Error::HeaderName));
            }
            Err(httparse::Error::TooManyHeaders) if room < LINES_LIMIT => room *= 2,
            Err(error) => return Err(Malformed::Header(error)),
        }
    }
}

fn take_headers(headers: &[httparse::Header<'_>], lengths: &mut Lengths) -> Option<String> {
    let mut location = None;
    for header in headers {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("Content-Length") {
            lengths.content_lengths.push(unfold(header.value));
        } else if is("Transfer-Encoding") {
            lengths.transfer_encodings.push(unfold(header.value));
        } else if is("Location") {
            location.get_or_insert_with(|| unfold(header.value));
        }
    }
    location.filter(|location| !location.is_empty())
}

/// A value in one line. What is no UTF-8 is encoded as URLs have it, the only values where it matters.
pub(super) fn unfold(value: &[u8]) -> String {
    let mut text = String::new();
    for line in value.split(|byte| *byte == b'\n') {
        if !text.is_empty() {
            text.push(' ');
        }
        for chunk in line.trim_ascii().utf8_chunks() {
            text.push_str(chunk.valid());
            text.extend(chunk.invalid().iter().map(|byte| format!("%{byte:02X}")));
        }
    }
    text
}

#[cfg(test)]
mod tests;
