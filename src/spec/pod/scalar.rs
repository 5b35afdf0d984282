//! Values that are more than one of JSON's types, or none of our business.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, IgnoredAny, Visitor};

use crate::spec::quantity::Quantity;

/// A field of the API that podinit does nothing about, and whether it is there.
///
/// It is read as the newtype struct `Unused`, by which a deserializer can tell it from the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Unused(pub bool);

impl<'de> Deserialize<'de> for Unused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unused, D::Error> {
        struct Present;

        impl<'de> Visitor<'de> for Present {
            type Value = Unused;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, of: D) -> Result<Unused, D::Error> {
                IgnoredAny::deserialize(of).map(|_| Unused(true))
            }
        }

        deserializer.deserialize_newtype_struct("Unused", Present)
    }
}

/// The API's `IntOrString`: the number of a port, or its name. Digits in quotes are a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntOrString {
    Int(i32),
    String(String),
}

/// What the API has where nothing is written.
impl Default for IntOrString {
    fn default() -> IntOrString {
        IntOrString::Int(0)
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(number) => number.fmt(f),
            IntOrString::String(name) => name.fmt(f),
        }
    }
}

impl<'de> Deserialize<'de> for IntOrString {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<IntOrString, D::Error> {
        struct Either;

        impl Visitor<'_> for Either {
            type Value = IntOrString;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer or a string")
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<IntOrString, E> {
                let unfit = |_| E::invalid_value(de::Unexpected::Signed(number), &"i32");
                i32::try_from(number).map(IntOrString::Int).map_err(unfit)
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<IntOrString, E> {
                self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<IntOrString, E> {
                Ok(IntOrString::String(name.to_owned()))
            }
        }

        deserializer.deserialize_any(Either)
    }
}

/// Read as the newtype struct `Quantity`, so that a deserializer that has the text of a number can hand that over:
/// `1e3` and `1000` are printed differently. Blanks around it count for nothing (`UnmarshalJSON` of `quantity.go`).
impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
        struct Written;

        impl<'de> Visitor<'de> for Written {
            type Value = Quantity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a quantity such as 500m, 1.5 or 128Mi")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                of: D,
            ) -> Result<Quantity, D::Error> {
                of.deserialize_any(self)
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Quantity, E> {
                self.visit_str(&number.to_string())
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Quantity, E> {
                Quantity::parse(text.trim()).map_err(E::custom)
            }
        }

        deserializer.deserialize_newtype_struct("Quantity", Written)
    }
}
