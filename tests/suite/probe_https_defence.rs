//! `podinit probe https://…`: what is typed wrongly, and servers that do not do as they should. None of it is a panic,
//! takes longer than the time-out, or makes the process grow.

use crate::common::tls::*;
use crate::common::*;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// One attempt, in little memory.
fn run(address: SocketAddr, timeout: &str) -> Run {
    const MEMORY: u64 = 8 << 20;
    let url = format!("https://{address}/");
    own().args(["probe", &url, "--timeout", timeout]).limit(libc::RLIMIT_DATA, MEMORY, MEMORY)
}

#[track_caller]
fn fails(address: SocketAddr, timeout: &str) -> String {
    let finished = run(address, timeout).finish().exits(1);
    assert!(finished.stderr.is_empty() && finished.stdout.lines().count() == 1, "{finished:?}");
    finished.stdout
}

/// A server that reads the client's greeting, then does this as long as it works.
fn after_greeting(
    then: impl FnOnce(&mut TcpStream) -> std::io::Result<()> + Send + 'static,
) -> SocketAddr {
    let (address, _) = serve(move |mut stream| {
        stream.read(&mut [0; 4096]).and_then(|_| then(&mut stream)).ok();
    });
    address
}

fn for_ever(stream: &mut TcpStream, bytes: &[u8]) -> std::io::Result<()> {
    loop {
        stream.write_all(bytes)?;
    }
}

#[test]
fn a_server_that_does_not_speak_tls_is_named() {
    let nginx = Nginx::start(TempDir::new(), &["return 200;".to_owned()]);
    let said = fails(([127, 0, 0, 1], nginx.port(0)).into(), "10s");
    assert!(said.contains("http: server gave HTTP response to HTTPS client"), "{said}");
    let ssh = after_greeting(|stream| stream.write_all(b"SSH-2.0-OpenSSH_9.2p1\r\n"));
    let said = fails(ssh, "10s");
    assert!(said.contains("tls: first record does not look like a TLS handshake"), "{said}");
    let said = fails(after_greeting(|_| Ok(())), "10s");
    assert!(said.contains(": EOF in "), "{said}");
    let alert = after_greeting(|stream| stream.write_all(b"\x15\x03\x03\0\x02\x02\x28"));
    let said = fails(alert, "10s");
    assert!(said.contains("remote error: tls: handshake failure"), "{said}");
}

