//! kubelet V1 to V6, beside what a kubelet filled in.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::schema::{Sampler, full_pod, schema_of_pod};
use super::*;

/// What the kubelet 1.20 that read a file, or its scheduler's stand-in, put into a pod beyond the API's defaults.
fn without_what_a_cluster_adds(mut pod: Pod) -> Pod {
    let metadata = &mut pod.metadata;
    metadata.name = metadata.name.strip_suffix("-node1").unwrap().to_owned();
    metadata.annotations.retain(|key, _| !key.starts_with("kubernetes.io/config."));
    metadata.self_link = Unused(false);
    assert_eq!(pod.spec.node_name, "node1");
    pod.spec.node_name.clear();
    pod.spec.tolerations = Unused(false);
    // Defaults of the API that podinit has no use for.
    pod.spec.dns_policy = Unused(false);
    pod.spec.scheduler_name = Unused(false);
    pod.status = PodStatus::default();
    pod
}

// kubelet V1 to V6
#[test]
fn the_kubelets_pods() {
    for (name, manifest, with_defaults) in [
        (
            "vec-basic",
            include_str!("../../../../tests/vectors/pods/vec-basic/manifest.json"),
            include_str!("../../../../tests/vectors/pods/vec-basic/pod.json"),
        ),
        (
            "vec-empty",
            include_str!("../../../../tests/vectors/pods/vec-empty/manifest.json"),
            include_str!("../../../../tests/vectors/pods/vec-empty/pod.json"),
        ),
        (
            "vec-modes-default",
            include_str!("../../../../tests/vectors/pods/vec-modes-default/manifest.json"),
            include_str!("../../../../tests/vectors/pods/vec-modes-default/pod.json"),
        ),
        (
            "vec-env",
            include_str!("../../../../tests/vectors/pods/vec-env/manifest.json"),
            include_str!("../../../../tests/vectors/pods/vec-env/pod.json"),
        ),
    ] {
        let manifest = manifest.replace("@IMAGE@", "kubelet-e2e/busybox:1");
        let ours = pod(serde_json::from_str(&manifest).unwrap()).with_defaults();
        let theirs = pod(serde_json::from_str(with_defaults).unwrap());
        let mut theirs = without_what_a_cluster_adds(theirs);
        // Without these the kubelet made them up.
        if ours.metadata.namespace.is_empty() {
            assert_eq!(std::mem::take(&mut theirs.metadata.namespace), "default");
        }
        if ours.metadata.uid.is_empty() {
            theirs.metadata.uid.clear();
        }
        // Its list of pods does not say of each that it is one.
        (theirs.api_version, theirs.kind) = ("v1".to_owned(), "Pod".to_owned());
        assert_eq!(ours, theirs, "{name}");
    }
}

/// What a pod with this spec has after its defaults.
fn spec(value: Value) -> PodSpec {
    pod(json!({"spec": value})).with_defaults().spec
}

fn container(value: Value) -> Container {
    spec(json!({"containers": [value]})).containers.remove(0)
}

// kubelet V1
#[test]
fn v1_probes() {
    for (written, [delay, timeout, period, success, failure]) in [
        (json!({}), [0, 1, 10, 1, 3]),
        (
            json!({"timeoutSeconds": 0, "periodSeconds": 0, "successThreshold": 0,
                "failureThreshold": 0}),
            [0, 1, 10, 1, 3],
        ),
        (
            json!({"initialDelaySeconds": 5, "timeoutSeconds": 6, "periodSeconds": 7,
                "successThreshold": 8, "failureThreshold": 9}),
            [5, 6, 7, 8, 9],
        ),
        (json!({"periodSeconds": -1}), [0, 1, -1, 1, 3]),
    ] {
        let all = json!({"livenessProbe": written, "readinessProbe": written,
            "startupProbe": written});
        let container = container(all);
        for probe in [container.liveness_probe, container.readiness_probe, container.startup_probe]
        {
            let probe = probe.unwrap();
            assert_eq!(probe.initial_delay_seconds, delay, "{written}");
            assert_eq!(probe.timeout_seconds, timeout, "{written}");
            assert_eq!(probe.period_seconds, period, "{written}");
            assert_eq!(probe.success_threshold, success, "{written}");
            assert_eq!(probe.failure_threshold, failure, "{written}");
            assert_eq!(probe.termination_grace_period_seconds, None, "{written}");
        }
    }
}

