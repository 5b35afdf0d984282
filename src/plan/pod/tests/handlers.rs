//! Hooks and probes as ACTIONs.

use super::*;

fn probe(fields: Value) -> Result<Action, String> {
    let pod = with(fields);
    let plan = plan(&pod, &options(), &Kept::default()).map_err(|error| error.to_string())?;
    Ok(plan.containers[0].probes.liveness.clone().expect("a liveness probe"))
}

fn hook(handler: Value) -> Result<Action, String> {
    let pod = with(json!({"lifecycle": {"preStop": handler}}));
    let plan = plan(&pod, &options(), &Kept::default()).map_err(|error| error.to_string())?;
    Ok(plan.containers[0].hooks.pre_stop.clone().expect("a preStop hook"))
}

/// A handler is the ACTION that one would write for it.
#[test]
fn handlers_are_actions() {
    use crate::spec::action::Role;
    for (handler, action) in [
        (json!({"exec": {"command": ["a", "b c"]}}), "exec:a 'b c'"),
        (json!({"httpGet": {"path": "/x?y", "port": 80}}), "http://:80/x?y"),
        (
            json!({"httpGet": {"scheme": "HTTPS", "host": "h", "path": "/", "port": 1}}),
            "https://h:1/",
        ),
        (json!({"tcpSocket": {"port": 65535}}), "tcp://:65535"),
        (json!({"tcpSocket": {"host": "::1", "port": 9}}), "tcp://[::1]:9"),
        (json!({"grpc": {"port": 5}}), "grpc://:5"),
        (json!({"grpc": {"port": 5, "service": "s"}}), "grpc://:5/s"),
    ] {
        let written = Action::parse(action, Role::Probe).unwrap();
        assert_eq!(probe(json!({"livenessProbe": handler})), Ok(written), "{action}");
    }
    assert_eq!(hook(json!({"sleep": {"seconds": 3}})), Ok(Action::Sleep(Duration::from_secs(3))));
}

/// kubelet P5
#[test]
fn p05_exec_goes_before_http_before_tcp_before_grpc() {
    let mut handler = json!({
        "exec": {"command": ["x"]}, "httpGet": {"port": 1}, "tcpSocket": {"port": 2}, "grpc": {"port": 3},
    });
    for (name, kind) in [
        ("exec", crate::spec::action::Kind::Exec),
        ("httpGet", crate::spec::action::Kind::Http),
        ("tcpSocket", crate::spec::action::Kind::Tcp),
        ("grpc", crate::spec::action::Kind::Grpc),
    ] {
        assert_eq!(probe(json!({"livenessProbe": handler.clone()})).unwrap().kind(), kind);
        handler.as_object_mut().unwrap().remove(name);
    }
    assert_eq!(
        probe(json!({"livenessProbe": handler})).unwrap_err(),
        "spec.containers[0].livenessProbe: it says nothing to do (exec, httpGet …)"
    );
}

