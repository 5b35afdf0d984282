//! From trees to types.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, Visitor};

use super::*;

/// As other rooms' types are, one of each kind.
#[derive(Deserialize, Default, PartialEq, Debug)]
#[serde(rename_all = "camelCase", default)]
struct Pod {
    kind: String,
    metadata: Metadata,
    spec: Spec,
}

#[derive(Deserialize, Default, PartialEq, Debug)]
#[serde(default)]
struct Metadata {
    name: String,
    labels: BTreeMap<String, String>,
}

#[derive(Deserialize, Default, PartialEq, Debug)]
#[serde(rename_all = "camelCase", default)]
struct Spec {
    containers: Vec<Container>,
    host_network: Option<bool>,
    #[serde(default = "thirty")]
    grace: i64,
    affinity: Unused,
}

fn thirty() -> i64 {
    30
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "camelCase")]
struct Container {
    name: String,
    #[serde(default)]
    env: Vec<Env>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    liveness_probe: Option<Probe>,
    #[serde(default)]
    limits: BTreeMap<String, Quantity>,
    #[serde(default)]
    protocol: Protocol,
}

#[derive(Deserialize, Default, PartialEq, Debug)]
#[serde(default)]
struct Env {
    name: String,
    value: Option<String>,
}

#[derive(Deserialize, Default, PartialEq, Debug)]
#[serde(rename_all = "camelCase", default)]
struct Probe {
    period_seconds: i32,
    port: Option<Port>,
    weight: u16,
    share: f64,
}

#[derive(Deserialize, Default, PartialEq, Debug)]
enum Protocol {
    #[default]
    #[serde(rename = "TCP")]
    Tcp,
    #[serde(rename = "UDP")]
    Udp,
}

#[derive(Default, PartialEq, Debug)]
struct Unused(bool);

impl<'de> Deserialize<'de> for Unused {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Unused, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Unused;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("anything")
            }
            fn visit_newtype_struct<D: Deserializer<'de>>(
                self,
                inner: D,
            ) -> Result<Unused, D::Error> {
                IgnoredAny::deserialize(inner).map(|_| Unused(true))
            }
        }
        deserializer.deserialize_newtype_struct("Unused", Any)
    }
}

#[derive(PartialEq, Debug)]
struct Quantity(String);

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Quantity, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Quantity;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a quantity")
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Quantity, E> {
                if text.contains('!') {
                    Err(E::custom("no quantity"))
                } else {
                    Ok(Quantity(text.to_owned()))
                }
            }
        }
        deserializer.deserialize_newtype_struct("Quantity", Text)
    }
}

/// Go's IntOrString.
#[derive(PartialEq, Debug)]
enum Port {
    Number(i64),
    Name(String),
}

