//! Files of labels and annotations: what the kubelet wrote, and a second writer and a reader made from the rules.

use super::*;
use crate::spec::quote::Quoted;
use proptest::prelude::*;

fn write(map: &BTreeMap<String, String>) -> String {
    fields::formatted(map)
}

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
}

/// kubelet D6 to D8
#[test]
fn d06_what_the_kubelet_wrote() {
    let cases = include_str!("../../../../tests/vectors/oracle/formatmap.jsonl");
    for case in cases.lines() {
        let case: Value = serde_json::from_str(case).unwrap();
        let map: BTreeMap<String, String> = serde_json::from_value(case["Map"].clone()).unwrap();
        assert_eq!(write(&map), case["out"].as_str().unwrap(), "{case}");
    }
}

/// kubelet D6
#[test]
fn d06_a_line_for_each_by_the_bytes_of_the_keys() {
    let pairs = [("b", "2"), ("a", "1"), ("B", "x"), ("a.b/c", "3"), ("a-b", "4"), ("Z", "")];
    let expected = "B=\"x\"\nZ=\"\"\na=\"1\"\na-b=\"4\"\na.b/c=\"3\"\nb=\"2\"";
    assert_eq!(write(&map(&pairs)), expected);
    assert_eq!(write(&map(&[])), "");
}

