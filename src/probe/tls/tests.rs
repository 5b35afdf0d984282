use super::super::patience::{Cut, Patience};
use super::*;
use crate::signal::SignalSet;
use crate::sys::signals::Source;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

type Server = StreamOwned<ServerConnection, TcpStream>;

/// Accepts one connection and does this with it.
fn serve<T: Send + 'static>(
    then: impl FnOnce(TcpStream) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (address, std::thread::spawn(move || then(listener.accept().unwrap().0)))
}

/// The same, with TLS spoken on it, these protocols known.
fn serve_tls<T: Send + 'static>(
    protocols: &'static [&'static [u8]],
    then: impl FnOnce(Server) -> T + Send + 'static,
) -> (SocketAddr, JoinHandle<T>) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(signing_key.serialize_der().into());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    serve(move |stream| {
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut server = StreamOwned::new(connection, stream);
        server.conn.complete_io(&mut server.sock).unwrap();
        then(server)
    })
}

/// What a client makes of that server, given so long.
fn with_client<T>(
    address: SocketAddr,
    limit: Duration,
    check: impl FnOnce(Result<Secure<'_>, TlsError>) -> T,
) -> T {
    let signals = Source::open(SignalSet::EMPTY);
    let stream = TcpStream::connect(address).unwrap();
    stream.set_nonblocking(true).unwrap();
    let wire = Wire { stream, patience: Patience::new(limit, &signals) };
    check(connect(wire, "localhost.", &Trust::default(), true))
}

const LONG: Duration = Duration::from_secs(20);

#[test]
fn names_as_go_has_them() {
    let text = |host| server_name(host).map(|name| name.to_str().into_owned());
    assert_eq!(text("db.local..").as_deref(), Some("db.local"));
    assert_eq!(text("a_b").as_deref(), Some("a_b"));
    assert_eq!(text("127.0.0.1").as_deref(), Some("127.0.0.1"));
    assert!(matches!(server_name("fe80::1%eth0"), Some(ServerName::IpAddress(_))));
    assert_eq!(text("a$b"), None);
    assert_eq!(text("."), None);
}

#[cfg(feature = "grpc")]
#[test]
fn p21_http2_if_the_server_likes() {
    const CASES: [(&[&[u8]], bool); 3] = [(&[HTTP2, HTTP1], true), (&[HTTP1], false), (&[], false)];
    for (knows, expected) in CASES {
        let (address, server) = serve_tls(knows, |_| ());
        with_client(address, LONG, |client| assert_eq!(client.unwrap().is_http2(), expected));
        server.join().unwrap();
    }
}

/// Go's crypto/tls takes it for an end.
#[test]
fn an_end_without_farewell_between_two_records_is_one() {
    let (address, server) = serve_tls(&[], |mut server| {
        server.write_all(&[7; 100_000]).unwrap();
        server.flush().unwrap();
    });
    with_client(address, LONG, |client| {
        let mut body = Vec::new();
        client.unwrap().read_to_end(&mut body).unwrap();
        assert_eq!(body, [7; 100_000]);
    });
    server.join().unwrap();
}

#[test]
fn an_end_within_a_record_is_unexpected() {
    let (address, server) = serve_tls(&[], |mut server| {
        server.conn.writer().write_all(b"whole").unwrap();
        server.conn.write_tls(&mut server.sock).unwrap();
        server.conn.writer().write_all(b"cut").unwrap();
        let mut record = Vec::new();
        server.conn.write_tls(&mut record).unwrap();
        server.sock.write_all(&record[..record.len() - 1]).unwrap();
    });
    with_client(address, LONG, |client| {
        let (mut client, mut body) = (client.unwrap(), Vec::new());
        let error = client.read_to_end(&mut body).unwrap_err();
        assert_eq!(
            (body.as_slice(), error.to_string().as_str()),
            (b"whole".as_slice(), "unexpected EOF")
        );
    });
    server.join().unwrap();
}

#[test]
fn a_farewell_is_said_and_understood() {
    let (address, server) = serve_tls(&[], |mut server| {
        server.conn.send_close_notify();
        server.flush().unwrap();
        server.read(&mut [0]).unwrap()
    });
    with_client(address, LONG, |client| {
        assert_eq!(client.unwrap().read(&mut [0]).unwrap(), 0);
    });
    assert_eq!(server.join().unwrap(), 0);
}

#[test]
fn what_is_no_tls_is_named() {
    for (sent, expected) in [
        ("HTTP/1.1 400 Bad Request\r\n\r\n", "http: server gave HTTP response to HTTPS client"),
        ("SSH-2.0-OpenSSH_9.2p1\r\n", "tls: first record does not look like a TLS handshake"),
        ("\x16\x03", "unexpected EOF"),
        ("\x15\x03\x01\0\x02\x02\x28", "remote error: tls: handshake failure"),
    ] {
        let (address, server) = serve(|mut stream| {
            // With the greeting read, closing does not reset the connection.
            assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
            stream.write_all(sent.as_bytes()).unwrap();
        });
        with_client(address, LONG, |client| {
            assert_eq!(client.err().expect(sent).to_string(), expected);
        });
        server.join().unwrap();
    }
    let (address, server) = serve(|mut stream| assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0));
    with_client(address, LONG, |client| assert!(matches!(client.err(), Some(TlsError::Eof))));
    server.join().unwrap();
}

/// A byte now and then, each in a record that says that there is more to come.
#[test]
fn a_handshake_that_drips_costs_its_time_and_no_more() {
    let (address, server) = serve(|mut stream| {
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
        // A ServerHello of 16,000 bytes.
        let begin = [22, 3, 3, 0, 4, 2, 0, 62, 128];
        let mut sent = stream.write_all(&begin);
        while sent.is_ok() {
            std::thread::sleep(Duration::from_millis(1));
            sent = stream.write_all(&[22, 3, 3, 0, 1, 0]);
        }
    });
    with_client(address, Duration::from_millis(200), |client| {
        assert!(matches!(client.err(), Some(TlsError::Cut(Cut::TimedOut))));
    });
    server.join().unwrap();
}
