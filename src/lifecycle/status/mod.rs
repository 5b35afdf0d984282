//! What is reported of a container: the API's `ContainerStatus`, less its texts. All of it is copied, not referred
//! to, so that a status can be kept, compared and sent.
//!
//! Times are the lifecycle's own; whoever writes them out knows the clock, and cuts them to seconds (kubelet R28).

use std::fmt;
use std::time::Duration;

use super::Moment;
use crate::duration::Go;

pub mod condition;
pub mod event;
pub mod health;
mod hook_failure;
mod member;
mod phase;
mod pod;
pub mod termination_message;

pub use hook_failure::{Handler, HookError, HookFailure};
pub use member::{Member, Stage};
pub use phase::Phase;
pub use pod::{Facts, NamedStatus, PodFailure, PodStatus};

/// One container, as of now (kubelet R24 to R27; `convertToAPIContainerStatuses` in `pkg/kubelet/kubelet_pods.go`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct ContainerStatus {
    pub state: State,
    /// How the instance before the one in `state` ended; only one is kept (kubelet R27).
    pub last: Option<Terminated>,
    /// Kubelet W26, W27.
    pub ready: bool,
    /// Kubelet W25; false for a regular init container.
    pub started: bool,
    /// So many instances came after the first (kubelet S5).
    pub restart_count: u32,
}

/// Exactly one of three (kubelet R24).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum State {
    Waiting(Waiting),
    Running { since: Moment },
    Terminated(Terminated),
}

/// Why a container waits (kubelet R24, R26). Images are not pulled here, so their reasons are missing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Waiting {
    /// It has not run yet, and the pod has init containers.
    PodInitializing,
    /// It has not run yet, and the pod has no init containers.
    ContainerCreating,
    /// Its next instance is held back for so long after the end of the last (kubelet R17).
    CrashLoopBackOff { pause: Duration },
    /// Its environment or command could not be made.
    CreateContainerConfigError,
    /// There was no process for it.
    CreateContainerError,
    /// Its program could not be executed.
    RunContainerError,
    /// Its postStart hook failed (kubelet H10).
    PostStartHookError,
}

impl Waiting {
    /// Why a container waits that has not run yet (kubelet R24).
    pub const fn first(pod_has_init_containers: bool) -> Waiting {
        if pod_has_init_containers { Waiting::PodInitializing } else { Waiting::ContainerCreating }
    }

    /// The API's word for it.
    pub const fn reason(self) -> &'static str {
        match self {
            Waiting::PodInitializing => "PodInitializing",
            Waiting::ContainerCreating => "ContainerCreating",
            Waiting::CrashLoopBackOff { .. } => "CrashLoopBackOff",
            Waiting::CreateContainerConfigError => "CreateContainerConfigError",
            Waiting::CreateContainerError => "CreateContainerError",
            Waiting::RunContainerError => "RunContainerError",
            Waiting::PostStartHookError => "PostStartHookError",
        }
    }
}

impl Waiting {
    /// What is said beside the reason; `pod` is `NAME_NAMESPACE(UID)`, or empty. Nothing but of a back-off (kubelet R17).
    pub fn message<'a>(self, container: &'a str, pod: &'a str) -> Option<BackOffMessage<'a>> {
        match self {
            Waiting::CrashLoopBackOff { pause } => Some(BackOffMessage { pause, container, pod }),
            _ => None,
        }
    }
}

/// Why a container is held back.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BackOffMessage<'a> {
    pause: Duration,
    container: &'a str,
    pod: &'a str,
}

impl fmt::Display for BackOffMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (pause, container) = (Go(self.pause), self.container);
        write!(f, "back-off {pause} restarting failed container={container}")?;
        if self.pod.is_empty() { Ok(()) } else { write!(f, " pod={}", self.pod) }
    }
}

/// The end of an instance.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Terminated {
    /// 0 to 255; 128 + N for a death by signal N (kubelet T24).
    pub exit_code: i32,
    pub reason: EndReason,
    pub started: Moment,
    pub finished: Moment,
}

/// Why an instance ended (kubelet T25, T28, R29).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum EndReason {
    /// With code 0.
    Completed,
    /// With another code.
    Error,
    /// The kernel ran out of memory for it, or for a child of it: the code may be 0 (kubelet T26).
    OomKilled,
    /// Its program could not be executed.
    StartError,
    /// It could not be found any more: whoever watched over it is gone, and its code with it.
    ContainerStatusUnknown,
    /// A rule asked for the whole pod to start over (kubelet R11).
    RestartingAllContainers,
}

impl EndReason {
    /// The API's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            EndReason::Completed => "Completed",
            EndReason::Error => "Error",
            EndReason::OomKilled => "OOMKilled",
            EndReason::StartError => "StartError",
            EndReason::ContainerStatusUnknown => "ContainerStatusUnknown",
            EndReason::RestartingAllContainers => "RestartingAllContainers",
        }
    }
}

impl ContainerStatus {
    /// How its latest instance that has ended did so, whether or not that is its state (kubelet R39).
    pub fn latest_end(&self) -> Option<Terminated> {
        match self.state {
            State::Terminated(end) => Some(end),
            State::Waiting(_) | State::Running { .. } => self.last,
        }
    }
}

#[cfg(test)]
mod tests;
