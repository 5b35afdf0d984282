//! Plans of manifests, which stand here as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;
use crate::spec::quantity::Quantity;

mod handlers;
mod lives;
mod maps;
#[macro_use]
mod recorded;
mod variables;
mod volumes;

/// What the tests' manifests refer to.
#[derive(Default)]
struct Kept(Vec<(Object, BTreeMap<String, Vec<u8>>)>);

impl Objects for Kept {
    fn contents(&self, object: &Object) -> Result<Option<BTreeMap<String, Vec<u8>>>, String> {
        match object {
            Object::Secret(name) if name == "locked" => Err("permission denied".to_owned()),
            _ => Ok(self.0.iter().find(|(kept, _)| kept == object).map(|(_, keys)| keys.clone())),
        }
    }
}

/// The machine that the vectors were recorded on.
fn allocatable() -> Allocatable {
    let quantity = |text| Quantity::parse(text).unwrap();
    Allocatable {
        cpu: quantity("2"),
        memory: quantity("25276502016"),
        ephemeral_storage: quantity("270553174016"),
    }
}

fn options() -> Options<'static> {
    Options {
        take: Take::ALL,
        container: None,
        entrypoint: &[],
        cmd: &[],
        grace: None,
        restart: None,
        pace: Pace::DEFAULT,
        allocatable: allocatable(),
    }
}

fn pod(of: Value) -> Pod {
    serde_json::from_value(of).unwrap()
}

/// A pod of one container that runs `app` and has these fields besides.
fn with(fields: Value) -> Pod {
    let mut container = json!({"name": "main", "command": ["app"]});
    container.as_object_mut().unwrap().append(&mut fields.as_object().unwrap().clone());
    pod(json!({"metadata": {"name": "p"}, "spec": {"containers": [container]}}))
}

fn planned(pod: &Pod) -> PodPlan {
    plan(pod, &options(), &Kept::default()).unwrap()
}

fn refused(pod: &Pod) -> String {
    plan(pod, &options(), &Kept::default()).unwrap_err().to_string()
}

fn words(list: &[&str]) -> Vec<Vec<u8>> {
    list.iter().map(|word| word.as_bytes().to_vec()).collect()
}

/// kubelet S4
#[test]
fn a_pod_is_named_as_the_kubelet_names_it() {
    let pod = pod(json!({
        "metadata": {"name": "web", "namespace": "default", "uid": "12-34"},
        "spec": {"containers": [{"name": "a", "command": ["true"]}], "readinessGates": [{"conditionType": "x/y"}]},
        "status": {"podIP": "10.0.0.7"},
    }));
    let plan = planned(&pod);
    assert_eq!(plan.name.to_string(), "web_default(12-34)");
    assert_eq!(plan.readiness_gates, ["x/y"]);
    assert_eq!(plan.address.as_deref(), Some("10.0.0.7"));
}

#[test]
fn one_container_can_be_taken_out_of_a_pod() {
    let pod = pod(json!({"spec": {
        "initContainers": [{"name": "first", "command": ["a"]}],
        "containers": [{"name": "x", "command": ["b"]}, {"name": "y", "command": ["c"]}],
    }}));
    let names = |container| {
        let plan = plan(&pod, &Options { container, ..options() }, &Kept::default()).unwrap();
        assert_eq!(plan.life.containers.len(), plan.containers.len());
        plan.containers.into_iter().map(|one| one.name).collect::<Vec<_>>()
    };
    assert_eq!(names(None), ["first", "x", "y"]);
    assert_eq!(names(Some("y")), ["y"]);
    assert_eq!(names(Some("first")), ["first"]);
    let none = plan(&pod, &Options { container: Some("z"), ..options() }, &Kept::default());
    assert_eq!(none.unwrap_err().to_string(), "spec.containers: there is no container \"z\"");
}

/// kubelet E21
#[test]
fn e21_command_and_args_go_over_what_the_image_or_the_command_line_says() {
    let (entrypoint, cmd) = (words(&["ep"]), words(&["cmd"]));
    let options = Options { entrypoint: &entrypoint, cmd: &cmd, ..options() };
    for (fields, expected) in [
        (json!({"command": []}), vec!["ep", "cmd"]),
        (json!({"command": [], "args": ["a"]}), vec!["ep", "a"]),
        (json!({"command": ["c", "1"]}), vec!["c", "1"]),
        (json!({"command": ["c"], "args": ["a"]}), vec!["c", "a"]),
    ] {
        let plan = plan(&with(fields), &options, &Kept::default()).unwrap();
        assert_eq!(plan.containers[0].words, words(&expected));
    }
    for nothing in [
        json!({"command": []}),
        json!({"command": ["", "x"]}),
        json!({"command": ["$(E)"], "env": [{"name": "E"}]}),
    ] {
        assert_eq!(
            refused(&with(nothing)),
            "spec.containers[0].command: there is nothing to start: images are not pulled here, so write the command"
        );
    }
}

