use proptest::prelude::*;
use serde_json::json;

use super::*;

mod bounds;
mod decode;
mod scalars;
mod texts;

/// The tree as JSON, by somebody else's hand.
fn to_json(node: &Node) -> serde_json::Value {
    match &node.value {
        Value::Null => serde_json::Value::Null,
        Value::Bool(value) => json!(value),
        Value::Number(number) => serde_json::from_str(number.as_str()).unwrap(),
        Value::String(text) => json!(text),
        Value::Sequence(nodes) => nodes.iter().map(to_json).collect(),
        Value::Mapping(entries) => entries
            .iter()
            .map(|entry| (entry.key.clone(), to_json(&entry.value)))
            .collect::<serde_json::Map<_, _>>()
            .into(),
    }
}

/// The only document of `text`.
fn one(text: &str) -> Node {
    let mut documents = read(text.as_bytes()).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(documents.len(), 1, "{text}");
    documents.remove(0)
}

fn error(text: &str) -> String {
    read(text.as_bytes()).expect_err(text).to_string()
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(|value| json!(value)),
        any::<i64>().prop_map(|value| json!(value)),
        any::<u64>().prop_map(|value| json!(value)),
        "\\PC*".prop_map(|text| json!(text)),
        any::<String>().prop_map(|text| json!(text)),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(|items| json!(items)),
            prop::collection::btree_map(any::<String>(), inner, 0..8)
                .prop_map(|entries| json!(entries)),
        ]
    })
}

proptest! {
    #[test]
    fn what_is_printed_as_json_reads_back(tree in tree(), pretty: bool) {
        let tree = json!({ "tree": tree });
        let text = if pretty { serde_json::to_string_pretty(&tree) } else { serde_json::to_string(&tree) };
        prop_assert_eq!(to_json(&one(&text.unwrap())), tree);
    }

    #[test]
    fn plain_scalars_are_what_they_are_in_quotes_or_something_else(text in "[-+0-9a-fA-FxobeEinNyY_.~]{0,12}") {
        let Ok(documents) = read(format!("a: {text}").as_bytes()) else { return Ok(()) };
        let node = documents[0].get("a").unwrap();
        match &node.value {
            Value::String(same) => prop_assert_eq!(same, &text),
            Value::Number(number) => prop_assert!(number.as_f64().is_finite()),
            Value::Null | Value::Bool(_) => {}
            other => prop_assert!(matches!(other, Value::Sequence(_)) && text.starts_with('-')),
        }
        if !matches!(node.value, Value::String(_) | Value::Sequence(_)) {
            prop_assert_eq!(&*node.source, text.as_str());
        }
    }
}
