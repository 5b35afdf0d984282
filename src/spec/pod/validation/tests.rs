use super::*;
use serde_json::{Map, Value as Json, json};

mod containers;
mod errors;
mod handlers;
mod pods;
mod properties;
mod references;
mod volumes;

/// The pod of this `spec`, with its defaults.
fn pod(spec: Json) -> Pod {
    let pod: Pod =
        serde_json::from_value(json!({ "metadata": {"name": "p"}, "spec": spec })).unwrap();
    pod.with_defaults()
}

/// What is wrong with the pod of this `spec`, a line each.
fn told(spec: Json) -> Vec<String> {
    match validate(&pod(spec), "Pod", "") {
        Ok(()) => Vec::new(),
        Err(errors) => errors.told().iter().map(FieldError::to_string).collect(),
    }
}

/// `fields` beside those of a container that is as it should be.
fn container(fields: Json) -> Json {
    with(json!({"name": "c", "image": "i"}), fields)
}

fn with(object: Json, fields: Json) -> Json {
    let mut object: Map<String, Json> = serde_json::from_value(object).unwrap();
    object.extend(serde_json::from_value::<Map<String, Json>>(fields).unwrap());
    Json::Object(object)
}

/// Checks that a pod whose only container has these `fields` has these errors; their fields are the container's.
#[track_caller]
fn of_container(fields: Json, errors: &[&str]) {
    let spec = json!({"containers": [container(fields.clone())], "volumes": [{"name": "v"}]});
    let errors: Vec<String> =
        errors.iter().map(|error| format!("spec.containers[0].{error}")).collect();
    assert_eq!(told(spec), errors, "{fields}");
}
