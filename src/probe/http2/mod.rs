//! One request and its response over HTTP/2 (RFC 9113), on any stream of bytes that both sides have agreed on.
//!
//! This is what a health check needs and no more: one stream, nothing pushed, no priorities. Whatever the peer sends,
//! what is kept is bounded: one frame ([`frame::LONGEST`]), one header block and its list ([`LIST_LIMIT`] each), and as
//! much of the body as was asked for. How long it may take is the stream's affair, which must end in an error when
//! time is over: floods of PING, SETTINGS or empty frames go on until then.

mod error;
mod exchange;
mod fields;
pub mod frame;
pub mod hpack;
mod window;

pub use error::{Code, Error, Fault, Language};
pub use exchange::{Body, Exchange, Head};
pub use fields::Fields;

/// A header list may have so many bytes, packed and unpacked.
pub const LIST_LIMIT: usize = 64 * 1024;

/// What to ask for.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    pub method: &'a str,
    pub scheme: &'a str,
    pub authority: &'a str,
    pub path: &'a str,
    /// Sent in this order, names in small letters. Those that HTTP/2 has no use for (`Connection`, `Host`…) are left out.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// Headers of HTTP/1 that must not be sent (RFC 9113, 8.2.2); `:authority` stands for `Host`.
const UNWANTED: [&str; 6] =
    ["connection", "host", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"];

impl Request<'_> {
    /// Its header block.
    fn block(&self) -> Vec<u8> {
        let mut block = Vec::new();
        let own = [
            (":method", self.method),
            (":scheme", self.scheme),
            (":authority", self.authority),
            (":path", self.path),
        ];
        for (name, value) in own {
            hpack::encode(name, value.as_bytes(), &mut block);
        }
        for (name, value) in self.headers {
            let name = name.to_ascii_lowercase();
            let is_wanted = !UNWANTED.contains(&name.as_str())
                && (name != "te" || value.eq_ignore_ascii_case("trailers"));
            if is_wanted {
                hpack::encode(&name, value.as_bytes(), &mut block);
            }
        }
        block
    }
}
