//! What a runtime that hands over a pod knows of it: read for the Downward API, and for conditions that others set.

use serde::Deserialize;

use super::Unused;

/// The API's `PodStatus`, as an input.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    #[serde(rename = "hostIP")]
    pub host_ip: String,
    #[serde(rename = "hostIPs")]
    pub host_ips: Vec<Ip>,
    #[serde(rename = "podIP")]
    pub pod_ip: String,
    #[serde(rename = "podIPs")]
    pub pod_ips: Vec<Ip>,
    /// RFC 3339.
    pub start_time: Option<String>,
    pub conditions: Vec<PodCondition>,
    pub allocated_resources: Unused,
    pub container_statuses: Unused,
    pub ephemeral_container_statuses: Unused,
    pub extended_resource_claim_status: Unused,
    pub init_container_statuses: Unused,
    pub message: Unused,
    pub node_allocatable_resource_claim_statuses: Unused,
    pub nominated_node_name: Unused,
    pub observed_generation: Unused,
    pub phase: Unused,
    pub qos_class: Unused,
    pub reason: Unused,
    pub resize: Unused,
    pub resource_claim_statuses: Unused,
    pub resources: Unused,
}

/// One address: the API's `PodIP` and `HostIP`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Ip {
    pub ip: String,
}

/// The API's `PodCondition`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodCondition {
    #[serde(rename = "type")]
    pub kind: String,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    pub reason: String,
    pub message: String,
    /// RFC 3339.
    pub last_transition_time: Option<String>,
    pub last_probe_time: Unused,
    pub observed_generation: Unused,
}
