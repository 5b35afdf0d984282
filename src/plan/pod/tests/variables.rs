//! Where variables have their values from.

use super::*;

fn kept() -> Kept {
    let keys = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
    };
    Kept(vec![
        (Object::ConfigMap("c".to_owned()), keys(&[("k", "of c"), ("l", "$(A)")])),
        (Object::Secret("s".to_owned()), keys(&[("k", "of s")])),
    ])
}

/// The variables of a container with this `env` and `envFrom`, as `NAME=value`.
fn variables(env: Value, env_from: Value) -> Result<Vec<String>, String> {
    let pod = with(json!({"env": env, "envFrom": env_from}));
    let plan = plan(&pod, &options(), &kept()).map_err(|error| error.to_string())?;
    let pair = |(name, value): (&str, &[u8])| format!("{name}={}", String::from_utf8_lossy(value));
    Ok(plan.containers[0].environment.iter().map(pair).collect())
}

/// kubelet E9, E11, E13
#[test]
fn e09_maps_and_secrets() {
    let env = json!([
        {"name": "A", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "l"}}},
        {"name": "B", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
        {"name": "C", "value": "[$(A)$(k)$(P_k)]"},
        {"name": "D", "value": "wins", "valueFrom": {"secretKeyRef": {"name": "nobody", "key": "k"}}},
    ]);
    let from =
        json!([{"configMapRef": {"name": "c"}}, {"prefix": "P_", "secretRef": {"name": "s"}}]);
    assert_eq!(
        variables(env, from).unwrap(),
        ["A=$(A)", "B=of s", "C=[$(A)of cof s]", "D=wins", "P_k=of s", "k=of c", "l=$(A)"]
    );
}

/// kubelet E14
#[test]
fn e14_what_is_missing() {
    let key = |kind: &str, name: &str, key: &str, optional: bool| json!([{"name": "X", "valueFrom": {kind: {"name": name, "key": key, "optional": optional}}}]);
    let all = |kind: &str, name: &str, optional: bool| json!([{kind: {"name": name, "optional": optional}}]);
    let none = || json!([]);
    for (env, from) in [
        (key("configMapKeyRef", "z", "k", true), none()),
        (key("secretKeyRef", "s", "z", true), none()),
        (none(), all("configMapRef", "z", true)),
        (
            json!([{"name": "X", "valueFrom": {"fileKeyRef": {"key": "k", "optional": true}}}]),
            none(),
        ),
    ] {
        assert_eq!(variables(env, from), Ok(vec![]));
    }
    let env = "spec.containers[0].env[0]: ";
    let from = "spec.containers[0].envFrom[0]: ";
    for (path, why, refused) in [
        (
            env,
            "there is no ConfigMap \"z\" (offer a folder with a file for each key, or a file of KEY=VALUE lines: --env-from NAME=PATH)",
            variables(key("configMapKeyRef", "z", "k", false), none()),
        ),
        (
            env,
            "the Secret \"s\" has no key \"z\"",
            variables(key("secretKeyRef", "s", "z", false), none()),
        ),
        // What cannot be read is not missing.
        (
            env,
            "the Secret \"locked\" cannot be read: permission denied",
            variables(key("secretKeyRef", "locked", "k", true), none()),
        ),
        (
            from,
            "there is no Secret \"z\" (offer a folder with a file for each key, or a file of KEY=VALUE lines: --env-from NAME=PATH)",
            variables(none(), all("secretRef", "z", false)),
        ),
        (
            env,
            "fileKeyRef is not supported (use value, or a Secret)",
            variables(json!([{"name": "X", "valueFrom": {"fileKeyRef": {"key": "k"}}}]), none()),
        ),
    ] {
        assert_eq!(refused, Err(format!("{path}{why}")));
    }
}