/// kubelet P6, P7
#[test]
fn p06_a_port_is_a_number_or_a_name_of_the_same_container() {
    let ports = json!([
        {"name": "web", "containerPort": 8080}, {"name": "web", "containerPort": 1},
        {"containerPort": 9}, {"name": "9090", "containerPort": 7},
    ]);
    let port = |port: Value| {
        let fields = json!({"ports": ports, "livenessProbe": {"tcpSocket": {"port": port}}});
        probe(fields).map(|action| match action {
            Action::Tcp(address) => address.port,
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(port(json!(80)), Ok(80));
    assert_eq!(port(json!("web")), Ok(8080), "the first of that name");
    assert_eq!(port(json!("9090")), Ok(7), "a name before a number");
    assert_eq!(port(json!("81")), Ok(81), "digits as text");
    let path = "spec.containers[0].livenessProbe.tcpSocket.port";
    for (wrong, why) in [
        (json!("db"), "the container has no port named \"db\" (it has web, web, 9090)"),
        (json!("0"), "0 is not a port (1 to 65535)"),
        (json!(65536), "65536 is not a port (1 to 65535)"),
        (json!(-1), "-1 is not a port (1 to 65535)"),
    ] {
        assert_eq!(port(wrong), Err(format!("{path}: {why}")));
    }
    let none = probe(json!({"livenessProbe": {"httpGet": {"port": "web"}}}));
    assert_eq!(
        none.unwrap_err(),
        "spec.containers[0].livenessProbe.httpGet.port: the container has no port named \"web\", nor any other (name \
         one in ports)"
    );
}

/// kubelet E18, E19, E20, P11, H2
#[test]
fn e18_probes_know_env_as_written_and_hooks_nothing() {
    let env = json!([
        {"name": "A", "value": "x"}, {"name": "B", "value": "$(A)y"},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
    ]);
    let command = json!({"exec": {"command": ["$(A)", "$(B)", "[$(IP)]", "$(NOPE)"]}});
    let pod = with(json!({
        "command": ["$(B)"], "env": env, "livenessProbe": command, "lifecycle": {"postStart": command},
    }));
    let container = planned(&pod).containers.remove(0);
    assert_eq!(container.words, words(&["xy"]));
    let exec = |words: [&str; 4]| Some(Action::Exec(words.map(str::to_owned).to_vec()));
    assert_eq!(container.probes.liveness, exec(["x", "$(A)y", "[]", "$(NOPE)"]));
    assert_eq!(container.hooks.post_start, exec(["$(A)", "$(B)", "[$(IP)]", "$(NOPE)"]));
    // No field of a request is expanded.
    let request = json!({"livenessProbe": {"httpGet": {"port": 1, "path": "/$(A)"}}, "env": env});
    let Ok(Action::Http(request)) = probe(request) else { panic!("a request") };
    assert_eq!(request.path, "/$(A)");
}

/// kubelet P25: repeats are kept, in order.
#[test]
fn p25_headers() {
    let headers = |headers: Value| {
        probe(json!({"livenessProbe": {"httpGet": {"port": 1, "httpHeaders": headers}}}))
    };
    let two = json!([{"name": "x-a", "value": "1"}, {"name": "x-a", "value": "2"}]);
    let Ok(Action::Http(request)) = headers(two) else { panic!("a request") };
    let lines = request.headers.iter().map(|header| (header.name(), header.value()));
    assert_eq!(lines.collect::<Vec<_>>(), [("x-a", "1"), ("x-a", "2")]);
    let split = headers(json!([{"name": "a", "value": "1"}, {"name": "x", "value": "a\r\nb: c"}]));
    let path = "spec.containers[0].livenessProbe.httpGet.httpHeaders[1]: ";
    assert!(split.as_ref().is_err_and(|error| error.starts_with(path)), "{split:?}");
}

#[test]
fn hosts_cannot_smuggle_anything_in() {
    for host in ["a b", "a/b", "a\r\nHost: b", "u@h", "[::1]"] {
        let refused = probe(json!({"livenessProbe": {"httpGet": {"port": 1, "host": host}}}));
        let path = "spec.containers[0].livenessProbe.httpGet.host: ";
        assert!(
            refused.as_ref().is_err_and(|error| error.starts_with(path)),
            "{host}: {refused:?}"
        );
    }
}

/// kubelet H1
#[test]
fn h01_a_hook_does_not_connect() {
    assert_eq!(
        hook(json!({"tcpSocket": {"port": 1}})).unwrap_err(),
        "spec.containers[0].lifecycle.preStop: a hook cannot be a tcpSocket (use exec or httpGet)"
    );
}

#[test]
fn a_command_that_is_none_is_named() {
    for command in [json!([]), json!([""])] {
        let refused = probe(json!({"livenessProbe": {"exec": {"command": command}}})).unwrap_err();
        assert!(
            refused.starts_with("spec.containers[0].livenessProbe.exec.command: "),
            "{refused}"
        );
    }
}
