//! The pod as a whole.

use serde::Deserialize;

use super::{Container, PodSecurityContext, ResourceRequirements, RestartPolicy, Unused, Volume};

/// The API's `PodSpec`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub init_containers: Vec<Container>,
    pub containers: Vec<Container>,
    pub volumes: Vec<Volume>,
    pub restart_policy: RestartPolicy,
    /// Whole seconds (kubelet T1); 0, and what is less, counts as 1 (T8).
    pub termination_grace_period_seconds: Option<i64>,
    /// Whole seconds from the start of the pod.
    pub active_deadline_seconds: Option<i64>,
    /// Kubelet R43.
    pub readiness_gates: Vec<PodReadinessGate>,
    pub security_context: Option<PodSecurityContext>,
    /// What all containers have together (kubelet D16).
    pub resources: Option<ResourceRequirements>,
    pub service_account_name: String,
    pub node_name: String,
    pub host_network: bool,
    pub hostname: String,
    pub share_process_namespace: Option<bool>,
    pub enable_service_links: Option<bool>,
    pub os: Option<PodOs>,
    pub affinity: Unused,
    pub automount_service_account_token: Unused,
    pub dns_config: Unused,
    pub dns_policy: Unused,
    pub ephemeral_containers: Unused,
    pub host_aliases: Unused,
    #[serde(rename = "hostIPC")]
    pub host_ipc: Unused,
    #[serde(rename = "hostPID")]
    pub host_pid: Unused,
    pub host_users: Unused,
    pub hostname_override: Unused,
    pub image_pull_secrets: Unused,
    pub node_selector: Unused,
    pub overhead: Unused,
    pub preemption_policy: Unused,
    pub priority: Unused,
    pub priority_class_name: Unused,
    pub resource_claims: Unused,
    pub runtime_class_name: Unused,
    pub scheduler_name: Unused,
    pub scheduling_gates: Unused,
    pub scheduling_group: Unused,
    /// The old name of `serviceAccountName`.
    pub service_account: Unused,
    #[serde(rename = "setHostnameAsFQDN")]
    pub set_hostname_as_fqdn: Unused,
    pub subdomain: Unused,
    pub tolerations: Unused,
    pub topology_spread_constraints: Unused,
}

/// A condition that has to be `True` for the pod to be ready.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodReadinessGate {
    pub condition_type: String,
}

/// The system that the containers are for: `linux` or `windows` (kubelet V13).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodOs {
    pub name: String,
}
