//! Probes and hooks.

use super::*;

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];
const HOOKS: [&str; 2] = ["postStart", "preStop"];

/// A probe of `kind` as it should be, but for these `fields`; the errors' fields are the probe's.
#[track_caller]
fn of_probe(kind: &str, fields: Json, errors: &[&str]) {
    let probe = with(json!({"tcpSocket": {"port": 80}}), fields);
    of_handler(kind, json!({ kind: probe }), errors);
}

/// The same where the handler is none yet.
#[track_caller]
fn of_bare_probe(kind: &str, probe: Json, errors: &[&str]) {
    of_handler(kind, json!({ kind: probe }), errors);
}

#[track_caller]
fn of_hook(kind: &str, hook: Json, errors: &[&str]) {
    of_handler(&format!("lifecycle.{kind}"), json!({"lifecycle": { kind: hook }}), errors);
}

#[track_caller]
fn of_handler(path: &str, fields: Json, errors: &[&str]) {
    // What begins with a colon is about the handler itself.
    let dot = |error: &str| if error.starts_with(':') { "" } else { "." };
    let errors: Vec<String> =
        errors.iter().map(|error| format!("{path}{}{error}", dot(error))).collect();
    of_container(fields, &errors.iter().map(String::as_str).collect::<Vec<_>>());
}

/// kubelet V7
#[test]
fn v7_exactly_one_handler_of_a_probe() {
    let all = [
        ("exec", json!({"command": ["true"]})),
        ("httpGet", json!({"port": 80})),
        ("tcpSocket", json!({"port": 80})),
        ("grpc", json!({"port": 80})),
    ];
    for kind in PROBES {
        of_bare_probe(kind, json!({}), &[": Required value: must specify a handler type"]);
        for (index, (field, handler)) in all.iter().enumerate() {
            of_bare_probe(kind, json!({ *field: handler }), &[]);
            for (second, another) in all.iter().skip(index + 1) {
                let error =
                    format!("{second}: Forbidden: may not specify more than 1 handler type");
                of_bare_probe(kind, json!({ *field: handler, *second: another }), &[&error]);
            }
        }
    }
}

#[test]
fn v7_exactly_one_handler_of_a_hook() {
    let all = [
        ("exec", json!({"command": ["true"]})),
        ("httpGet", json!({"port": 80})),
        ("sleep", json!({"seconds": 1})),
    ];
    for kind in HOOKS {
        of_hook(kind, json!({}), &[": Required value: must specify a handler type"]);
        for (index, (field, handler)) in all.iter().enumerate() {
            of_hook(kind, json!({ *field: handler }), &[]);
            for (second, another) in all.iter().skip(index + 1) {
                let error =
                    format!("{second}: Forbidden: may not specify more than 1 handler type");
                of_hook(kind, json!({ *field: handler, *second: another }), &[&error]);
            }
        }
    }
}

/// A departure from kubelet H1: the API takes it, and every start of such a container would fail.
#[test]
fn h1_a_hook_cannot_be_a_tcp_socket() {
    for kind in HOOKS {
        of_hook(
            kind,
            json!({"tcpSocket": {"port": 80}}),
            &["tcpSocket: Forbidden: a hook cannot be a tcpSocket; use exec, httpGet or sleep"],
        );
    }
}

/// kubelet V8
#[test]
fn v8_numbers_are_not_negative() {
    for kind in PROBES {
        for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "failureThreshold"]
        {
            for number in [0, 1, i32::MAX] {
                of_probe(kind, json!({ field: number }), &[]);
            }
            let error = format!("{field}: Invalid value: -1: must be greater than or equal to 0");
            of_probe(kind, json!({ field: -1 }), &[&error]);
        }
    }
    of_probe(
        "readinessProbe",
        json!({"successThreshold": -1}),
        &["successThreshold: Invalid value: -1: must be greater than or equal to 0"],
    );
}

/// kubelet V9
#[test]
fn v9_success_threshold() {
    for kind in PROBES {
        for number in [0, 1] {
            of_probe(kind, json!({"successThreshold": number}), &[]);
        }
    }
    of_probe("readinessProbe", json!({"successThreshold": 2}), &[]);
    for kind in ["livenessProbe", "startupProbe"] {
        of_probe(
            kind,
            json!({"successThreshold": 2}),
            &["successThreshold: Invalid value: 2: must be 1"],
        );
    }
}

#[test]
fn v9_grace_of_a_probe() {
    let grace = |seconds: i64| json!({"terminationGracePeriodSeconds": seconds});
    for kind in ["livenessProbe", "startupProbe"] {
        // More than the pod's 30 too.
        for seconds in [1, 31, i64::MAX] {
            of_probe(kind, grace(seconds), &[]);
        }
        for seconds in [0, -1] {
            let error = format!(
                "terminationGracePeriodSeconds: Invalid value: {seconds}: must be greater than 0"
            );
            of_probe(kind, grace(seconds), &[&error]);
        }
    }
    of_probe(
        "readinessProbe",
        grace(1),
        &["terminationGracePeriodSeconds: Invalid value: 1: must not be set for readinessProbes"],
    );
}

/// kubelet V10
#[test]
fn v10_exec_has_a_command() {
    of_bare_probe("livenessProbe", json!({"exec": {}}), &["exec.command: Required value"]);
    of_hook("preStop", json!({"exec": {"command": []}}), &["exec.command: Required value"]);
    of_hook("preStop", json!({"exec": {"command": [""]}}), &[]);
}

