//! What a server of HTTP/2 says.

use loona_hpack::decoder::DecoderError;
use podinit::probe::grpc::message;
use podinit::probe::http2::hpack::{Decoder, HpackError};
use podinit::probe::http2::{Exchange, Request};

use super::pieces::Pieces;

/// All that a server says, in pieces as long as the first byte says; as a gRPC answer too.
pub fn http2_response(bytes: &[u8]) {
    let Some((piece, said)) = bytes.split_first() else { return };
    let body = vec![0; usize::from(*piece) * 500];
    let request = Request {
        method: "POST",
        scheme: "http",
        authority: "localhost",
        path: "/",
        headers: &[],
        body: &body,
    };
    let peer = Pieces::new(said, usize::from(*piece));
    let Ok(mut exchange) = Exchange::begin(peer, &request) else { return };
    let Ok(head) = exchange.head() else { return };
    assert!((200..1000).contains(&head.status));
    if let Ok(body) = exchange.body(message::LIMIT) {
        assert!(body.bytes.len() <= message::LIMIT);
        let _ = message::decode(&body.bytes, head.headers.get("grpc-encoding"));
    }
    exchange.close();
}

/// The default of HTTP/2, which podinit leaves as it is.
const TABLE: usize = 4096;

/// Header blocks of one connection, each with its length in a byte before it: another decoder must see the same.
pub fn hpack(bytes: &[u8]) {
    let mut ours = Decoder::default();
    let mut other = loona_hpack::Decoder::new();
    other.set_max_allowed_table_size(TABLE);
    let mut rest = bytes;
    while let Some((length, after)) = rest.split_first() {
        let (block, later) = after.split_at(usize::from(*length).min(after.len()));
        rest = later;
        let mut theirs = Vec::new();
        let end = other.decode_with_cb(block, |name, value| {
            theirs.push((name.into_owned(), value.into_owned()));
        });
        match (ours.decode(block, 1 << 20), end) {
            // A size at the end is nothing for it, and no harm.
            (Ok(ours), Ok(()) | Err(DecoderError::SizeUpdateAtEnd)) => {
                let ours: Vec<_> = ours.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
                assert_eq!(ours, theirs);
            }
            // It takes a size anywhere.
            (Err(HpackError::TableSize | HpackError::Long), _) | (Err(_), Err(_)) => return,
            (ours, end) => panic!("{ours:?}, but {end:?} {theirs:?}"),
        }
    }
}
