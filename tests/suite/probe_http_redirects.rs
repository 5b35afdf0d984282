//! Where `podinit probe http://…` is sent on (kubelet P30 to P32).

use super::probe_http::Attempt;
use crate::common::*;

/// A server that answers by path; unknown paths get a 200 with the path as the body.
fn routes(table: &[(&'static str, String)]) -> Server {
    let table = table.to_vec();
    Server::start(move |connection| {
        let request = connection.request();
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let known = table.iter().find(|(route, _)| *route == path);
        let usual = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{path}", path.len());
        connection.send(known.map_or(usual, |(_, answer)| answer.clone()));
    })
}

fn to(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Off\r\nLocation: {location}\r\nContent-Length: 4\r\n\r\nbody")
}

const NOT_FOLLOWED: &str = "Probe terminated redirects, Response body: body";

// kubelet P30
#[test]
fn p30_redirects_on_the_same_host_are_followed() {
    for status in [301, 302, 303, 307, 308] {
        let server = routes(&[("/", to(status, "/target?q=1#f"))]);
        Attempt::of(&[&server.url("/")]).is("success", "200 OK", "/target?q=1");
        assert_eq!(server.accepted(), 2, "each request has its own connection");
    }
    let server = routes(&[("/a/b", to(302, "../c/./d")), ("/c/d", to(302, "?x"))]);
    Attempt::of(&[&server.url("/a/b")]).is("success", "200 OK", "/c/d?x");
}

// kubelet P30
#[test]
fn p30_the_last_answer_counts() {
    let bad = "HTTP/1.1 500 Bad\r\nContent-Length: 0\r\n\r\n".to_owned();
    let server = routes(&[("/", to(302, "/bad")), ("/bad", bad)]);
    let output = "HTTP probe failed with statuscode: 500";
    Attempt::of(&[&server.url("/")]).is("failure", "500 Bad", output);
}

// kubelet P30
#[test]
fn p30_other_statuses_are_not_followed() {
    for status in [300, 304, 305, 306, 309] {
        let server = routes(&[("/", to(status, "/target"))]);
        let attempt = Attempt::of(&[&server.url("/")]);
        assert_eq!((attempt.result.as_str(), server.accepted()), ("warning", 1), "{attempt:?}");
    }
    // An empty Location is none.
    let server = routes(&[("/", to(302, ""))]);
    Attempt::of(&[&server.url("/")]).is("warning", "302 Off", NOT_FOLLOWED);
}

// kubelet P30
#[test]
fn p30_another_host_is_not_asked() {
    let other = Server::on("127.0.0.2:0", |connection| drop(connection.request()));
    let target = other.url("/x");
    for location in ["http://other.example/", "//other.example/", "mailto:a", &target] {
        let server = routes(&[("/", to(302, location))]);
        let attempt = Attempt::of(&[&server.url("/")]);
        let shown = if location.starts_with("//") {
            format!("http:{location}")
        } else {
            location.to_owned()
        };
        attempt.is("warning", &format!("302 Off to {shown} (not followed)"), NOT_FOLLOWED);
    }
    assert_eq!(other.accepted(), 0);
    // The name counts, not what it stands for; nor does the Host header.
    let server = routes(&[("/", to(302, "http://localhost/"))]);
    let attempt = Attempt::of(&[&server.url("/"), "--header", "Host: localhost"]);
    attempt.is("warning", "302 Off to http://localhost/ (not followed)", NOT_FOLLOWED);
}

// kubelet P30
#[test]
fn p30_another_port_is_the_same_host() {
    let other = routes(&[]);
    let server = routes(&[("/", to(302, &other.url("/there")))]);
    Attempt::of(&[&server.url("/")]).is("success", "200 OK", "/there");
    assert!(other.request().contains(&format!("\r\nHost: {}\r\n", other.address())));
    let refusing = Refusing::new();
    let target = format!("http://127.0.0.1:{}/x", refusing.port());
    let server = routes(&[("/", to(302, &target))]);
    let why = format!("dial tcp 127.0.0.1:{}: connect: connection refused", refusing.port());
    Attempt::of(&[&server.url("/")]).has_no_response(&target, &why);
}

// kubelet P30
#[test]
fn p30_locations_that_lead_nowhere() {
    for (location, why) in [
        (
            "http://%zz/",
            r#"failed to parse Location header "http://%zz/": parse "http://%zz/": invalid URL escape "%zz""#,
        ),
        (":x", r#"failed to parse Location header ":x": parse ":x": missing protocol scheme"#),
    ] {
        let server = routes(&[("/", to(302, location))]);
        Attempt::of(&[&server.url("/")]).has_no_response(&server.url("/"), why);
    }
    for (location, why) in [
        ("http://127.0.0.1:99999/", "dial tcp: address 99999: invalid port"),
        ("ftp://127.0.0.1/", r#"unsupported protocol scheme "ftp""#),
    ] {
        let server = routes(&[("/", to(302, location))]);
        Attempt::of(&[&server.url("/")]).has_no_response(location, why);
    }
}

// kubelet P31
#[test]
fn p31_ten_requests_are_enough() {
    let server = routes(&[("/loop", to(302, "/loop"))]);
    Attempt::of(&[&server.url("/loop"), "--timeout", "20s"])
        .has_no_response("/loop", "stopped after 10 redirects");
    assert_eq!(server.accepted(), 10);
    let hops = ["/0", "/1", "/2", "/3", "/4", "/5", "/6", "/7", "/8", "/9"];
    let table: Vec<_> = hops.windows(2).map(|two| (two[0], to(307, two[1]))).collect();
    let server = routes(&table);
    Attempt::of(&[&server.url("/0"), "--timeout", "20s"]).is("success", "200 OK", "/9");
    assert_eq!(server.accepted(), 10);
}

// kubelet P10: sockets linger, but closing waits for nobody. A peer that does not close in turn confirms the end 40 ms
// late, ten times here, and one that is gone never does.
#[test]
fn p10_closing_does_not_wait_for_the_peer() {
    let server = Server::start(|connection| {
        connection.request();
        connection.send("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
        connection.wait_for_release();
    });
    let took = || Attempt::of(&[&server.url("/"), "--timeout", "20s"]).seconds;
    // On a busy machine not each time.
    assert!(poll_until(DEADLINE, || (took() < 0.2).then_some(())).is_some());
}

// kubelet P32
#[test]
fn p32_headers_go_along_and_the_referer_says_whence() {
    let server = routes(&[("/a", to(302, "/b")), ("/b", to(302, "/c"))]);
    let words = ["--header", "Authorization: Bearer t", "--header", "Host: app.example"];
    Attempt::of(&[&[server.url("/a").as_str()], &words[..]].concat()).is("success", "200 OK", "/c");
    let request = |path: &str, referer: &str| {
        format!(
            "GET {path} HTTP/1.1\r\nHost: app.example\r\nUser-Agent: kube-probe/1.36\r\nAccept: */*\r\n\
             Authorization: Bearer t\r\n{referer}Connection: close\r\n\r\n"
        )
    };
    let referer = |path: &str| format!("Referer: {}\r\n", server.url(path));
    let expected =
        [request("/a", ""), request("/b", &referer("/a")), request("/c", &referer("/b"))];
    assert_eq!(server.requests(), expected);
}

// kubelet P32
#[test]
fn p32_the_custom_host_is_for_relative_targets() {
    let other = routes(&[("/there", to(302, "/relative"))]);
    let server = routes(&[("/", to(302, &other.url("/there")))]);
    let words = [&server.url("/"), "--header", "Host: app.example", "--header", "Referer: mine"];
    Attempt::of(&words).is("success", "200 OK", "/relative");
    for request in other.requests() {
        // Once it is lost it stays so; a Referer of the user's own stays too.
        assert!(request.contains(&format!("\r\nHost: {}\r\n", other.address())), "{request}");
        assert!(request.contains("\r\nReferer: mine\r\n"), "{request}");
    }
    assert_eq!(other.accepted(), 2);
}

/// The body of a redirect that is followed is nobody's business.
#[test]
fn the_body_of_a_followed_redirect_may_stall() {
    let server = Server::start(|connection| {
        let request = connection.request();
        if request.starts_with("GET / ") {
            connection.send("HTTP/1.1 302 Off\r\nLocation: /x\r\nContent-Length: 5\r\n\r\n");
            connection.hang();
        } else {
            connection.send("HTTP/1.1 200 OK\r\n\r\n");
        }
    });
    Attempt::of(&[&server.url("/"), "--timeout", "20s"]).is("success", "200 OK", "");
}

// kubelet P33
#[test]
fn p33_the_time_out_covers_redirects() {
    let server = Server::start(|connection| {
        connection.request();
        std::thread::sleep(std::time::Duration::from_millis(150));
        connection.send(to(302, "/"));
    });
    let attempt = Attempt::of(&[&server.url("/"), "--timeout", "400ms"]);
    let late = "(Client.Timeout exceeded while awaiting headers)";
    assert!(attempt.output.ends_with(late), "{attempt:?}");
    assert!(attempt.seconds >= 0.4 && server.accepted() < 10, "{attempt:?}");
}
