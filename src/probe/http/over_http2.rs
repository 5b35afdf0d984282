//! The same request and response over HTTP/2, which a server of `https://` may choose (kubelet P21).

use std::io::{Read, Write};

use super::http1::unfold;
use super::request::Request;
use super::response::{Broken, Head, NoResponse, Response};
use crate::probe::OUTPUT_LIMIT;
use crate::probe::http2::{self, Error, Exchange};

/// Sends the request and reads the response; its body only if it `is_wanted`.
pub fn exchange(
    stream: &mut (impl Read + Write + ?Sized),
    request: &Request,
    is_wanted: impl FnOnce(&Head) -> bool,
) -> Result<Response, NoResponse> {
    let (authority, path) = (request.host(), request.url.target());
    let headers: Vec<(&str, &str)> = request.headers.lines().collect();
    let asked = http2::Request {
        method: request.method.name(),
        scheme: request.url.scheme(),
        authority: &authority,
        path: &path,
        headers: &headers,
        body: &[],
    };
    let silent = |error| NoResponse::Silent(broken(error));
    let mut exchange = Exchange::begin(stream, &asked).map_err(silent)?;
    let http2::Head { status, headers, is_all } = exchange.head().map_err(silent)?;
    let location = headers.get("location").map(unfold).filter(|location| !location.is_empty());
    let head = Head { status, reason: String::new(), location, length: None };
    let body = if is_all || !is_wanted(&head) {
        Ok(Vec::new())
    } else {
        exchange.body(OUTPUT_LIMIT).map(|body| body.bytes).map_err(broken)
    };
    if !matches!(body, Err(Broken::Cut(_))) {
        exchange.close();
    }
    Ok(Response { head, body })
}

fn broken(error: Error) -> Broken {
    error.cut().map_or(Broken::Http2(error), Broken::Cut)
}
