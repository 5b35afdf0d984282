//! A podinit that has probes, and neither TLS nor gRPC, says so.

use crate::common::*;
use std::io::{Read, Write};
use std::net::TcpListener;

#[test]
fn https_is_refused_and_its_options_do_not_exist() {
    let finished = own().args(["probe", "https://:1/"]).finish().exits(125);
    let words = "ACTION: \"https://:1/\": this podinit was built without TLS (feature tls)";
    assert_eq!(finished.stderr, format!("podinit: probe: {words}\n"));
    for option in ["--ca", "--cert", "--key"] {
        let finished = own().args(["probe", "http://:1/", option, "a"]).finish().exits(125);
        let words = format!("podinit: probe: unexpected argument '{option}'");
        assert!(finished.stderr.starts_with(&words), "{finished:?}");
    }
}

#[test]
fn grpc_is_refused() {
    for command in ["probe", "wait"] {
        let finished = own().args([command, "grpc://:1"]).finish().exits(125);
        let words = "\"grpc://:1\": this podinit was built without gRPC (feature grpc)\n";
        assert!(finished.stderr.ends_with(words), "{finished:?}");
    }
}

#[test]
fn a_redirect_to_https_cannot_be_followed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("127.0.0.1:{}/", listener.local_addr().unwrap().port());
    let answer = format!("HTTP/1.1 302 Found\r\nLocation: https://{url}\r\n\r\n");
    let server = std::thread::spawn(move || {
        let mut stream = listener.accept().unwrap().0;
        assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
        stream.write_all(answer.as_bytes()).unwrap();
        // For the one who tries to follow it all the same.
        let _ = listener.accept();
    });
    let run = own().args(["probe", &format!("http://{url}"), "--timeout", "10s"]);
    let finished = run.finish().exits(1);
    assert!(finished.stdout.contains("built without TLS"), "{finished:?}");
    server.join().unwrap();
}
