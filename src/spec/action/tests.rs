use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Action {
    Action::parse(text, Role::Probe).unwrap()
}

fn problem(text: &str) -> String {
    Action::parse(text, Role::Probe).unwrap_err().problem.to_string()
}

fn at(host: &str, port: u16) -> Address {
    Address { host: (!host.is_empty()).then(|| host.to_owned()), port }
}

fn http(text: &str) -> (Scheme, Address, String) {
    match parse(text) {
        Action::Http(get) => (get.scheme, get.address, get.path),
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_kind_as_it_is_written() {
    let words = ["pg_isready", "-h", "a b", "$HOME"].map(str::to_owned).to_vec();
    assert_eq!(parse("exec:pg_isready -h 'a b' $HOME"), Action::Exec(words));
    assert_eq!(
        http("http://:8080/healthz?a=b"),
        (Scheme::Http, at("", 8080), "/healthz?a=b".into())
    );
    assert_eq!(http("http://[::1]?q"), (Scheme::Http, at("::1", 80), "?q".into()));
    assert_eq!(parse("tcp://[fe80::1%eth0]:1"), Action::Tcp(at("fe80::1%eth0", 1)));
    let grpc =
        |host, service: &str| Action::Grpc { address: at(host, 9090), service: service.into() };
    assert_eq!(parse("grpc://:9090"), grpc("", ""));
    assert_eq!(parse("grpc://10.0.0.1:9090/a.B/c"), grpc("10.0.0.1", "a.B/c"));
    assert_eq!(parse("dns://db.default.svc."), Action::Dns("db.default.svc.".into()));
    assert_eq!(parse("file:/run/a:b"), Action::File("/run/a:b".into()));
    let sleep = Action::parse("sleep:1m30s", Role::Hook);
    assert_eq!(sleep, Ok(Action::Sleep(Duration::from_secs(90))));
}

#[cfg(feature = "tls")]
#[test]
fn https_where_there_is_tls() {
    assert_eq!(http("https://db.local"), (Scheme::Https, at("db.local", 443), String::new()));
}

#[cfg(not(feature = "tls"))]
#[test]
fn https_where_there_is_no_tls() {
    assert_eq!(problem("https://db"), "this podinit was built without TLS (feature tls)");
    assert_eq!(problem("https://:0"), "\"0\" is not a port (1 to 65535)");
}

#[test]
fn the_table_of_what_is_legal_where() {
    for (text, probe, hook) in [
        ("exec:true", true, true),
        ("http://:1", true, true),
        #[cfg(feature = "tls")]
        ("https://:1", true, true),
        ("tcp://:1", true, false),
        ("grpc://:1", true, false),
        ("sleep:1", false, true),
        ("dns://a", true, false),
        ("file:a", true, false),
    ] {
        assert_eq!(Action::parse(text, Role::Probe).is_ok(), probe, "{text}");
        assert_eq!(Action::parse(text, Role::Condition).is_ok(), probe, "{text}");
        assert_eq!(Action::parse(text, Role::Hook).is_ok(), hook, "{text}");
    }
    let hook = Action::parse("tcp://:1", Role::Hook).unwrap_err().to_string();
    assert_eq!(hook, "\"tcp://:1\": a hook can be exec:, http://, https:// or sleep: only");
    assert_eq!(problem("sleep:5s"), "sleep: is for hooks (to sleep: podinit sleep 5s)");
}

#[test]
fn errors_name_what_is_wrong_with_which_part() {
    for (text, expected) in [
        ("", "not an action (try http://:8080/healthz"),
        ("true", "not an action (try http://:8080/healthz"),
        ("htp://:80", "\"htp\" is not a kind of action (try http://:8080/healthz"),
        ("HTTP://:80", "\"HTTP\" is not a kind of action"),
        ("http:8080", "\"//\" is missing behind the colon"),
        ("http://:0/", "\"0\" is not a port (1 to 65535)"),
        ("http://:65536", "\"65536\" is not a port"),
        ("http://:+80", "\"+80\" is not a port"),
        ("http://a:/", "\"\" is not a port"),
        ("tcp://db", "the port is missing"),
        ("tcp://[::1]", "the port is missing"),
        ("tcp://[::1]8", "the port is missing"),
        ("tcp://:1/x", "\"/x\" has no place behind the port"),
        ("tcp://::1:80", "an IPv6 address stands in brackets"),
        ("tcp://[::1:80", "an IPv6 address stands in brackets"),
        ("tcp://[::x]:80", "\"::x\" is not an IPv6 address"),
        ("tcp://[10.0.0.1]:80", "\"10.0.0.1\" is not an IPv6 address"),
        ("tcp://a b:80", "\"a b\" is not a host name"),
        ("tcp://b\u{fc}cher:80", "\"b\u{fc}cher\" is not a host name"),
        ("http://me:secret@h/", "a user has no place there"),
        ("dns://", "the name is missing"),
        ("dns://a/b", "\"a/b\" is not a host name"),
        ("exec:", "the command is missing"),
        ("exec:''", "the command is missing"),
        ("exec:echo 'a", "a quote or a backslash at the end is not closed"),
        ("file:", "the path is missing"),
        ("sleep:soon", "\"soon\" is not a duration"),
        ("exec:a\0b", "it has a NUL in it"),
    ] {
        assert!(problem(text).starts_with(expected), "{text}: {}", problem(text));
    }
    let long = format!("dns://{}", "a".repeat(255));
    assert_eq!(problem(&long), "no host name has more than 253 characters");
}

#[test]
fn headers() {
    let header = |name: &str, value: &str| Ok(Header { name: name.into(), value: value.into() });
    assert_eq!(Header::parse("X-a: \tb: c "), header("X-a", "b: c"));
    assert_eq!(Header::parse("Accept:"), header("Accept", ""));
    for text in ["", "Host", ": a", "a b: c", "a\n: c", "a: b\r\nc: d", "\u{e4}: b"] {
        assert!(Header::parse(text).is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn nothing_typed_is_a_panic(text in "(exec|http|https|tcp|grpc|sleep|dns|file)?:?/{0,3}.{0,40}") {
        for role in [Role::Probe, Role::Hook, Role::Condition] {
            if let Err(error) = Action::parse(&text, role) {
                prop_assert!(!error.to_string().contains('\n'));
            }
        }
    }

    #[test]
    fn what_is_accepted_can_be_carried_out(host in "[a-z\\[\\]:.%]{0,12}", port in "[0-9]{0,6}") {
        if let Ok(Action::Tcp(address)) = Action::parse(&format!("tcp://{host}:{port}"), Role::Probe) {
            prop_assert!(address.port > 0);
            prop_assert!(address.host.is_none_or(|host| !host.is_empty() && !host.contains(['[', ']'])));
        }
    }
}
