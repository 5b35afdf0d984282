//! Volumes, their files, and mounts.

use super::*;

#[track_caller]
fn of_volume(volume: Json, errors: &[&str]) {
    let spec = json!({"containers": [container(json!({}))], "volumes": [with(json!({"name": "v"}), volume.clone())]});
    let errors: Vec<String> =
        errors.iter().map(|error| format!("spec.volumes[0].{error}")).collect();
    assert_eq!(told(spec), errors, "{volume}");
}

/// A file of a downwardAPI volume as it should be, but for these `fields`.
#[track_caller]
fn of_file(fields: Json, errors: &[&str]) {
    let file = with(json!({"path": "a", "fieldRef": {"fieldPath": "metadata.name"}}), fields);
    let errors: Vec<String> =
        errors.iter().map(|error| format!("downwardAPI.items[0].{error}")).collect();
    let errors: Vec<&str> = errors.iter().map(String::as_str).collect();
    of_volume(json!({"downwardAPI": {"items": [file]}}), &errors);
}

#[test]
fn names_are_labels_and_unique() {
    let errors =
        |volumes: Json| told(json!({"containers": [container(json!({}))], "volumes": volumes}));
    assert_eq!(errors(json!([{"name": "a"}, {"name": "b"}])), Vec::<String>::new());
    let told = errors(json!([{"name": "a"}, {"name": "a"}, {}, {}, {"name": "A"}]));
    assert_eq!(
        told,
        [
            "spec.volumes[1].name: Duplicate value: \"a\"",
            "spec.volumes[2].name: Required value",
            "spec.volumes[3].name: Required value",
            "spec.volumes[4].name: Invalid value: \"A\": must be lower-case letters, digits and '-', a letter or digit \
             first and last (such as 'my-name')",
        ]
    );
}

#[test]
fn a_volume_has_one_source() {
    let why = "Forbidden: may not specify more than 1 volume type";
    let (directory, secret, other) =
        (json!({}), json!({"secretName": "s"}), json!({"driver": "d"}));
    of_volume(json!({ "emptyDir": directory }), &[]);
    of_volume(json!({ "csi": other }), &[]);
    of_volume(json!({ "emptyDir": directory, "secret": secret }), &[&format!("secret: {why}")]);
    of_volume(json!({ "emptyDir": directory, "csi": other }), &[&format!("emptyDir: {why}")]);
}

#[test]
fn sources_name_what_they_are_of() {
    of_volume(json!({"hostPath": {}}), &["hostPath.path: Required value"]);
    of_volume(json!({"configMap": {}}), &["configMap.name: Required value"]);
    of_volume(json!({"secret": {}}), &["secret.secretName: Required value"]);
    let item = json!({"key": "", "path": "/a", "mode": 512});
    for (source, name) in [("configMap", "name"), ("secret", "secretName")] {
        of_volume(
            json!({ source: { name: "x", "items": [item, {"key": "k", "path": "a"}] } }),
            &[
                &format!("{source}.items[0].key: Required value"),
                &format!("{source}.items[0].path: Invalid value: \"/a\": must be a relative path"),
                &format!(
                    "{source}.items[0].mode: Invalid value: 512: must be from 0 to 0777 (octal, which in YAML begins with a 0)"
                ),
            ],
        );
    }
}

/// kubelet V21, D28
#[test]
fn v21_paths_of_files() {
    for path in ["a", "a/b", "a/..x", "./a"] {
        of_file(json!({ "path": path }), &[]);
    }
    for (path, why) in [
        ("/a", "must be a relative path"),
        ("..", "must not contain '..'"),
        ("a/../b", "must not contain '..'"),
        ("..a", "must not start with '..'"),
    ] {
        of_file(json!({ "path": path }), &[&format!("path: Invalid value: {path:?}: {why}")]);
    }
    of_file(json!({"path": ""}), &["path: Required value"]);
}

#[test]
fn v21_a_file_has_one_reference() {
    let resource = json!({"containerName": "c", "resource": "limits.cpu"});
    of_file(json!({ "fieldRef": null, "resourceFieldRef": resource }), &[]);
    let errors = |file: Json| {
        let volume = json!({"name": "v", "downwardAPI": {"items": [file]}});
        told(json!({"containers": [container(json!({}))], "volumes": [volume]}))
    };
    let field = "spec.volumes[0].downwardAPI.items[0]";
    assert_eq!(
        errors(json!({"path": "a"})),
        [format!("{field}: Required value: one of fieldRef and resourceFieldRef is required")]
    );
    assert_eq!(
        errors(
            json!({"path": "a", "fieldRef": {"fieldPath": "metadata.uid"}, "resourceFieldRef": resource})
        ),
        [format!(
            "{field}: Invalid value: \"resource\": fieldRef and resourceFieldRef can not be specified simultaneously"
        )]
    );
}

