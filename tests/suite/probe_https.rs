//! `podinit probe https://…`: what is believed of a server's certificate, who podinit is for the server, and what is
//! said of servers that do not speak TLS.

use crate::common::tls::*;
use crate::common::*;
use std::io::{Read, Write};
use std::process::Command;

const LONG: &str = "10s";

/// One attempt.
#[track_caller]
fn probe(action: &str, options: &[&str]) -> Finished {
    own().args(["probe", action, "--timeout", LONG]).args(options).finish()
}

#[track_caller]
fn succeeds(action: &str, options: &[&str]) {
    let finished = probe(action, options).exits(0);
    assert!(finished.stdout.starts_with("200 OK"), "{action} {options:?}: {finished:?}");
}

/// Fails, and says this.
#[track_caller]
fn fails(action: &str, options: &[&str], words: &str) {
    let finished = probe(action, options).exits(1);
    let lines = finished.stdout.lines().count();
    assert!(finished.stdout.contains(words) && lines == 1, "{action} {options:?}: {finished:?}");
}

fn at(host: &str, port: u16) -> String {
    format!("https://{host}:{port}/")
}

const OK: &str = "return 200 secure;";

/// One nginx with a server for each of these.
fn nginx(identities: &[Identity]) -> Nginx {
    let dir = TempDir::new();
    let server = |(index, identity): (usize, &Identity)| {
        with_certificate(&dir, &index.to_string(), identity) + OK
    };
    let servers: Vec<String> = identities.iter().enumerate().map(server).collect();
    Nginx::start(dir, &servers)
}

// kubelet P22
#[test]
fn p22_no_certificate_is_refused() {
    let authority = Authority::new("nobody's");
    let localhost = certificate_for(&["localhost", "127.0.0.1"]);
    let server = nginx(&[
        self_signed(&localhost),
        self_signed(&expired(localhost.clone())),
        authority.issues(&early(localhost.clone())),
        authority.issues(&certificate_for(&["other.example"])),
        authority.issues(&certificate_for(&[])),
        authority.intermediate("between").issues(&localhost),
        self_signed(&of_a_ca(localhost)),
    ]);
    for nth in 0..7 {
        succeeds(&at("", server.port(nth)), &[]);
        succeeds(&at("localhost", server.port(nth)), &[]);
    }
}

// kubelet P22
#[test]
fn p22_neither_an_old_kind_of_certificate_nor_a_weak_key() {
    let dir = TempDir::new();
    // X.509 v1 has no extensions, so no names either.
    let openssl = |arguments: &str| {
        let output = Command::new("openssl").args(arguments.split(' ')).output().unwrap();
        assert!(output.status.success(), "openssl {arguments}: {output:?}");
    };
    let [key, request, old] = ["key", "request", "old"].map(|name| dir.file(name));
    openssl(&format!(
        "req -new -newkey rsa:1024 -nodes -keyout {key} -out {request} -subj /CN=old"
    ));
    openssl(&format!("x509 -req -in {request} -signkey {key} -sha1 -days 1 -out {old}"));
    let weak = format!(
        "ssl_certificate {old}; ssl_certificate_key {key}; ssl_ciphers DEFAULT:@SECLEVEL=0; {OK}"
    );
    let tls12 = format!("{weak} ssl_protocols TLSv1.2;");
    let server = Nginx::start(dir, &[weak, tls12]);
    succeeds(&at("", server.port(0)), &[]);
    succeeds(&at("", server.port(1)), &[]);
}

#[test]
fn with_roots_the_chain_is_verified() {
    let authority = Authority::new("ours");
    let localhost = certificate_for(&["localhost", "127.0.0.1"]);
    let own = self_signed(&localhost);
    let server = nginx(&[
        authority.issues(&localhost),
        authority.intermediate("one").intermediate("two").issues(&localhost),
        Authority::new("theirs").issues(&localhost),
        // Of the right name, but not the right one.
        Authority::new("ours").issues(&localhost),
        own.clone(),
    ]);
    let ca = server.dir().write("ca", 0o644, &authority.root);
    let both = server.dir().write("both", 0o644, own.chain + &authority.root);
    for nth in 0..2 {
        succeeds(&at("", server.port(nth)), &["--ca", &ca]);
        succeeds(&at("localhost", server.port(nth)), &["--ca", &both]);
    }
    for nth in 2..5 {
        let words =
            "tls: failed to verify certificate: x509: certificate signed by unknown authority";
        fails(&at("", server.port(nth)), &["--ca", &ca], words);
    }
    succeeds(&at("", server.port(4)), &["--ca", &both]);
}

