use super::*;
use proptest::prelude::*;

fn question(name: &str, kind: Kind) -> Question {
    Question::new(name, kind, 0x1234).unwrap()
}

/// A name on the wire, without compression.
fn wire(name: &str) -> Vec<u8> {
    let labels = name.split('.').filter(|label| !label.is_empty());
    let mut wire: Vec<u8> =
        labels.flat_map(|label| [&[label.len() as u8], label.as_bytes()].concat()).collect();
    wire.push(0);
    wire
}

fn record(owner: &[u8], kind: u16, data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u16).to_be_bytes();
    [owner, &kind.to_be_bytes(), &[0, 1, 0, 0, 0, 9], &length, data].concat()
}

/// An answer with these flags and records.
fn answer(question: &Question, flags: u16, records: &[Vec<u8>]) -> Vec<u8> {
    let mut message = question.message();
    message[2..4].copy_from_slice(&flags.to_be_bytes());
    message[6..8].copy_from_slice(&(records.len() as u16).to_be_bytes());
    message.extend(records.concat());
    message
}

const FINE: u16 = 0x8180;
const TO_THE_QUESTION: [u8; 2] = [0xc0, 12];

fn addresses(texts: &[&str]) -> Reply {
    Reply::Addresses(texts.iter().map(|text| text.parse().unwrap()).collect())
}

#[test]
fn a_question_as_it_goes_out() {
    let expected =
        b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x02ab\x01c\x00\x00\x1c\x00\x01";
    assert_eq!(question("ab.c", Kind::Aaaa).message(), expected);
    assert_eq!(question("ab.c.", Kind::Aaaa).message(), expected);
}

#[test]
fn what_can_be_no_name_is_not_asked_for() {
    let label = "x".repeat(63);
    let longest = [label.as_str(), &label, &label, &"x".repeat(61)].join(".");
    assert_eq!(longest.len(), 253);
    assert!(Question::new(&longest, Kind::A, 0).is_some());
    assert!(Question::new(&format!("{longest}x"), Kind::A, 0).is_none());
    for name in ["", ".", "a..b", ".a", "a..", &format!("{label}x"), &format!("a.{label}x.b")] {
        assert!(Question::new(name, Kind::A, 0).is_none(), "{name:?}");
    }
}

#[test]
fn addresses_of_the_kind_that_was_asked_for() {
    let records = [
        record(&TO_THE_QUESTION, 1, &[10, 0, 0, 1]),
        record(&wire("WEB.Example"), 28, &[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]),
        record(&wire("other.example"), 1, &[10, 0, 0, 2]),
        record(&wire("web.example"), 1, &[10, 0, 0, 3]),
    ];
    let a = question("web.example", Kind::A);
    assert_eq!(a.read(&answer(&a, FINE, &records)), Some(addresses(&["10.0.0.1", "10.0.0.3"])));
    let aaaa = question("Web.example", Kind::Aaaa);
    assert_eq!(aaaa.read(&answer(&aaaa, FINE, &records)), Some(addresses(&["fd00::7"])));
}

#[test]
fn aliases_are_followed_in_any_order_and_not_for_ever() {
    let a = question("a", Kind::A);
    let alias = |from: &str, to: &str| record(&wire(from), 5, &wire(to));
    let end = record(&wire("c"), 1, &[10, 0, 0, 1]);
    let records = [end.clone(), alias("b", "c"), alias("a", "b")];
    assert_eq!(a.read(&answer(&a, FINE, &records)), Some(addresses(&["10.0.0.1"])));
    assert_eq!(a.read(&answer(&a, FINE, &records[1..])), Some(Reply::NoData));
    let circle = [alias("a", "b"), alias("b", "a"), end];
    assert_eq!(a.read(&answer(&a, FINE, &circle)), Some(Reply::Refused));
}

#[test]
fn what_the_header_says() {
    let a = question("a", Kind::A);
    let of = |flags| a.read(&answer(&a, flags, &[]));
    assert_eq!(of(FINE), Some(Reply::NoData));
    assert_eq!(of(0x8400), Some(Reply::NoData));
    assert_eq!(of(0x8100), Some(Reply::Refused));
    assert_eq!(of(0x8380), Some(Reply::Truncated));
    assert_eq!(of(0x8183), Some(Reply::NoSuchName));
    for code in [1, 2, 4, 5, 15] {
        assert_eq!(of(0x8180 | code), Some(Reply::Refused), "{code}");
    }
    // A question, and an answer to something else than a query.
    assert_eq!(of(0x0180), None);
    assert_eq!(of(0x9180), None);
}

