//! `podinit probe https://…` where the server prefers HTTP/2 (kubelet P21): the same rules in another dress.

use crate::common::tls::*;
use crate::common::*;
use serde_json::Value;

/// A server of HTTP/2 that says how it was asked.
fn nginx() -> Nginx {
    let dir = TempDir::new();
    let identity = self_signed(&certificate_for(&["localhost"]));
    let server = with_certificate(&dir, "own", &identity)
        + Nginx::HTTP2
        + "location / { return 200 \"$server_protocol $request_method $request_uri $http_host \
           $http_user_agent $http_accept $http_x_y [$http_connection]\"; }
           location = /broken { return 503; }
           location = /here { return 302 /there; }
           location = /away { return 302 https://elsewhere.example/; }
           location = /round { return 301 /round; }
           location = /plain { return 302 http://127.0.0.1:PORT1/; }
           location = /long { alias DIR/long; }";
    let plain = "return 200 \"$server_protocol $http_referer.\";".to_owned();
    dir.write("long", 0o644, "x".repeat(1 << 20));
    Nginx::start(dir, &[server, plain])
}

fn probe(server: &Nginx, path: &str, options: &[&str]) -> (Option<i32>, Value) {
    let url = format!("https://:{}{path}", server.port(0));
    let run = own().args(["probe", "-o", "json", "--timeout", "20s", &url]).args(options);
    let finished = run.finish();
    let value = serde_json::from_str(&finished.stdout);
    (finished.code, value.unwrap_or_else(|_| panic!("{finished:?}")))
}

// kubelet P21, P25, P26, P27
#[test]
fn p21_https_may_be_http2() {
    let server = nginx();
    let (code, value) = probe(&server, "/p?q=1#frag", &["--header", "x-y: z"]);
    let host = format!("127.0.0.1:{}", server.port(0));
    let expected = format!("HTTP/2.0 GET /p?q=1 {host} kube-probe/1.36 */* z []");
    assert_eq!((code, value["output"].as_str()), (Some(0), Some(expected.as_str())));
    assert_eq!(value["seen"], "200 OK");
    let (_, value) = probe(&server, "/", &["--header", "Host: a.example"]);
    assert!(value["output"].as_str().unwrap().contains(" / a.example kube-probe"), "{value}");
    let (code, value) = probe(&server, "/", &["--method", "HEAD"]);
    assert_eq!((code, value["output"].as_str()), (Some(0), Some("")));
}

// kubelet P28, P29
#[test]
fn p29_a_status_is_a_status() {
    let server = nginx();
    let (code, value) = probe(&server, "/broken", &[]);
    assert_eq!(code, Some(1));
    assert_eq!(value["output"], "HTTP probe failed with statuscode: 503");
    assert_eq!(value["seen"], "503 Service Unavailable");
}

// kubelet P30, P31, P32
#[test]
fn p30_redirects_are_followed_on_the_same_host() {
    let server = nginx();
    let (code, value) = probe(&server, "/here", &[]);
    assert!(code == Some(0) && value["output"].as_str().unwrap().contains("GET /there"), "{value}");
    let (code, value) = probe(&server, "/away", &[]);
    assert_eq!((code, value["result"].as_str()), (Some(0), Some("warning")));
    let (code, value) = probe(&server, "/round", &[]);
    assert_eq!(code, Some(1));
    assert!(value["output"].as_str().unwrap().ends_with("stopped after 10 redirects"), "{value}");
    // From https to http nobody is told where from.
    let (code, value) = probe(&server, "/plain", &[]);
    assert_eq!((code, value["output"].as_str()), (Some(0), Some("HTTP/1.1 .")));
}

// kubelet P34
#[test]
fn p34_a_long_body_is_cut() {
    let (code, value) = probe(&nginx(), "/long", &[]);
    assert_eq!((code, value["output"].as_str().unwrap().len()), (Some(0), 10_240));
}
