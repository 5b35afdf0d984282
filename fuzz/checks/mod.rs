//! What must hold whatever somebody else has written. One function for each format takes any bytes: for the fuzz
//! target of the same name, and for the test that replays the corpora (`tests/suite/corpora.rs`).

#![allow(dead_code, unused_imports)] // each target uses its own

mod document;
mod exchange;
mod http;
mod http2;
mod manifest;
mod names;
mod notify;
mod pieces;

pub use document::document;
pub use exchange::http_request;
pub use http::{http_response, url};
pub use http2::{hpack, http2_response};
pub use manifest::manifest;
pub use names::{dns_message, hosts, resolv_conf};
pub use notify::notify_message;
