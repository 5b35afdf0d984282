//! Containers: names, who may have what, restarts, ports.

use super::*;

const LABEL: &str = "must be lower-case letters, digits and '-', a letter or digit first and last (such as 'my-name')";

fn named(name: &str) -> Json {
    container(json!({ "name": name }))
}

/// kubelet V15
#[test]
fn v15_names() {
    let (most, more) = ("a".repeat(63), "a".repeat(64));
    of_container(json!({"name": most}), &[]);
    let error = format!("name: Invalid value: {more:?}: must be no more than 63 characters");
    of_container(json!({"name": more}), &[&error]);
    of_container(json!({"name": ""}), &["name: Required value"]);
    of_container(json!({"name": "A"}), &[&format!("name: Invalid value: \"A\": {LABEL}")]);
}

#[test]
fn v15_names_are_unique_over_regular_and_init_containers() {
    let spec = json!({"containers": [named("a"), named("b")], "initContainers": [named("c")]});
    assert_eq!(told(spec), Vec::<String>::new());
    let spec = json!({
        "containers": [named("a"), named("a"), named("b")],
        "initContainers": [named("b"), named("c"), named("c")],
    });
    assert_eq!(
        told(spec),
        [
            "spec.containers[1].name: Duplicate value: \"a\"",
            "spec.initContainers[0].name: Duplicate value: \"b\"",
            "spec.initContainers[2].name: Duplicate value: \"c\"",
        ]
    );
    // Two without a name are no duplicates.
    let spec = json!({"containers": [named(""), named("")]});
    assert_eq!(
        told(spec),
        ["spec.containers[0].name: Required value", "spec.containers[1].name: Required value"]
    );
}

#[test]
fn v15_at_least_one_regular_container() {
    let spec = json!({"containers": [], "initContainers": [named("a")]});
    assert_eq!(told(spec), ["spec.containers: Required value"]);
}

/// kubelet V16, I13
#[test]
fn v16_what_only_sidecars_among_init_containers_may_have() {
    let probe = json!({"exec": {"command": ["true"]}});
    let fields = json!({
        "lifecycle": {"preStop": {"exec": {"command": ["true"]}}},
        "livenessProbe": probe, "readinessProbe": probe, "startupProbe": probe,
    });
    let of = |policy: Json| {
        let init = with(container(fields.clone()), policy);
        told(json!({"containers": [named("a")], "initContainers": [init]}))
    };
    assert_eq!(of(json!({"restartPolicy": "Always"})), Vec::<String>::new());
    let forbidden = |field: &str| {
        let why = "may not be set for init containers without restartPolicy=Always";
        format!("spec.initContainers[0].{field}: Forbidden: {why}")
    };
    let all = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"].map(forbidden);
    assert_eq!(of(json!({})), all);
    assert_eq!(of(json!({"restartPolicy": "OnFailure"})), all);
    of_container(fields, &[]);
}

/// kubelet V17: since 1.35 on regular and init containers.
#[test]
fn v17_a_containers_own_restart_policy() {
    for policy in ["Always", "OnFailure", "Never"] {
        of_container(json!({"restartPolicy": policy}), &[]);
        let init = container(json!({"name": "i", "restartPolicy": policy}));
        let spec = json!({"containers": [named("a")], "initContainers": [init]});
        assert_eq!(told(spec), Vec::<String>::new(), "{policy}");
    }
    of_container(
        json!({"restartPolicy": "Sometimes"}),
        &[
            r#"restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never""#,
        ],
    );
}

fn rule(values: usize) -> Json {
    json!({"action": "Restart", "exitCodes": {"operator": "In", "values": vec![1; values]}})
}

/// kubelet V18
#[test]
fn v18_rules_need_a_policy() {
    of_container(json!({"restartPolicy": "Never", "restartPolicyRules": [rule(1)]}), &[]);
    of_container(
        json!({"restartPolicyRules": [rule(1)]}),
        &["restartPolicy: Required value: must specify restartPolicy when restart rules are used"],
    );
}

