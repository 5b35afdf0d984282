//! The Pod manifest: the API's v1 `Pod` as types (`staging/src/k8s.io/api/core/v1/types.go`, Kubernetes 1.36).
//!
//! A field that podinit looks at has its own type. One that the API knows and podinit does nothing about is
//! [`Unused`]: so it is no typing mistake, and it can be named among what is not honoured.
//!
//! As in the API, a number, text or list that is absent is 0 or empty where absent and empty mean the same, and an
//! `Option` where they do not. Nothing is required here: what is missing or wrong is for validation to say.

use serde::Deserialize;

mod container;
mod defaults;
mod environment;
mod metadata;
mod probe;
mod resources;
mod scalar;
mod security;
mod spec;
mod status;
#[cfg(test)]
mod tests;
mod unused;
pub mod validation;
mod volumes;
mod words;
mod workload;

pub use container::{
    Container, ContainerPort, ContainerRestartRule, ContainerRestartRuleOnExitCodes, VolumeMount,
};
pub use environment::{
    EnvFromSource, EnvVar, EnvVarSource, FileKeySelector, KeySelector, ObjectFieldSelector,
    ObjectSource, ResourceFieldSelector,
};
pub use metadata::ObjectMeta;
pub use probe::{
    ExecAction, GrpcAction, HttpGetAction, HttpHeader, Lifecycle, LifecycleHandler, Probe,
    SleepAction, TcpSocketAction,
};
pub use resources::{ResourceList, ResourceRequirements};
pub use scalar::{IntOrString, Unused};
pub use security::{Capabilities, PodSecurityContext, SecurityContext};
pub use spec::{PodOs, PodReadinessGate, PodSpec};
pub use status::{Ip, PodCondition, PodStatus};
pub use volumes::{
    ConfigMapVolumeSource, DownwardApiProjection, DownwardApiVolumeFile, DownwardApiVolumeSource,
    EmptyDirVolumeSource, HostPathVolumeSource, KeyToPath, ObjectProjection, ProjectedVolumeSource,
    SecretVolumeSource, Volume, VolumeProjection,
};
pub use words::{
    ExitCodesOperator, PortProtocol, PullPolicy, RestartPolicy, RestartRuleAction,
    TerminationMessagePolicy, UriScheme,
};
pub use workload::{Bearer, WorkloadError, bearer};

/// A pod as written.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Pod {
    pub api_version: String,
    pub kind: String,
    pub metadata: ObjectMeta,
    pub spec: PodSpec,
    pub status: PodStatus,
}
