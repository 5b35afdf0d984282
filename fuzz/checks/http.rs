//! What a server of HTTP/1.1 answers, and where manifests and servers point to.

use std::io::Read;

use podinit::probe::OUTPUT_LIMIT;
use podinit::probe::http::http1::read_response;
use podinit::probe::http::url::Url;
use podinit::spec::action::Method;

use super::pieces::Pieces;

/// A response: the same answer however it arrives. The first byte chooses the method and the size of the pieces.
pub fn http_response(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let method = if first & 1 == 0 { Method::Get } else { Method::Head };
    let pieces = Pieces::new(bytes, usize::from(first >> 1) + 1);
    assert_eq!(told(bytes, method), told(pieces, method));
}

/// Everything there is to know of an answer, as text.
fn told(input: impl Read, method: Method) -> String {
    match read_response(input, method, |_| true) {
        Err(error) => error.to_string(),
        Ok(response) => {
            let body = response.body.map_err(|broken| broken.to_string());
            assert!(body.as_ref().map_or(true, |body| body.len() <= OUTPUT_LIMIT));
            format!("{} {:?} {body:?}", response.head, response.head.location)
        }
    }
}

/// A manifest's path, and behind the first line a server's Location: what goes on the wire is one line.
pub fn url(bytes: &[u8]) {
    let Ok(text) = str::from_utf8(bytes) else { return };
    let (path, location) = text.split_once('\n').unwrap_or((text, ""));
    let base = Url::of_probe("http", "[::1]:8080", path).expect("any path is a path");
    let is_line = |url: &Url| !url.target().chars().any(|c| c.is_ascii_control());
    assert!(is_line(&base));
    if let Ok(url) = base.resolve(location) {
        assert!(is_line(&url));
        let _ = (url.hostname(), url.port());
        if let Ok(again) = Url::parse(&url.to_string()) {
            assert_eq!(again.target(), url.target());
        }
    }
}