#[test]
fn v18_numbers_of_rules_and_exit_codes() {
    let rules = |rules: Vec<Json>| json!({"restartPolicy": "Never", "restartPolicyRules": rules});
    of_container(rules(vec![rule(1); 20]), &[]);
    of_container(
        rules(vec![rule(1); 21]),
        &["restartPolicyRules: Too many: 21: must have at most 20 items"],
    );
    of_container(rules(vec![rule(0), rule(255)]), &[]);
    of_container(
        rules(vec![rule(256)]),
        &["restartPolicyRules[0].exitCodes.values: Too many: 256: must have at most 255 items"],
    );
}

#[test]
fn v18_words_of_rules() {
    let of = |rule: Json, errors: &[&str]| {
        of_container(json!({"restartPolicy": "Never", "restartPolicyRules": [rule]}), errors);
    };
    for (action, operator) in [("Restart", "NotIn"), ("RestartAllContainers", "In")] {
        of(json!({"action": action, "exitCodes": {"operator": operator, "values": [42]}}), &[]);
    }
    of(
        json!({"action": "Stop", "exitCodes": {"operator": "in"}}),
        &[
            r#"restartPolicyRules[0].action: Unsupported value: "Stop": supported values: "Restart", "RestartAllContainers""#,
            r#"restartPolicyRules[0].exitCodes.operator: Unsupported value: "in": supported values: "In", "NotIn""#,
        ],
    );
    of(
        json!({"action": "Restart"}),
        &["restartPolicyRules[0].exitCodes: Required value: must be specified"],
    );
}

/// With the gates of 1.36 (the source: `validateInitContainerRestartPolicy`).
#[test]
fn v18_sidecars_may_have_rules() {
    let sidecar =
        container(json!({"name": "s", "restartPolicy": "Always", "restartPolicyRules": [rule(1)]}));
    let spec = json!({"containers": [named("a")], "initContainers": [sidecar]});
    assert_eq!(told(spec), Vec::<String>::new());
}

/// kubelet V23
#[test]
fn v23_termination_message_policy() {
    for policy in ["File", "FallbackToLogsOnError"] {
        of_container(json!({"terminationMessagePolicy": policy}), &[]);
    }
    of_container(
        json!({"terminationMessagePolicy": "Logs"}),
        &[
            r#"terminationMessagePolicy: Unsupported value: "Logs": supported values: "File", "FallbackToLogsOnError""#,
        ],
    );
}

#[test]
fn image_pull_policy() {
    of_container(json!({"imagePullPolicy": "Never"}), &[]);
    of_container(
        json!({"imagePullPolicy": "never"}),
        &[
            r#"imagePullPolicy: Unsupported value: "never": supported values: "Always", "IfNotPresent", "Never""#,
        ],
    );
}

/// kubelet V11
#[test]
fn v11_ports_of_a_container() {
    of_container(
        json!({"ports": [
            {"name": "http", "containerPort": 1}, {"containerPort": 65535, "protocol": "UDP"}, {"containerPort": 1}
        ]}),
        &[],
    );
    of_container(
        json!({"ports": [
            {"name": "http"}, {"name": "http", "containerPort": 65536}, {"name": "80", "containerPort": -1},
            {"containerPort": 1, "protocol": "tcp"},
        ]}),
        &[
            "ports[0].containerPort: Required value",
            "ports[1].name: Duplicate value: \"http\"",
            "ports[1].containerPort: Invalid value: 65536: must be between 1 and 65535, inclusive",
            "ports[2].name: Invalid value: \"80\": must contain at least one letter (a-z); write a port number without quotes",
            "ports[2].containerPort: Invalid value: -1: must be between 1 and 65535, inclusive",
            r#"ports[3].protocol: Unsupported value: "tcp": supported values: "TCP", "UDP", "SCTP""#,
        ],
    );
}
