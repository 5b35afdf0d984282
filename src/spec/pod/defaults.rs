//! What the API makes of fields that are not set (kubelet V1 to V6; `pkg/apis/core/v1/defaults.go` and
//! `zz_generated.defaults.go`).
//!
//! Not here: what only a cluster's other parts fill in, such as a namespace or a UID; and what the API makes of requests
//! and limits of the pod as a whole from those of its containers, which changes nothing that a container is told
//! (kubelet D16).

use super::{
    Container, ContainerPort, DownwardApiVolumeFile, EmptyDirVolumeSource, EnvVar, GrpcAction,
    HttpGetAction, Lifecycle, ObjectFieldSelector, Pod, PodSpec, PortProtocol, Probe, PullPolicy,
    ResourceFieldSelector, ResourceRequirements, RestartPolicy, TerminationMessagePolicy,
    UriScheme, Volume,
};
use crate::spec::quantity::{Format, Quantity, Scale};

/// Permissions of the files in a volume that does not name them (kubelet V6).
const FILE_MODE: i32 = 0o644;

impl Pod {
    /// The pod with everything filled in that the API would fill in. Twice is the same as once.
    pub fn with_defaults(mut self) -> Pod {
        self.spec.set_defaults();
        self
    }
}

impl PodSpec {
    fn set_defaults(&mut self) {
        // Kubelet V3.
        if self.restart_policy.is_unset() {
            self.restart_policy = RestartPolicy::Always;
        }
        self.termination_grace_period_seconds.get_or_insert(30);
        self.enable_service_links.get_or_insert(true);
        self.security_context.get_or_insert_default();
        self.resources.iter_mut().for_each(ResourceRequirements::round_up);
        for container in self.init_containers.iter_mut().chain(&mut self.containers) {
            container.set_defaults(self.host_network);
        }
        self.volumes.iter_mut().for_each(Volume::set_defaults);
    }
}

impl Container {
    fn set_defaults(&mut self, host_network: bool) {
        // Kubelet V4.
        set(&mut self.termination_message_path, "/dev/termination-log");
        if self.termination_message_policy.is_unset() {
            self.termination_message_policy = TerminationMessagePolicy::File;
        }
        if self.image_pull_policy.is_unset() {
            let latest = is_latest(&self.image);
            self.image_pull_policy =
                if latest { PullPolicy::Always } else { PullPolicy::IfNotPresent };
        }
        self.ports.iter_mut().for_each(|port| port.set_defaults(host_network));
        self.environment.iter_mut().for_each(EnvVar::set_defaults);
        self.resources.set_defaults();
        let probes = [&mut self.liveness_probe, &mut self.readiness_probe, &mut self.startup_probe];
        probes.into_iter().flatten().for_each(Probe::set_defaults);
        self.lifecycle.iter_mut().for_each(Lifecycle::set_defaults);
    }
}

/// Whether an image is of the tag `latest`, said or unsaid (`ParseImageName` of `pkg/util/parsers`). No image is not.
fn is_latest(image: &str) -> bool {
    let (name, digest) = image.split_once('@').map_or((image, None), |(n, d)| (n, Some(d)));
    // A colon before the last slash is that of a port.
    let (_, last) = name.rsplit_once('/').unwrap_or(("", name));
    match last.split_once(':') {
        Some((_, tag)) => tag == "latest",
        None => digest.is_none() && !image.is_empty(),
    }
}

impl ContainerPort {
    fn set_defaults(&mut self, host_network: bool) {
        if self.protocol.is_unset() {
            self.protocol = PortProtocol::Tcp;
        }
        if host_network && self.host_port == 0 {
            self.host_port = self.container_port;
        }
    }
}

impl EnvVar {
    fn set_defaults(&mut self) {
        let Some(source) = &mut self.value_from else { return };
        source.field_ref.iter_mut().for_each(ObjectFieldSelector::set_defaults);
        source.resource_field_ref.iter_mut().for_each(ResourceFieldSelector::set_defaults);
        if let Some(file) = &mut source.file_key_ref {
            file.optional.get_or_insert(false);
        }
    }
}

impl ObjectFieldSelector {
    fn set_defaults(&mut self) {
        // Kubelet V2.
        set(&mut self.api_version, "v1");
    }
}

impl ResourceFieldSelector {
    fn set_defaults(&mut self) {
        // A quantity that is absent is 0 for the API.
        self.divisor.get_or_insert_with(|| Quantity::new(0, Scale::One, Format::DecimalSi));
    }
}

impl ResourceRequirements {
    fn set_defaults(&mut self) {
        self.round_up();
        // Kubelet V5.
        for (name, limit) in &self.limits {
            self.requests.entry(name.clone()).or_insert_with(|| limit.clone());
        }
    }

    /// There is nothing finer than a thousandth.
    fn round_up(&mut self) {
        for amount in self.limits.values_mut().chain(self.requests.values_mut()) {
            *amount = amount.round_up(Scale::Milli);
        }
    }
}

impl Probe {
    fn set_defaults(&mut self) {
        // Kubelet V1.
        let numbers = [
            (&mut self.timeout_seconds, 1),
            (&mut self.period_seconds, 10),
            (&mut self.success_threshold, 1),
            (&mut self.failure_threshold, 3),
        ];
        for (number, default) in numbers {
            if *number == 0 {
                *number = default;
            }
        }
        self.http_get.iter_mut().for_each(HttpGetAction::set_defaults);
        self.grpc.iter_mut().for_each(GrpcAction::set_defaults);
    }
}

impl Lifecycle {
    fn set_defaults(&mut self) {
        let hooks = [&mut self.post_start, &mut self.pre_stop].into_iter().flatten();
        hooks.flat_map(|hook| &mut hook.http_get).for_each(HttpGetAction::set_defaults);
    }
}

impl HttpGetAction {
    fn set_defaults(&mut self) {
        // Kubelet V2.
        set(&mut self.path, "/");
        if self.scheme.is_unset() {
            self.scheme = UriScheme::Http;
        }
    }
}

impl GrpcAction {
    fn set_defaults(&mut self) {
        // Kubelet V2.
        self.service.get_or_insert_default();
    }
}

impl Volume {
    fn set_defaults(&mut self) {
        if *self == (Volume { name: self.name.clone(), ..Volume::default() }) {
            self.empty_dir = Some(EmptyDirVolumeSource::default());
        }
        if let Some(path) = &mut self.host_path {
            path.kind.get_or_insert_default();
        }
        // Kubelet V6.
        let modes = [
            self.downward_api.as_mut().map(|source| &mut source.default_mode),
            self.projected.as_mut().map(|source| &mut source.default_mode),
            self.config_map.as_mut().map(|source| &mut source.default_mode),
            self.secret.as_mut().map(|source| &mut source.default_mode),
        ];
        for mode in modes.into_iter().flatten() {
            mode.get_or_insert(FILE_MODE);
        }
        let items = self.downward_api.iter_mut().flat_map(|source| &mut source.items);
        let sources = self.projected.iter_mut().flat_map(|source| &mut source.sources);
        let projections = sources.flat_map(|source| &mut source.downward_api);
        let items = items.chain(projections.flat_map(|projection| &mut projection.items));
        items.for_each(DownwardApiVolumeFile::set_defaults);
    }
}

impl DownwardApiVolumeFile {
    fn set_defaults(&mut self) {
        self.field_ref.iter_mut().for_each(ObjectFieldSelector::set_defaults);
        self.resource_field_ref.iter_mut().for_each(ResourceFieldSelector::set_defaults);
    }
}

fn set(text: &mut String, default: &str) {
    if text.is_empty() {
        default.clone_into(text);
    }
}
