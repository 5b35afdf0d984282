//! What `grpc://` is tested against: real servers, and peers that say what a test wants them to.

use crate::common::*;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::OnceLock;

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const CONTINUATION: u8 = 9;
pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

/// Lets `talk` have the first connection. Its port.
pub fn peer(talk: impl FnOnce(TcpStream) + Send + 'static) -> u16 {
    serve(talk).0.port()
}

/// Says this, and then nothing any more until the other side has left.
pub fn saying(said: Vec<u8>) -> u16 {
    peer(move |mut stream| {
        let _ = stream.write_all(&said);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}

/// Says this, then goes.
pub fn saying_and_leaving(said: Vec<u8>) -> u16 {
    peer(move |mut stream| {
        // What is not read when a socket is closed makes the kernel reset the connection.
        let mut request = [0; 24 + 9 + 12 + 9];
        let _ = stream.read_exact(&mut request);
        let _ = stream.write_all(&said);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    })
}

/// Says the first thing, then the second again and again; listens beside it or not.
pub fn flooding(first: Vec<u8>, again: Vec<u8>, listens: bool) -> u16 {
    peer(move |mut stream| {
        if listens {
            let mut other = stream.try_clone().unwrap();
            std::thread::spawn(move || std::io::copy(&mut other, &mut std::io::sink()));
        }
        let many = again.repeat(16_384 / again.len() + 1);
        let _ = stream.write_all(&first);
        while stream.write_all(&many).is_ok() {}
    })
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

pub fn settings() -> Vec<u8> {
    frame(SETTINGS, 0, 0, &[])
}

/// Fields, packed by somebody else's encoder.
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let fields = fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    loona_hpack::Encoder::new().encode(fields)
}

pub fn headers(flags: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, flags | END_HEADERS, 1, &block(fields))
}

pub const GRPC: [(&str, &str); 2] = [(":status", "200"), ("content-type", "application/grpc")];

/// A whole answer: this message, and the status in trailers.
pub fn answer(message: &[u8], trailers: &[(&str, &str)]) -> Vec<u8> {
    let framed = [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat();
    let frames =
        [settings(), headers(0, &GRPC), frame(DATA, 0, 1, &framed), headers(END_STREAM, trailers)];
    frames.concat()
}

/// What was asked: header fields, and the body.
pub type Asked = (Vec<(String, String)>, Vec<u8>);

/// Reads a whole request, by somebody else's decoder.
pub fn read_request(stream: &mut TcpStream) -> Asked {
    let mut preface = [0; 24];
    stream.read_exact(&mut preface).unwrap();
    assert_eq!(&preface, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    let (mut fields, mut body) = (Vec::new(), Vec::new());
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).unwrap();
        let mut payload =
            vec![0; u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize];
        stream.read_exact(&mut payload).unwrap();
        match header[3] {
            HEADERS => {
                let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
                let decoded = loona_hpack::Decoder::new().decode(&payload).unwrap();
                fields = decoded.into_iter().map(|(n, v)| (text(n), text(v))).collect();
            }
            DATA => body.extend(payload),
            _ => {}
        }
        if matches!(header[3], HEADERS | DATA) && header[4] & END_STREAM != 0 {
            return (fields, body);
        }
    }
}

/// Runs a tonic server for as long as the tests do. Its port.
fn tonic_server<R>(routes: impl FnOnce() -> R + Send + 'static) -> u16
where
    R: Future<Output = tonic::service::Routes>,
{
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
            let server = tonic::transport::Server::builder().add_routes(routes().await);
            server.serve_with_incoming(incoming).await.unwrap();
        });
    });
    port
}

/// tonic's health service: all is well, `db` is not, of `u` nothing is known.
pub fn health_server() -> u16 {
    use tonic_health::ServingStatus::{NotServing, Serving, Unknown};
    static PORT: OnceLock<u16> = OnceLock::new();
    let routes = || async {
        let (reporter, service) = tonic_health::server::health_reporter();
        for (name, status) in [("", Serving), ("db", NotServing), ("u", Unknown), ("a/b", Serving)]
        {
            reporter.set_service_status(name, status).await;
        }
        tonic::service::Routes::new(service)
    };
    *PORT.get_or_init(|| tonic_server(routes))
}

/// A gRPC server without a health service.
pub fn other_server() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| tonic_server(|| async { tonic::service::Routes::default() }))
}
