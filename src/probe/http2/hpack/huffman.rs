//! Strings in the Huffman code of RFC 7541, appendix B.
//!
//! The code is a canonical one: among codes of one length, numbers ascend with the symbols, and shorter
//! codes come first. So the lengths are all that has to be written down.

/// How many bits each symbol has; the last one ends a string and must never be seen.
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5,
    5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10, 13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6, 15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6,
    6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28, 20, 22, 20, 20, 22, 22, 22, 23, 22,
    23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24, 22,
    21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20,
    22, 22, 22, 23, 22, 22, 23, 26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19,
    21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27, 20, 24, 20, 21, 22, 21, 21, 23, 22,
    22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26, 30,
];

const LONGEST: usize = 30;
const END: u16 = 256;

/// For each length: its first code, how many codes it has, and where their symbols begin in `symbols`.
struct Code {
    lengths: [(u32, u32, u16); LONGEST + 1],
    symbols: [u16; 257],
}

static CODE: Code = code();

#[allow(clippy::indexing_slicing)] // the compiler runs it, and says so if an index is wrong
const fn code() -> Code {
    let mut code = Code { lengths: [(0, 0, 0); LONGEST + 1], symbols: [0; 257] };
    let (mut length, mut next, mut count) = (1, 0_u32, 0_u16);
    while length <= LONGEST {
        next <<= 1;
        let (first, before) = (next, count);
        let mut symbol = 0;
        while symbol < LENGTHS.len() {
            if LENGTHS[symbol] as usize == length {
                code.symbols[count as usize] = symbol as u16;
                count += 1;
                next += 1;
            }
            symbol += 1;
        }
        code.lengths[length] = (first, (count - before) as u32, before);
        length += 1;
    }
    code
}

/// What `bytes` stand for; `None` if they end within a symbol, or hold the end itself.
pub fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    // No code is shorter than 5 bits.
    let mut decoded = Vec::with_capacity(bytes.len().saturating_mul(8) / 5);
    let (mut bits, mut length) = (0_u32, 0_usize);
    for byte in bytes {
        for shift in (0..8).rev() {
            bits = bits << 1 | u32::from(byte >> shift & 1);
            length += 1;
            let &(first, count, start) = CODE.lengths.get(length)?;
            let Some(at) = bits.checked_sub(first).filter(|at| *at < count) else { continue };
            let symbol = *CODE.symbols.get(usize::from(start) + at as usize)?;
            if symbol == END {
                return None;
            }
            decoded.push(symbol as u8);
            (bits, length) = (0, 0);
        }
    }
    // What is left is filled up with the first bits of the end, which are ones, and less than a byte of them.
    let filled = length < 8 && bits == (1 << length) - 1;
    filled.then_some(decoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_of_the_rfc() {
        // RFC 7541, C.4.1, C.4.2, C.6.1
        for (bytes, text) in [
            (
                &[0xf1, 0xe3, 0xc2, 0xe5, 0xf2, 0x3a, 0x6b, 0xa0, 0xab, 0x90, 0xf4, 0xff][..],
                "www.example.com",
            ),
            (&[0xa8, 0xeb, 0x10, 0x64, 0x9c, 0xbf], "no-cache"),
            (&[0x64, 0x02], "302"),
            (&[], ""),
        ] {
            assert_eq!(decode(bytes).as_deref(), Some(text.as_bytes()));
        }
    }

    #[test]
    fn what_is_no_string_is_refused() {
        // A byte of filling, filling with a zero, the end, and most of the end.
        for bytes in [&[0x07, 0xff][..], &[0x06], &[0xff, 0xff, 0xff, 0xff], &[0xff, 0xff, 0xff]] {
            assert_eq!(decode(bytes), None, "{bytes:x?}");
        }
    }

    #[test]
    fn every_symbol_has_its_code() {
        // The longest codes of octets, and the shortest, by RFC 7541, appendix B.
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xf3]).as_deref(), Some(&[10][..]));
        let mut symbols = CODE.symbols.to_vec();
        symbols.sort_unstable();
        assert_eq!(symbols, (0..257).collect::<Vec<u16>>());
    }
}
