//! A pod as it should be has no errors; broken in one place it has one there.

use super::*;
use crate::spec::pod::*;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

fn label() -> impl Strategy<Value = String> {
    "[a-z]([-a-z0-9]{0,8}[a-z0-9])?"
}

fn port() -> impl Strategy<Value = IntOrString> {
    prop_oneof![
        (1..=65535i32).prop_map(IntOrString::Int),
        "[0-9]{0,3}[a-z][a-z0-9]{0,11}".prop_map(IntOrString::String),
    ]
}

fn exec() -> impl Strategy<Value = ExecAction> {
    vec(".{0,9}", 1..3).prop_map(|command| ExecAction { command })
}

fn http_get() -> impl Strategy<Value = HttpGetAction> {
    let scheme = prop_oneof![Just(UriScheme::Http), Just(UriScheme::Https)];
    let header = ("[-A-Za-z0-9]{1,9}", ".{0,9}");
    let header = header.prop_map(|(name, value)| HttpHeader { name, value });
    (".{0,9}", port(), ".{1,9}", scheme, vec(header, 0..3)).prop_map(
        |(host, port, path, scheme, http_headers)| HttpGetAction {
            host,
            port,
            path,
            scheme,
            http_headers,
        },
    )
}

/// Without thresholds and a grace of its own.
fn bare_probe() -> impl Strategy<Value = Probe> {
    let handler = prop_oneof![
        exec().prop_map(|action| Probe { exec: Some(action), ..Probe::default() }),
        http_get().prop_map(|action| Probe { http_get: Some(action), ..Probe::default() }),
        (".{0,9}", port()).prop_map(|(host, port)| {
            Probe { tcp_socket: Some(TcpSocketAction { host, port }), ..Probe::default() }
        }),
        (1..=65535i32, option::of(".{0,9}")).prop_map(|(port, service)| {
            Probe { grpc: Some(GrpcAction { port, service }), ..Probe::default() }
        }),
    ];
    (handler, 0..i32::MAX, 1..i32::MAX, 1..i32::MAX, 1..i32::MAX).prop_map(
        |(probe, delay, timeout, period, failures)| Probe {
            initial_delay_seconds: delay,
            timeout_seconds: timeout,
            period_seconds: period,
            failure_threshold: failures,
            ..probe
        },
    )
}

fn liveness() -> impl Strategy<Value = Probe> {
    (bare_probe(), option::of(1..i64::MAX)).prop_map(|(probe, grace)| Probe {
        success_threshold: 1,
        termination_grace_period_seconds: grace,
        ..probe
    })
}

fn readiness() -> impl Strategy<Value = Probe> {
    (bare_probe(), 1..i32::MAX)
        .prop_map(|(probe, threshold)| Probe { success_threshold: threshold, ..probe })
}

/// For a pod whose grace is 30.
fn hook() -> impl Strategy<Value = LifecycleHandler> {
    prop_oneof![
        exec().prop_map(|action| LifecycleHandler {
            exec: Some(action),
            ..LifecycleHandler::default()
        }),
        http_get().prop_map(|action| LifecycleHandler {
            http_get: Some(action),
            ..LifecycleHandler::default()
        }),
        (0..=30i64).prop_map(|seconds| LifecycleHandler {
            sleep: Some(SleepAction { seconds }),
            ..LifecycleHandler::default()
        }),
    ]
}

/// For a pod that says that it is for Linux.
fn lifecycle() -> impl Strategy<Value = Lifecycle> {
    let signal = prop_oneof!["SIGTERM", "SIGUSR1", "SIGRTMIN[+]1[0-5]"];
    (option::of(hook()), option::of(hook()), option::of(signal)).prop_map(
        |(post_start, pre_stop, stop_signal)| Lifecycle { post_start, pre_stop, stop_signal },
    )
}

