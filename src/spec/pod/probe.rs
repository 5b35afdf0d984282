//! Probes and hooks.

use serde::Deserialize;

use super::{IntOrString, UriScheme};

/// The API's `Probe`; times are whole seconds. 0 is the same as absent where 0 cannot be (kubelet V1).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Probe {
    pub exec: Option<ExecAction>,
    pub http_get: Option<HttpGetAction>,
    pub tcp_socket: Option<TcpSocketAction>,
    pub grpc: Option<GrpcAction>,
    pub initial_delay_seconds: i32,
    pub timeout_seconds: i32,
    pub period_seconds: i32,
    pub success_threshold: i32,
    pub failure_threshold: i32,
    /// The pod's where it is absent (kubelet T2).
    pub termination_grace_period_seconds: Option<i64>,
}

/// The API's `Lifecycle`: a container's hooks, and the signal that asks it to end.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Lifecycle {
    pub post_start: Option<LifecycleHandler>,
    pub pre_stop: Option<LifecycleHandler>,
    /// A name such as `SIGUSR1` (kubelet V13).
    pub stop_signal: Option<String>,
}

/// What a hook does; `tcpSocket` is known to the API and to nobody else (kubelet H1).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct LifecycleHandler {
    pub exec: Option<ExecAction>,
    pub http_get: Option<HttpGetAction>,
    pub tcp_socket: Option<TcpSocketAction>,
    pub sleep: Option<SleepAction>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ExecAction {
    /// No shell: the program and its arguments.
    pub command: Vec<String>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpGetAction {
    /// The pod's address where it is empty (kubelet P8).
    pub host: String,
    pub port: IntOrString,
    pub path: String,
    pub scheme: UriScheme,
    pub http_headers: Vec<HttpHeader>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct HttpHeader {
    pub name: String,
    pub value: String,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct TcpSocketAction {
    /// The pod's address where it is empty (kubelet P8).
    pub host: String,
    pub port: IntOrString,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct GrpcAction {
    /// A number only (kubelet P7).
    pub port: i32,
    /// Absent and empty both ask for the server as a whole (kubelet P39).
    pub service: Option<String>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct SleepAction {
    pub seconds: i64,
}
