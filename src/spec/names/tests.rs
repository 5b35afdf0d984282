use super::*;
use proptest::prelude::*;

type Check = fn(&str) -> Result<(), NameError>;

fn of(length: usize) -> String {
    "a".repeat(length)
}

fn check(kind: Check, good: &[&str], bad: &[(&str, NameError)]) {
    for text in good {
        assert_eq!(kind(text), Ok(()), "{text:?}");
    }
    for (text, error) in bad {
        assert_eq!(kind(text), Err(error.clone()), "{text:?}");
    }
}

/// kubelet V15
#[test]
fn v15_dns_labels() {
    let (most, more) = (of(63), of(64));
    check(
        dns_label,
        &["a", "0", "a-b", "a--b", "1-2", &most],
        &[
            ("", NameError::Empty),
            (&more, NameError::TooLong(63)),
            ("-a", NameError::Label),
            ("a-", NameError::Label),
            ("A", NameError::Label),
            ("a.b", NameError::Label),
            ("a_b", NameError::Label),
            ("a ", NameError::Label),
            ("a\n", NameError::Label),
            ("é", NameError::Label),
        ],
    );
}

#[test]
fn dns_subdomains() {
    // A part may be longer than a label alone.
    let (most, more) = (of(253), of(254));
    check(
        dns_subdomain,
        &["a", "a.b", "example.com", "0.1", &most],
        &[
            ("", NameError::Empty),
            (&more, NameError::TooLong(253)),
            (".", NameError::Subdomain),
            ("a.", NameError::Subdomain),
            (".a", NameError::Subdomain),
            ("a..b", NameError::Subdomain),
            ("a.-b", NameError::Subdomain),
            ("a_b", NameError::Subdomain),
        ],
    );
}

/// kubelet D3
#[test]
fn d3_qualified_names() {
    let (most, more) = (of(63), of(64));
    let (long_prefix, longer_prefix) = (format!("{}/a", of(253)), format!("{}/a", of(254)));
    let prefix = |error| NameError::Prefix(Box::new(error));
    check(
        qualified,
        &["a", "A", "a.b_c-d", "k8s.io/A", "0", &most, &long_prefix],
        &[
            ("", NameError::Empty),
            ("a/", NameError::Empty),
            (&more, NameError::TooLong(63)),
            ("-a", NameError::Qualified),
            ("a.", NameError::Qualified),
            ("_", NameError::Qualified),
            ("a b", NameError::Qualified),
            (" ", NameError::Qualified),
            ("a/b/c", NameError::Qualified),
            ("/a", prefix(NameError::Empty)),
            ("Www.k8s.io/test", prefix(NameError::Subdomain)),
            (&longer_prefix, prefix(NameError::TooLong(253))),
        ],
    );
}

/// kubelet V11
#[test]
fn v11_port_names() {
    check(
        port,
        &["a", "http", "h2-c", "8080a", "abcdefghijklmno"],
        &[
            ("", NameError::Empty),
            ("abcdefghijklmnop", NameError::TooLong(15)),
            ("8080", NameError::PortWithoutLetter),
            ("-", NameError::PortWithoutLetter),
            ("a--b", NameError::PortHyphens),
            ("-a", NameError::PortHyphens),
            ("a-", NameError::PortHyphens),
            ("Http", NameError::PortCharacters),
            ("a_b", NameError::PortCharacters),
            ("a.b", NameError::PortCharacters),
        ],
    );
}

/// kubelet V19
#[test]
fn v19_variable_names() {
    let long = of(100_000);
    check(
        variable,
        &["A", "a b", " ", "1", "..", "-", "~", "a.b", &long],
        &[
            ("", NameError::Empty),
            ("a=b", NameError::Variable),
            ("=", NameError::Variable),
            ("a\tb", NameError::Variable),
            ("a\u{7f}", NameError::Variable),
            ("é", NameError::Variable),
            ("a\0", NameError::Variable),
        ],
    );
}

/// kubelet V10
#[test]
fn v10_header_names() {
    check(
        header,
        &["X-A", "a", "0", "-", "Host"],
        &[
            ("", NameError::Empty),
            ("X_A", NameError::Header),
            ("a b", NameError::Header),
            ("a:", NameError::Header),
            ("a\r\n", NameError::Header),
        ],
    );
}

#[test]
fn keys_of_config_maps_and_secrets() {
    let (most, more) = (of(253), of(254));
    check(
        key,
        &["a", "A_b-c.d", ".a", "a..b", &most],
        &[
            ("", NameError::Empty),
            (&more, NameError::TooLong(253)),
            ("a/b", NameError::Key),
            ("a b", NameError::Key),
            (".", NameError::Dots),
            ("..", NameError::Dots),
            ("..a", NameError::Dots),
        ],
    );
}

#[test]
fn an_error_says_what_would_be_right() {
    let texts = [
        (NameError::TooLong(63), "must be no more than 63 characters"),
        (NameError::Prefix(Box::new(NameError::Empty)), "prefix part must be non-empty"),
        (
            NameError::PortWithoutLetter,
            "must contain at least one letter (a-z); write a port number without quotes",
        ),
    ];
    for (error, text) in texts {
        assert_eq!(error.to_string(), text);
    }
}

proptest! {
    #[test]
    fn what_the_patterns_make_is_a_name(
        label in "[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?",
        name in "[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?",
        variable_name in "[ -<>-~]{1,80}",
        header_name in "[-A-Za-z0-9]{1,40}",
    ) {
        prop_assert_eq!(dns_label(&label), Ok(()));
        prop_assert_eq!(dns_subdomain(&label), Ok(()));
        prop_assert_eq!(qualified(&name), Ok(()));
        prop_assert_eq!(qualified(&format!("{label}.{label}/{name}")), Ok(()));
        prop_assert_eq!(variable(&variable_name), Ok(()));
        prop_assert_eq!(header(&header_name), Ok(()));
    }

    #[test]
    fn each_kind_is_narrower_than_the_next(text in ".{0,20}|[-a-z0-9.A-Z_/]{0,20}") {
        let narrower: [(Check, Check); 4] =
            [(dns_label, dns_subdomain), (dns_label, qualified), (qualified, variable), (key, variable)];
        for (narrow, wide) in narrower {
            prop_assert!(narrow(&text).is_err() || wide(&text).is_ok());
        }
    }
}
