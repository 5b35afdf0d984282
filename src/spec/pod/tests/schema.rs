//! The API's own schema of a Pod, from k8s-openapi, and JSON that follows it.

use std::sync::LazyLock;

use k8s_openapi::api::core::v1::Pod as ApiPod;
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use super::*;

/// A schema within the document that has its definitions.
#[derive(Clone, Copy, Debug)]
pub struct Schema<'a> {
    root: &'a Value,
    /// Itself, without its `$ref`.
    pub of: &'a Value,
    /// The API's name of the type, such as `io.k8s.api.core.v1.Pod`; empty for JSON's own.
    pub name: &'a str,
}

impl<'a> Schema<'a> {
    pub fn of(root: &'a Value) -> Schema<'a> {
        Schema { root, of: root, name: "" }
    }

    pub fn at(&self, of: &'a Value) -> Schema<'a> {
        let Some(reference) = of.get("$ref").and_then(Value::as_str) else {
            return Schema { of, name: "", ..*self };
        };
        let of = self.root.pointer(reference.strip_prefix('#').unwrap()).unwrap();
        let (_, name) = reference.rsplit_once('/').unwrap();
        Schema { of, name, ..*self }
    }

    pub fn properties(&self) -> Option<&'a Map<String, Value>> {
        self.of.get("properties").and_then(Value::as_object)
    }

    /// The schema at the end of a way of fields.
    pub fn follow(self, fields: &[&str]) -> Option<Schema<'a>> {
        fields.iter().try_fold(self, |of, field| Some(of.at(of.properties()?.get(*field)?)))
    }

    pub fn items(&self) -> Option<Schema<'a>> {
        self.of.get("items").map(|items| self.at(items))
    }

    /// The values of a map.
    pub fn values(&self) -> Option<Schema<'a>> {
        self.of.get("additionalProperties").filter(|of| of.is_object()).map(|of| self.at(of))
    }
}

/// Of the API that k8s-openapi is of.
pub fn schema_of_pod() -> Schema<'static> {
    static ROOT: LazyLock<Value> =
        LazyLock::new(|| SchemaGenerator::default().into_root_schema_for::<ApiPod>().to_value());
    Schema::of(&ROOT)
}

/// Everything that a pod can have: each list and map with one entry.
pub fn full_pod() -> Pod {
    pod(Sampler { schema: schema_of_pod(), choices: None }.sample())
}

/// Makes JSON of a schema.
pub struct Sampler<'a> {
    schema: Schema<'a>,
    /// Each is used for one choice; when they are used up nothing more is there. Without them everything is.
    choices: Option<std::slice::Iter<'a, u8>>,
}

impl<'a> Sampler<'a> {
    pub fn new(schema: Schema<'a>, choices: &'a [u8]) -> Sampler<'a> {
        Sampler { schema, choices: Some(choices.iter()) }
    }

    pub fn sample(mut self) -> Value {
        self.value(self.schema)
    }

    /// One of 0 to `count` - 1; 1 if there is no choice.
    fn choose(&mut self, count: usize) -> usize {
        let Some(choices) = &mut self.choices else { return 1 };
        choices.next().map_or(0, |choice| usize::from(*choice) % count)
    }

    fn value(&mut self, schema: Schema<'_>) -> Value {
        if let Some(properties) = schema.properties() {
            let mut object = Map::new();
            for (name, of) in properties {
                if self.choose(3) != 0 {
                    object.insert(name.clone(), self.value(schema.at(of)));
                }
            }
            return Value::Object(object);
        }
        if let Some(values) = schema.values() {
            let names = ["cpu", "memory", "x"].into_iter().take(self.choose(4));
            return names.map(|name| (name.to_owned(), self.value(values))).collect();
        }
        if let Some(items) = schema.items() {
            return (0..self.choose(4)).map(|_| self.value(items)).collect();
        }
        if schema.of["x-kubernetes-int-or-string"] == true {
            let quantity = schema.name.ends_with("Quantity");
            let text = if quantity { json!("1Mi") } else { json!("web") };
            return [json!(0), json!(1), text][self.choose(3)].clone();
        }
        match schema.of["type"].as_str() {
            Some("boolean") => Value::from(self.choose(2) == 1),
            Some("integer") => json!([0, 1, -1, 30][self.choose(4)]),
            Some("number") => json!(1.5),
            Some("string") => {
                let words = ["", "x", "Always", "Never", "HTTP", "nginx:latest", "nginx:1"];
                json!(words[self.choose(words.len())])
            }
            // Anything at all, as a field of `managedFields` is.
            _ => json!({}),
        }
    }
}
