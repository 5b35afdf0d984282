//! From trees to types, with Go's rules for null and numbers (`encoding/json`, as `sigs.k8s.io/json` has it).
//!
//! - Null in a field counts as absent; as an item or in a map it is the type's zero: `""`, 0, false, nothing.
//! - An integer is what JSON writes as one: YAML's `1.0` is (`YAMLToJSON` prints 1), a JSON file's is not.
//! - Names count with their case. Fields that a struct does not have are warned of and left out; so types have to be
//!   read as structs, not by `#[serde(flatten)]`.
//! - A newtype named `Quantity` is visited with the text of its number, as Go's `Quantity` is handed it.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::iter::Enumerate;
use std::slice;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor,
};
use serde::forward_to_deserialize_any;

mod error;
mod suggest;

pub use error::{DecodeError, DecodeProblem};

use super::path::Path;
use super::{Entry, MAX_MEMORY, Node, Place, Value};
pub(in crate::spec) use suggest::closest;

/// The most warnings of one document that are kept; the others are counted.
pub const MAX_WARNINGS: usize = 100;

/// A value, and what its document has that it does not hold.
#[derive(Debug)]
pub struct Decoded<T> {
    pub value: T,
    /// In the order of the file, no more than [`MAX_WARNINGS`].
    pub warnings: Vec<Warning>,
    /// How many more there would be.
    pub more_warnings: usize,
}

/// A field that nothing knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Warning {
    pub path: String,
    /// The key's.
    pub place: Place,
    /// A known field that the name may be a slip of.
    pub suggestion: Option<&'static str>,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: unknown field (line {})", self.path, self.place.line)?;
        self.suggestion.map_or(Ok(()), |name| write!(f, ": did you mean {name}?"))
    }
}

/// What `node` says as a `T`.
///
/// # Errors
/// The first field whose value cannot be what is written.
pub fn decode<'a, T: Deserialize<'a>>(node: &'a Node) -> Result<Decoded<T>, DecodeError> {
    let warnings = RefCell::default();
    let left = Cell::new(MAX_MEMORY);
    let reader = Reader { node, path: Path::Root, warnings: &warnings, left: &left };
    let value = T::deserialize(reader).map_err(|error| error.at(&Path::Root, node))?;
    let Warnings { first, more } = warnings.into_inner();
    Ok(Decoded { value, warnings: first, more_warnings: more })
}

#[derive(Default)]
struct Warnings {
    first: Vec<Warning>,
    more: usize,
}

/// One node's deserializer.
#[derive(Clone, Copy)]
struct Reader<'de, 'p> {
    node: &'de Node,
    path: Path<'p>,
    warnings: &'p RefCell<Warnings>,
    /// Bytes of memory that elements of sequences may yet take: a node of `{}` is small, what becomes of it is not.
    left: &'p Cell<usize>,
}

impl<'de> Reader<'de, '_> {
    /// One for `node`, which stands at `path`, below this.
    fn read<S: DeserializeSeed<'de>>(
        &self,
        seed: S,
        node: &'de Node,
        path: Path,
    ) -> Result<S::Value, DecodeError> {
        let reader = Reader { node, path, ..*self };
        seed.deserialize(reader).map_err(|error| error.at(&path, node))
    }
}

/// What a null is where something has to be.
macro_rules! zero_for_null {
    ($($deserialize:ident => $visit:ident($zero:expr),)*) => {$(
        fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
            match self.node.value {
                Value::Null => visitor.$visit($zero),
                _ => self.deserialize_any(visitor),
            }
        }
    )*};
}

