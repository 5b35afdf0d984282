//! Our types beside the API's schema: the same fields, of the same types of JSON.
//!
//! A deserializer hands out a value of each type that a struct asks for, if the schema has the same type there.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::slice;

use serde::de::value::{Error, StrDeserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde_json::json;

use super::schema::{Schema, full_pod, schema_of_pod};
use super::*;

/// What was seen on the way.
#[derive(Default)]
struct Seen {
    /// The paths of fields that are [`Unused`].
    unused: Vec<String>,
    /// The types of the API that have one of ours.
    types: BTreeSet<String>,
}

#[derive(Clone)]
struct Walk<'a> {
    at: Schema<'a>,
    path: String,
    seen: &'a RefCell<Seen>,
}

impl<'a> Walk<'a> {
    fn to(&self, at: Schema<'a>, path: String) -> Walk<'a> {
        Walk { at, path, seen: self.seen }
    }

    /// Ours is of a type that has to be `kind` in the API, with this format if it matters.
    fn expect(&self, kind: &str, format: Option<&str>) -> Result<(), Error> {
        let of = self.at.of;
        if of["type"] == kind && format.is_none_or(|format| of["format"] == format) {
            return Ok(());
        }
        Err(self.error(&format!("{kind} {}", format.unwrap_or_default())))
    }

    fn error(&self, ours: &str) -> Error {
        let theirs = (&self.at.of["type"], &self.at.of["format"], self.at.name);
        Error::custom(format!("{}: ours is {ours}, the API's is {theirs:?}", self.path))
    }
}

impl<'de, 'a> Deserializer<'de> for Walk<'a> {
    type Error = Error;

    /// Only an [`IntOrString`] asks for this.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if !self.at.name.ends_with(".IntOrString") {
            return Err(self.error("an IntOrString"));
        }
        visitor.visit_i64(1)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        match name {
            "Unused" => {
                self.seen.borrow_mut().unused.push(self.path.clone());
                visitor.visit_newtype_struct(().into_deserializer())
            }
            "Quantity" if self.at.name.ends_with(".Quantity") => visitor.visit_i64(1),
            _ => Err(self.error(name)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.expect("boolean", None)?;
        visitor.visit_bool(true)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.expect("integer", Some("int32"))?;
        visitor.visit_i32(1)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.expect("integer", Some("int64"))?;
        visitor.visit_i64(1)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.expect("string", None)?;
        visitor.visit_str("x")
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let items = self.at.items().ok_or_else(|| self.error("an array"))?;
        visitor.visit_seq(One(Some(self.to(items, format!("{}[0]", self.path)))))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let values = self.at.values().ok_or_else(|| self.error("a map"))?;
        visitor.visit_map(Fields {
            names: ["cpu"].iter(),
            value: |_: &str| Ok(self.to(values, self.path.clone())),
            next: None,
        })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        ours: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let properties = self.at.properties().ok_or_else(|| self.error(ours))?;
        let theirs: BTreeSet<&str> = properties.keys().map(String::as_str).collect();
        let names: BTreeSet<&str> = fields.iter().copied().collect();
        if names != theirs {
            let missing: Vec<_> = theirs.difference(&names).collect();
            let invented: Vec<_> = names.difference(&theirs).collect();
            let differ = format!("a {ours} without {missing:?}, with {invented:?}");
            return Err(self.error(&differ));
        }
        self.seen.borrow_mut().types.insert(self.at.name.to_owned());
        let value = |name: &str| {
            let dot = if self.path.is_empty() { "" } else { "." };
            Ok(self.to(self.at.at(&properties[name]), format!("{}{dot}{name}", self.path)))
        };
        visitor.visit_map(Fields { names: fields.iter(), value, next: None })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 f64 char str bytes byte_buf unit unit_struct tuple
        tuple_struct enum identifier ignored_any
    }
}

/// A list of one.
struct One<'a>(Option<Walk<'a>>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        self.0.take().map(|item| seed.deserialize(item)).transpose()
    }
}

/// A map with these names.
struct Fields<'a, F> {
    names: slice::Iter<'a, &'static str>,
    value: F,
    next: Option<&'static str>,
}

