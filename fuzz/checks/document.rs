//! What a manifest file may hold.

use podinit::spec::document::{Node, Value, decode, read};
use serde_json::Value as Json;

/// A file: reading it ends, whatever it is. A JSON object is what `serde_json` says it is, and the same again as YAML.
pub fn document(bytes: &[u8]) {
    let documents = read(bytes);
    for node in documents.iter().flatten() {
        decode::<Json>(node).expect("anything will do");
    }
    let Ok(text) = str::from_utf8(bytes) else { return };
    let text = text.trim_start_matches('\u{feff}');
    let Ok(object @ Json::Object(_)) = serde_json::from_str::<Json>(text) else { return };
    // Else there is too much of it, or a key stands twice, of which serde_json takes the last.
    if let Ok(documents) = &documents {
        assert!(matches!(&documents[..], [one] if same(one, &object)), "{documents:?}");
    }
    // YAML has other escapes, and cannot have every character.
    if text.contains('\\') {
        return;
    }
    if let Ok(documents) = read(format!("--- {text}").as_bytes()) {
        assert!(matches!(&documents[..], [one] if same(one, &object)), "{documents:?}");
    }
}

fn same(node: &Node, json: &Json) -> bool {
    match (&node.value, json) {
        (Value::Null, Json::Null) => true,
        (Value::Bool(ours), Json::Bool(theirs)) => ours == theirs,
        (Value::String(ours), Json::String(theirs)) => ours == theirs,
        (Value::Number(ours), Json::Number(theirs)) => {
            // serde_json's floats may be off in the last bits.
            let (ours, theirs) = (ours.as_f64(), theirs.as_f64().expect("finite"));
            (ours - theirs).abs() <= ours.abs() * 1e-15 || ours.abs() < 1e-300
        }
        (Value::Sequence(ours), Json::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(a, b)| same(a, b))
        }
        (Value::Mapping(ours), Json::Object(theirs)) => {
            let found = |key| theirs.get(key);
            ours.len() == theirs.len()
                && ours.iter().all(|e| found(&e.key).is_some_and(|theirs| same(&e.value, theirs)))
        }
        _ => false,
    }
}
