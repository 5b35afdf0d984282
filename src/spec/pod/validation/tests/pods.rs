//! What concerns the pod as a whole.

use super::*;

#[track_caller]
fn of_pod(fields: Json, errors: &[&str]) {
    let spec = with(json!({"containers": [container(json!({}))]}), fields.clone());
    let errors: Vec<String> = errors.iter().map(|error| format!("spec.{error}")).collect();
    assert_eq!(told(spec), errors, "{fields}");
}

#[test]
fn an_ordinary_pod_has_no_errors() {
    of_pod(json!({}), &[]);
}

/// The pods that a kubelet ran.
#[test]
fn recorded_pods_have_no_errors() {
    for text in [
        include_str!("../../../../../tests/vectors/pods/vec-basic/pod.json"),
        include_str!("../../../../../tests/vectors/pods/vec-empty/pod.json"),
        include_str!("../../../../../tests/vectors/pods/vec-env/pod.json"),
        include_str!("../../../../../tests/vectors/pods/vec-modes-default/pod.json"),
    ] {
        let pod: Pod = serde_json::from_str(text).unwrap();
        assert_eq!(validate(&pod.with_defaults(), "Pod", ""), Ok(()));
    }
}

/// kubelet V17
#[test]
fn v17_restart_policy_of_the_pod() {
    for policy in ["Always", "OnFailure", "Never"] {
        of_pod(json!({"restartPolicy": policy}), &[]);
    }
    of_pod(
        json!({"restartPolicy": "always"}),
        &[
            r#"restartPolicy: Unsupported value: "always": supported values: "Always", "OnFailure", "Never""#,
        ],
    );
    let mut without = pod(json!({"containers": [container(json!({}))]}));
    without.spec.restart_policy = RestartPolicy::default();
    let errors = validate(&without, "Pod", "").unwrap_err();
    assert_eq!(errors.to_string(), "spec.restartPolicy: Required value");
}

#[test]
fn v17_restart_policy_by_the_kind_of_workload() {
    let services =
        ["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController"];
    let jobs = ["Job", "CronJob"];
    let pods = ["Pod", "PodTemplate"];
    for policy in ["Always", "OnFailure", "Never"] {
        let pod = pod(json!({"restartPolicy": policy, "containers": [container(json!({}))]}));
        for kind in services.into_iter().chain(jobs).chain(pods) {
            let fits = if services.contains(&kind) {
                policy == "Always"
            } else {
                policy != "Always" || pods.contains(&kind)
            };
            assert_eq!(validate(&pod, kind, "").is_ok(), fits, "{policy} in a {kind}");
        }
    }
    let always = pod(json!({"containers": [container(json!({}))]}));
    assert_eq!(
        validate(&always, "Job", "spec.template").unwrap_err().to_string(),
        r#"spec.template.spec.restartPolicy: Unsupported value: "Always": supported values: "OnFailure", "Never""#
    );
}

#[test]
fn active_deadline_is_a_second_at_least() {
    let error = |seconds: i64| {
        format!(
            "activeDeadlineSeconds: Invalid value: {seconds}: must be between 1 and 2147483647, inclusive"
        )
    };
    for seconds in [1, 60, 2147483647] {
        of_pod(json!({"activeDeadlineSeconds": seconds}), &[]);
    }
    for seconds in [-1, 0, 2147483648] {
        of_pod(json!({"activeDeadlineSeconds": seconds}), &[&error(seconds)]);
    }
}

/// kubelet T7: a negative one is no error, it counts as 1.
#[test]
fn t7_any_grace_will_do() {
    for seconds in [-1, 0, 1, i64::MAX] {
        of_pod(json!({"terminationGracePeriodSeconds": seconds}), &[]);
    }
    let mut without = pod(json!({"containers": [container(json!({}))]}));
    without.spec.termination_grace_period_seconds = None;
    let errors = validate(&without, "Pod", "").unwrap_err();
    assert_eq!(errors.to_string(), "spec.terminationGracePeriodSeconds: Required value");
}

