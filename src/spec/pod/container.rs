//! A container.

use serde::Deserialize;

use super::{
    EnvFromSource, EnvVar, ExitCodesOperator, Lifecycle, PortProtocol, Probe, PullPolicy,
    ResourceRequirements, RestartPolicy, RestartRuleAction, SecurityContext,
    TerminationMessagePolicy, Unused,
};

/// The API's `Container`: a regular one, an init container, or, as an init container whose own policy is `Always`, a
/// sidecar.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Container {
    pub name: String,
    pub image: String,
    pub image_pull_policy: PullPolicy,
    /// The image's own where it is empty (kubelet E21).
    pub command: Vec<String>,
    pub args: Vec<String>,
    pub working_dir: String,
    #[serde(rename = "env")]
    pub environment: Vec<EnvVar>,
    pub env_from: Vec<EnvFromSource>,
    pub ports: Vec<ContainerPort>,
    pub resources: ResourceRequirements,
    /// The pod's where it is absent (kubelet R2).
    pub restart_policy: Option<RestartPolicy>,
    pub restart_policy_rules: Vec<ContainerRestartRule>,
    pub liveness_probe: Option<Probe>,
    pub readiness_probe: Option<Probe>,
    pub startup_probe: Option<Probe>,
    pub lifecycle: Option<Lifecycle>,
    pub termination_message_path: String,
    pub termination_message_policy: TerminationMessagePolicy,
    pub security_context: Option<SecurityContext>,
    pub volume_mounts: Vec<VolumeMount>,
    pub stdin: bool,
    pub stdin_once: bool,
    pub tty: bool,
    pub resize_policy: Unused,
    pub volume_devices: Unused,
}

impl Container {
    /// Whether it is a sidecar, if it stands among the init containers (kubelet R5, I2).
    pub fn always_restarts(&self) -> bool {
        self.restart_policy == Some(RestartPolicy::Always)
    }
}

/// A port that a probe may name (kubelet P6).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerPort {
    pub name: String,
    pub container_port: i32,
    pub host_port: i32,
    pub protocol: PortProtocol,
    #[serde(rename = "hostIP")]
    pub host_ip: String,
}

/// One of a container's `restartPolicyRules` (kubelet R4).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerRestartRule {
    pub action: RestartRuleAction,
    pub exit_codes: Option<ContainerRestartRuleOnExitCodes>,
}

/// The exit codes that a rule is for.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerRestartRuleOnExitCodes {
    pub operator: ExitCodesOperator,
    pub values: Vec<i32>,
}

/// Where a container sees a volume.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    /// The volume's.
    pub name: String,
    pub mount_path: String,
    pub read_only: bool,
    pub sub_path: String,
    /// Kubelet E22.
    pub sub_path_expr: String,
    pub mount_propagation: Unused,
    pub recursive_read_only: Unused,
}
