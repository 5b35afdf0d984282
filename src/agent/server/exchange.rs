//! What is said on one connection: bytes of requests in, bytes of answers out, whatever the pieces in which they come. It
//! reads and writes nothing itself.

use super::request::{self, HEAD_LIMIT, Refused, Request};
use super::response::Response;

/// Requests and answers in their order. While an answer waits to be sent no request is looked at.
#[derive(Default)]
pub struct Exchange {
    input: Vec<u8>,
    /// So many bytes of it are known to hold no end of a head.
    looked_at: usize,
    /// So many bytes of a body are still to come, and to be dropped.
    body: usize,
    output: Vec<u8>,
    sent: usize,
    /// The peer says nothing more.
    has_ended: bool,
    /// No request is answered any more.
    is_over: bool,
}

impl Exchange {
    /// So many more bytes may be given to [`Exchange::take`].
    pub fn room(&self) -> usize {
        if self.has_ended || self.is_over || !self.output().is_empty() {
            return 0;
        }
        (HEAD_LIMIT + 1).saturating_sub(self.input.len())
    }

    /// What has come from the peer.
    pub fn take(&mut self, bytes: &[u8]) {
        let dropped = self.body.min(bytes.len());
        self.body -= dropped;
        let bytes = bytes.get(dropped..).unwrap_or_default();
        // As much as comes at first, and then as much as there may be: no more than twice is memory asked for.
        let length = self.input.len() + bytes.len();
        if length > self.input.capacity() {
            let wanted = if self.input.is_empty() { length } else { length.max(HEAD_LIMIT + 1) };
            self.input.reserve_exact(wanted - self.input.len());
        }
        self.input.extend_from_slice(bytes);
    }

    /// There will be no more.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Answers the next request, if there is a whole one. Whether there was anything to say.
    pub fn answer(&mut self, respond: &mut dyn FnMut(&Request<'_>) -> Response) -> bool {
        if self.is_over || !self.output().is_empty() {
            return false;
        }
        let Exchange { input, looked_at, output, .. } = self;
        let length = match next(input, looked_at) {
            Ok(None) => {
                self.is_over = self.has_ended;
                return false;
            }
            Ok(Some((request, length))) => {
                respond(&request).write(request.method == "HEAD", request.goes_on, output);
                (self.is_over, self.body) = (!request.goes_on, request.body);
                length
            }
            Err(refused) => {
                Response::from(refused).write(false, false, output);
                self.is_over = true;
                input.len()
            }
        };
        self.input.drain(..length);
        let dropped = self.body.min(self.input.len());
        self.input.drain(..dropped);
        self.body -= dropped;
        self.looked_at = 0;
        if self.input.is_empty() {
            // Who is only waited for costs nothing.
            self.input = Vec::new();
        }
        true
    }

    /// The peer takes too long. What it has begun is answered with that.
    pub fn time_out(&mut self) {
        if !self.is_over && self.output().is_empty() && !self.input.is_empty() {
            Response::too_late().write(false, false, &mut self.output);
        }
        self.is_over = true;
    }

    /// What is to be sent.
    pub fn output(&self) -> &[u8] {
        self.output.get(self.sent..).unwrap_or_default()
    }

    /// So much of it has been.
    pub fn sent(&mut self, count: usize) {
        self.sent += count;
        if self.output().is_empty() {
            (self.output, self.sent) = (Vec::new(), 0);
        }
    }

    /// Nothing is left to be said.
    pub fn is_over(&self) -> bool {
        self.is_over && self.output().is_empty()
    }
}

/// Only once a head has its end is it read: a byte at a time would else be as much work each.
fn next<'a>(
    input: &'a mut Vec<u8>,
    looked_at: &mut usize,
) -> Result<Option<(Request<'a>, usize)>, Refused> {
    // Empty lines before a request are none of it, and end nothing.
    let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    input.drain(..blank);
    let before = looked_at.saturating_sub(blank);
    *looked_at = input.len();
    if request::has_end(input, before) {
        request::read(input)
    } else {
        request::look_at_start(input).map(|()| None)
    }
}

#[cfg(test)]
mod tests;
