//! JSON: what `serde_json` reads, with the places that it does not tell.

use std::cell::Cell;
use std::fmt;
use std::io;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::build::Builder;
use super::{Node, Number, Place, ReadError, ReadProblem, Value};

/// Hands all objects of `text`, which stand one after the other, to `builder`.
pub(super) fn read(text: &str, builder: &mut Builder) -> Result<(), ReadError> {
    let taken = Cell::new(0);
    let mut reader = Reader {
        text,
        taken: &taken,
        passed: 0,
        place: Place { line: 1, column: 1 },
        builder,
        error: None,
    };
    loop {
        reader.pass(reader.behind_blanks());
        match reader.rest().chars().next() {
            None => return Ok(()),
            Some('{') => {}
            Some(_) => return Err(reader.wrong("expected another object or the end")),
        }
        let start = reader.passed;
        let mut parser = serde_json::Deserializer::from_reader(Bytes { text, taken: &taken });
        if let Err(error) = parser.deserialize_any(&mut reader) {
            return Err(reader.error.take().unwrap_or_else(|| reader.syntax(&error, start)));
        }
    }
}

/// The text, byte by byte; how many were taken can be seen.
struct Bytes<'a> {
    text: &'a str,
    taken: &'a Cell<usize>,
}

impl io::Read for Bytes<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let next = self.text.as_bytes().get(self.taken.get());
        match (next, into.first_mut()) {
            (Some(&byte), Some(first)) => {
                *first = byte;
                self.taken.set(self.taken.get() + 1);
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

struct Reader<'a> {
    text: &'a str,
    taken: &'a Cell<usize>,
    /// What of the text `place` is behind of.
    passed: usize,
    place: Place,
    builder: &'a mut Builder,
    /// Ours, which serde_json's errors cannot carry.
    error: Option<ReadError>,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.passed..).unwrap_or_default()
    }

    /// Where the next thing begins that was not taken.
    fn behind_blanks(&self) -> usize {
        let rest = self.text.get(self.taken.get()..).unwrap_or_default();
        self.text.len() - rest.trim_start().len()
    }

    /// Moves `place` on to the character that byte `to` belongs to.
    fn pass(&mut self, to: usize) {
        let mut passed = self.passed;
        for c in self.rest().chars() {
            if passed + c.len_utf8() > to {
                break;
            }
            passed += c.len_utf8();
            self.place.pass(c);
        }
        self.passed = passed;
    }

    /// Moves `place` to the value or key whose turn it is. Its first character has been looked at, unless a colon was.
    fn turn(&mut self) -> Place {
        let last = self.taken.get().saturating_sub(1);
        let colon = self.text.as_bytes().get(last) == Some(&b':');
        self.pass(if colon { self.behind_blanks() } else { last });
        self.place
    }

    fn wrong(&self, words: &str) -> ReadError {
        self.builder.error(self.place, ReadProblem::Syntax(words.to_owned()))
    }

    /// As "expected value at line 1 column 5", counted from the byte `start` on.
    fn syntax(&mut self, error: &serde_json::Error, start: usize) -> ReadError {
        let object = self.text.get(start..).unwrap_or_default();
        let lines = object.split_inclusive('\n').take(error.line().saturating_sub(1));
        self.pass(start + lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1));
        let words = error.to_string();
        self.wrong(words.split(" at line ").next().unwrap_or_default())
    }

    /// Keeps our error; serde_json has but to stop.
    fn keep<T, E: Error>(&mut self, result: Result<T, ReadError>) -> Result<T, E> {
        result.map_err(|error| {
            self.error = Some(error);
            E::custom("")
        })
    }

    fn add<E: Error>(&mut self, value: Value) -> Result<(), E> {
        let node = Node { value, place: self.place, source: Box::default() };
        let charged = self.builder.charge(node.size(), node.place);
        self.keep(charged)?;
        let added = self.builder.add(node);
        self.keep(added)
    }

    /// The number at `place`, as it is written.
    fn number<E: Error>(&mut self) -> Result<(), E> {
        let digits = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
        let rest = self.rest();
        let text = rest.split(|c| !digits(c)).next().unwrap_or_default();
        let number = Number(text.into());
        self.add(Value::Number(number))
    }

    fn close<E: Error>(&mut self) -> Result<(), E> {
        match self.builder.close() {
            Some(node) => {
                let added = self.builder.add(node);
                self.keep(added)
            }
            None => Ok(()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for &mut Reader<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.turn();
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Reader<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        self.add(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.add(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        self.number()
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        self.number()
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        self.number()
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.add(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let opened = self.builder.open_sequence(self.place);
        self.keep(opened)?;
        while items.next_element_seed(&mut *self)?.is_some() {}
        self.close()
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let opened = self.builder.open_mapping(self.place);
        self.keep(opened)?;
        while entries.next_key_seed(&mut *self)?.is_some() {
            entries.next_value_seed(&mut *self)?;
        }
        self.close()
    }
}
