//! Variables, and what they refer to.

use super::*;

#[track_caller]
fn of_variable(variable: Json, errors: &[&str]) {
    let errors: Vec<String> = errors.iter().map(|error| format!("env[0].{error}")).collect();
    of_container(
        json!({ "env": [variable] }),
        &errors.iter().map(String::as_str).collect::<Vec<_>>(),
    );
}

#[track_caller]
fn of_source(source: Json, errors: &[&str]) {
    let errors: Vec<String> = errors.iter().map(|error| format!("valueFrom.{error}")).collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).collect();
    of_variable(json!({"name": "A", "valueFrom": source}), &errors);
}

/// kubelet V19
#[test]
fn v19_names_of_variables() {
    for name in ["A", "a b", "1", "..", "-"] {
        of_variable(json!({"name": name, "value": "v"}), &[]);
    }
    of_variable(json!({"name": ""}), &["name: Required value"]);
    for name in ["A=B", "é", "a\tb"] {
        let error = format!(
            "name: Invalid value: {name:?}: must be printable ASCII characters other than '='"
        );
        of_variable(json!({ "name": name }), &[&error]);
    }
    // Two of one name are no error.
    of_container(json!({"env": [{"name": "A"}, {"name": "A"}]}), &[]);
}

#[test]
fn v19_prefixes() {
    let of = |prefix: &str, errors: &[&str]| {
        of_container(json!({"envFrom": [{"prefix": prefix, "secretRef": {"name": "s"}}]}), errors);
    };
    of("", &[]);
    of("A_", &[]);
    of(
        "A=",
        &[
            "envFrom[0].prefix: Invalid value: \"A=\": must be printable ASCII characters other than '='",
        ],
    );
}

const FIELD: fn() -> Json = || json!({"fieldPath": "metadata.name"});

/// kubelet V20
#[test]
fn v20_exactly_one_source() {
    let sources = [
        ("fieldRef", FIELD()),
        ("resourceFieldRef", json!({"resource": "limits.cpu"})),
        ("configMapKeyRef", json!({"name": "m", "key": "k"})),
        ("secretKeyRef", json!({"name": "s", "key": "k"})),
        ("fileKeyRef", json!({"volumeName": "v", "path": "a/b", "key": "K"})),
    ];
    let error = |why: &str| format!("valueFrom: Invalid value: \"\": {why}");
    let several = error("may not have more than one field specified at a time");
    let valued = error("may not be specified when `value` is not empty");
    for (index, (field, source)) in sources.iter().enumerate() {
        of_source(json!({ *field: source }), &[]);
        of_variable(json!({"name": "A", "value": "", "valueFrom": { *field: source }}), &[]);
        of_variable(
            json!({"name": "A", "value": "v", "valueFrom": { *field: source }}),
            &[&valued],
        );
        for (second, another) in sources.iter().skip(index + 1) {
            let both = json!({ *field: source, *second: another });
            of_variable(json!({"name": "A", "valueFrom": both}), &[&several]);
        }
    }
    let none = error(
        "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`",
    );
    of_variable(json!({"name": "A", "valueFrom": {}}), &[&none]);
}

#[test]
fn v20_exactly_one_import() {
    let of = |import: Json, errors: &[&str]| of_container(json!({ "envFrom": [import] }), errors);
    let (map, secret) = (json!({"name": "m"}), json!({"name": "s"}));
    of(json!({ "configMapRef": map }), &[]);
    of(json!({ "secretRef": secret }), &[]);
    of(
        json!({ "configMapRef": map, "secretRef": secret }),
        &["envFrom[0]: Invalid value: \"\": may not have more than one field specified at a time"],
    );
    of(
        json!({}),
        &["envFrom[0]: Invalid value: \"\": must specify one of: `configMapRef` or `secretRef`"],
    );
    of(json!({"configMapRef": {}}), &["envFrom[0].configMapRef.name: Required value"]);
}