fn field_ref(paths: &'static [&'static str]) -> impl Strategy<Value = ObjectFieldSelector> {
    prop::sample::select(paths).prop_map(|path| ObjectFieldSelector {
        api_version: "v1".to_owned(),
        field_path: path.to_owned(),
    })
}

fn variable() -> impl Strategy<Value = EnvVar> {
    let source = prop_oneof![
        field_ref(&["metadata.name", "metadata.labels['a']", "spec.host", "status.podIPs"])
            .prop_map(|field| EnvVarSource { field_ref: Some(field), ..EnvVarSource::default() }),
        prop::sample::select(&["limits.cpu", "requests.memory", "limits.hugepages-2Mi"][..])
            .prop_map(|resource| {
                let resource = resource.to_owned();
                let resource =
                    ResourceFieldSelector { resource, ..ResourceFieldSelector::default() };
                EnvVarSource { resource_field_ref: Some(resource), ..EnvVarSource::default() }
            }),
        (label(), "[-_A-Za-z0-9]{1,9}").prop_map(|(name, key)| {
            let key = KeySelector { name, key, optional: None };
            EnvVarSource { secret_key_ref: Some(key), ..EnvVarSource::default() }
        }),
    ];
    let given = prop_oneof![
        ".{0,9}".prop_map(|value| (value, None)),
        source.prop_map(|source| (String::new(), Some(source))),
    ];
    ("[ -<>-~]{1,9}", given).prop_map(|(name, (value, value_from))| EnvVar {
        name,
        value,
        value_from,
    })
}

fn restart() -> impl Strategy<Value = (Option<RestartPolicy>, Vec<ContainerRestartRule>)> {
    let policy = prop_oneof![
        Just(RestartPolicy::Always),
        Just(RestartPolicy::OnFailure),
        Just(RestartPolicy::Never)
    ];
    let codes = (
        prop_oneof![Just(ExitCodesOperator::In), Just(ExitCodesOperator::NotIn)],
        vec(0..256i32, 0..5),
    )
        .prop_map(|(operator, values)| ContainerRestartRuleOnExitCodes { operator, values });
    let rule = codes.prop_map(|codes| ContainerRestartRule {
        action: RestartRuleAction::Restart,
        exit_codes: Some(codes),
    });
    prop_oneof![
        Just((None, Vec::new())),
        (policy, vec(rule, 0..=20)).prop_map(|(policy, rules)| (Some(policy), rules))
    ]
}

/// Without a name, for a pod with the volume `v`.
fn some_container() -> impl Strategy<Value = Container> {
    let probes = (option::of(liveness()), option::of(readiness()), option::of(liveness()));
    let mount = "[a-z/]{1,9}".prop_map(|path| VolumeMount {
        name: "v".to_owned(),
        mount_path: format!("/{path}"),
        ..VolumeMount::default()
    });
    (restart(), probes, option::of(lifecycle()), vec(variable(), 0..4), option::of(mount)).prop_map(
        |((restart_policy, restart_policy_rules), probes, lifecycle, environment, mount)| {
            Container {
                restart_policy,
                restart_policy_rules,
                liveness_probe: probes.0,
                readiness_probe: probes.1,
                startup_probe: probes.2,
                lifecycle,
                environment,
                volume_mounts: mount.into_iter().collect(),
                ..Container::default()
            }
        },
    )
}

fn downward_file() -> impl Strategy<Value = DownwardApiVolumeFile> {
    let field = field_ref(&["metadata.labels", "metadata.annotations['A.b/c']", "metadata.uid"]);
    ("[a-z]{1,3}(/[a-z.]{0,3}x)?", field, option::of(0..=0o777i32)).prop_map(
        |(path, field, mode)| DownwardApiVolumeFile {
            path,
            field_ref: Some(field),
            resource_field_ref: None,
            mode,
        },
    )
}