/// kubelet D7 to D10
#[test]
fn d07_d08_d09_d10_what_is_escaped() {
    for (value, quoted) in [
        ("", r#""""#),
        ("a b", r#""a b""#),
        ("x\ty", r#""x\ty""#),
        ("x\ny", r#""x\ny""#),
        ("x\ry", r#""x\ry""#),
        ("\x07\x08\x0b\x0c", r#""\a\b\v\f""#),
        ("\0\x1b\x7f", r#""\x00\x1b\x7f""#),
        ("q\"q", r#""q\"q""#),
        ("b\\s", r#""b\\s""#),
        ("it's `$x` %d <&", "\"it's `$x` %d <&\""),
        ("é 日本語 😀 e\u{301}", "\"é 日本語 😀 e\u{301}\""),
        ("\u{a0}\u{ad}\u{200b}\u{200d}", r#""\u00a0\u00ad\u200b\u200d""#),
        ("\u{2028}\u{3000}\u{feff}\u{e000}", r#""\u2028\u3000\ufeff\ue000""#),
        ("\u{85}\u{9f}\u{378}", r#""\u0085\u009f\u0378""#),
        ("\u{e0001}\u{10ffff}", r#""\U000e0001\U0010ffff""#),
        ("\u{fffd}", "\"\u{fffd}\""),
    ] {
        assert_eq!(write(&map(&[("k", value)])), format!("k={quoted}"));
    }
    for (bytes, quoted) in [
        (&b"\xff"[..], r#""\xff""#),
        (b"\xc3(", r#""\xc3(""#),
        (b"\xed\xa0\x80", r#""\xed\xa0\x80""#),
    ] {
        assert_eq!(Quoted(bytes).to_string(), quoted);
    }
}

/// `%q` once more, from kubelet D7 to D9 and the list of what Go 1.19 prints.
struct Second {
    printable: Vec<(u32, u32)>,
}

impl Second {
    fn new() -> Second {
        let ranges =
            include_str!("../../../../tests/vectors/oracle/printable-ranges-go1.19.txt").lines();
        let code = |hex: &str| u32::from_str_radix(hex, 16).unwrap();
        let range = |line: &str| line.split_once("..").map(|(a, b)| (code(a), code(b))).unwrap();
        Second { printable: ranges.map(range).collect() }
    }

    fn quote(&self, mut bytes: &[u8]) -> String {
        let mut out = String::from("\"");
        while let Some(first) = bytes.first() {
            // As many bytes as a character can have: the first number that makes one.
            let one = (1..=bytes.len().min(4)).find_map(|n| std::str::from_utf8(&bytes[..n]).ok());
            let Some(c) = one.and_then(|text| text.chars().next()) else {
                out += &format!("\\x{first:02x}");
                bytes = &bytes[1..];
                continue;
            };
            bytes = &bytes[c.len_utf8()..];
            let code = c as u32;
            let short = [(7, 'a'), (8, 'b'), (12, 'f'), (10, 'n'), (13, 'r'), (9, 't'), (11, 'v')];
            if c == '"' || c == '\\' {
                out.extend(['\\', c]);
            } else if let Some((_, letter)) = short.iter().find(|(of, _)| *of == code) {
                out.extend(['\\', *letter]);
            } else if self.printable.iter().any(|(first, last)| (*first..=*last).contains(&code)) {
                out.push(c);
            } else if code < 0x80 {
                out += &format!("\\x{code:02x}");
            } else if code <= 0xffff {
                out += &format!("\\u{code:04x}");
            } else {
                out += &format!("\\U{code:08x}");
            }
        }
        out + "\""
    }
}

/// What stands between the quotes, as bytes.
fn unquote(text: &str) -> Vec<u8> {
    let inner = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap();
    let mut chars = inner.chars();
    let mut out = Vec::new();
    let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    while let Some(c) = chars.next() {
        assert_ne!(c, '"', "an open quote in {text}");
        if c != '\\' {
            push(c);
            continue;
        }
        let escape = chars.next().unwrap();
        let mut hex = |digits: usize| {
            let digits: String = chars.by_ref().take(digits).collect();
            u32::from_str_radix(&digits, 16).unwrap()
        };
        match escape {
            'x' => {
                let byte = hex(2);
                assert!(byte < 0x80, "a byte that is no character: {text}");
                push(char::from_u32(byte).unwrap());
            }
            'u' => push(char::from_u32(hex(4)).unwrap()),
            'U' => push(char::from_u32(hex(8)).unwrap()),
            'a' => push('\x07'),
            'b' => push('\x08'),
            'f' => push('\x0c'),
            'n' => push('\n'),
            'r' => push('\r'),
            't' => push('\t'),
            'v' => push('\x0b'),
            '"' | '\\' => push(escape),
            other => panic!("\\{other} in {text}"),
        }
    }
    out
}

fn read(text: &str) -> BTreeMap<String, String> {
    let line = |line: &str| {
        let (key, value) = line.split_once('=').unwrap();
        (key.to_owned(), String::from_utf8(unquote(value)).unwrap())
    };
    text.split('\n').filter(|text| !text.is_empty()).map(line).collect()
}

/// Text of all sorts: plain, of any characters, and of those that are easily taken for something else.
fn value() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        '"',
        '\\',
        '\n',
        '\0',
        '\x7f',
        '\u{80}',
        '\u{a0}',
        '\u{378}',
        '\u{fffd}',
        '\u{ffff}',
        '\u{10000}',
        '\u{e0001}',
        '\u{10ffff}',
        '=',
        'x',
        '0',
        '\'',
        '$',
    ]);
    let odd = prop::collection::vec(odd, 0..12).prop_map(|chars| chars.into_iter().collect());
    prop_oneof![odd, any::<String>(), "[a-z0-9 ]{0,20}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// kubelet D7 to D9
    #[test]
    fn d07_d08_d09_two_writers_agree(
        value in prop_oneof![value().prop_map(String::into_bytes), any::<Vec<u8>>()]
    ) {
        thread_local!(static SECOND: Second = Second::new());
        let second = SECOND.with(|second| second.quote(&value));
        prop_assert_eq!(Quoted(&value).to_string(), second);
    }

    /// kubelet D6
    #[test]
    fn d06_what_is_written_and_read_back_is_the_map_that_went_in(
        map in prop::collection::btree_map("[A-Za-z0-9]([-A-Za-z0-9_./]{0,9}[A-Za-z0-9])?", value(), 0..8)
    ) {
        let text = write(&map);
        prop_assert!(!text.ends_with('\n'));
        prop_assert_eq!(read(&text), map);
    }
}