#[test]
fn a_readiness_gate_is_a_qualified_name() {
    of_pod(json!({"readinessGates": [{"conditionType": "example.com/Ready"}]}), &[]);
    of_pod(
        json!({"readinessGates": [{}, {"conditionType": "/a"}]}),
        &[
            "readinessGates[0].conditionType: Required value",
            r#"readinessGates[1].conditionType: Invalid value: "/a": prefix part must be non-empty"#,
        ],
    );
}

/// kubelet V13
#[test]
fn v13_os() {
    of_pod(json!({"os": {"name": "linux"}}), &[]);
    of_pod(json!({"os": {"name": "windows"}}), &[]);
    of_pod(json!({"os": {}}), &["os.name: Required value"]);
    of_pod(
        json!({"os": {"name": "Linux"}}),
        &[r#"os.name: Unsupported value: "Linux": supported values: "linux", "windows""#],
    );
}

/// What the downward API hands on.
#[test]
fn names_of_others() {
    of_pod(json!({"serviceAccountName": "a.b", "nodeName": "n.example.com", "hostname": "h"}), &[]);
    let label = "must be lower-case letters, digits and '-', a letter or digit first and last (such as 'my-name')";
    of_pod(json!({"hostname": "a.b"}), &[&format!("hostname: Invalid value: \"a.b\": {label}")]);
    let fields = |spec: Json| -> Vec<String> {
        let errors = validate(&pod(spec), "Pod", "").unwrap_err();
        errors.told().iter().map(|error| error.field.clone()).collect()
    };
    let spec =
        json!({"containers": [container(json!({}))], "serviceAccountName": "A", "nodeName": "-"});
    assert_eq!(fields(spec), ["spec.serviceAccountName", "spec.nodeName"]);
}

/// kubelet D6: keys stand in files as they are.
#[test]
fn labels_and_annotations() {
    let errors = |metadata: Json| -> Vec<String> {
        let spec = json!({"containers": [container(json!({}))]});
        let pod: Pod = serde_json::from_value(json!({"metadata": metadata, "spec": spec})).unwrap();
        let errors = validate(&pod.with_defaults(), "Pod", "").err().unwrap_or_default();
        errors.told().iter().map(FieldError::to_string).collect()
    };
    let most = "v".repeat(63);
    let good = json!({
        "labels": {"app": "a", "example.com/A": "", "long": most, "b": "x_y.Z"},
        "annotations": {"Example.com/A": "any \n text", "k": ""},
    });
    assert_eq!(errors(good), Vec::<String>::new());
    let more = "v".repeat(64);
    for (key, value) in
        [("a", "x y"), ("a", "a/b"), ("a", more.as_str()), ("a b", "v"), ("", "v"), ("a\nb", "v")]
    {
        let told = errors(json!({"labels": {key: value}}));
        assert_eq!(told.len(), 1, "{key:?} {value:?}");
        assert!(told[0].starts_with("metadata.labels: Invalid value: "), "{}", told[0]);
    }
    assert_eq!(
        errors(json!({"annotations": {"": "v"}})),
        ["metadata.annotations: Invalid value: \"\": must be non-empty"]
    );
}

/// The name of what a workload makes is its own, and stands there.
#[test]
fn names_are_looked_at_where_they_stand() {
    let containers = json!([container(json!({}))]);
    let mut pod = pod(json!({"containers": containers, "restartPolicy": "Never"}));
    pod.metadata.name = "\u{1b}[31m".to_owned();
    pod.metadata.namespace = "n.s".to_owned();
    for (kind, path, at) in [
        ("Pod", "", "metadata"),
        ("Pod", "items[0]", "items[0].metadata"),
        ("Job", "spec.template", "metadata"),
        ("CronJob", "items[1].spec.jobTemplate.spec.template", "items[1].metadata"),
    ] {
        let errors = validate(&pod, kind, path).unwrap_err();
        let fields: Vec<&str> = errors.told().iter().map(|error| &*error.field).collect();
        assert_eq!(fields, [format!("{at}.name"), format!("{at}.namespace")], "{kind} {path}");
        let name = errors.told()[0].to_string();
        assert!(name.contains("Invalid value: \"\\x1b[31m\": must be"), "{name}");
    }
    pod.metadata.name.clear();
    pod.metadata.namespace.clear();
    assert_eq!(validate(&pod, "Pod", ""), Ok(()));
}
