use super::*;
use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

/// What the kubelet v1.20.2's own function gave, case by case.
const ORACLE: &str = include_str!("../../../tests/vectors/oracle/expand.jsonl");

/// The variables of the tables below.
const VARIABLES: [(&str, &str); 7] = [
    ("A", "a"),
    ("B", "$(A)"),
    ("E", ""),
    ("X Y", "sp"),
    ("a.b", "dot"),
    ("A$(B", "weird"),
    ("", "nul"),
];

fn among<'v>(variables: &'v [(&str, &str)], text: &[u8]) -> Vec<u8> {
    let value_of = |name: &str| {
        let (_, value) = variables.iter().find(|(known, _)| *known == name)?;
        Some::<&'v [u8]>(value.as_bytes())
    };
    expand(text, value_of).expect("it is short")
}

#[track_caller]
fn check(variables: &[(&str, &str)], table: &[(&str, &str)]) {
    for (text, expected) in table {
        let found = String::from_utf8(among(variables, text.as_bytes())).unwrap();
        assert_eq!(&found, expected, "{text}");
    }
}

#[track_caller]
fn all(table: &[(&str, &str)]) {
    check(&VARIABLES, table);
}

#[track_caller]
fn unchanged(texts: &[&str]) {
    let table: Vec<_> = texts.iter().map(|text| (*text, *text)).collect();
    all(&table);
}

// kubelet E1
#[test]
fn e01_one_pass_from_left_to_right() {
    all(&[("$(A)", "a"), ("$(A)$(A)", "aa"), ("$(B)", "$(A)"), ("x$(A)y$(B)z", "xay$(A)z")]);
    // A value does not join what follows it to a reference.
    check(&[("D", "$"), ("A", "a")], &[("$(D)(A)", "$(A)"), ("$(D)$(A)", "$a")]);
}

// kubelet E2
#[test]
fn e02_a_name_is_all_before_the_first_closing_parenthesis() {
    all(&[
        ("$(X Y)", "sp"),
        ("$(a.b)", "dot"),
        ("$(A$(B))", "weird)"),
        ("$()", "nul"),
        ("$(A))", "a)"),
        ("$($(A))", "$($(A))"),
        ("$(foo$$var)", "$(foo$$var)"),
    ]);
    check(&[("A\nB", "lines"), ("(", "open")], &[("$(A\nB)", "lines"), ("$(()", "open")]);
    // Without such names these stay, although a name within them is known.
    check(&[("A", "a")], &[("$(A$(B))", "$(A$(B))"), ("$()", "$()")]);
}

// kubelet E3
#[test]
fn e03_a_known_name_is_its_value_and_an_unknown_one_stays() {
    all(&[("$(MISSING)", "$(MISSING)"), ("a$(E)b", "ab"), ("-$(NO)-$(A)-", "-$(NO)-a-")]);
    // A name that is no UTF-8 is unknown.
    assert_eq!(among(&VARIABLES, b"$(\xff)$(A)"), b"$(\xff)a");
}

// kubelet E4
#[test]
fn e04_two_dollars_are_one_and_what_follows_is_plain() {
    all(&[
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$a"),
        ("$$$$(A)", "$$(A)"),
        ("$$$$$$(A)", "$$$(A)"),
        ("$$$$$$$(A)", "$$$a"),
        ("$$", "$"),
        ("$$$", "$$"),
    ]);
}

// kubelet E5
#[test]
fn e05_a_reference_that_is_not_closed_is_plain() {
    unchanged(&["$(A", "$(", "--$($($($($--", "x$(A y"]);
    all(&[("$($$", "$($"), ("$(A $$(B", "$(A $(B")]);
}

// kubelet E6
#[test]
fn e06_a_dollar_before_anything_else_is_plain() {
    unchanged(&["$", "x$", "$x", "$ (A)", "$)(A)", "$é", "$日本", "$😀(A)"]);
    all(&[("$(A)$", "a$"), ("$x$(A)", "$xa"), ("$é$(A)", "$éa")]);
}

// kubelet E7
#[test]
fn e07_a_byte_after_a_dollar_that_begins_no_character_is_replaced() {
    for (text, expected) in [
        (&b"$\xffz"[..], &b"$\xef\xbf\xbdz"[..]),
        // A cut character: its first byte goes, the others are elsewhere.
        (b"$\xe6\x97", b"$\xef\xbf\xbd\x97"),
        (b"$\xed\xa0\x80", b"$\xef\xbf\xbd\xa0\x80"),
        (b"$\xff$(A)", b"$\xef\xbf\xbda"),
        (b"\xff$(A)\xfe", b"\xffa\xfe"),
        (b"$$\xff", b"$\xff"),
        (b"$(A\xff", b"$(A\xff"),
    ] {
        assert_eq!(among(&VARIABLES, text), expected, "{text:x?}");
    }
}