impl<'de, 'a, F: Fn(&str) -> Result<Walk<'a>, Error>> MapAccess<'de> for Fields<'_, F> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        self.next = self.names.next().copied();
        self.next.map(|name| seed.deserialize(StrDeserializer::new(name))).transpose()
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Error> {
        seed.deserialize((self.value)(self.next.unwrap())?)
    }
}

fn walk<T: for<'de> Deserialize<'de>>(schema: Schema<'_>) -> Result<(T, Seen), String> {
    let seen = RefCell::default();
    let walk = Walk { at: schema, path: String::new(), seen: &seen };
    let value = T::deserialize(walk).map_err(|error| error.to_string())?;
    Ok((value, seen.into_inner()))
}

#[test]
fn our_fields_are_those_of_the_api() {
    let (walked, seen) = walk::<Pod>(schema_of_pod()).unwrap();
    assert_eq!(full_pod(), walked);
    for name in ["PodSpec", "Container", "FileKeySelector", "ContainerRestartRule", "HostIP"] {
        assert!(seen.types.contains(&format!("io.k8s.api.core.v1.{name}")), "{name}");
    }
}

#[test]
fn every_field_of_a_spec_without_use_can_be_named() {
    let (_, mut seen) = walk::<Pod>(schema_of_pod()).unwrap();
    let mut named = full_pod().spec.unused();
    seen.unused.retain(|path| path.starts_with("spec."));
    seen.unused.sort();
    named.sort();
    assert_eq!(named, seen.unused);
    assert!(named.contains(&"spec.containers[0].securityContext.privileged".to_owned()));
    assert_eq!(PodSpec::default().unused(), [""; 0]);
}

#[test]
fn fields_without_use_are_named_where_they_are() {
    let pod = pod(json!({"metadata": {"ownerReferences": []}, "spec": {
        "hostPID": false,
        "initContainers": [{}, {"securityContext": {"privileged": true}}],
        "containers": [{"volumeMounts": [{}, {"mountPropagation": "None"}]}],
        "volumes": [{"projected": {"sources": [{}, {"serviceAccountToken": {"path": "token"}}]}}],
    }}));
    let paths = [
        "spec.hostPID",
        "spec.initContainers[1].securityContext.privileged",
        "spec.containers[0].volumeMounts[1].mountPropagation",
        "spec.volumes[0].projected.sources[1].serviceAccountToken",
    ];
    assert_eq!(pod.spec.unused(), paths);
}

/// The check can fail: types that are not quite the API's.
#[test]
fn fields_that_differ_are_seen() {
    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    struct Missing {
        name: String,
    }

    #[derive(Deserialize, Debug)]
    #[serde(rename_all = "camelCase")]
    #[allow(dead_code)]
    struct Os<T> {
        name: T,
    }

    let os = json!({"properties": {"name": {"type": "string"}}});
    let longer = json!({"properties": {"name": {"type": "string"}, "kind": {"type": "string"}}});
    let error = walk::<Missing>(Schema::of(&longer)).map(|_| ()).unwrap_err();
    assert!(error.contains(r#"without ["kind"], with []"#), "{error}");
    let error = walk::<Missing>(Schema::of(&json!({"properties": {}}))).map(|_| ()).unwrap_err();
    assert!(error.contains(r#"without [], with ["name"]"#), "{error}");
    for (error, part) in [
        (walk::<Os<i32>>(Schema::of(&os)).err(), "name: ours is integer int32"),
        (walk::<Os<bool>>(Schema::of(&os)).err(), "name: ours is boolean"),
        (walk::<Os<Vec<String>>>(Schema::of(&os)).err(), "name: ours is an array"),
        (walk::<Os<IntOrString>>(Schema::of(&os)).err(), "name: ours is an IntOrString"),
        (walk::<Os<ResourceList>>(Schema::of(&os)).err(), "name: ours is a map"),
        (walk::<Os<Ip>>(Schema::of(&os)).err(), "name: ours is Ip"),
        (walk::<Os<String>>(Schema::of(&os)).err(), ""),
    ] {
        let error = error.unwrap_or_default();
        assert!(error.contains(part) && error.is_empty() == part.is_empty(), "{error}");
    }
}