fn some_pod() -> impl Strategy<Value = Pod> {
    let policy = prop_oneof![
        Just(RestartPolicy::Always),
        Just(RestartPolicy::OnFailure),
        Just(RestartPolicy::Never)
    ];
    let containers = (vec(some_container(), 1..4), vec(some_container(), 0..4));
    (
        containers,
        vec(downward_file(), 0..4),
        policy,
        option::of(1..=i64::from(i32::MAX)),
        vec(label(), 0..3),
    )
        .prop_map(
            |((mut containers, mut init_containers), items, restart_policy, deadline, gates)| {
                for container in
                    init_containers.iter_mut().filter(|container| !container.always_restarts())
                {
                    container.liveness_probe = None;
                    container.readiness_probe = None;
                    container.startup_probe = None;
                    container.lifecycle = None;
                }
                for (index, container) in
                    containers.iter_mut().chain(&mut init_containers).enumerate()
                {
                    container.name = format!("c{index}");
                }
                let downward = DownwardApiVolumeSource { items, default_mode: None };
                let volume = Volume {
                    name: "v".to_owned(),
                    downward_api: Some(downward),
                    ..Volume::default()
                };
                let gates =
                    gates.into_iter().map(|condition_type| PodReadinessGate { condition_type });
                let spec = PodSpec {
                    containers,
                    init_containers,
                    volumes: vec![volume],
                    restart_policy,
                    active_deadline_seconds: deadline,
                    readiness_gates: gates.collect(),
                    os: Some(PodOs { name: "linux".to_owned() }),
                    ..PodSpec::default()
                };
                Pod { spec, ..Pod::default() }.with_defaults()
            },
        )
}

fn first(pod: &mut Pod) -> &mut Container {
    &mut pod.spec.containers[0]
}

/// A probe as it should be, in its place.
fn probe(of: &mut Option<Probe>, json: Json) -> &mut Probe {
    let probe = with(json!({"successThreshold": 1}), json);
    of.insert(serde_json::from_value(probe).unwrap())
}

fn hooks(pod: &mut Pod, json: Json) {
    first(pod).lifecycle = Some(serde_json::from_value(json).unwrap());
}

fn variables(pod: &mut Pod, json: Json) {
    first(pod).environment = serde_json::from_value(json).unwrap();
}

fn file(pod: &mut Pod, json: Json) {
    let file = serde_json::from_value(json).unwrap();
    pod.spec.volumes[0].downward_api.as_mut().unwrap().items = vec![file];
}