#[test]
fn only_what_is_taken_is_planned() {
    let pod = with(json!({
        "env": [{"name": "A", "value": "1"}],
        "lifecycle": {"preStop": {"sleep": {"seconds": 3}}, "stopSignal": "SIGQUIT"},
        "livenessProbe": {"exec": {"command": ["x"]}},
        "securityContext": {"runAsUser": 7},
    }));
    let nothing = Take { hooks: false, probes: false, environment: false, security: false };
    let plan = plan(&pod, &Options { take: nothing, ..options() }, &Kept::default()).unwrap();
    let (container, life) = (&plan.containers[0], &plan.life.containers[0]);
    assert_eq!(container.environment.iter().count(), 0);
    assert_eq!(container.hooks, Hooks::default());
    assert_eq!(container.probes, Probes::default());
    assert_eq!(container.security, Security::default());
    assert_eq!(life.hooks, crate::plan::life::Hooks::default());
    assert_eq!(life.probes, crate::plan::life::Probes::default());
    let all = planned(&pod);
    assert_eq!(all.containers[0].stop_signal, Some(Signal::QUIT));
    assert_eq!(all.containers[0].security.user, Some(7));
    assert!(
        all.life.containers[0].hooks.pre_stop && all.life.containers[0].probes.liveness.is_some()
    );
}

/// What the container says goes before what the pod says.
#[test]
fn users_and_groups() {
    let pod = pod(json!({"spec": {
        "securityContext": {"runAsUser": 1, "runAsGroup": 2, "runAsNonRoot": true, "supplementalGroups": [3, 4]},
        "containers": [
            {"name": "a", "command": ["x"]},
            {"name": "b", "command": ["x"], "securityContext": {
                "runAsUser": 0, "runAsNonRoot": false, "allowPrivilegeEscalation": false,
                "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]},
            }},
        ],
    }}));
    let plan = planned(&pod);
    let security = |number: usize| plan.containers[number].security.clone();
    let of_pod = Security {
        user: Some(1),
        group: Some(2),
        non_root: true,
        supplemental_groups: vec![3, 4],
        ..Security::default()
    };
    assert_eq!(security(0), of_pod);
    assert_eq!(
        security(1),
        Security {
            user: Some(0),
            non_root: false,
            no_new_privileges: true,
            capabilities: Some(Capabilities { kept: 1 << 10, added: 1 << 10 }),
            ..of_pod
        }
    );
    for (context, message) in [
        (json!({"runAsUser": -1}), "runAsUser: -1 is not a user or group (0 to 4294967294)"),
        (
            json!({"runAsGroup": 4294967295u32}),
            "runAsGroup: 4294967295 is not a user or group (0 to 4294967294)",
        ),
    ] {
        let path = "spec.containers[0].securityContext.";
        let of_container = with(json!({"securityContext": context.clone()}));
        assert_eq!(refused(&of_container), format!("{path}{message}"));
        let mut of_pod = with(json!({}));
        of_pod.spec.security_context = serde_json::from_value(context).unwrap();
        assert_eq!(refused(&of_pod), format!("spec.securityContext.{message}"));
    }
    let mut pod = with(json!({}));
    pod.spec.security_context =
        serde_json::from_value(json!({"supplementalGroups": [1, -1]})).unwrap();
    assert_eq!(
        refused(&pod),
        "spec.securityContext.supplementalGroups[1]: -1 is not a user or group (0 to 4294967294)"
    );
}