#[test]
fn what_is_wrong_with_a_variable_is_said_with_its_place() {
    let value = "v".repeat(200_000);
    for (env, start) in [
        (json!([{"name": "A"}, {"name": "a=b"}]), "spec.containers[0].env[1]: \"a=b\" cannot be"),
        (
            json!([{"name": "A", "value": value}]),
            "spec.containers[0].env[0]: variable \"A\": name and value",
        ),
        (
            json!([{"name": "A", "value": "\u{0}"}]),
            "spec.containers[0].env[0]: variable \"A\": its value has a NUL",
        ),
        (
            json!([{"name": "A", "valueFrom": {}}]),
            "spec.containers[0].env[0].valueFrom: it says nothing to take the value from",
        ),
        (
            json!([{"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.nam"}}}]),
            "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: unsupported fieldPath: metadata.nam",
        ),
        (
            json!([{"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "cpu"}}}]),
            "spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: \"cpu\" is not a resource",
        ),
    ] {
        let refused = variables(env, json!([])).unwrap_err();
        assert!(refused.starts_with(start), "{refused}");
    }
}

/// kubelet D1: the table of fields that a variable may have
#[test]
fn d01_fields() {
    let mut pod = pod(json!({
        "metadata": {"name": "n", "namespace": "ns", "uid": "u", "labels": {"l": "1\n"}, "annotations": {"A/b": "\"2\""}},
        "spec": {"nodeName": "node", "serviceAccountName": "sa", "containers": [{"name": "c", "command": ["x"]}]},
        "status": {
            "hostIP": "1.1.1.1", "hostIPs": [{"ip": "1.1.1.1"}, {"ip": "fe80::1"}],
            "podIP": "2.2.2.2", "podIPs": [{"ip": "2.2.2.2"}, {"ip": "fe80::2"}],
        },
    }));
    for (path, value) in [
        ("metadata.name", "n"),
        ("metadata.namespace", "ns"),
        ("metadata.uid", "u"),
        ("metadata.labels['l']", "1\n"),
        ("metadata.labels['none']", ""),
        ("metadata.annotations['A/b']", "\"2\""),
        ("spec.nodeName", "node"),
        ("spec.host", "node"),
        ("spec.serviceAccountName", "sa"),
        ("status.hostIP", "1.1.1.1"),
        ("status.hostIPs", "1.1.1.1,fe80::1"),
        ("status.podIP", "2.2.2.2"),
        ("status.podIPs", "2.2.2.2,fe80::2"),
    ] {
        let variable = json!([{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": path}}}]);
        pod.spec.containers[0].environment = serde_json::from_value(variable).unwrap();
        let plan = planned(&pod);
        assert_eq!(plan.containers[0].environment.get("X"), Some(value.as_bytes()), "{path}");
    }
}

/// kubelet D11 to D16: of which container, the amount, and what stands in for a limit that is not there
#[test]
fn d13_amounts() {
    let amount = |init: bool, name: &str, resource: &str, limits_of_pod: Value| {
        let reference = json!([{
            "name": "X",
            "valueFrom": {"resourceFieldRef": {"containerName": name, "resource": resource}},
        }]);
        let own = json!({"name": "own", "command": ["x"], "env": reference});
        let other = json!({
            "name": "other", "command": ["x"],
            "resources": {
                "limits": {"cpu": "1500m", "memory": "0", "hugepages-2Mi": "4Mi"}, "requests": {"memory": "1k"},
            },
        });
        let (init, regular) =
            if init { (json!([own]), json!([other])) } else { (json!([]), json!([own, other])) };
        let pod = pod(json!({"spec": {
            "initContainers": init, "containers": regular, "resources": {"limits": limits_of_pod},
        }}));
        let plan = plan(&pod, &options(), &Kept::default()).map_err(|error| error.to_string())?;
        Ok(String::from_utf8(plan.containers[0].environment.get("X").unwrap().to_vec()).unwrap())
    };
    let found = |value: &str| Ok::<String, String>(value.to_owned());
    for (name, resource, value) in [
        ("", "limits.cpu", "2"),
        ("", "limits.memory", "25276502016"),
        ("", "limits.ephemeral-storage", "270553174016"),
        ("", "limits.hugepages-2Mi", "0"),
        ("", "requests.cpu", "0"),
        ("own", "limits.cpu", "2"),
        ("other", "limits.cpu", "2"),
        // A limit of 0 is none.
        ("other", "limits.memory", "25276502016"),
        ("other", "limits.hugepages-2Mi", "4194304"),
        ("other", "requests.memory", "1000"),
    ] {
        assert_eq!(amount(false, name, resource, json!({})), found(value), "{name} {resource}");
    }
    // D15: an init container has the machine's only where it does not name itself.
    assert_eq!(amount(true, "", "limits.cpu", json!({})), found("2"));
    assert_eq!(amount(true, "own", "limits.cpu", json!({})), found("0"));
    assert_eq!(amount(true, "other", "limits.memory", json!({})), found("25276502016"));
    // D16: the pod's own go before the machine's.
    let limits = || json!({"cpu": "7", "memory": "8"});
    assert_eq!(amount(false, "", "limits.cpu", limits()), found("7"));
    assert_eq!(amount(false, "", "limits.memory", limits()), found("8"));
    assert_eq!(amount(false, "", "limits.ephemeral-storage", limits()), found("270553174016"));
    assert_eq!(
        amount(false, "nobody", "limits.cpu", json!({})),
        Err("spec.containers[0].env[0]: container nobody not found".to_owned())
    );
}

/// Else two variables of a pod could be of two states of one Secret.
#[test]
fn an_object_is_asked_for_once() {
    #[derive(Default)]
    struct Counted(std::cell::Cell<u8>);
    impl Objects for Counted {
        fn contents(&self, _: &Object) -> Result<Option<BTreeMap<String, Vec<u8>>>, String> {
            self.0.set(self.0.get() + 1);
            Ok(Some(BTreeMap::from([("k".to_owned(), vec![b'0' + self.0.get()])])))
        }
    }
    let key = |name: &str| json!({"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}});
    let container = json!({
        "command": ["x"],
        "envFrom": [{"secretRef": {"name": "s"}}, {"configMapRef": {"name": "s"}, "prefix": "c"}],
        "env": [key("A"), key("B")],
    });
    let pod = pod(json!({"spec": {"containers": [container, container]}}));
    let counted = Counted::default();
    for container in plan(&pod, &options(), &counted).unwrap().containers {
        let of = |name| container.environment.get(name).unwrap().to_vec();
        assert_eq!(["A", "B", "k", "ck"].map(of), [b"1", b"1", b"1", b"2"]);
    }
}
