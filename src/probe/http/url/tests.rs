use proptest::prelude::*;

use super::*;

fn target(path: &str) -> (String, String) {
    let url = Url::of_probe("http", "127.0.0.1:80", path).unwrap();
    (url.target(), url.to_string())
}

/// kubelet P24: the rule's own vectors.
#[test]
fn p24_request_lines() {
    for (path, expected) in [
        ("/p?q=1#frag", "/p?q=1"),
        ("noslash", "/noslash"),
        ("", "/"),
        ("/%zz", "/%25zz"),
        ("http://evil.example/zz", "/zz"),
    ] {
        assert_eq!(target(path).0, expected, "{path}");
    }
}

/// Recorded from Go 1.19's net/url, put together as the kubelet does.
#[test]
fn p24_odd_paths_are_what_go_makes_of_them() {
    for (path, on_wire, printed) in [
        ("//evil/x", "/x", "/x"),
        ("///a", "///a", "///a"),
        ("?q", "/?q", "?q"),
        ("?", "/?", "?"),
        ("#f", "/", "#f"),
        ("/a b", "/a%20b", "/a%20b"),
        ("/ü", "/%C3%BC", "/%C3%BC"),
        ("/a%2Fb", "/a%2Fb", "/a%2Fb"),
        ("/a%20b?x y", "/a%20b?x y", "/a%20b?x y"),
        ("/*", "/*", "/*"),
        ("*", "/*", "/*"),
        (":foo", "/:foo", "/:foo"),
        ("/p?", "/p?", "/p?"),
        ("/p??", "/p??", "/p??"),
        ("/p?a?b#c#d", "/p?a?b", "/p?a?b#c%23d"),
        ("/p#%zz", "/p%23%25zz", "/p%23%25zz"),
        ("/a\"b", "/a%22b", "/a%22b"),
        ("/[x]", "/[x]", "/[x]"),
        ("/a;b,c", "/a;b,c", "/a;b,c"),
        ("/%41", "/%41", "/%41"),
        ("/a\nb?q", "/a%0Ab%3Fq", "/a%0Ab%3Fq"),
        ("/a//b/../c", "/a//b/../c", "/a//b/../c"),
        ("a/b:c", "/a/b:c", "/a/b:c"),
        ("1a:b", "/1a:b", "/1a:b"),
        ("/{x}", "/%7Bx%7D", "/%7Bx%7D"),
        ("/a%", "/a%25", "/a%25"),
        ("/^`|\\", "/%5E%60%7C%5C", "/%5E%60%7C%5C"),
        ("http://u:p@h/x", "/x", "/x"),
        ("http://[::1/x", "/http://%5B::1/x", "/http://%5B::1/x"),
        ("http:/x", "/x", "/x"),
        ("/p#a b", "/p", "/p#a%20b"),
        ("http://a:b/x", "/http://a:b/x", "/http://a:b/x"),
        ("/%e4%FF", "/%e4%FF", "/%e4%FF"),
    ] {
        let expected = (on_wire.to_owned(), format!("http://127.0.0.1:80{printed}"));
        assert_eq!(target(path), expected, "{path}");
    }
    assert_eq!(Url::of_probe("http", "h:80", "mailto:x").unwrap().to_string(), "http:x");
}

#[test]
fn hosts_of_probes() {
    let scoped = Url::of_probe("http", "[fe80::1%eth0]:80", "/").unwrap();
    assert_eq!(scoped.to_string(), "http://[fe80::1%25eth0]:80/");
    assert_eq!((scoped.hostname(), scoped.port()), ("fe80::1%eth0", Some("80")));
    assert!(Url::of_probe("http", "a^b:80", "/").is_err());
}