// kubelet E8
#[test]
fn e08_the_forms_of_a_shell_mean_nothing() {
    unchanged(&["$A", "${A}", "$A ${A} $a", "`A`", "$((1+1))", "\\n", "~"]);
    all(&[("\\$(A)", "\\a"), ("'$(A)'", "'a'"), ("\\\\$$", "\\\\$")]);
}

/// How version 1.20 wrote each character beyond ASCII that followed a `$`: its first byte was taken
/// for a character, and so became two. Today it is kept whole (kubelet E6), and nothing else differs.
fn repaired(mut recorded: Vec<u8>) -> Vec<u8> {
    for whole in ['é', '日', '😀'] {
        let whole = [b"$", whole.to_string().as_bytes()].concat();
        let first = char::from(whole[1]).to_string();
        let broken = [b"$", first.as_bytes(), &whole[2..]].concat();
        while let Some(at) = recorded.windows(broken.len()).position(|part| part == broken) {
            recorded.splice(at..at + broken.len(), whole.iter().copied());
        }
    }
    recorded
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2);
    digits.map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

#[test]
fn the_recorded_expansions_are_the_same() {
    let (mut cases, mut repairs) = (0, 0);
    for line in ORACLE.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let maps: Vec<BTreeMap<String, String>> =
            serde_json::from_value(case["Vars"].clone()).unwrap();
        let value_of = |name: &str| maps.iter().find_map(|map| map.get(name)).map(String::as_bytes);
        let text = case["In"].as_str().unwrap();
        let recorded = bytes_of(case["outHex"].as_str().unwrap());
        let expected = repaired(recorded.clone());
        // Only where the input has such a character may the record be mended.
        let beyond_ascii = text.split('$').skip(1).any(|after| after.starts_with('é'));
        assert!(expected == recorded || beyond_ascii, "{text}");
        repairs += usize::from(expected != recorded);
        assert_eq!(expand(text.as_bytes(), value_of).unwrap(), expected, "{text}");
        cases += 1;
    }
    assert_eq!((cases, repairs), (1273, 72));
}

#[test]
fn what_comes_out_is_bounded() {
    let value = vec![b'v'; 1024];
    let value_of = |name: &str| (name == "V").then_some(&value[..]);
    let text =
        |references: usize, more: usize| [b"$(V)".repeat(references), vec![b'.'; more]].concat();
    assert_eq!(expand(&text(127, 1023), value_of).unwrap().len(), LONGEST);
    assert_eq!(expand(&text(127, 1024), value_of), Err(TooLong));
    assert_eq!(expand(&text(100_000, 0), value_of), Err(TooLong));
    // What is longer before it is expanded is no error.
    assert_eq!(expand(&b"$$".repeat(LONGEST), value_of).unwrap().len(), LONGEST);
    assert_eq!(expand(&b"$(".repeat(LONGEST / 2), value_of).unwrap().len(), LONGEST - 1);
    assert!(TooLong.to_string().contains("131071 bytes"));
}

/// Texts in which much of the grammar occurs, and bytes that are no text.
fn any_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"$".to_vec()),
        Just(b"(".to_vec()),
        Just(b")".to_vec()),
        Just(b"A".to_vec()),
        Just("é".as_bytes().to_vec()),
        any::<u8>().prop_map(|byte| vec![byte]),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_expanded_within_bounds(text in any_text(), value in any_text()) {
        let value_of = |name: &str| (name == "A" || name.is_empty()).then_some(&value[..]);
        let out = expand(&text, value_of).unwrap();
        // A reference of three bytes gives the value at most, an invalid byte three.
        prop_assert!(out.len() <= text.len() * 3 + text.len() / 3 * value.len());
    }

    #[test]
    fn a_text_without_a_dollar_is_itself(text in any_text()) {
        let text: Vec<u8> = text.into_iter().filter(|byte| *byte != b'$').collect();
        prop_assert_eq!(expand(&text, |_| Some(b"value")).unwrap(), text);
    }

    #[test]
    fn an_escaped_text_is_given_back(text in any_text()) {
        let escaped: Vec<u8> = text
            .iter()
            .flat_map(|byte| std::iter::repeat_n(*byte, if *byte == b'$' { 2 } else { 1 }))
            .collect();
        prop_assert_eq!(expand(&escaped, |_| Some(b"value")).unwrap(), text);
    }

    #[test]
    fn texts_side_by_side_are_expanded_each_for_itself(left in any_text(), right in any_text()) {
        // What the left one may have left open is closed by a reference of its own.
        let left = [&left[..], b")$(A)"].concat();
        let value_of = |name: &str| (name == "A").then_some(&b"a"[..]);
        let both = expand(&[&left[..], &right[..]].concat(), value_of).unwrap();
        let apart = [expand(&left, value_of).unwrap(), expand(&right, value_of).unwrap()].concat();
        prop_assert_eq!(both, apart);
    }
}
