//! What peers say to the agent's server.

use podinit::agent::server::exchange::Exchange;
use podinit::agent::server::request::Request;
use podinit::agent::server::response::Response;

/// Requests: the same answers in whatever pieces they come, each of them HTTP. The first byte chooses the pieces' size.
pub fn http_request(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let answers = answered([bytes]);
    assert_eq!(answered(bytes.chunks(usize::from(*first) + 1)), answers);
    assert!(answers.is_empty() || answers.starts_with(b"HTTP/1.1 "));
}

/// All that is answered until the peer says no more.
fn answered<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let (mut exchange, mut out) = (Exchange::default(), Vec::new());
    for mut piece in pieces {
        while !piece.is_empty() && !exchange.is_over() {
            let (now, later) = piece.split_at(exchange.room().min(piece.len()));
            exchange.take(now);
            speak(&mut exchange, &mut out);
            piece = later;
        }
    }
    exchange.end();
    speak(&mut exchange, &mut out);
    assert!(exchange.is_over());
    out
}

fn speak(exchange: &mut Exchange, out: &mut Vec<u8>) {
    let respond = |request: &Request<'_>| {
        let query: Vec<_> = request.query().collect();
        Response::text(200, format!("{} {:?} {query:?}", request.method, request.path))
    };
    while exchange.answer(&mut { respond }) {
        out.extend_from_slice(exchange.output());
        exchange.sent(exchange.output().len());
    }
}