impl<'de> Deserialize<'de> for Port {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Port, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Port;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a port or its name")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Port, E> {
                Ok(Port::Number(number))
            }
            fn visit_str<E: Error>(self, name: &str) -> Result<Port, E> {
                Ok(Port::Name(name.to_owned()))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

fn pod(text: &str) -> Decoded<Pod> {
    decode(&one(text)).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// The only container of a Pod with `fields`.
fn container(fields: &str) -> Container {
    pod(&format!("spec: {{containers: [{{name: a, {fields}}}]}}")).value.spec.containers.remove(0)
}

fn wrong(text: &str) -> String {
    decode::<Pod>(&one(text)).expect_err(text).to_string()
}

#[test]
fn a_manifest_becomes_its_types() {
    let text = "kind: Pod\nmetadata: {name: p, labels: {app: x}}\nspec:\n  hostNetwork: no\n  containers:\n  - name: a\n    env: [{name: A, value: '1'}]\n    protocol: UDP\n    livenessProbe: {periodSeconds: 0o12, port: 80}\n";
    let Decoded { value, warnings, more_warnings } = pod(text);
    assert_eq!((warnings, more_warnings), (Vec::new(), 0));
    let probe = Probe { period_seconds: 10, port: Some(Port::Number(80)), ..Probe::default() };
    let expected = Pod {
        kind: "Pod".into(),
        metadata: Metadata { name: "p".into(), labels: [("app".into(), "x".into())].into() },
        spec: Spec {
            containers: vec![Container {
                name: "a".into(),
                env: vec![Env { name: "A".into(), value: Some("1".into()) }],
                args: Vec::new(),
                liveness_probe: Some(probe),
                limits: BTreeMap::new(),
                protocol: Protocol::Udp,
            }],
            host_network: Some(false),
            grace: 30,
            affinity: Unused(false),
        },
    };
    assert_eq!(value, expected);
}

#[test]
fn wrong_values_are_named_with_place_and_remedy() {
    for (text, words) in [
        (
            "metadata:\n  labels: {app: 8080}",
            "metadata.labels[app]: expected a string, found the integer 8080: write \"8080\" (line 2)",
        ),
        (
            "metadata: {name: 0644}",
            "metadata.name: expected a string, found the integer 0644: write \"0644\" (line 1)",
        ),
        (
            "metadata: {name: 1.10}",
            "metadata.name: expected a string, found the number 1.10: write \"1.10\" (line 1)",
        ),
        (
            "metadata: {name: yes}",
            "metadata.name: expected a string, found the boolean yes: write \"yes\" (line 1)",
        ),
        (
            "{\"kind\":\n true}",
            "kind: expected a string, found the boolean true: write \"true\" (line 2)",
        ),
        ("kind: [a]", "kind: expected a string, found a sequence (line 1)"),
        (
            "spec:\n  containers:\n  - name: a\n    env:\n    - name: A\n    - value: 1\n",
            "spec.containers[0].env[1].value: expected a string, found an integer: write it between double quotes (line 6)",
        ),
        (
            "spec: {hostNetwork: 'true'}",
            "spec.hostNetwork: expected a boolean, found the string \"true\": write true without quotes (line 1)",
        ),
        (
            "spec: {hostNetwork: 1}",
            "spec.hostNetwork: expected a boolean, found the integer 1 (line 1)",
        ),
        (
            "spec: {grace: '30'}",
            "spec.grace: expected an integer, found the string \"30\": write 30 without quotes (line 1)",
        ),
        (
            "spec: {grace: 30s}",
            "spec.grace: expected an integer, found the string \"30s\": write 30 (line 1)",
        ),
        (
            "spec: {grace: 18446744073709551615}",
            "spec.grace: the number 18446744073709551615 is out of range: write an integer from -9223372036854775808 to 9223372036854775807 (line 1)",
        ),
        (
            "spec: {containers: [{name: a, livenessProbe: {periodSeconds: 3000000000}}]}",
            "spec.containers[0].livenessProbe.periodSeconds: the integer 3000000000 is out of range: write an integer from -2147483648 to 2147483647 (line 1)",
        ),
        (
            "spec: {containers: [{name: a, livenessProbe: {weight: -1}}]}",
            "spec.containers[0].livenessProbe.weight: the integer -1 is out of range: write an integer from 0 to 65535 (line 1)",
        ),
        (
            "spec: {containers: [{name: a, livenessProbe: {periodSeconds: 1.5}}]}",
            "spec.containers[0].livenessProbe.periodSeconds: expected an integer, found the number 1.5 (line 1)",
        ),
        (
            "spec: {containers: [{name: a, livenessProbe: {port: no}}]}",
            "spec.containers[0].livenessProbe.port: expected a port or its name, found the boolean no (line 1)",
        ),
        (
            "spec: [1]",
            "spec: expected a mapping, found a sequence: write fields as NAME: VALUE (line 1)",
        ),
        (
            "metadata: {labels: a}",
            "metadata.labels: expected a mapping, found the string \"a\": write fields as NAME: VALUE (line 1)",
        ),
        (
            "spec: {containers: {a: b}}",
            "spec.containers: expected a sequence, found a mapping: write each element behind a \"- \" (line 1)",
        ),
        (
            "spec:\n  containers:\n  - env: []",
            "spec.containers[0].name: missing: it must be given (line 3)",
        ),
        (
            "spec: {containers: [{name: a, protocol: tcp}]}",
            "spec.containers[0].protocol: \"tcp\" is none of TCP, UDP: did you mean TCP? (line 1)",
        ),
        (
            "spec: {containers: [{name: a, protocol: SCTP}]}",
            "spec.containers[0].protocol: \"SCTP\" is none of TCP, UDP (line 1)",
        ),
        (
            "spec: {containers: [{name: a, protocol: 6}]}",
            "spec.containers[0].protocol: expected a string, found the integer 6: write \"6\" (line 1)",
        ),
        (
            "spec: {containers: [{name: a, limits: {cpu: '!'}}]}",
            "spec.containers[0].limits[cpu]: no quantity (line 1)",
        ),
        (
            "spec: {containers: [{name: a, limits: {cpu: [1]}}]}",
            "spec.containers[0].limits[cpu]: expected a quantity, found a sequence (line 1)",
        ),
        ("- a", "expected a mapping, found a sequence: write fields as NAME: VALUE (line 1)"),
    ] {
        assert_eq!(wrong(text), words, "{text}");
    }
}

#[test]
fn unknown_fields_are_warned_of_and_left_out() {
    let text = "kind: Pod\nspecs: 1\nmetadata: {Name: p, labels: {anything: goes}, zzz: ~}\nspec:\n  containers:\n  - name: a\n    livenesProbe: {periodSeconds: x}\n    livenessProbe:\n      periodSecnods: 1\n";
    let Decoded { value, warnings, more_warnings } = pod(text);
    let warnings: Vec<String> = warnings.iter().map(Warning::to_string).collect();
    assert_eq!(
        warnings,
        [
            "specs: unknown field (line 2): did you mean spec?",
            "metadata.Name: unknown field (line 3): did you mean name?",
            "metadata.zzz: unknown field (line 3)",
            "spec.containers[0].livenesProbe: unknown field (line 7): did you mean livenessProbe?",
            "spec.containers[0].livenessProbe.periodSecnods: unknown field (line 9): did you mean periodSeconds?",
        ]
    );
    assert_eq!(more_warnings, 0);
    assert_eq!(value.metadata.name, "");
    assert_eq!(value.spec.containers[0].liveness_probe, Some(Probe::default()));
}

#[test]
fn of_what_is_known_but_unused_nothing_is_said() {
    let decoded = pod("spec: {affinity: {nodeAffinty: [{a: 1}, ~]}}");
    assert_eq!((decoded.value.spec.affinity, decoded.warnings), (Unused(true), Vec::new()));
}

#[test]
fn warnings_are_few_and_short() {
    let unknown = |letter: char| {
        (0..80).map(|n| format!("{}{n}: 1\n", letter.to_string().repeat(1000))).collect::<String>()
    };
    let decoded = pod(&(unknown('a') + &unknown('b')));
    assert_eq!((decoded.warnings.len(), decoded.more_warnings), (MAX_WARNINGS, 60));
    assert_eq!(decoded.warnings[0].path, "a".repeat(317) + "…");
    assert_eq!(decoded.warnings[0].suggestion, None);
}

#[test]
fn null_is_absent_in_a_field_and_zero_elsewhere() {
    let decoded = pod(
        "kind: ~\nspec: {grace: ~, hostNetwork: ~, affinity: ~, containers: [{name: a, protocol: ~, limits: ~}]}",
    );
    assert_eq!(decoded.value.spec.grace, 30);
    assert_eq!(decoded.value.spec.affinity, Unused(false));
    assert_eq!(decoded.value.spec.containers[0].protocol, Protocol::Tcp);
    let container = container("args: [a, ~], env: [~], limits: {cpu: ~}");
    assert_eq!(container.args, ["a", ""]);
    assert_eq!(container.env, [Env::default()]);
    assert_eq!(container.limits["cpu"], Quantity("0".into()));
    assert_eq!(pod("metadata: {labels: {a: ~}}").value.metadata.labels["a"], "");
    assert_eq!(decode::<Vec<i32>>(&one("[1, ~]")).unwrap().value, [1, 0]);
    assert_eq!(decode::<Vec<bool>>(&one("[yes, ~]")).unwrap().value, [true, false]);
    assert_eq!(decode::<Vec<Vec<u8>>>(&one("[[1], ~]")).unwrap().value, [vec![1], vec![]]);
}

#[test]
fn integers_are_what_json_writes_as_such() {
    let period = |text: &str| {
        container(&format!("livenessProbe: {{periodSeconds: {text}}}"))
            .liveness_probe
            .unwrap()
            .period_seconds
    };
    for (text, value) in [("1.0", 1), ("1e3", 1000), ("-0.0", 0), ("0b11", 3), ("!!float 7", 7)] {
        assert_eq!(period(text), value, "{text}");
    }
    for text in ["1.0", "1e3"] {
        let words = wrong(&format!("{{\"spec\":{{\"grace\":{text}}}}}"));
        assert!(words.contains(&format!("found the number {text}")), "{words}");
    }
    let probe = container("livenessProbe: {share: 1}").liveness_probe.unwrap();
    assert_eq!(probe.share, 1.0);
}

#[test]
fn quantities_get_the_text_that_gos_do() {
    for (text, quantity) in [
        ("100m", "100m"),
        ("'0.10'", "0.10"),
        ("0.10", "0.1"),
        ("1e3", "1000"),
        ("010", "8"),
        ("2", "2"),
    ] {
        assert_eq!(
            container(&format!("limits: {{cpu: {text}}}")).limits["cpu"].0,
            quantity,
            "{text}"
        );
    }
    let text = r#"{"spec":{"containers":[{"name":"a","limits":{"cpu":0.10,"memory":1e3}}]}}"#;
    let limits = &pod(text).value.spec.containers[0].limits;
    assert_eq!((limits["cpu"].0.as_str(), limits["memory"].0.as_str()), ("0.10", "1e3"));
}

#[test]
fn either_a_number_or_a_string_is_told_apart() {
    let port = |text: &str| {
        container(&format!("livenessProbe: {{port: {text}}}")).liveness_probe.unwrap().port
    };
    assert_eq!(port("80"), Some(Port::Number(80)));
    assert_eq!(port("'80'"), Some(Port::Name("80".into())));
    assert_eq!(port("http"), Some(Port::Name("http".into())));
}

#[test]
fn parts_of_a_tree_can_be_looked_at() {
    let root = one("kind: Pod\nspec: {}");
    assert_eq!(root.get("kind").and_then(Node::as_str), Some("Pod"));
    assert_eq!(root.get("spec").and_then(Node::as_str), None);
    assert_eq!(root.get("status"), None);
    assert_eq!(root.get("kind").unwrap().get("kind"), None);
}
