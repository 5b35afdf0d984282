//! What the types read; their defaults; which object of a file is the pod; and all of it beside k8s-openapi's.

mod defaults;
mod fields;
mod schema;
mod workload;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::spec::document::{decode, read};
use crate::spec::quantity::Quantity;
use schema::{Sampler, schema_of_pod};

/// As a file says it. Nothing in it is unknown.
fn pod(value: Value) -> Pod {
    let documents = read(value.to_string().as_bytes()).unwrap();
    let decoded = decode(&documents[0]).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(decoded.warnings, []);
    decoded.value
}

fn port(value: Value) -> Result<IntOrString, String> {
    serde_json::from_value(value).map_err(|error| error.to_string())
}

// kubelet P6, V11
#[test]
fn a_port_is_a_number_or_a_name() {
    let name = |name: &str| Ok(IntOrString::String(name.to_owned()));
    for (written, read) in [
        (json!(8080), Ok(IntOrString::Int(8080))),
        (json!(-1), Ok(IntOrString::Int(-1))),
        (json!(i32::MAX), Ok(IntOrString::Int(i32::MAX))),
        (json!("web"), name("web")),
        (json!("8080"), name("8080")),
        (json!(""), name("")),
    ] {
        assert_eq!(port(written.clone()), read, "{written}");
    }
    for written in [json!(2_147_483_648_u64), json!(i64::MIN), json!(u64::MAX)] {
        assert_eq!(
            port(written.clone()),
            Err(format!(
                "invalid value: integer `{}`, expected i32",
                written.as_i64().unwrap_or(i64::MAX)
            ))
        );
    }
    for written in [json!(1.5), json!(true), json!([1]), json!({"a": 1})] {
        assert!(port(written.clone()).is_err_and(|error| error.contains("an integer or a string")));
    }
    assert_eq!(IntOrString::Int(80).to_string(), "80");
    assert_eq!(IntOrString::String("web".to_owned()).to_string(), "web");
}

#[test]
fn a_quantity_is_text_or_a_number() {
    let quantity = |value: Value| {
        let pod = pod(json!({"spec": {"containers": [{"resources": {"limits": {"r": value}}}]}}));
        let quantity = &pod.spec.containers[0].resources.limits["r"];
        assert_eq!(serde_json::from_value::<Quantity>(value).unwrap(), *quantity);
        quantity.to_string()
    };
    for (written, printed) in [
        (json!("128Mi"), "128Mi"),
        (json!(" 100m "), "100m"),
        (json!(1), "1"),
        (json!(0.5), "500m"),
        (json!(-2), "-2"),
        (json!(u64::MAX), "18446744073709551615"),
    ] {
        assert_eq!(quantity(written.clone()), printed, "{written}");
    }
}

#[test]
fn a_wrong_quantity_says_what_is_wrong() {
    for (written, part) in [(json!("1 Gi"), "out of place"), (json!("1K"), "did you mean k?")] {
        let volume = json!({"emptyDir": {"sizeLimit": written}});
        let error = serde_json::from_value::<Volume>(volume).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let error = serde_json::from_value::<Volume>(json!({"emptyDir": {"sizeLimit": true}}));
    assert!(error.unwrap_err().to_string().contains("a quantity such as 500m, 1.5 or 128Mi"));
}

#[test]
fn words_are_kept_as_written() {
    for (word, read) in [
        ("Always", RestartPolicy::Always),
        ("OnFailure", RestartPolicy::OnFailure),
        ("Never", RestartPolicy::Never),
        ("always", RestartPolicy::Other("always".to_owned())),
        ("", RestartPolicy::default()),
    ] {
        let policy = pod(json!({"spec": {"restartPolicy": word}})).spec.restart_policy;
        assert_eq!(policy, read);
        assert_eq!(policy.as_str(), word);
        assert_eq!(policy.to_string(), word);
        assert_eq!(policy.is_unset(), word.is_empty());
        assert_eq!(
            RestartPolicy::WORDS.contains(&word),
            !matches!(policy, RestartPolicy::Other(_))
        );
    }
}

// kubelet R2: a container's own policy that is empty is no policy that is absent.
#[test]
fn absent_is_told_from_empty_where_the_api_does() {
    let none = pod(json!({"spec": {"containers": [{}]}}));
    assert_eq!(none.spec.containers[0].restart_policy, None);
    let empty = pod(json!({"spec": {"containers": [{"restartPolicy": ""}]}}));
    assert_eq!(empty.spec.containers[0].restart_policy, Some(RestartPolicy::default()));
    let zero = pod(json!({"spec": {"terminationGracePeriodSeconds": 0}}));
    assert_eq!(zero.spec.termination_grace_period_seconds, Some(0));
    assert_eq!(none.spec.termination_grace_period_seconds, None);
}

// kubelet R5
#[test]
fn what_always_restarts() {
    for (policy, sidecar) in [(json!("Always"), true), (json!("Never"), false), (json!(""), false)]
    {
        let pod = pod(json!({"spec": {"initContainers": [{"restartPolicy": policy}]}}));
        assert_eq!(pod.spec.init_containers[0].always_restarts(), sidecar);
    }
    assert!(!Container::default().always_restarts());
}

proptest! {
    // The types do not depend on who reads the file.
    #[test]
    fn any_deserializer_reads_the_same(choices in prop::collection::vec(any::<u8>(), 0..2000)) {
        let sample = Sampler::new(schema_of_pod(), &choices).sample();
        prop_assert_eq!(serde_json::from_value::<Pod>(sample.clone()).unwrap(), pod(sample));
    }
}