#[test]
fn v20_fields_of_the_pod() {
    for path in [
        "metadata.name",
        "metadata.labels['a']",
        "metadata.annotations['A.b/C']",
        "spec.host",
        "status.podIPs",
    ] {
        of_source(json!({"fieldRef": {"fieldPath": path}}), &[]);
    }
    for path in ["metadata.labels", "status.phase"] {
        let known = r#""metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs""#;
        let error =
            format!("fieldRef.fieldPath: Unsupported value: {path:?}: supported values: {known}");
        of_source(json!({"fieldRef": {"fieldPath": path}}), &[&error]);
    }
    of_source(json!({"fieldRef": {}}), &["fieldRef.fieldPath: Required value"]);
    of_source(
        json!({"fieldRef": {"fieldPath": "metadata.name['a']"}}),
        &["fieldRef.fieldPath: Invalid value: \"metadata.name\": does not support subscript"],
    );
    of_source(
        json!({"fieldRef": {"fieldPath": "metadata.labels['']"}}),
        &["fieldRef.fieldPath: Invalid value: \"metadata.labels['']\": must be non-empty"],
    );
    of_source(
        json!({"fieldRef": {"apiVersion": "v2", "fieldPath": "metadata.name"}}),
        &["fieldRef.apiVersion: Unsupported value: \"v2\": supported values: \"v1\""],
    );
}

/// kubelet V14
#[test]
fn v14_amounts_of_a_container() {
    let of = |resource: &str, divisor: &str, errors: &[&str]| {
        of_source(json!({"resourceFieldRef": {"resource": resource, "divisor": divisor}}), errors);
    };
    of("limits.cpu", "1m", &[]);
    of("limits.cpu", "0", &[]);
    of("requests.memory", "1024Ki", &[]);
    of("requests.ephemeral-storage", "1E", &[]);
    of("limits.hugepages-2Mi", "1Mi", &[]);
    // There need be no such container.
    of_source(
        json!({"resourceFieldRef": {"containerName": "none", "resource": "limits.cpu"}}),
        &[],
    );
    of(
        "limits.cpu",
        "1k",
        &[
            "resourceFieldRef.divisor: Invalid value: \"1k\": only the divisors 1m, 1 are supported with this resource",
        ],
    );
    let bytes = "only the divisors 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are supported with this resource";
    for resource in ["limits.memory", "requests.ephemeral-storage", "limits.hugepages-2Mi"] {
        of(resource, "1m", &[&format!("resourceFieldRef.divisor: Invalid value: \"1m\": {bytes}")]);
    }
    let known = r#""limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory""#;
    of(
        "limits.gpu",
        "1",
        &[&format!(
            "resourceFieldRef.resource: Unsupported value: \"limits.gpu\": supported values: {known}"
        )],
    );
    of("", "1", &["resourceFieldRef.resource: Required value"]);
}

#[test]
fn v20_keys() {
    for field in ["configMapKeyRef", "secretKeyRef"] {
        let of = |source: Json, errors: &[&str]| {
            let errors: Vec<String> =
                errors.iter().map(|error| format!("{field}.{error}")).collect();
            of_source(
                json!({ field: source }),
                &errors.iter().map(String::as_str).collect::<Vec<_>>(),
            );
        };
        of(json!({}), &["name: Required value", "key: Required value"]);
        of(
            json!({"name": "m", "key": "a b"}),
            &["key: Invalid value: \"a b\": must be letters, digits, '-', '_' and '.'"],
        );
        of(
            json!({"name": "m", "key": "..a"}),
            &["key: Invalid value: \"..a\": must be neither '.' nor '..' nor start with '..'"],
        );
    }
}

#[test]
fn v20_variables_in_files() {
    let of = |fields: Json, errors: &[&str]| {
        let source = with(json!({"volumeName": "v", "path": "p", "key": "K"}), fields);
        of_source(json!({ "fileKeyRef": source }), errors);
    };
    of(json!({"path": "a/..b"}), &[]);
    of(
        json!({"key": "", "path": ""}),
        &["fileKeyRef.key: Required value", "fileKeyRef.path: Required value"],
    );
    of(
        json!({"path": "a/../b"}),
        &["fileKeyRef.path: Invalid value: \"a/../b\": must not contain '..'"],
    );
    of(json!({"volumeName": "w"}), &["fileKeyRef.volumeName: Not found: \"w\""]);
    of(json!({"volumeName": ""}), &["fileKeyRef.volumeName: Required value"]);
    let variable = json!({"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "p", "key": "K"}}});
    let spec = json!({
        "containers": [container(json!({ "env": [variable] }))],
        "volumes": [{"name": "v", "hostPath": {"path": "/x"}}],
    });
    let field = "spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName";
    assert_eq!(
        told(spec),
        [format!("{field}: Invalid value: \"v\": referenced volume must be of type emptyDir")]
    );
}

/// What a variable or a secret holds is never told.
#[test]
fn values_of_variables_are_not_told() {
    let variable = json!({"name": "A=", "value": "s3cret", "valueFrom": {"fieldRef": {}}});
    for error in told(json!({"containers": [container(json!({ "env": [variable] }))]})) {
        assert!(!error.contains("s3cret"), "{error}");
    }
}