#[test]
fn with_roots_the_name_is_verified() {
    let authority = Authority::new("ours");
    let server = nginx(&[
        authority.issues(&certificate_for(&["a.example", "*.b.example"])),
        authority.issues(&certificate_for(&["localhost"])),
        authority.issues(&certificate_for(&["10.1.2.3"])),
        authority.issues(&certificate_for(&["127.0.0.1"])),
    ]);
    let ca = server.dir().write("ca", 0o644, &authority.root);
    let ca = ["--ca", &ca];
    succeeds(&at("localhost", server.port(1)), &ca);
    succeeds(&at("localhost.", server.port(1)), &ca);
    succeeds(&at("127.0.0.1", server.port(3)), &ca);
    fails(
        &at("localhost", server.port(0)),
        &ca,
        "x509: certificate is valid for a.example, *.b.example, not localhost",
    );
    fails(
        &at("127.0.0.1", server.port(1)),
        &ca,
        "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    );
    fails(
        &at("127.0.0.1", server.port(2)),
        &ca,
        "x509: certificate is valid for 10.1.2.3, not 127.0.0.1",
    );
    fails(
        &at("localhost", server.port(3)),
        &ca,
        "x509: certificate is not valid for any names, but wanted to match localhost",
    );
}

#[test]
fn with_roots_the_time_is_verified() {
    let authority = Authority::new("ours");
    let localhost = certificate_for(&["127.0.0.1"]);
    let server = nginx(&[
        authority.issues(&expired(localhost.clone())),
        authority.issues(&early(localhost)),
    ]);
    let ca = server.dir().write("ca", 0o644, &authority.root);
    let words = "x509: certificate has expired or is not yet valid: current time 20";
    for (nth, then) in
        [(0, " is after 2002-01-01T00:00:00Z"), (1, " is before 4001-01-01T00:00:00Z")]
    {
        let url = at("", server.port(nth));
        fails(&url, &["--ca", &ca], words);
        fails(&url, &["--ca", &ca], then);
    }
}

/// The certificate that everybody makes for himself, trusted by itself: Go takes it, so podinit does.
#[test]
fn a_certificate_that_is_a_root_and_says_so_is_believed() {
    let own = |names: &[&str]| of_a_ca(certificate_for(names));
    let identities = [
        self_signed(&own(&["127.0.0.1"])),
        self_signed(&expired(own(&["127.0.0.1"]))),
        self_signed(&own(&["a.example"])),
        // In nobody's list.
        self_signed(&own(&["127.0.0.1"])),
    ];
    let server = nginx(&identities);
    let roots: String = identities.iter().take(3).map(|own| own.chain.clone()).collect();
    let ca = server.dir().write("ca", 0o644, roots);
    succeeds(&at("", server.port(0)), &["--ca", &ca]);
    for (nth, words) in [
        (1, "has expired"),
        (2, "any IP SANs"),
        (3, "x509: certificate signed by unknown authority (it is a CA's own"),
    ] {
        fails(&at("", server.port(nth)), &["--ca", &ca], words);
    }
}

#[test]
fn a_client_certificate_is_shown_where_there_is_one() {
    let (authority, dir) = (Authority::new("ours"), TempDir::new());
    let ca = dir.write("ca", 0o644, &authority.root);
    let server =
        with_certificate(&dir, "server", &authority.issues(&certificate_for(&["localhost"])));
    let server = format!("{server} ssl_client_certificate {ca}; ssl_verify_client on; {OK}");
    let tls12 = format!("{server} ssl_protocols TLSv1.2;");
    let _ = with_certificate(&dir, "us", &authority.issues(&certificate_for(&["us"])));
    let _ = with_certificate(&dir, "alien", &self_signed(&certificate_for(&["us"])));
    let identity = |name: &str| {
        [
            "--cert".to_owned(),
            dir.file(&format!("{name}.crt")),
            "--key".to_owned(),
            dir.file(&format!("{name}.key")),
        ]
    };
    let (us, alien) = (identity("us"), identity("alien"));
    let us: Vec<&str> = us.iter().map(String::as_str).collect();
    let alien: Vec<&str> = alien.iter().map(String::as_str).collect();
    let nginx = Nginx::start(dir, &[server, tls12]);
    for nth in 0..2 {
        let url = at("localhost", nginx.port(nth));
        succeeds(&url, &us);
        succeeds(&url, &[&us[..], &["--ca", &ca]].concat());
        fails(&url, &[], "400 Bad Request");
        fails(&url, &alien, "400 Bad Request");
    }
}

#[test]
fn tls_1_2_and_1_3() {
    let (dir, own) = (TempDir::new(), self_signed(&certificate_for(&["localhost"])));
    let server = |version: &str| {
        with_certificate(&dir, version, &own) + &format!("ssl_protocols {version}; {OK}")
    };
    let servers = ["TLSv1.2", "TLSv1.3", "TLSv1.1"].map(server);
    let nginx = Nginx::start(dir, &servers);
    succeeds(&at("", nginx.port(0)), &[]);
    succeeds(&at("", nginx.port(1)), &[]);
    fails(&at("", nginx.port(2)), &[], "remote error: tls: ");
}

// kubelet P30
#[test]
fn p30_a_redirect_to_https_on_the_same_host_is_followed() {
    let (authority, dir) = (Authority::new("ours"), TempDir::new());
    let ca = dir.write("ca", 0o644, &authority.root);
    let secure = with_certificate(&dir, "own", &authority.issues(&certificate_for(&["localhost"])));
    let servers = [
        "return 302 https://$host:PORT1/a;".to_owned(),
        format!("{secure} location /a {{ {OK} }} location /b {{ return 302 /a; }}"),
    ];
    let nginx = Nginx::start(dir, &servers);
    let plain = format!("http://localhost:{}/", nginx.port(0));
    let json = probe(&plain, &["-o", "json"]).exits(0).stdout;
    assert!(json.contains("\"secure\"") && json.contains("\"success\""), "{json}");
    // The roots hold for each request of a chain.
    succeeds(&(at("localhost", nginx.port(1)) + "b"), &["--ca", &ca]);
}

/// The name that was asked for, so that a server of many knows which; none where that is an address.
#[test]
fn the_name_is_sent_to_the_server() {
    let own = self_signed(&certificate_for(&["localhost"]));
    for (host, expected) in [
        ("localhost", Some("localhost")),
        ("LocalHost.", Some("localhost")),
        ("127.0.0.1", None),
        ("", None),
    ] {
        let (address, server) = serve_tls(&own, |mut stream| {
            assert_ne!(stream.read(&mut [0; 1000]).unwrap(), 0);
            let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello";
            stream.write_all(answer).unwrap();
            stream.conn.server_name().map(str::to_owned)
        });
        // That the server leaves without a farewell is no fault, as for Go.
        succeeds(&at(host, address.port()), &[]);
        assert_eq!(server.join().unwrap().as_deref(), expected, "{host}");
    }
}
