//! What go-yaml makes of scalars: `sigs.k8s.io/yaml/goyaml.v2/resolve.go`, and Go's `encoding/json` of the result.

use super::*;

/// Plain scalars that are no strings, as JSON.
const RESOLVED: &[(&str, &str)] = &[
    ("", "null"),
    ("~", "null"),
    ("null", "null"),
    ("Null", "null"),
    ("NULL", "null"),
    ("y", "true"),
    ("Y", "true"),
    ("yes", "true"),
    ("Yes", "true"),
    ("YES", "true"),
    ("on", "true"),
    ("On", "true"),
    ("ON", "true"),
    ("true", "true"),
    ("True", "true"),
    ("TRUE", "true"),
    ("n", "false"),
    ("N", "false"),
    ("no", "false"),
    ("No", "false"),
    ("NO", "false"),
    ("off", "false"),
    ("Off", "false"),
    ("OFF", "false"),
    ("false", "false"),
    ("False", "false"),
    ("FALSE", "false"),
    ("0", "0"),
    ("-0", "0"),
    ("00", "0"),
    ("+1", "1"),
    ("-12", "-12"),
    ("0644", "420"),
    ("-0644", "-420"),
    ("00644", "420"),
    ("0o644", "420"),
    ("0O644", "420"),
    ("0x1f", "31"),
    ("0X1F", "31"),
    ("-0x1f", "-31"),
    ("0b1", "1"),
    ("0B101", "5"),
    ("-0b11", "-3"),
    ("1_000", "1000"),
    ("1__0_", "10"),
    ("0x_1f", "31"),
    // No octal, so a float.
    ("08", "8"),
    ("0189", "189"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("18446744073709551615", "18446744073709551615"),
    // Beyond 64 bits decimals are floats.
    ("18446744073709551616", "18446744073709552000"),
    ("-9223372036854775809", "-9223372036854776000"),
    ("1234567890123456789012", "1.2345678901234568e+21"),
    ("1.5", "1.5"),
    ("1.0", "1"),
    ("1.", "1"),
    (".5", "0.5"),
    ("+.5", "0.5"),
    ("-.5e1", "-5"),
    ("0.10", "0.1"),
    ("1e3", "1000"),
    ("1E+3", "1000"),
    ("1.e3", "1000"),
    ("12e-1", "1.2"),
    ("1e21", "1e+21"),
    ("1e20", "100000000000000000000"),
    ("1e-6", "0.000001"),
    ("1e-7", "1e-7"),
    ("-0.0", "-0"),
    ("1_0.5_0", "10.5"),
];

/// Plain scalars that are strings.
const STRINGS: &[&str] = &[
    "yEs",
    "nO",
    "oN",
    "tRUE",
    "nULL",
    "t",
    "f",
    "none",
    "0b2",
    "0o8",
    "0xg",
    "0x",
    "0b",
    "0o",
    "+",
    "+-1",
    "1e",
    "1e999",
    ".",
    ".e1",
    ".5_0",
    "_1",
    "0x1p3",
    "1:30",
    "12:30:45",
    "1.2.3",
    "1.5Gi",
    "100m",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "infinity",
    "nan",
    "Inf",
    "-nan",
    "+.nan",
    "++.inf",
    "<<",
    "=",
    "8080/tcp",
    "e3",
    "NaN",
];

/// Written with a tag or in quotes, as JSON.
const TAGGED: &[(&str, &str)] = &[
    ("\"0644\"", "\"0644\""),
    ("'yes'", "\"yes\""),
    ("''", "\"\""),
    ("|\n  12\n", "\"12\\n\""),
    ("|\n  12", "\"12\""),
    ("|+\n  12", "\"12\""),
    ("|-\n  12", "\"12\""),
    (">\n  1\n  2", "\"1 2\""),
    (">\n  1\n\n  2\n\n", "\"1\\n2\\n\""),
    ("|\n  12\n# end", "\"12\\n\""),
    ("!!str 12", "\"12\""),
    ("!!str", "\"\""),
    ("!!str ~", "\"~\""),
    ("!!int \"12\"", "12"),
    ("!!int 0644", "420"),
    ("!!float 12", "12"),
    ("!!float 1.5", "1.5"),
    ("!!bool 'yes'", "true"),
    ("!!null ''", "null"),
    ("!!timestamp 2001-01-01", "\"2001-01-01\""),
    ("!mine 12", "\"12\""),
    ("! 12", "\"12\""),
    ("!<tag:yaml.org,2002:int> '7'", "7"),
];

#[test]
fn plain_scalars_are_what_go_yaml_resolves_them_to() {
    for (text, json) in RESOLVED {
        let document = one(&format!("a: {text}"));
        let node = document.get("a").unwrap();
        match &node.value {
            Value::Number(number) => assert_eq!(number.as_str(), *json, "{text}"),
            _ => assert_eq!(to_json(node).to_string(), *json, "{text}"),
        }
        assert_eq!(&*node.source, *text);
    }
}

#[test]
fn other_plain_scalars_are_strings() {
    for text in STRINGS {
        assert_eq!(one(&format!("a: {text}")).get("a").unwrap().as_str(), Some(*text));
    }
}

#[test]
fn quotes_make_strings_and_tags_make_types() {
    for (text, json) in TAGGED {
        let document = one(&format!("a: {text}"));
        assert_eq!(to_json(document.get("a").unwrap()).to_string(), *json, "{text}");
    }
}

#[test]
fn what_json_cannot_hold_is_an_error() {
    for (text, words) in [
        (
            ".inf",
            "line 1, column 4: a: .inf is a number that JSON cannot hold: in quotes it is a string",
        ),
        (
            "-.INF",
            "line 1, column 4: a: -.INF is a number that JSON cannot hold: in quotes it is a string",
        ),
        (
            ".NaN",
            "line 1, column 4: a: .NaN is a number that JSON cannot hold: in quotes it is a string",
        ),
    ] {
        assert_eq!(error(&format!("a: {text}")), words);
    }
    assert_eq!(
        error("a: !!binary aGk="),
        "line 1, column 4: a: !!binary is not supported: write the base64 text without the tag"
    );
}

#[test]
fn a_scalar_is_what_its_tag_says() {
    for (tag, text) in
        [("!!int", "1.5"), ("!!int", "x"), ("!!bool", "1"), ("!!float", "x"), ("!!null", "0")]
    {
        let words = error(&format!("a: {tag} {text}"));
        assert!(
            words.ends_with(&format!(": a: \"{text}\" is no {tag}: remove the tag")),
            "{words}"
        );
    }
}

#[test]
fn keys_become_strings() {
    let text = "1: a\n0x10: b\nyes: c\n1.50: d\n'2': e\n-0.5: f";
    let keys: Vec<String> = match one(text).value {
        Value::Mapping(entries) => entries.into_iter().map(|entry| entry.key).collect(),
        other => panic!("{other:?}"),
    };
    assert_eq!(keys, ["1", "16", "true", "1.5", "2", "-0.5"]);
    for (text, words) in [
        ("~: 1", "line 1, column 1: null cannot be a key: write a string"),
        ("? [1]\n: 1", "line 1, column 3: a sequence cannot be a key: write a string"),
        ("? {a: 1}\n: 1", "line 1, column 3: a mapping cannot be a key: write a string"),
        ("1: a\n'1': b", "line 2, column 1: key \"1\" stands in line 1 too: remove one of them"),
    ] {
        assert_eq!(error(text), words);
    }
}