#[test]
fn a_handshake_that_stalls_costs_its_time() {
    // The kernel takes the connection, nobody else does.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    fails(silent.local_addr().unwrap(), "100ms");
    // A record is begun, and never ended.
    let (address, server) = serve(|mut stream| {
        let _ = stream.write_all(&[22, 3, 3, 64, 0, 2]);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    fails(address, "100ms");
    server.join().unwrap();
}

#[test]
fn a_stop_signal_ends_a_handshake() {
    let (address, server) = serve(|mut stream| {
        let mut greeting = [0; 4096];
        let count = stream.read(&mut greeting).unwrap();
        (stream, count)
    });
    let mut running = run(address, "1h").spawn();
    let (_stream, count) = server.join().unwrap();
    assert!(count > 0);
    running.signal(libc::SIGTERM);
    running.wait().exits(128 + libc::SIGTERM);
}

#[test]
fn floods_neither_hold_it_nor_make_it_grow() {
    // Warnings; a record that belongs to nothing; the parts of a message longer than any; records without content.
    let warning = b"\x15\x03\x03\0\x02\x01\x5a".repeat(1000);
    let foreign = b"\x14\x03\x03\0\x01\x01".repeat(1000);
    let part = [b"\x16\x03\x03\x40\0\x02\xff\xff\xff".as_slice(), &[0; 0x4000 - 4]].concat();
    let empty = b"\x16\x03\x03\0\0".repeat(1000);
    let zeros = vec![0; 10_000];
    for flood in [warning, foreign, part, empty, zeros] {
        fails(after_greeting(move |stream| for_ever(stream, &flood)), "1s");
    }
}

/// More certificates than fit into a message that is still read.
#[test]
fn a_chain_without_end_is_refused() {
    let own = self_signed(&certificate_for(&["localhost"]));
    let endless = Identity { chain: own.chain.repeat(1000), key: own.key };
    let (address, _) = serve_tls(&endless, |mut stream| _ = stream.read(&mut [0]));
    let said = fails(address, "10s");
    assert!(said.contains(": tls: "), "{said}");
}

#[test]
fn garbage_is_no_panic() {
    // Each byte of a good answer changed once, and it cut there.
    let hello = [
        b"\x16\x03\x03\0\x2c\x02\0\0\x28\x03\x03".as_slice(),
        &[7; 32],
        b"\0\xc0\x2b\0\0\0",
        b"\x16\x03\x03\0\x0b\x0b\0\0\x07\0\0\x04\0\0\x01\x30",
    ]
    .concat();
    for at in (0..hello.len()).filter(|at| !(13..40).contains(at)) {
        for cut in [false, true] {
            let mut bytes = hello.clone();
            bytes[at] ^= 0xff;
            bytes.truncate(if cut { at } else { bytes.len() });
            fails(after_greeting(move |stream| stream.write_all(&bytes)), "10s");
        }
    }
}

/// Exits with 125, and says this in one line.
#[track_caller]
fn refuses(arguments: &[&str], words: &str) {
    let finished = own().arg("probe").args(arguments).finish().exits(125);
    assert_eq!(finished.stderr, format!("podinit: probe: {words}\n"), "{arguments:?}");
}

#[test]
fn options_of_no_use_are_refused() {
    let dir = TempDir::new();
    let own = self_signed(&certificate_for(&["a"]));
    let [cert, key] = [dir.write("a", 0o644, own.chain), dir.write("b", 0o644, own.key)];
    for action in ["http://:1/", "tcp://:1", "exec:true"] {
        refuses(&[action, "--ca", &cert], "--ca: is for https:// only");
        refuses(&[action, "--cert", &cert, "--key", &key], "--cert: is for https:// only");
    }
    refuses(&["https://:1", "--cert", &cert], "--cert: --key is missing beside it");
    refuses(&["https://:1", "--key", &key, "--ca", &cert], "--key: --cert is missing beside it");
}

#[test]
fn a_wrong_file_is_named_with_its_option_and_the_remedy() {
    let dir = TempDir::new();
    let own = self_signed(&certificate_for(&["a"]));
    let file = |name: &str, content: &str| dir.write(name, 0o644, content);
    let (cert, key) = (file("cert", &own.chain), file("key", &own.key));
    let other = file("other", &self_signed(&certificate_for(&["b"])).key);
    let locked = file("locked", &own.key.replace("PRIVATE", "ENCRYPTED PRIVATE"));
    let [empty, cut] = [file("empty", ""), file("cut", &own.chain[..100])];
    let junk = file("junk", "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n");
    let odd = file("odd", "-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----\n");
    let long = file("long", &"a".repeat(2 << 20));
    let missing = dir.file("missing");
    let folder = dir.path().to_str().unwrap();
    let no_certificate =
        "there is no certificate in it (PEM is expected; from DER: openssl x509 -inform der)";
    let no_key =
        "there is no private key in it (PEM is expected; from DER: openssl pkey -inform der)";
    for (path, words) in [
        (missing.as_str(), "it cannot be read: no such file or directory"),
        (folder, "it is not a regular file"),
        ("/dev/zero", "it is not a regular file"),
        (&long, "it is longer than 1024 KiB"),
        (&empty, no_certificate),
        (&key, no_certificate),
        (&cut, "its PEM is damaged: an END line is missing"),
        (&junk, "certificate 1 in it cannot be understood (try openssl x509 -text)"),
    ] {
        refuses(&["https://:1", "--ca", path], &format!("--ca: {path:?}: {words}"));
        let identity = ["https://:1", "--cert", path, "--key", &key];
        refuses(&identity, &format!("--cert: {path:?}: {words}"));
    }
    let mismatch = format!("its private key is not that of the certificate in {cert:?}");
    for (path, words) in [
        (missing.as_str(), "it cannot be read: no such file or directory"),
        (&cert, no_key),
        (&other, mismatch.as_str()),
        (
            &locked,
            "its private key is encrypted, and nobody is there to ask for the passphrase (openssl pkey takes it off)",
        ),
        (
            &odd,
            "its private key is of no kind known here (RSA of 2048 to 8192 bits, ECDSA P-256 or P-384, Ed25519)",
        ),
    ] {
        let identity = ["https://:1", "--cert", &cert, "--key", path];
        refuses(&identity, &format!("--key: {path:?}: {words}"));
    }
}
