//! Text of others in lines of ours: between quotes as Go's `%q` writes it, in the kubelet's messages and in files of labels
//! and annotations; or cut short, in errors.

use std::fmt::{self, Write};

mod printable;

use printable::{BASIC, BEYOND, SUPPLEMENTARY};

/// Prints bytes between double quotes (Go's `strconv.Quote`, kubelet M16 and D7 to D10): printable characters as they are,
/// all others escaped, bytes that are no UTF-8 as `\xff`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Quoted<'a>(pub &'a [u8]);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for chunk in self.0.utf8_chunks() {
            chunk.valid().chars().try_for_each(|c| write_char(f, c))?;
            chunk.invalid().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))?;
        }
        f.write_char('"')
    }
}

/// The beginning of `text`, at most `most` characters and an ellipsis, escaped as between quotes: no file makes a message
/// longer than itself, nor sends anything to a terminal.
pub fn shorten(text: &str, most: usize) -> impl fmt::Display {
    struct Shortened<'a>(&'a str, usize);
    impl fmt::Display for Shortened<'_> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            let mut characters = self.0.chars();
            characters.by_ref().take(self.1).try_for_each(|c| write_char(f, c))?;
            if characters.next().is_some() { f.write_char('…') } else { Ok(()) }
        }
    }
    Shortened(text, most)
}

fn write_char(f: &mut fmt::Formatter<'_>, c: char) -> fmt::Result {
    match c {
        '"' => f.write_str("\\\""),
        '\\' => f.write_str("\\\\"),
        '\x07' => f.write_str("\\a"),
        '\x08' => f.write_str("\\b"),
        '\t' => f.write_str("\\t"),
        '\n' => f.write_str("\\n"),
        '\x0b' => f.write_str("\\v"),
        '\x0c' => f.write_str("\\f"),
        '\r' => f.write_str("\\r"),
        _ if is_printable(c) => f.write_char(c),
        '\0'..='\x7f' => write!(f, "\\x{:02x}", u32::from(c)),
        '\u{80}'..='\u{ffff}' => write!(f, "\\u{:04x}", u32::from(c)),
        _ => write!(f, "\\U{:08x}", u32::from(c)),
    }
}

/// Whether Go 1.19 prints it as it is. Newer ones know newer characters.
fn is_printable(c: char) -> bool {
    let code = u32::from(c);
    let boundaries = match (u16::try_from(code), u16::try_from(code.wrapping_sub(0x10000))) {
        (Ok(code), _) => BASIC.partition_point(|boundary| *boundary <= code),
        (_, Ok(offset)) => SUPPLEMENTARY.partition_point(|boundary| *boundary <= offset),
        _ => BEYOND.partition_point(|boundary| *boundary <= code),
    };
    boundaries % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// Pairs of hexadecimal digits.
    fn bytes(hex: &str) -> Vec<u8> {
        let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        (0..hex.len()).step_by(2).map(byte).collect()
    }

    fn cases(text: &str) -> Vec<Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn what_go_quotes() {
        let cases = cases(include_str!("../../tests/vectors/oracle/quote.jsonl"));
        assert_eq!(cases.len(), 801);
        for case in cases {
            let quoted = Quoted(&bytes(case["InHex"].as_str().unwrap())).to_string();
            assert_eq!(quoted, case["out"].as_str().unwrap(), "{case}");
        }
    }

    // kubelet D7, D8, as far as the quotes go
    #[test]
    fn what_the_kubelet_quotes_in_files_of_labels() {
        let cases = cases(include_str!("../../tests/vectors/oracle/formatmap.jsonl"));
        assert_eq!(cases.len(), 151);
        for case in cases {
            let map = case["Map"].as_object().unwrap();
            let line = |(name, value): (&String, &Value)| {
                format!("{name}={}", Quoted(value.as_str().unwrap().as_bytes()))
            };
            // By name already: serde_json keeps objects so.
            let lines: Vec<String> = map.iter().map(line).collect();
            assert_eq!(lines.join("\n"), case["out"].as_str().unwrap(), "{case}");
        }
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_not_printable_is_escaped() {
        for (text, told) in [
            ("", ""),
            ("abcde", "abcde"),
            ("abcdef", "abcde…"),
            ("ééééé", "ééééé"),
            ("a\u{1b}[3m", "a\\x1b[3m"),
            ("\"\\", "\\\"\\\\"),
            // The one turns the direction of what follows, the other is not seen.
            ("a\u{202e}\u{200b}", "a\\u202e\\u200b"),
        ] {
            assert_eq!(shorten(text, 5).to_string(), told, "{text:?}");
        }
    }

    #[test]
    fn what_go_prints_as_it_is() {
        let ranges = include_str!("../../tests/vectors/oracle/printable-ranges-go1.19.txt");
        let ranges: Vec<(u32, u32)> = ranges
            .lines()
            .map(|line| line.split_once("..").unwrap())
            .map(|(first, last)| [first, last].map(|code| u32::from_str_radix(code, 16).unwrap()))
            .map(|[first, last]| (first, last))
            .collect();
        let mut ranges = ranges.iter().copied().peekable();
        for c in '\0'..=char::MAX {
            let code = u32::from(c);
            while ranges.next_if(|(_, last)| *last < code).is_some() {}
            let expected = ranges.peek().is_some_and(|(first, _)| *first <= code);
            assert_eq!(is_printable(c), expected, "{code:x}");
        }
    }
}
