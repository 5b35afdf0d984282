//! The values of a pod's fields and of its containers' resources, as a variable or a file has them.
//!
//! The kubelet's rules are those of `podFieldSelectorRuntimeValue` in `pkg/kubelet/kubelet_pods.go`, of
//! `pkg/api/v1/resource/helpers.go` and of `pkg/kubelet/kubelet_resources.go`.

use std::collections::BTreeMap;

use crate::spec::field_path::FieldPath;
use crate::spec::pod::{Container, Ip, Pod};
use crate::spec::quantity::{Quantity, divide};
use crate::spec::quote::Quoted;
use crate::spec::resource_field::{Bound, Resource, ResourceField};

/// What the machine has for its containers: their limit where they have none (kubelet D13). It must be configured, or
/// taken from the machine; nothing in a manifest says it.
#[derive(Clone, PartialEq, Debug)]
pub struct Allocatable {
    pub cpu: Quantity,
    pub memory: Quantity,
    pub ephemeral_storage: Quantity,
}

impl Allocatable {
    /// How much there is; huge pages are not counted on.
    pub(super) fn of(&self, resource: &Resource) -> Option<&Quantity> {
        match resource {
            Resource::Cpu => Some(&self.cpu),
            Resource::Memory => Some(&self.memory),
            Resource::EphemeralStorage => Some(&self.ephemeral_storage),
            Resource::HugePages(_) => None,
        }
    }
}

/// The value of a field, byte for byte (kubelet D1). The maps of labels and annotations are for files only.
pub(super) fn value(pod: &Pod, field: &FieldPath) -> String {
    let metadata = &pod.metadata;
    let first = |one: &str, all: &[Ip]| match all.first() {
        Some(first) if one.is_empty() => first.ip.clone(),
        _ => one.to_owned(),
    };
    let joined = |one: &str, all: &[Ip]| match all {
        [] => one.to_owned(),
        all => all.iter().map(|ip| ip.ip.as_str()).collect::<Vec<_>>().join(","),
    };
    let status = &pod.status;
    match field {
        FieldPath::Name => metadata.name.clone(),
        FieldPath::Namespace => metadata.namespace.clone(),
        FieldPath::Uid => metadata.uid.clone(),
        FieldPath::Label(key) => metadata.labels.get(key).cloned().unwrap_or_default(),
        FieldPath::Annotation(key) => metadata.annotations.get(key).cloned().unwrap_or_default(),
        FieldPath::Labels => formatted(&metadata.labels),
        FieldPath::Annotations => formatted(&metadata.annotations),
        FieldPath::NodeName => pod.spec.node_name.clone(),
        FieldPath::ServiceAccountName => pod.spec.service_account_name.clone(),
        FieldPath::HostIp => first(&status.host_ip, &status.host_ips),
        FieldPath::HostIps => joined(&status.host_ip, &status.host_ips),
        FieldPath::PodIp => first(&status.pod_ip, &status.pod_ips),
        FieldPath::PodIps => joined(&status.pod_ip, &status.pod_ips),
    }
}

/// A map as a file has it: a line for each entry, by the bytes of the keys, and no line end behind the last (kubelet D6).
pub(super) fn formatted(map: &BTreeMap<String, String>) -> String {
    let lines = map.iter().map(|(key, value)| format!("{key}={}", Quoted(value.as_bytes())));
    lines.collect::<Vec<_>>().join("\n")
}

/// The container of this name, regular ones first (kubelet D14).
pub(super) fn named<'p>(pod: &'p Pod, name: &str) -> Option<&'p Container> {
    let mut all = pod.spec.containers.iter().chain(&pod.spec.init_containers);
    all.find(|container| container.name == name)
}

/// The same; `own` if the name is empty.
pub(super) fn find<'p>(pod: &'p Pod, own: &'p Container, name: &str) -> Option<&'p Container> {
    if name.is_empty() { Some(own) } else { named(pod, name) }
}

/// What a container without this limit has in its place: the pod's for cpu and memory, else the machine's (kubelet
/// D13, D16). Huge pages have none.
pub(super) fn default_limit(
    pod: &Pod,
    allocatable: &Allocatable,
    resource: &Resource,
) -> Option<Quantity> {
    let of_pod = |name: &str| pod.spec.resources.as_ref()?.limits.get(name).cloned();
    let own = match resource {
        Resource::Cpu => of_pod("cpu"),
        Resource::Memory => of_pod("memory"),
        Resource::EphemeralStorage | Resource::HugePages(_) => None,
    };
    own.or_else(|| allocatable.of(resource).cloned())
}

/// The amount, divided and rounded up (kubelet D12). A limit of zero is as good as none (D13).
pub(super) fn amount(
    container: &Container,
    field: &ResourceField,
    default: Option<&Quantity>,
    divisor: Option<&Quantity>,
) -> i64 {
    let (list, default) = match field.bound {
        Bound::Limits => (&container.resources.limits, default),
        Bound::Requests => (&container.resources.requests, None),
    };
    let name = match &field.resource {
        Resource::Cpu => "cpu".to_owned(),
        Resource::Memory => "memory".to_owned(),
        Resource::EphemeralStorage => "ephemeral-storage".to_owned(),
        Resource::HugePages(size) => format!("hugepages-{size}"),
    };
    let own = list.get(&name).filter(|amount| !amount.is_zero());
    own.or(default).map_or(0, |amount| divide(amount, divisor, field.scale()))
}
