//! The body of a response over HTTP/1: where it ends, and its first bytes.

use std::io::Read;

use super::input::Input;
use super::response::{Broken, Malformed, quote};
use crate::probe::OUTPUT_LIMIT;

/// How the end of a body is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    Length(u64),
    Chunked,
    UntilClose,
}

/// What decides on it.
#[derive(Default)]
pub struct Lengths {
    pub content_lengths: Vec<String>,
    pub transfer_encodings: Vec<String>,
    /// The request, or the status, allows for no body.
    pub is_bodiless: bool,
    pub is_http_1_0: bool,
}

impl Lengths {
    /// RFC 9112, 6.3, where it leaves a choice as Go chooses.
    pub fn framing(&self) -> Result<Framing, Malformed> {
        let all = |values: &[String]| {
            values.iter().take(4).map(|value| quote(value.as_bytes())).collect()
        };
        let is_chunked = match self.transfer_encodings.as_slice() {
            _ if self.is_http_1_0 => false,
            [] => false,
            [only] if only.eq_ignore_ascii_case("chunked") => true,
            [only] => return Err(Malformed::TransferEncoding(quote(only.as_bytes()))),
            several => return Err(Malformed::TransferEncodings(all(several))),
        };
        let length = match self.content_lengths.as_slice() {
            [] => None,
            [first, others @ ..] if others.iter().all(|other| other == first) => {
                let is_number = first.bytes().all(|byte| byte.is_ascii_digit());
                let length = first.parse::<i64>().ok().filter(|_| is_number);
                let length = length.and_then(|length| u64::try_from(length).ok());
                Some(length.ok_or_else(|| Malformed::ContentLength(quote(first.as_bytes())))?)
            }
            several => return Err(Malformed::ContentLengths(all(several))),
        };
        Ok(match (self.is_bodiless, is_chunked, length) {
            (true, ..) => Framing::Length(0),
            (_, true, _) => Framing::Chunked,
            (_, _, Some(length)) => Framing::Length(length),
            (_, _, None) => Framing::UntilClose,
        })
    }
}

/// The first [`OUTPUT_LIMIT`] bytes. What follows them is not read (kubelet P34).
pub fn read(input: &mut Input<impl Read>, framing: Framing) -> Result<Vec<u8>, Broken> {
    let mut body = Vec::new();
    match framing {
        Framing::Length(length) => {
            if !read_exactly(input, &mut body, length)? {
                return Err(Broken::End);
            }
        }
        Framing::UntilClose => _ = read_exactly(input, &mut body, u64::MAX)?,
        Framing::Chunked => read_chunks(input, &mut body)?,
    }
    Ok(body)
}

/// Appends so many bytes, or fewer if the body is then long enough; `false` if there are no more.
fn read_exactly(
    input: &mut Input<impl Read>,
    body: &mut Vec<u8>,
    mut length: u64,
) -> Result<bool, Broken> {
    while length > 0 && body.len() < OUTPUT_LIMIT {
        let room = OUTPUT_LIMIT.saturating_sub(body.len()) as u64;
        match input.some(body, length.min(room))? {
            0 => return Ok(false),
            count => length = length.saturating_sub(count as u64),
        }
    }
    Ok(true)
}

/// No line that says how long a chunk is may be longer.
const CHUNK_LINE: usize = 4095;

/// So much may be sent that is not the body, beyond 16 bytes and twice its length for each chunk.
const NO_DATA: u64 = 16 * 1024;

fn read_chunks(input: &mut Input<impl Read>, body: &mut Vec<u8>) -> Result<(), Broken> {
    let mut excess = 0_u64;
    while body.len() < OUTPUT_LIMIT {
        let mut line = Vec::new();
        if !input.line(&mut line, CHUNK_LINE)? {
            return Err(wrong_line("header line too long"));
        }
        let size = chunk_size(&line)?;
        if size == 0 {
            return read_trailer(input);
        }
        excess = (excess + line.len() as u64 + 2)
            .saturating_sub(size.saturating_mul(2).saturating_add(16));
        if excess > NO_DATA {
            return Err(wrong_line("chunked encoding contains too much non-data"));
        }
        if !read_exactly(input, body, size)? {
            return Err(Broken::End);
        }
        if body.len() < OUTPUT_LIMIT {
            read_chunk_end(input)?;
        }
    }
    Ok(())
}

fn wrong_line(what: &'static str) -> Broken {
    Broken::Malformed(Malformed::ChunkLine(what))
}

fn chunk_size(line: &[u8]) -> Result<u64, Broken> {
    // A bare LF ends header lines, but none of these (RFC 9112, 2.2).
    let line = line.strip_suffix(b"\n").ok_or(Broken::End)?;
    let line = line.strip_suffix(b"\r").ok_or(wrong_line("chunked line ends with bare LF"))?;
    if line.contains(&b'\r') {
        return Err(wrong_line("invalid CR in chunked line"));
    }
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    if digits.is_empty() {
        return Err(wrong_line("empty hex number for chunk length"));
    }
    let mut size = 0_u64;
    for (count, byte) in digits.iter().enumerate() {
        let digit = char::from(*byte).to_digit(16);
        let digit = digit.ok_or(wrong_line("invalid byte in chunk length"))?;
        if count == 16 {
            return Err(wrong_line("http chunk length too large"));
        }
        size = size << 4 | u64::from(digit);
    }
    Ok(size)
}

fn read_chunk_end(input: &mut Input<impl Read>) -> Result<(), Broken> {
    let mut end = Vec::new();
    while end.len() < 2 {
        let left = 2_u64.saturating_sub(end.len() as u64);
        if input.some(&mut end, left)? == 0 {
            return Err(Broken::End);
        }
    }
    if end == b"\r\n" { Ok(()) } else { Err(Broken::Malformed(Malformed::Chunk)) }
}

/// So long may the lines behind the last chunk be.
const TRAILER: usize = 4096;

fn read_trailer(input: &mut Input<impl Read>) -> Result<(), Broken> {
    let wrong = |what| Err(Broken::Malformed(Malformed::Trailer(what)));
    let mut left = TRAILER;
    loop {
        let mut line = Vec::new();
        if !input.line(&mut line, left)? {
            return wrong("http: suspiciously long trailer after chunked body");
        }
        left = left.saturating_sub(line.len());
        match line.as_slice() {
            b"\r\n" | b"\n" => return Ok(()),
            [.., b'\n'] => {}
            _ => return wrong("http: unexpected EOF reading trailer"),
        }
    }
}

#[cfg(test)]
mod tests;