#[test]
fn an_answer_to_another_question_is_none() {
    let a = question("a.b", Kind::A);
    let records = [record(&TO_THE_QUESTION, 1, &[10, 0, 0, 1])];
    for other in [
        question("a.c", Kind::A),
        question("a", Kind::A),
        question("a.b", Kind::Aaaa),
        Question::new("a.b", Kind::A, 0x1235).unwrap(),
    ] {
        assert_eq!(a.read(&answer(&other, FINE, &records)), None, "{other:?}");
    }
    assert!(a.read(&answer(&question("A.B", Kind::A), FINE, &records)).is_some());
    let mut none_repeated = answer(&a, FINE, &[]);
    none_repeated[5] = 0;
    assert_eq!(a.read(&none_repeated), None);
}

#[test]
fn a_defect_spoils_all() {
    let a = question("a", Kind::A);
    let good = record(&TO_THE_QUESTION, 1, &[10, 0, 0, 1]);
    let sound = answer(&a, FINE, std::slice::from_ref(&good));
    assert!(a.read(&sound).is_some());
    for length in 0..sound.len() {
        assert_eq!(a.read(&sound[..length]), None, "cut to {length}");
    }
    let mut more = sound.clone();
    more[6..8].copy_from_slice(&[0xff, 0xff]);
    assert_eq!(a.read(&more), None);
    let itself = [0xc0, sound.len() as u8];
    for owner in [itself, [0xff, 0xff], [0x40, 0], [0x80, 0]] {
        let bad = record(&owner, 1, &[10, 0, 0, 1]);
        assert_eq!(a.read(&answer(&a, FINE, &[good.clone(), bad])), None, "{owner:x?}");
    }
    for data in [&[10, 0, 0][..], &[10, 0, 0, 1, 0]] {
        let bad = record(&TO_THE_QUESTION, 1, data);
        assert_eq!(a.read(&answer(&a, FINE, &[good.clone(), bad])), None, "{data:?}");
    }
}

#[test]
fn addresses_are_bounded() {
    let a = question("a", Kind::A);
    let records: Vec<_> =
        (0..4000_u32).map(|i| record(&TO_THE_QUESTION, 1, &i.to_be_bytes())).collect();
    let Some(Reply::Addresses(found)) = a.read(&answer(&a, FINE, &records)) else { panic!() };
    assert_eq!(found.len(), MOST);
}

proptest! {
    #[test]
    fn any_bytes_can_be_read(bytes in proptest::collection::vec(any::<u8>(), 0..600)) {
        let _ = question("a", Kind::A).read(&bytes);
    }

    /// The header and the question are right, so that all that follows is looked at.
    #[test]
    fn any_records_can_be_read(
        counts: [u16; 3],
        rest in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0xc0), Just(0), Just(1), Just(12)], 0..600),
    ) {
        let a = question("a", Kind::A);
        let mut bytes = answer(&a, FINE, &[]);
        for (at, count) in (6..).step_by(2).zip(counts) {
            bytes[at..at + 2].copy_from_slice(&count.to_be_bytes());
        }
        bytes.extend(rest);
        let _ = a.read(&bytes);
    }

    #[test]
    fn what_is_answered_is_read(
        labels in proptest::collection::vec("[a-z0-9_-]{1,63}", 1..4),
        found in proptest::collection::vec(any::<std::net::Ipv6Addr>(), 1..20),
        compressed: bool,
    ) {
        let name = labels.join(".");
        let aaaa = question(&name, Kind::Aaaa);
        let owner = if compressed { TO_THE_QUESTION.to_vec() } else { wire(&name.to_uppercase()) };
        let records: Vec<_> = found.iter().map(|ip| record(&owner, 28, &ip.octets())).collect();
        let expected = Reply::Addresses(found.into_iter().map(IpAddr::from).collect());
        prop_assert_eq!(aaaa.read(&answer(&aaaa, FINE, &records)), Some(expected));
    }
}