impl<'de> Deserializer<'de> for Reader<'de, '_> {
    type Error = DecodeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(value), _) => visitor.visit_i64(value),
                (None, Some(value)) => visitor.visit_u64(value),
                (None, None) => visitor.visit_f64(number.as_f64()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Sequence(nodes) => {
                visitor.visit_seq(Items { of: self, rest: nodes.iter().enumerate() })
            }
            Value::Mapping(entries) => visitor.visit_map(Entries::new(self, entries, None)),
        }
    }

    zero_for_null! {
        deserialize_bool => visit_bool(false),
        deserialize_i8 => visit_i64(0),
        deserialize_i16 => visit_i64(0),
        deserialize_i32 => visit_i64(0),
        deserialize_i64 => visit_i64(0),
        deserialize_u8 => visit_i64(0),
        deserialize_u16 => visit_i64(0),
        deserialize_u32 => visit_i64(0),
        deserialize_u64 => visit_i64(0),
        deserialize_f32 => visit_f64(0.0),
        deserialize_f64 => visit_f64(0.0),
        deserialize_str => visit_borrowed_str(""),
        deserialize_string => visit_borrowed_str(""),
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        if self.node.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.node.value {
            Value::Null => visitor.visit_seq(Items { of: self, rest: [].iter().enumerate() }),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        match self.node.value {
            Value::Null => visitor.visit_map(Entries::new(self, &[], None)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Null => visitor.visit_map(Entries::new(self, &[], Some(fields))),
            Value::Mapping(entries) => visitor.visit_map(Entries::new(self, entries, Some(fields))),
            // serde would take a sequence for the fields in their order.
            Value::Sequence(_) => Err(Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            Value::Null => visitor.visit_enum(BorrowedStrDeserializer::new("")),
            Value::String(word) => visitor.visit_enum(BorrowedStrDeserializer::new(word)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        match &self.node.value {
            _ if name != "Quantity" => visitor.visit_newtype_struct(self),
            Value::Null => visitor.visit_borrowed_str("0"),
            Value::Number(number) => visitor.visit_borrowed_str(number.as_str()),
            _ => self.deserialize_any(visitor),
        }
    }

    /// What nobody asks for is not warned of either.
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, DecodeError> {
        visitor.visit_unit()
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        self,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, DecodeError> {
        self.deserialize_seq(visitor)
    }

    forward_to_deserialize_any! { i128 u128 char bytes byte_buf unit unit_struct identifier }
}

struct Items<'de, 'p> {
    of: Reader<'de, 'p>,
    rest: Enumerate<slice::Iter<'de, Node>>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_> {
    type Error = DecodeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        let Some((index, node)) = self.rest.next() else {
            return Ok(None);
        };
        let path = Path::Index(&self.of.path, index);
        let Some(left) = self.of.left.get().checked_sub(size_of::<S::Value>()) else {
            return Err(DecodeError::new(DecodeProblem::TooLarge).at(&path, node));
        };
        self.of.left.set(left);
        self.of.read(seed, node, path).map(Some)
    }
}

struct Entries<'de, 'p> {
    of: Reader<'de, 'p>,
    rest: slice::Iter<'de, Entry>,
    /// Those of a struct; a map has none.
    fields: Option<&'static [&'static str]>,
    /// Whose key has been read.
    entry: Option<&'de Entry>,
}

impl<'de, 'p> Entries<'de, 'p> {
    fn new(
        of: Reader<'de, 'p>,
        entries: &'de [Entry],
        fields: Option<&'static [&'static str]>,
    ) -> Entries<'de, 'p> {
        Entries { of, rest: entries.iter(), fields, entry: None }
    }

    /// The next one that is somebody's: of a struct one that it has and that is not null.
    fn advance(&mut self) -> Option<&'de Entry> {
        loop {
            let entry = self.rest.next()?;
            match self.fields {
                Some(fields) if !fields.contains(&entry.key.as_str()) => self.warn(entry, fields),
                Some(_) if entry.value.is_null() => {}
                _ => return Some(entry),
            }
        }
    }

    fn warn(&self, entry: &Entry, fields: &'static [&'static str]) {
        let mut warnings = self.of.warnings.borrow_mut();
        if warnings.first.len() == MAX_WARNINGS {
            warnings.more += 1;
            return;
        }
        warnings.first.push(Warning {
            path: Path::Field(&self.of.path, &entry.key).to_string(),
            place: entry.place,
            suggestion: closest(&entry.key, fields),
        });
    }
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = DecodeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, DecodeError> {
        self.entry = self.advance();
        let Some(entry) = self.entry else {
            return Ok(None);
        };
        seed.deserialize(BorrowedStrDeserializer::new(&entry.key)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<S::Value, DecodeError> {
        let Some(entry) = self.entry.take() else {
            return Err(Error::custom("a value was asked for before its key"));
        };
        let path = match self.fields {
            Some(_) => Path::Field(&self.of.path, &entry.key),
            None => Path::Key(&self.of.path, &entry.key),
        };
        self.of.read(seed, &entry.value, path)
    }
}