/// Recorded from Go 1.19's URL.Parse: base, reference, what it means.
#[test]
fn p30_locations_are_resolved() {
    let base = "http://a/b/c/d?q";
    for (base, reference, expected) in [
        (base, "g", "http://a/b/c/g"),
        (base, "./g", "http://a/b/c/g"),
        (base, "g/", "http://a/b/c/g/"),
        (base, "/g", "http://a/g"),
        (base, "//g", "http://g"),
        (base, "?y", "http://a/b/c/d?y"),
        (base, "g?y", "http://a/b/c/g?y"),
        (base, "#s", "http://a/b/c/d?q#s"),
        (base, "g#s", "http://a/b/c/g#s"),
        (base, "", "http://a/b/c/d?q"),
        (base, ".", "http://a/b/c/"),
        (base, "..", "http://a/b/"),
        (base, "../g", "http://a/b/g"),
        (base, "../../../g", "http://a/g"),
        (base, "/./g/../h", "http://a/h"),
        (base, "https://a:8443/x", "https://a:8443/x"),
        (base, "mailto:x", "mailto:x"),
        (base, "g:h", "g:h"),
        ("http://a/b", "http://[::1]:8080/x", "http://[::1]:8080/x"),
        ("http://[::1]:80/b", "//[::1]/y", "http://[::1]/y"),
        ("http://a/b", "//a:99999/y", "http://a:99999/y"),
        ("http://a", "x", "http://a/x"),
        ("http://a", "", "http://a"),
        ("http://a/b", "HTTP://A/x", "http://A/x"),
        ("http://a/b", "/ü?ü", "http://a/%C3%BC?ü"),
        ("http://a/b", "http://[fe80::1%25eth0]/x", "http://[fe80::1%25eth0]/x"),
        ("http://a/b", "/a%2fb/../c", "http://a/c"),
        ("http://a/b/", "../..//x", "http://a/x"),
        ("http://a/b", "/..", "http://a/"),
        ("http://a/b", "?", "http://a/b?"),
        ("http://a/b", "http://a", "http://a"),
        ("http://a/b", "http://a?x", "http://a?x"),
        ("http://a/b", "http://a:/x", "http://a:/x"),
        ("http://a/b", "http://ü/x", "http://%C3%BC/x"),
        // Go keeps the user for an Authorization line, which we don't send.
        ("http://a/b", "http://u:p@a/x", "http://a/x"),
    ] {
        let url = Url::parse(base).unwrap().resolve(reference).unwrap();
        assert_eq!(url.to_string(), expected, "{reference}");
    }
}

#[test]
fn p30_what_cannot_be_parsed_is_named() {
    for (reference, expected) in [
        ("//a:x/y", r#"invalid port ":x" after host"#),
        ("http://%zz", r#"invalid URL escape "%zz""#),
        ("/%zz", r#"invalid URL escape "%zz""#),
        (":x", "missing protocol scheme"),
        ("a b:c", "first path segment in URL cannot contain colon"),
        ("http://a b/", r#"invalid character " " in host name"#),
        ("http://u%zz@a/x", r#"invalid URL escape "%zz""#),
        ("http://u\"@a/x", "net/url: invalid userinfo"),
        ("http://[::1", "missing ']' in host"),
        ("http://%41/x", r#"invalid URL escape "%41""#),
        ("/\u{7f}", "net/url: invalid control character in URL"),
    ] {
        assert_eq!(Url::parse(reference).unwrap_err().to_string(), expected, "{reference}");
    }
}

#[test]
fn host_and_port() {
    let parts = |text: &str| {
        let url = Url::parse(text).unwrap();
        (url.hostname().to_owned(), url.port().map(str::to_owned))
    };
    assert_eq!(parts("http://[::1]:80/"), ("::1".to_owned(), Some("80".to_owned())));
    assert_eq!(parts("http://[::1]/"), ("::1".to_owned(), None));
    assert_eq!(parts("http://a:/"), ("a".to_owned(), None));
    assert_eq!(parts("mailto:x"), (String::new(), None));
}

proptest! {
    /// Nothing can be written that a request line could not hold on its own, but what a query has: as in Go.
    #[test]
    fn a_target_has_no_control_character(path in any::<String>()) {
        let url = Url::of_probe("http", "h:80", &path).unwrap();
        let target = url.target();
        prop_assert!(!target.chars().any(|c| c.is_ascii_control()), "{target:?}");
        prop_assert!(url.opaque.is_empty() == (url.hostname() == "h"));
    }

    /// What is printed means the same.
    #[test]
    fn printing_and_reading_again_changes_nothing(text in "[ -~ü]{0,30}") {
        if let Ok(url) = Url::parse(&text)
            && url.is_absolute() && url.opaque.is_empty() && !url.path.starts_with("//")
        {
            prop_assert_eq!(Url::parse(&url.to_string()).unwrap(), url);
        }
    }

    #[test]
    fn resolving_never_panics_and_leaves_no_dots(base in "/[a./]{0,12}", reference in "[a-z./?#:@%-]{0,16}") {
        let base = Url::parse(&format!("http://h{base}")).unwrap();
        if let Ok(url) = base.resolve(&reference)
            && url.opaque.is_empty()
        {
            prop_assert!(!url.path.split('/').any(|s| s == "." || s == ".."), "{}", url);
        }
    }
}