#[test]
fn v10_http_get() {
    let of = |fields: Json, errors: &[&str]| {
        let action = with(json!({"port": 80}), fields);
        of_bare_probe("livenessProbe", json!({ "httpGet": action }), errors);
        of_hook("postStart", json!({ "httpGet": action }), errors);
    };
    of(json!({"scheme": "HTTP"}), &[]);
    of(json!({"scheme": "HTTPS", "host": "a b", "path": "no slash"}), &[]);
    of(
        json!({"scheme": "https"}),
        &[r#"httpGet.scheme: Unsupported value: "https": supported values: "HTTP", "HTTPS""#],
    );
    of(
        json!({"httpHeaders": [{"name": "X-A", "value": "\n"}, {"name": "Host", "value": ""}]}),
        &[],
    );
    of(
        json!({"httpHeaders": [{"name": "X-A", "value": ""}, {"name": "X_A", "value": ""}, {"value": "v"}]}),
        &[
            "httpGet.httpHeaders[1].name: Invalid value: \"X_A\": must be letters, digits and '-' (such as 'X-Header-Name')",
            "httpGet.httpHeaders[2].name: Required value",
        ],
    );
    let mut without =
        pod(json!({"containers": [container(json!({"livenessProbe": {"httpGet": {"port": 1}}}))]}));
    let probe = without.spec.containers[0].liveness_probe.as_mut().unwrap();
    probe.http_get.as_mut().unwrap().path.clear();
    let errors = validate(&without, "Pod", "").unwrap_err();
    assert_eq!(errors.to_string(), "spec.containers[0].livenessProbe.httpGet.path: Required value");
}

/// kubelet V11
#[test]
fn v11_ports() {
    for handler in ["httpGet", "tcpSocket"] {
        let of = |port: Json, error: &str| {
            let error = format!("{handler}.port: {error}");
            let errors = if error.ends_with(": ") { vec![] } else { vec![error.as_str()] };
            of_bare_probe("readinessProbe", json!({ handler: {"port": port} }), &errors);
        };
        let range = "must be between 1 and 65535, inclusive";
        for good in
            [json!(1), json!(65535), json!("http"), json!("abcdefghijklmno"), json!("no-such")]
        {
            of(good, "");
        }
        of(json!(0), &format!("Invalid value: 0: {range}"));
        of(json!(65536), &format!("Invalid value: 65536: {range}"));
        of(json!(-1), &format!("Invalid value: -1: {range}"));
        of(json!(""), "Required value");
        of(
            json!("8080"),
            "Invalid value: \"8080\": must contain at least one letter (a-z); write a port number without quotes",
        );
        of(
            json!("abcdefghijklmnop"),
            "Invalid value: \"abcdefghijklmnop\": must be no more than 15 characters",
        );
    }
    of_bare_probe("readinessProbe", json!({"grpc": {"port": 65535}}), &[]);
    of_bare_probe(
        "readinessProbe",
        json!({"grpc": {}}),
        &["grpc.port: Invalid value: 0: must be between 1 and 65535, inclusive"],
    );
}

/// kubelet V12
#[test]
fn v12_a_sleep_fits_into_the_grace() {
    let errors = |grace: i64, seconds: i64| {
        let hook = json!({"sleep": {"seconds": seconds}});
        told(json!({
            "terminationGracePeriodSeconds": grace,
            "containers": [container(json!({"lifecycle": {"preStop": hook}}))],
        }))
    };
    for (grace, seconds) in [(30, 0), (30, 30), (0, 0), (i64::MAX, i64::MAX)] {
        assert_eq!(errors(grace, seconds), Vec::<String>::new(), "{seconds} of {grace}");
    }
    for (grace, seconds) in [(30, 31), (30, -1), (0, 1), (-1, 0)] {
        let field = "spec.containers[0].lifecycle.preStop.sleep.seconds";
        let why = format!("must be 0 to terminationGracePeriodSeconds ({grace})");
        assert_eq!(errors(grace, seconds), [format!("{field}: Invalid value: {seconds}: {why}")]);
    }
}

/// kubelet V13
#[test]
fn v13_stop_signal() {
    let errors = |signal: &str, os: Json| {
        let container = container(json!({"lifecycle": {"stopSignal": signal}}));
        told(with(json!({"containers": [container]}), os))
    };
    let os = |name: &str| json!({"os": {"name": name}});
    assert_eq!(errors("SIGUSR1", os("linux")), Vec::<String>::new());
    assert_eq!(errors("SIGRTMIN+15", os("linux")), Vec::<String>::new());
    assert_eq!(errors("SIGKILL", os("windows")), Vec::<String>::new());
    let field = "spec.containers[0].lifecycle.stopSignal";
    assert_eq!(
        errors("SIGUSR1", json!({})),
        [format!(
            "{field}: Forbidden: may not be set for containers with empty `spec.os.name` (write os: {{name: linux}} in spec)"
        )]
    );
    assert_eq!(
        errors("SIGUSR1", os("windows")),
        [format!(
            "{field}: Unsupported value: \"SIGUSR1\": supported values: \"SIGKILL\", \"SIGTERM\""
        )]
    );
    let linux = errors("USR1", os("linux"));
    assert_eq!(linux.len(), 1);
    assert!(linux[0].starts_with(&format!(
        "{field}: Unsupported value: \"USR1\": supported values: \"SIGABRT\", "
    )));
    // The system alone is wrong then.
    let unknown = errors("USR1", os("plan9"));
    assert_eq!(unknown.len(), 1);
    assert!(unknown[0].starts_with("spec.os.name: "), "{}", unknown[0]);
}