type Breaking = (fn(&mut Pod), &'static str);

/// What breaks a pod, and the field where.
const BREAKING: [Breaking; 30] = [
    (|pod| pod.spec.containers.clear(), "spec.containers"),
    (|pod| pod.spec.restart_policy = "Maybe".to_owned().into(), "spec.restartPolicy"),
    (|pod| pod.spec.active_deadline_seconds = Some(0), "spec.activeDeadlineSeconds"),
    (
        |pod| pod.spec.readiness_gates = vec![PodReadinessGate::default()],
        "spec.readinessGates[0].conditionType",
    ),
    (|pod| pod.spec.os = Some(PodOs::default()), "spec.os.name"),
    (|pod| first(pod).name.clear(), "spec.containers[0].name"),
    (|pod| first(pod).name = "A".to_owned(), "spec.containers[0].name"),
    (
        |pod| first(pod).restart_policy = Some("Maybe".to_owned().into()),
        "spec.containers[0].restartPolicy",
    ),
    (
        |pod| {
            first(pod).restart_policy = None;
            first(pod).restart_policy_rules = vec![ContainerRestartRule::default()];
        },
        "spec.containers[0].restartPolicy",
    ),
    (
        |pod| first(pod).restart_policy_rules = vec![ContainerRestartRule::default()],
        "spec.containers[0].restartPolicyRules[0].exitCodes",
    ),
    (
        |pod| first(pod).restart_policy_rules = vec![ContainerRestartRule::default(); 21],
        "spec.containers[0].restartPolicyRules",
    ),
    (
        |pod| first(pod).termination_message_policy = "Maybe".to_owned().into(),
        "spec.containers[0].terminationMessagePolicy",
    ),
    (|pod| first(pod).liveness_probe = Some(Probe::default()), "spec.containers[0].livenessProbe"),
    (
        |pod| {
            probe(&mut first(pod).liveness_probe, json!({"grpc": {"port": 1}})).success_threshold =
                2
        },
        "spec.containers[0].livenessProbe.successThreshold",
    ),
    (
        |pod| {
            probe(&mut first(pod).startup_probe, json!({"grpc": {"port": 1}})).period_seconds = -1
        },
        "spec.containers[0].startupProbe.periodSeconds",
    ),
    (
        |pod| {
            let probe = probe(&mut first(pod).readiness_probe, json!({"grpc": {"port": 1}}));
            probe.termination_grace_period_seconds = Some(1);
        },
        "spec.containers[0].readinessProbe.terminationGracePeriodSeconds",
    ),
    (
        |pod| {
            probe(&mut first(pod).startup_probe, json!({"exec": {}}));
        },
        "spec.containers[0].startupProbe.exec.command",
    ),
    (
        |pod| {
            probe(&mut first(pod).startup_probe, json!({"tcpSocket": {"port": "80"}}));
        },
        "spec.containers[0].startupProbe.tcpSocket.port",
    ),
    (
        |pod| hooks(pod, json!({"preStop": {"sleep": {"seconds": 31}}})),
        "spec.containers[0].lifecycle.preStop.sleep.seconds",
    ),
    (
        |pod| hooks(pod, json!({"postStart": {"tcpSocket": {"port": 1}}})),
        "spec.containers[0].lifecycle.postStart.tcpSocket",
    ),
    (|pod| hooks(pod, json!({"stopSignal": "TERM"})), "spec.containers[0].lifecycle.stopSignal"),
    (|pod| variables(pod, json!([{"name": "="}])), "spec.containers[0].env[0].name"),
    (
        |pod| variables(pod, json!([{"name": "A", "valueFrom": {}}])),
        "spec.containers[0].env[0].valueFrom",
    ),
    (
        |pod| {
            variables(
                pod,
                json!([{"name": "A", "valueFrom": {"fieldRef": {"apiVersion": "v1", "fieldPath": "x"}}}]),
            )
        },
        "spec.containers[0].env[0].valueFrom.fieldRef.fieldPath",
    ),
    (|pod| first(pod).env_from = vec![EnvFromSource::default()], "spec.containers[0].envFrom[0]"),
    (
        |pod| {
            first(pod).volume_mounts =
                vec![VolumeMount { name: "w".to_owned(), ..VolumeMount::default() }]
        },
        "spec.containers[0].volumeMounts[0].name",
    ),
    (
        |pod| pod.spec.init_containers.insert(0, pod.spec.containers[0].clone()),
        "spec.initContainers[0].name",
    ),
    (|pod| pod.spec.volumes.push(pod.spec.volumes[0].clone()), "spec.volumes[1].name"),
    (|pod| file(pod, json!({"path": "../a"})), "spec.volumes[0].downwardAPI.items[0].path"),
    (
        |pod| file(pod, json!({"path": "a", "mode": 512})),
        "spec.volumes[0].downwardAPI.items[0].mode",
    ),
];

proptest! {
    #[test]
    fn a_pod_as_it_should_be_has_no_errors(pod in some_pod()) {
        prop_assert_eq!(validate(&pod, "Pod", ""), Ok(()));
    }

    #[test]
    fn what_is_broken_is_told(pod in some_pod(), which in 0..BREAKING.len()) {
        let (break_it, field) = BREAKING[which];
        let mut pod = pod;
        break_it(&mut pod);
        let errors = validate(&pod, "Pod", "").unwrap_err();
        prop_assert!(errors.told().iter().any(|error| error.field == field), "{}: {}", field, errors);
    }
}
