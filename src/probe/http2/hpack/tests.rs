use super::*;
use proptest::prelude::*;

const LIMIT: usize = 64 * 1024;

fn list(fields: &Fields) -> Vec<(String, String)> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    fields.iter().map(|(name, value)| (text(name), text(value))).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

/// RFC 7541, C.6: three responses of one connection, Huffman-coded, with a table that has room for 256 bytes.
#[test]
fn responses_of_the_rfc() {
    let mut decoder = Decoder::default();
    let cookie = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
    for (block, fields) in [
        (
            // The size of the table comes first.
            "3fe1 01 4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e \
             919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
            vec![
                (":status", "302"),
                ("cache-control", "private"),
                ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
                ("location", "https://www.example.com"),
            ],
        ),
        (
            "4883 640e ffc1 c0bf",
            vec![
                (":status", "307"),
                ("cache-control", "private"),
                ("date", "Mon, 21 Oct 2013 20:13:21 GMT"),
                ("location", "https://www.example.com"),
            ],
        ),
        (
            "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 \
             e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
            vec![
                (":status", "200"),
                ("cache-control", "private"),
                ("date", "Mon, 21 Oct 2013 20:13:22 GMT"),
                ("location", "https://www.example.com"),
                ("content-encoding", "gzip"),
                ("set-cookie", cookie),
            ],
        ),
    ] {
        let decoded = decoder.decode(&bytes(block), LIMIT).unwrap();
        let expected: Vec<_> =
            fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        assert_eq!(list(&decoded), expected);
    }
    assert_eq!(decoder.size, 215);
}

#[test]
fn what_is_wrong_is_named() {
    for (block, error) in [
        ("3f", HpackError::Short),
        ("ff", HpackError::Short),
        ("00", HpackError::Short),
        ("00 01", HpackError::Short),
        ("00 01 61", HpackError::Short),
        ("00 01 61 05 62", HpackError::Short),
        ("80", HpackError::Index),
        ("be", HpackError::Index),
        ("7f ff ff 03", HpackError::Index),
        ("ff ff ff ff ff 00", HpackError::Number),
        ("3f e2 1f", HpackError::TableSize),
        ("88 20", HpackError::TableSize),
        ("08 81 06", HpackError::Huffman),
    ] {
        assert_eq!(Decoder::default().decode(&bytes(block), LIMIT), Err(error), "{block}");
    }
}

/// A field is remembered once and sent a thousand times: what that comes to is bounded all the same.
#[test]
fn a_short_block_cannot_become_a_long_list() {
    let mut block = bytes("40 01 61 7f a1 0f");
    block.resize(block.len() + 2000 + 128, b'x');
    block.resize(block.len() + 1000, 0xbe);
    assert_eq!(Decoder::default().decode(&block, LIMIT), Err(HpackError::Long));
    // Also of fields with nothing in them.
    assert_eq!(Decoder::default().decode(&[0, 0, 0].repeat(3000), LIMIT), Err(HpackError::Long));
    assert!(Decoder::default().decode(&[0, 0, 0].repeat(2000), LIMIT).is_ok());
}

/// Blocks that mean something more often than any bytes would.
fn blocks() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let text = prop_oneof![
        // Huffman code of a few letters, rightly filled and not.
        "[0-9a-z]{0,9}".prop_map(|text| [&[text.len() as u8], text.as_bytes()].concat()),
        proptest::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| [
            &[bytes.len() as u8 | 0x80],
            &bytes[..]
        ]
        .concat()),
        Just(vec![0x84, 0x1f, 0x1f, 0x1f, 0x1f]),
        Just(vec![0x86, 0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf]),
    ];
    let field = prop_oneof![
        (0x80_u8..=0xc4).prop_map(|byte| vec![byte]),
        (prop_oneof![Just(0x40_u8), Just(0), Just(0x10)], text.clone(), text.clone())
            .prop_map(|(kind, name, value)| [&[kind], &name[..], &value].concat()),
        (0x41_u8..0x7e, text.clone()).prop_map(|(first, value)| [&[first], &value[..]].concat()),
        (0_u8..0x1f, text).prop_map(|(first, value)| [&[first], &value[..]].concat()),
        (0x20_u8..=0x3f).prop_map(|byte| vec![byte]),
        proptest::collection::vec(any::<u8>(), 0..5),
    ];
    let block = proptest::collection::vec(field, 0..12).prop_map(|fields| fields.concat());
    proptest::collection::vec(block, 1..5)
}

/// The same by a crate that others use; where the RFC leaves no choice, both must say the same.
fn theirs(decoder: &mut loona_hpack::Decoder<'_>, block: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    use loona_hpack::decoder::DecoderError;
    let mut fields = Vec::new();
    match decoder.decode_with_cb(block, |name, value| {
        fields.push((name.into_owned(), value.into_owned()));
    }) {
        // A size at the end is nothing for it, and no harm.
        Ok(()) | Err(DecoderError::SizeUpdateAtEnd) => Some(fields),
        Err(_) => None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn another_decoder_sees_the_same(blocks in blocks()) {
        let mut ours = Decoder::default();
        let mut other = loona_hpack::Decoder::new();
        other.set_max_allowed_table_size(TABLE_LIMIT);
        for block in blocks {
            let (ours, other) = (ours.decode(&block, LIMIT), theirs(&mut other, &block));
            match (ours, other) {
                (Ok(ours), Some(other)) => {
                    let ours: Vec<_> = ours.iter().map(|(n, v)| (n.to_vec(), v.to_vec())).collect();
                    prop_assert_eq!(ours, other);
                }
                // It takes a size anywhere.
                (Err(HpackError::TableSize), _) | (Err(_), None) => break,
                (ours, other) => prop_assert!(false, "{:?}, but {:?}", ours, other),
            }
        }
    }

    #[test]
    fn any_bytes_come_to_an_end(blocks: Vec<Vec<u8>>) {
        let mut decoder = Decoder::default();
        for block in blocks {
            let _ = decoder.decode(&block, 1000);
            prop_assert!(decoder.size <= TABLE_LIMIT);
        }
    }

    #[test]
    fn what_is_packed_can_be_unpacked(
        fields in proptest::collection::vec(("[a-z-]{1,20}", ".{0,300}"), 0..20),
    ) {
        let mut block = Vec::new();
        for (name, value) in &fields {
            encode(name, value.as_bytes(), &mut block);
        }
        let mut decoder = Decoder::default();
        prop_assert_eq!(&list(&decoder.decode(&block, LIMIT).unwrap()), &fields);
        prop_assert_eq!(decoder.size, 0);
        let theirs = theirs(&mut loona_hpack::Decoder::new(), &block).unwrap();
        prop_assert_eq!(theirs.len(), fields.len());
    }
}
