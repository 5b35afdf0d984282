//! What is answered, and how it stands on the wire.

use std::borrow::Cow;
use std::io::Write;

use super::request::Refused;
use crate::probe::http::reason_phrase::reason_phrase;

/// The methods of what only tells.
const READING: &str = "GET, HEAD";

/// An answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Response {
    pub status: u16,
    content_type: &'static str,
    /// The methods there are.
    allow: Option<&'static str>,
    pub body: Cow<'static, str>,
}

impl Response {
    pub fn text(status: u16, body: impl Into<Cow<'static, str>>) -> Response {
        let content_type = "text/plain; charset=utf-8";
        Response { status, content_type, allow: None, body: body.into() }
    }

    pub fn json(body: String) -> Response {
        let content_type = "application/json";
        Response { status: 200, content_type, allow: None, body: body.into() }
    }

    /// In Go's words, as the API server's.
    pub fn not_found() -> Response {
        Response::text(404, "404 page not found\n")
    }

    pub fn only_for_reading() -> Response {
        Response { allow: Some(READING), ..Response::text(405, "Method Not Allowed\n") }
    }

    pub fn too_late() -> Response {
        Response::text(408, "Request Timeout\n")
    }

    /// Puts it behind what is there: for HEAD without the body, and with word of the end if there is none to come.
    pub fn write(&self, for_head: bool, goes_on: bool, out: &mut Vec<u8>) {
        let Response { status, content_type, allow, body } = self;
        let reason = reason_phrase(*status);
        let allow = allow.map_or(String::new(), |methods| format!("Allow: {methods}\r\n"));
        let connection = if goes_on { "" } else { "Connection: close\r\n" };
        let shown = if for_head { "" } else { body };
        // Writing into memory cannot fail.
        let _ = write!(
            out,
            "HTTP/1.1 {status} {reason}\r\n\
             Content-Type: {content_type}\r\n\
             Content-Length: {}\r\n\
             Cache-Control: no-store\r\n\
             X-Content-Type-Options: nosniff\r\n\
             {allow}{connection}\r\n{shown}",
            body.len(),
        );
    }
}

impl From<Refused> for Response {
    fn from(refused: Refused) -> Response {
        Response::text(refused.status(), format!("{refused}\n"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(response: &Response, for_head: bool, goes_on: bool) -> String {
        let mut out = Vec::new();
        response.write(for_head, goes_on, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn on_the_wire() {
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 2\r\n\
                    Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n\r\n";
        let ok = Response::text(200, "ok");
        assert_eq!(written(&ok, false, true), format!("{head}ok"));
        assert_eq!(written(&ok, true, true), head);
        assert!(written(&ok, false, false).contains("\r\nConnection: close\r\n\r\nok"));
        let refused = written(&Response::only_for_reading(), false, true);
        assert!(refused.starts_with("HTTP/1.1 405 Method Not Allowed\r\n"), "{refused}");
        assert!(refused.contains("\r\nAllow: GET, HEAD\r\n\r\nMethod"), "{refused}");
    }
}