// kubelet V2
#[test]
fn v2_requests_of_probes_and_hooks() {
    let container = container(json!({
        "livenessProbe": {"httpGet": {"port": 80}},
        "readinessProbe": {"httpGet": {"port": 80, "path": "/ok", "scheme": "https"}},
        "startupProbe": {"grpc": {"port": 80}},
        "lifecycle": {"postStart": {"httpGet": {"port": 80}}, "preStop": {"httpGet": {"port": 80}}},
    }));
    let lifecycle = container.lifecycle.unwrap();
    let liveness = container.liveness_probe.unwrap().http_get;
    for request in
        [liveness, lifecycle.post_start.unwrap().http_get, lifecycle.pre_stop.unwrap().http_get]
    {
        let request = request.unwrap();
        assert_eq!((&*request.path, request.scheme), ("/", UriScheme::Http));
    }
    let readiness = container.readiness_probe.unwrap().http_get.unwrap();
    assert_eq!((&*readiness.path, readiness.scheme.as_str()), ("/ok", "https"));
    let startup = container.startup_probe.unwrap();
    assert_eq!(startup.grpc.unwrap().service.as_deref(), Some(""));
    assert_eq!(startup.http_get, None);
}

// kubelet V2
#[test]
fn v2_references() {
    let container = container(json!({"env": [
        {"valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
        {"valueFrom": {"fieldRef": {"apiVersion": "v2"}}},
        {"valueFrom": {"resourceFieldRef": {"resource": "limits.cpu"}}},
        {"valueFrom": {"fileKeyRef": {}}},
        {"valueFrom": {"secretKeyRef": {}}},
        {},
    ]}));
    let sources: Vec<_> = container.environment.into_iter().map(|of| of.value_from).collect();
    let source = |index: usize| sources[index].clone().unwrap();
    assert_eq!(source(0).field_ref.unwrap().api_version, "v1");
    assert_eq!(source(1).field_ref.unwrap().api_version, "v2");
    assert!(source(2).resource_field_ref.unwrap().divisor.unwrap().is_zero());
    assert_eq!(source(3).file_key_ref.unwrap().optional, Some(false));
    assert_eq!(source(4).secret_key_ref.unwrap().optional, None);
    assert_eq!(sources[5], None);
}

// kubelet V3
#[test]
fn v3_the_pod() {
    let of_nothing = spec(json!({}));
    assert_eq!(of_nothing.restart_policy, RestartPolicy::Always);
    assert_eq!(of_nothing.termination_grace_period_seconds, Some(30));
    assert_eq!(of_nothing.enable_service_links, Some(true));
    assert_eq!(of_nothing.security_context, Some(PodSecurityContext::default()));
    assert_eq!(of_nothing.active_deadline_seconds, None);
    let given = spec(json!({"restartPolicy": "never", "terminationGracePeriodSeconds": 0,
        "enableServiceLinks": false, "securityContext": {"runAsUser": 5}}));
    assert_eq!(given.restart_policy.as_str(), "never");
    assert_eq!(given.termination_grace_period_seconds, Some(0));
    assert_eq!(given.enable_service_links, Some(false));
    assert_eq!(given.security_context.unwrap().run_as_user, Some(5));
}

// kubelet V4
#[test]
fn v4_when_an_image_is_pulled() {
    use PullPolicy::{Always, IfNotPresent};
    for (image, policy) in [
        ("nginx", Always),
        ("nginx:latest", Always),
        ("nginx:1.29", IfNotPresent),
        ("nginx:Latest", IfNotPresent),
        ("docker.io/library/nginx", Always),
        ("localhost:5000/nginx", Always),
        ("localhost:5000/nginx:1", IfNotPresent),
        ("localhost:5000/a/b:latest", Always),
        ("nginx@sha256:00", IfNotPresent),
        ("nginx:1@sha256:00", IfNotPresent),
        ("nginx:latest@sha256:00", Always),
        ("", IfNotPresent),
    ] {
        assert_eq!(container(json!({"image": image})).image_pull_policy, policy, "{image}");
    }
    let given = container(json!({"image": "nginx", "imagePullPolicy": "Never"}));
    assert_eq!(given.image_pull_policy, PullPolicy::Never);
}

// kubelet V4
#[test]
fn v4_termination_messages() {
    let of_nothing = container(json!({}));
    assert_eq!(of_nothing.termination_message_path, "/dev/termination-log");
    assert_eq!(of_nothing.termination_message_policy, TerminationMessagePolicy::File);
    let given = container(json!({"terminationMessagePath": "/m",
        "terminationMessagePolicy": "FallbackToLogsOnError"}));
    assert_eq!(given.termination_message_path, "/m");
    let fallback = TerminationMessagePolicy::FallbackToLogsOnError;
    assert_eq!(given.termination_message_policy, fallback);
}

// kubelet V5
#[test]
fn v5_requests_are_limits() {
    let resources = json!({"resources": {"limits": {"cpu": "2", "memory": "1Gi"},
        "requests": {"cpu": "100m", "ephemeral-storage": "1G"}}});
    let spec = spec(json!({"initContainers": [resources], "containers": [resources, {}]}));
    for container in [&spec.init_containers[0], &spec.containers[0]] {
        let requests = container.resources.requests.iter();
        let requests: Vec<_> = requests.map(|(name, of)| (&**name, of.to_string())).collect();
        let expected = [("cpu", "100m"), ("ephemeral-storage", "1G"), ("memory", "1Gi")]
            .map(|(n, q)| (n, q.to_owned()));
        assert_eq!(requests, expected);
        assert_eq!(container.resources.limits.len(), 2);
    }
    assert_eq!(spec.containers[1].resources, ResourceRequirements::default());
}

// `SetDefaults_ResourceList`
#[test]
fn amounts_finer_than_a_thousandth_are_rounded_up() {
    for (written, rounded) in [
        (json!("100u"), "1m"),
        (json!("0.0011"), "2m"),
        (json!("1.0001Ki"), "1024103m"),
        (json!("1e-4"), "1e-3"),
        (json!("100m"), "100m"),
        (json!("1.50"), "1500m"),
        (json!("9223372036854775807000000000n"), "9223372036854775807"),
        (json!(0), "0"),
    ] {
        let resources = json!({"limits": {"cpu": written}, "requests": {"memory": written}});
        let spec = spec(json!({"resources": resources, "containers": [{"resources": resources}]}));
        for of in [&spec.containers[0].resources, &spec.resources.unwrap()] {
            assert_eq!(of.limits["cpu"].to_string(), rounded, "{written}");
            assert_eq!(of.requests["memory"].to_string(), rounded, "{written}");
        }
    }
}

// kubelet V6
#[test]
fn v6_volumes() {
    let spec = spec(json!({"volumes": [
        {"downwardAPI": {}}, {"projected": {}}, {"configMap": {}}, {"secret": {}},
        {"downwardAPI": {"defaultMode": 0}}, {"projected": {"defaultMode": 0}},
        {"configMap": {"defaultMode": 0}}, {"secret": {"defaultMode": 0}},
        {"name": "none"}, {"csi": {}}, {"hostPath": {"path": "/x"}},
        {"projected": {"sources": [{"downwardAPI": {"items": [{"fieldRef": {}}]}}]}},
    ]}));
    let mode = |volume: &Volume| {
        let modes = [
            volume.downward_api.as_ref().and_then(|of| of.default_mode),
            volume.projected.as_ref().and_then(|of| of.default_mode),
            volume.config_map.as_ref().and_then(|of| of.default_mode),
            volume.secret.as_ref().and_then(|of| of.default_mode),
        ];
        modes.into_iter().flatten().next()
    };
    let modes: Vec<_> = spec.volumes.iter().map(mode).collect();
    let (given, default, none) = (Some(0), Some(0o644), None);
    assert_eq!(
        modes,
        [default, default, default, default, given, given, given, given, none, none, none, default]
    );
    let empty: Vec<bool> = spec.volumes.iter().map(|of| of.empty_dir.is_some()).collect();
    let only_the_one_without = [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0].map(|is| is == 1);
    assert_eq!(empty, only_the_one_without);
    assert_eq!(spec.volumes[10].host_path.as_ref().unwrap().kind.as_deref(), Some(""));
    let sources = &spec.volumes[11].projected.as_ref().unwrap().sources;
    let item = &sources[0].downward_api.as_ref().unwrap().items[0];
    assert_eq!(item.field_ref.as_ref().unwrap().api_version, "v1");
}

#[test]
fn ports() {
    for (host_network, [first, second]) in [(false, [0, 5]), (true, [80, 5])] {
        let ports = json!([{"containerPort": 80},
            {"containerPort": 81, "hostPort": 5, "protocol": "UDP"}]);
        let spec = spec(json!({"hostNetwork": host_network, "containers": [{"ports": ports}]}));
        let ports = &spec.containers[0].ports;
        assert_eq!((ports[0].host_port, &ports[0].protocol), (first, &PortProtocol::Tcp));
        assert_eq!((ports[1].host_port, &ports[1].protocol), (second, &PortProtocol::Udp));
    }
}

#[test]
fn what_is_set_stays() {
    let pod = full_pod();
    assert_eq!(pod.clone().with_defaults(), pod);
}

proptest! {
    #[test]
    fn twice_is_the_same_as_once(choices in prop::collection::vec(any::<u8>(), 0..2000)) {
        let sample = Sampler::new(schema_of_pod(), &choices).sample();
        let once = pod(sample).with_defaults();
        prop_assert_eq!(once.clone().with_defaults(), once);
    }
}