/// kubelet V20, V14: other than in variables.
#[test]
fn v20_v14_references_of_files() {
    of_file(json!({"fieldRef": {"fieldPath": "metadata.labels"}}), &[]);
    let known = r#""metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid""#;
    of_file(
        json!({"fieldRef": {"fieldPath": "status.podIP"}}),
        &[&format!(
            "fieldRef.fieldPath: Unsupported value: \"status.podIP\": supported values: {known}"
        )],
    );
    of_file(
        json!({"fieldRef": null, "resourceFieldRef": {"resource": "limits.cpu"}}),
        &["resourceFieldRef.containerName: Required value"],
    );
}

/// kubelet V21
#[test]
fn v21_modes() {
    let why = "must be from 0 to 0777 (octal, which in YAML begins with a 0)";
    for mode in [0, 0o644, 511] {
        of_file(json!({ "mode": mode }), &[]);
    }
    for mode in [-1, 512] {
        of_file(json!({ "mode": mode }), &[&format!("mode: Invalid value: {mode}: {why}")]);
        for (source, fields) in [
            ("downwardAPI", json!({})),
            ("projected", json!({})),
            ("configMap", json!({"name": "m"})),
            ("secret", json!({"secretName": "s"})),
        ] {
            let volume = with(fields, json!({ "defaultMode": mode }));
            let error = format!("{source}.defaultMode: Invalid value: {mode}: {why}");
            of_volume(json!({ source: volume }), &[&error]);
        }
    }
}

/// kubelet V22
#[test]
fn v22_no_path_twice_over_all_sources() {
    let file = |path: &str| json!({"path": path, "fieldRef": {"fieldPath": "metadata.name"}});
    let item = |path: &str| json!({"key": "k", "path": path});
    let sources = |map: &str, secret: &str| {
        json!({"projected": {"sources": [
            {"downwardAPI": {"items": [file("a"), file("d/b")]}},
            {"configMap": {"name": "m", "items": [item(map)]}},
            {"secret": {"name": "s", "items": [item("s"), item(secret)]}},
        ]}})
    };
    of_volume(sources("b", "c"), &[]);
    let error = |source: &str, path: &str| {
        format!(
            "projected.sources{source}.path: Invalid value: {path:?}: conflicting duplicate paths"
        )
    };
    of_volume(sources("a", "c"), &[&error("[1].configMap.items[0]", "a")]);
    of_volume(sources("b", "d//b"), &[&error("[2].secret.items[1]", "d//b")]);
    // In a downwardAPI volume the last one wins (kubelet D27).
    of_volume(json!({"downwardAPI": {"items": [file("a"), file("a")]}}), &[]);
}

#[test]
fn a_projection_has_one_source() {
    let source = json!({"configMap": {"name": "m"}, "secret": {"name": "s"}});
    of_volume(
        json!({"projected": {"sources": [{}, source]}}),
        &["projected.sources[1]: Forbidden: may not specify more than 1 volume type per source"],
    );
    of_volume(
        json!({"projected": {"sources": [{"configMap": {}}, {"secret": {}}]}}),
        &[
            "projected.sources[0].configMap.name: Required value",
            "projected.sources[1].secret.name: Required value",
        ],
    );
}

#[test]
fn mounts() {
    let of =
        |mounts: Json, errors: &[&str]| of_container(json!({ "volumeMounts": mounts }), errors);
    of(
        json!([{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b", "subPath": "c/..d"}]),
        &[],
    );
    of(
        json!([{}, {"name": "w", "mountPath": "/a"}, {"name": "v", "mountPath": "/a"}]),
        &[
            "volumeMounts[0].name: Required value",
            "volumeMounts[0].mountPath: Required value",
            "volumeMounts[1].name: Not found: \"w\"",
            "volumeMounts[2].mountPath: Invalid value: \"/a\": must be unique",
        ],
    );
    of(
        json!([
            {"name": "v", "mountPath": "/a", "subPath": "/x"},
            {"name": "v", "mountPath": "/b", "subPathExpr": "$(A)/../b"},
            {"name": "v", "mountPath": "/c", "subPath": "x", "subPathExpr": "y"},
        ]),
        &[
            "volumeMounts[0].subPath: Invalid value: \"/x\": must be a relative path",
            "volumeMounts[1].subPathExpr: Invalid value: \"$(A)/../b\": must not contain '..'",
            "volumeMounts[2].subPathExpr: Invalid value: \"y\": subPathExpr and subPath are mutually exclusive",
        ],
    );
}
