//! HPACK (RFC 7541): header lists as HTTP/2 packs them.
//!
//! What is sent is packed in the plainest way, without any state. What is received is unpacked here and not
//! by a crate, for none of them can be stopped once it has begun, and none bounds what it makes of a block:
//! docs/dependencies.md has the findings. The tests compare this with one of them.

use std::collections::VecDeque;
use std::fmt;

use super::fields::Fields;

mod huffman;
mod table;

/// What a decoder remembers at most, by the RFC's count; the default of HTTP/2.
const TABLE_LIMIT: usize = 4096;

/// What a field counts beyond its bytes (RFC 7541, 4.1).
const OVERHEAD: usize = 32;

/// Why a block cannot be unpacked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HpackError {
    /// It ends too early.
    Short,
    /// A number that is too large for anything it could mean.
    Number,
    /// An index that nothing has.
    Index,
    Huffman,
    /// The table may not be as large, or its size cannot change here.
    TableSize,
    /// The list is longer than allowed.
    Long,
}

impl fmt::Display for HpackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            HpackError::Short => "a header block ends within a field",
            HpackError::Number => "a number in a header block is too large",
            HpackError::Index => "a header block refers to a field that is not there",
            HpackError::Huffman => "a string in a header block is not Huffman code",
            HpackError::TableSize => "a header block changes the table's size as it may not",
            HpackError::Long => "the headers are too long",
        })
    }
}

/// Packs a field so that no decoder has to remember it.
pub fn encode(name: &str, value: &[u8], block: &mut Vec<u8>) {
    // A literal that is not indexed, with a name of its own (RFC 7541, 6.2.2).
    block.push(0);
    for text in [name.as_bytes(), value] {
        encode_number(text.len(), block);
        block.extend_from_slice(text);
    }
}

/// A number with a prefix of seven bits, behind a bit that is not set (RFC 7541, 5.1).
fn encode_number(number: usize, block: &mut Vec<u8>) {
    const PREFIX: usize = 127;
    if number < PREFIX {
        block.push(number as u8);
        return;
    }
    block.push(PREFIX as u8);
    let mut rest = number - PREFIX;
    while rest >= 128 {
        block.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    block.push(rest as u8);
}

type Field = (Vec<u8>, Vec<u8>);

/// Unpacks the blocks of one connection.
pub struct Decoder {
    /// The latest first.
    remembered: VecDeque<Field>,
    /// By the RFC's count.
    size: usize,
    /// As the sender has chosen.
    limit: usize,
}

impl Default for Decoder {
    fn default() -> Decoder {
        Decoder { remembered: VecDeque::new(), size: 0, limit: TABLE_LIMIT }
    }
}

fn size(name: &[u8], value: &[u8]) -> usize {
    name.len().saturating_add(value.len()).saturating_add(OVERHEAD)
}

impl Decoder {
    /// Unpacks a whole block into a list that by the RFC's count is no larger than `limit`.
    ///
    /// # Errors
    /// What is wrong with it; the decoder is of no more use then.
    pub fn decode(&mut self, block: &[u8], limit: usize) -> Result<Fields, HpackError> {
        let mut input = Input(block);
        let mut fields = Fields::default();
        let mut left = limit;
        let mut at_start = true;
        while let Some(first) = input.peek() {
            let (name, value) = match first {
                0x80.. => self.indexed(input.number(7)?)?,
                0x40.. => {
                    let (name, value) = self.literal(&mut input, 6)?;
                    self.remember(name.clone(), value.clone());
                    (name, value)
                }
                0x20.. if at_start => {
                    self.resize(input.number(5)?)?;
                    continue;
                }
                0x20.. => return Err(HpackError::TableSize),
                // Never indexed (0x10) or just not.
                _ => self.literal(&mut input, 4)?,
            };
            at_start = false;
            left = left.checked_sub(size(&name, &value)).ok_or(HpackError::Long)?;
            fields.push(name, value);
        }
        Ok(fields)
    }

    fn literal(&self, input: &mut Input<'_>, prefix: u32) -> Result<Field, HpackError> {
        let name = match input.number(prefix)? {
            0 => input.string()?,
            index => self.indexed(index)?.0,
        };
        Ok((name, input.string()?))
    }

    fn indexed(&self, index: usize) -> Result<Field, HpackError> {
        let at = index.checked_sub(1).ok_or(HpackError::Index)?;
        if let Some((name, value)) = table::STATIC.get(at) {
            return Ok((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
        }
        let remembered = self.remembered.get(at - table::STATIC.len());
        remembered.cloned().ok_or(HpackError::Index)
    }

    fn remember(&mut self, name: Vec<u8>, value: Vec<u8>) {
        self.size += size(&name, &value);
        self.remembered.push_front((name, value));
        self.forget();
    }

    fn resize(&mut self, limit: usize) -> Result<(), HpackError> {
        if limit > TABLE_LIMIT {
            return Err(HpackError::TableSize);
        }
        self.limit = limit;
        self.forget();
        Ok(())
    }

    fn forget(&mut self) {
        while self.size > self.limit {
            let Some((name, value)) = self.remembered.pop_back() else { return };
            self.size -= size(&name, &value);
        }
    }
}

/// What is left of a block.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    fn byte(&mut self) -> Result<u8, HpackError> {
        let (byte, rest) = self.0.split_first().ok_or(HpackError::Short)?;
        self.0 = rest;
        Ok(*byte)
    }

    /// A number that begins in the last `prefix` bits of a byte (RFC 7541, 5.1).
    fn number(&mut self, prefix: u32) -> Result<usize, HpackError> {
        let mask = (1_usize << prefix) - 1;
        let mut number = usize::from(self.byte()?) & mask;
        if number < mask {
            return Ok(number);
        }
        // Four more bytes, 256 Mi, are more than any number here can sensibly be.
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            number += usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(HpackError::Number)
    }

    fn string(&mut self) -> Result<Vec<u8>, HpackError> {
        let packed = self.peek().ok_or(HpackError::Short)? >= 0x80;
        let length = self.number(7)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(HpackError::Short)?;
        self.0 = rest;
        if packed { huffman::decode(bytes).ok_or(HpackError::Huffman) } else { Ok(bytes.to_vec()) }
    }
}

#[cfg(test)]
mod tests;
