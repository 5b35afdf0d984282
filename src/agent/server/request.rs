//! The head of a request of HTTP/1, as far as it matters here (RFC 9112).

use std::borrow::Cow;
use std::fmt;

use httparse::{EMPTY_HEADER, Header, Status};

/// A head may have so many bytes, and so many headers.
pub const HEAD_LIMIT: usize = 8 << 10;
const MOST_HEADERS: usize = 64;

/// A body may have so many bytes. Nothing reads them.
pub const BODY_LIMIT: usize = 8 << 10;

/// What is asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    /// With what was escaped in it.
    pub path: Cow<'a, str>,
    query: &'a str,
    /// So many bytes follow that are no request.
    pub body: usize,
    /// The peer may send another.
    pub goes_on: bool,
}

/// Why a request is not answered as it wishes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    Malformed(httparse::Error),
    /// HTTP/1.1 wants one, and no more.
    Host,
    Target,
    Length,
    LongBody,
    LongTarget,
    LongHead,
    Coded,
    Version,
}

impl Refused {
    pub fn status(self) -> u16 {
        match self {
            Refused::Malformed(_) | Refused::Host | Refused::Target | Refused::Length => 400,
            Refused::LongBody => 413,
            Refused::LongTarget => 414,
            Refused::LongHead => 431,
            Refused::Coded => 501,
            Refused::Version => 505,
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Malformed(error) => write!(f, "malformed request: {error}"),
            Refused::Host => f.write_str("malformed request: one Host header is required"),
            Refused::Target => f.write_str("malformed request: the target is not a path"),
            Refused::Length => f.write_str("malformed request: invalid Content-Length"),
            Refused::LongBody => write!(f, "the body is longer than {BODY_LIMIT} bytes"),
            Refused::LongTarget => write!(f, "the target is longer than {HEAD_LIMIT} bytes"),
            Refused::LongHead => {
                write!(f, "the head is longer than {HEAD_LIMIT} bytes or {MOST_HEADERS} headers")
            }
            Refused::Coded => f.write_str("transfer codings are not supported"),
            Refused::Version => f.write_str("only HTTP/1.0 and HTTP/1.1 are supported"),
        }
    }
}

/// Whether a head ends in this, the first of which so many bytes were looked at before.
pub fn has_end(input: &[u8], before: usize) -> bool {
    let from = before.saturating_sub(3);
    let new = input.get(from..).unwrap_or_default();
    new.windows(2).any(|two| two == b"\n\n") || new.windows(3).any(|three| three == b"\n\r\n")
}

/// What can be said of a head that has no end yet.
///
/// # Errors
/// It has none that would do.
pub fn look_at_start(input: &[u8]) -> Result<(), Refused> {
    match input.iter().find(|byte| !matches!(byte, b'\r' | b'\n')) {
        Some(first) if !is_token(*first) => Err(Refused::Malformed(httparse::Error::Token)),
        _ if input.len() <= HEAD_LIMIT => Ok(()),
        _ if input.trim_ascii_start().contains(&b'\n') => Err(Refused::LongHead),
        _ => Err(Refused::LongTarget),
    }
}

/// What a method is made of.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The request at the beginning, and how long its head is; `None` if that has no end yet.
///
/// # Errors
/// It is none, or none that is answered.
pub fn read(input: &[u8]) -> Result<Option<(Request<'_>, usize)>, Refused> {
    let mut headers = [EMPTY_HEADER; MOST_HEADERS];
    let mut parsed = httparse::Request::new(&mut headers);
    let length = match parsed.parse(input) {
        Ok(Status::Complete(length)) if length <= HEAD_LIMIT => length,
        Ok(Status::Complete(_)) => return Err(Refused::LongHead),
        Ok(Status::Partial) => return look_at_start(input).map(|()| None),
        Err(httparse::Error::Version) => return Err(Refused::Version),
        Err(httparse::Error::TooManyHeaders) => return Err(Refused::LongHead),
        Err(error) => return Err(Refused::Malformed(error)),
    };
    let (method, target) = (parsed.method.unwrap_or_default(), parsed.path.unwrap_or_default());
    let is_newer = parsed.version == Some(1);
    let headers = Headers(parsed.headers);
    if is_newer && headers.named("host").count() != 1 {
        return Err(Refused::Host);
    }
    if headers.named("transfer-encoding").next().is_some() {
        return Err(Refused::Coded);
    }
    let body = headers.length()?;
    let (path, query) = split(target)?;
    // Who waits for leave to send a body may not send it, now that there is an answer.
    let is_certain = body == 0 || headers.named("expect").next().is_none();
    let goes_on = is_newer && is_certain && !headers.close();
    Ok(Some((Request { method, path, query, body, goes_on }, length)))
}

struct Headers<'h, 'b>(&'h [Header<'b>]);

impl<'b> Headers<'_, 'b> {
    fn named(&self, name: &str) -> impl Iterator<Item = &'b [u8]> {
        self.0.iter().filter(move |one| one.name.eq_ignore_ascii_case(name)).map(|one| one.value)
    }

    fn length(&self) -> Result<usize, Refused> {
        let mut lengths = self.named("content-length");
        let Some(length) = lengths.next() else { return Ok(0) };
        let is_number = !length.is_empty() && length.iter().all(u8::is_ascii_digit);
        if !is_number || lengths.any(|other| other != length) {
            return Err(Refused::Length);
        }
        // What does not fit a number is too long, too.
        let length = std::str::from_utf8(length).ok().and_then(|digits| digits.parse().ok());
        length.filter(|length| *length <= BODY_LIMIT).ok_or(Refused::LongBody)
    }

    fn close(&self) -> bool {
        let mut options = self.named("connection").flat_map(|value| value.split(|c| *c == b','));
        options.any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"))
    }
}

/// Path and query of a target, which a proxy's has a scheme and a host before.
fn split(target: &str) -> Result<(Cow<'_, str>, &str), Refused> {
    let path = if target.starts_with('/') {
        target
    } else {
        let (scheme, rest) = target.split_once("://").ok_or(Refused::Target)?;
        if !scheme.eq_ignore_ascii_case("http") {
            return Err(Refused::Target);
        }
        rest.find(['/', '?']).and_then(|at| rest.get(at..)).unwrap_or("/")
    };
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let path = if path.is_empty() { "/" } else { path };
    Ok((unescape(path, false).ok_or(Refused::Target)?, query))
}

/// What `%` stands for, and in a query `+`; `None` if that is nothing, or no text.
fn unescape(text: &str, in_query: bool) -> Option<Cow<'_, str>> {
    let special: &[char] = if in_query { &['%', '+'] } else { &['%'] };
    if !text.contains(special) {
        return Some(Cow::Borrowed(text));
    }
    let mut bytes = text.bytes();
    let mut found = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        found.push(match byte {
            b'%' => hex(bytes.next()?)? << 4 | hex(bytes.next()?)?,
            b'+' if in_query => b' ',
            byte => byte,
        });
    }
    String::from_utf8(found).ok().map(Cow::Owned)
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

impl Request<'_> {
    /// The query's pairs; those that are none are left out, as Go does.
    pub fn query(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((unescape(name, true)?, unescape(value, true)?))
        })
    }
}

#[cfg(test)]
mod tests;