/// As containerd has them (`internal/cri/opts/spec_linux_test.go`).
#[test]
fn capabilities_are_added_and_dropped() {
    const ALL: u64 = u64::MAX;
    let of = |capabilities: Value| with(json!({"securityContext": {"capabilities": capabilities}}));
    for (said, kept, added) in [
        (json!({}), ALL, 0),
        (json!({"drop": ["CHOWN", "cap_kill"]}), ALL & !(1 | 1 << 5), 0),
        (json!({"drop": ["all"]}), 0, 0),
        (json!({"drop": ["ALL"], "add": ["NET_RAW"]}), 1 << 13, 1 << 13),
        (json!({"add": ["SYS_TIME"]}), ALL, 1 << 25),
        (json!({"add": ["ALL"]}), ALL, ALL),
        (json!({"add": ["ALL"], "drop": ["CHOWN"]}), ALL & !1, ALL & !1),
        (json!({"add": ["ALL"], "drop": ["ALL"]}), 0, 0),
        (json!({"add": ["KILL"], "drop": ["KILL"]}), ALL & !(1 << 5), 0),
    ] {
        let plan = planned(&of(said.clone()));
        let expected = Some(Capabilities { kept, added });
        assert_eq!(plan.containers[0].security.capabilities, expected, "{said}");
    }
    for (said, message) in [
        (
            json!({"add": ["KILL", "SYSADMIN"]}),
            "add[1]: \"SYSADMIN\" is not a capability: did you mean SYS_ADMIN?",
        ),
        (json!({"drop": ["ANY"]}), "drop[0]: \"ANY\" is not a capability (try NET_BIND_SERVICE)"),
    ] {
        let path = "spec.containers[0].securityContext.capabilities.";
        assert_eq!(refused(&of(said)), format!("{path}{message}"));
    }
}

/// Each container stays within its own bounds.
#[test]
fn many_containers_do_not_take_all_memory() {
    let refused = |container: Value, context: Value| {
        let containers = vec![container; 2000];
        refused(&pod(json!({"spec": {"containers": containers, "securityContext": context}})))
    };
    let told =
        "with it words, variables and groups of all containers take more than 32 MiB once expanded";
    let a = json!({"name": "A", "value": "x".repeat(1000)});
    let b = json!({"name": "B", "value": "$(A)".repeat(100)});
    let variables = json!({"command": ["x"], "env": [a, b]});
    assert_eq!(refused(variables, json!({})), format!("spec.containers[332]: {told}"));
    let words = json!({"command": ["x", "$(B)"], "env": [a, b]});
    assert_eq!(refused(words, json!({})), format!("spec.containers[166]: {told}"));
    let probe = json!({"exec": {"command": ["x", "$(A)".repeat(100)]}});
    let probes =
        json!({"command": ["x"], "env": [a], "livenessProbe": probe, "startupProbe": probe});
    assert_eq!(refused(probes, json!({})), format!("spec.containers[166]: {told}"));
    let groups = json!({"supplementalGroups": vec![1; 65536]});
    assert_eq!(refused(json!({"command": ["x"]}), groups), format!("spec.containers[127]: {told}"));
}

#[test]
fn what_is_told_of_a_pod_stays_a_short_line() {
    let name = |uid: &str| {
        planned(&pod(json!({
            "metadata": {"name": "p", "namespace": "n", "uid": uid},
            "spec": {"containers": [{"command": ["x"]}]},
        })))
        .name
        .to_string()
    };
    assert_eq!(name("1-2"), "p_n(1-2)");
    assert_eq!(name("\u{1b}[31m\n"), "p_n(\\x1b[31m\\n)");
    let of =
        json!({"containerName": "\u{1b}".to_owned() + &"x".repeat(1000), "resource": "limits.cpu"});
    let told =
        refused(&with(json!({"env": [{"name": "A", "valueFrom": {"resourceFieldRef": of}}]})));
    assert_eq!(
        told,
        format!("spec.containers[0].env[0]: container \\x1b{}… not found", "x".repeat(63))
    );
}

#[test]
fn paths_of_errors_go_on_below_others() {
    let error = |path: &str| PlanError::new(path, Problem::NoCommand);
    for (path, above, all) in [
        ("command", "spec.containers[0]", "spec.containers[0].command"),
        ("spec", "", "spec"),
        ("", "spec", "spec"),
        ("", "", ""),
    ] {
        assert_eq!(error(path).within(above).path, all);
    }
}

/// kubelet R31, R33
#[test]
fn where_a_program_says_why_it_ended() {
    let message = |fields: Value| planned(&with(fields)).containers[0].termination_message.clone();
    assert_eq!(message(json!({})), None);
    for (policy, or_log) in [("File", false), ("FallbackToLogsOnError", true)] {
        let fields =
            json!({"terminationMessagePath": "/dev/x", "terminationMessagePolicy": policy});
        assert_eq!(message(fields), Some(TerminationMessage { path: "/dev/x".to_owned(), or_log }));
    }
}
