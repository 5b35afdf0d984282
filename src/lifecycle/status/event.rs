//! The pod's events, in the kubelet's words: kubelet M1 to M15 and M18 to M20 (`pkg/kubelet/events/event.go`; the
//! messages stand in `pkg/kubelet/prober`, `pkg/kubelet/kuberuntime` and `pkg/kubelet/lifecycle`).
//!
//! An event's `Display` is its message. Departures: what a probe could not find out is a failure (kubelet M2, P3), and a
//! preStop hook that runs out of time is told (kubelet Q8).

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::duration::Go;
use crate::lifecycle::container::{KillReason, Word};
use crate::lifecycle::probe::{Answer, Kind};
use crate::plan::life::Role;

/// What has happened, and to what.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    Pod(PodEvent<'a>),
    Container { role: Role, name: &'a str, what: ContainerEvent<'a> },
}

/// What happens to a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ContainerEvent<'a> {
    /// Kubelet M1, M19.
    ProbeFailed { probe: Kind, output: &'a [u8] },
    /// The attempt could not be made or broke off (kubelet M2).
    ProbeErrored { probe: Kind, error: &'a [u8] },
    /// A success that deserves a look (kubelet M3).
    ProbeWarning { probe: Kind, output: &'a [u8] },
    /// It is stopped with its pod (kubelet M4).
    Stopping,
    /// It is stopped because this probe failed (kubelet M5, R7).
    KilledByProbe { probe: Kind, restarts: bool },
    /// It is stopped because its postStart hook failed (kubelet M6).
    KilledByPostStart,
    /// Kubelet M7.
    Created,
    /// Kubelet M8.
    Started,
    /// Its next instance is held back (kubelet M9); `pod` is `NAME_NAMESPACE(UID)`.
    BackOff { pod: &'a str },
    /// It could not be made or started (kubelet M10).
    Failed { error: &'a str },
    /// Kubelet M12. What exactly failed is in its status.
    PostStartFailed,
    /// Kubelet M13.
    PreStopFailed,
    /// The grace period was over before the hook was: podinit's own.
    PreStopTimedOut { after: Duration },
    /// Podinit's own, as the hook is.
    PostStopFailed,
    /// Its time was over before it was.
    PostStopTimedOut { after: Duration },
}

/// What happens to the pod as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PodEvent<'a> {
    /// Something is left although it was killed (kubelet M11).
    ExceededGracePeriod,
    /// Kubelet M14.
    KillFailed { error: &'a str },
    /// A hook asked for HTTPS of a server that speaks HTTP (kubelet M15, H5); `target` is `HOST:PORT`.
    HookFellBackToHttp { target: &'a str },
}

/// Whether an event is as it should be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Severity {
    Normal,
    Warning,
}

impl Severity {
    /// The API's word for it, in the field `type`.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Normal => "Normal",
            Severity::Warning => "Warning",
        }
    }
}

impl<'a> ContainerEvent<'a> {
    /// The event of what a container's machine says, in a pod called `NAME_NAMESPACE(UID)`; `error` is what is known
    /// of a start that failed.
    pub const fn of_word(word: Word, pod: &'a str, error: &'a str) -> ContainerEvent<'a> {
        match word {
            Word::Started => ContainerEvent::Started,
            Word::Failed(_) => ContainerEvent::Failed { error },
            Word::BackOff(_) => ContainerEvent::BackOff { pod },
            Word::Killing { reason, restarts } => match reason {
                KillReason::Stop | KillReason::Restart | KillReason::Reset => {
                    ContainerEvent::Stopping
                }
                KillReason::Probe(probe) => ContainerEvent::KilledByProbe { probe, restarts },
                KillReason::PostStart => ContainerEvent::KilledByPostStart,
            },
            Word::PostStartFailed | Word::PostStartCutShort => ContainerEvent::PostStartFailed,
            Word::PreStopFailed => ContainerEvent::PreStopFailed,
            Word::PreStopTimedOut(after) => ContainerEvent::PreStopTimedOut { after },
            Word::PostStopFailed => ContainerEvent::PostStopFailed,
            Word::PostStopTimedOut(after) => ContainerEvent::PostStopTimedOut { after },
        }
    }

    /// The event of a probe's attempt. A success makes none, nor does an attempt that nothing is known of; a failure
    /// makes one whether or not it reaches its threshold (kubelet M18, M20).
    pub const fn of_attempt(
        probe: Kind,
        answer: Answer,
        warning: bool,
        output: &'a [u8],
    ) -> Option<ContainerEvent<'a>> {
        match answer {
            Answer::Success if warning => Some(ContainerEvent::ProbeWarning { probe, output }),
            Answer::Failure => Some(ContainerEvent::ProbeFailed { probe, output }),
            Answer::Errored => Some(ContainerEvent::ProbeErrored { probe, error: output }),
            Answer::Success | Answer::Lost => None,
        }
    }
}

impl<'a> Event<'a> {
    pub const fn severity(&self) -> Severity {
        match self {
            Event::Container {
                what:
                    ContainerEvent::Stopping
                    | ContainerEvent::KilledByProbe { .. }
                    | ContainerEvent::KilledByPostStart
                    | ContainerEvent::Created
                    | ContainerEvent::Started,
                ..
            } => Severity::Normal,
            Event::Container { .. } | Event::Pod(_) => Severity::Warning,
        }
    }

    /// The API's word for what has happened.
    pub const fn reason(&self) -> &'static str {
        match self {
            Event::Container { what, .. } => match what {
                ContainerEvent::ProbeFailed { .. } | ContainerEvent::ProbeErrored { .. } => {
                    "Unhealthy"
                }
                ContainerEvent::ProbeWarning { .. } => "ProbeWarning",
                ContainerEvent::Stopping
                | ContainerEvent::KilledByProbe { .. }
                | ContainerEvent::KilledByPostStart => "Killing",
                ContainerEvent::Created => "Created",
                ContainerEvent::Started => "Started",
                ContainerEvent::BackOff { .. } => "BackOff",
                ContainerEvent::Failed { .. } => "Failed",
                ContainerEvent::PostStartFailed => "FailedPostStartHook",
                ContainerEvent::PreStopFailed | ContainerEvent::PreStopTimedOut { .. } => {
                    "FailedPreStopHook"
                }
                ContainerEvent::PostStopFailed | ContainerEvent::PostStopTimedOut { .. } => {
                    "FailedPostStopHook"
                }
            },
            Event::Pod(PodEvent::ExceededGracePeriod) => "ExceededGracePeriod",
            Event::Pod(PodEvent::KillFailed { .. }) => "FailedKillPod",
            Event::Pod(PodEvent::HookFellBackToHttp { .. }) => "LifecycleHTTPFallback",
        }
    }

    /// The part of the pod that it is about; `None` for all of it.
    pub const fn field_path(&self) -> Option<FieldPath<'a>> {
        match *self {
            Event::Pod(_) => None,
            Event::Container { role, name, .. } => Some(FieldPath { role, name }),
        }
    }
}

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Event::Container { role, name: container, what } => match what {
                ContainerEvent::ProbeFailed { probe, output } => {
                    write!(f, "{} probe failed: {}", probe.title(), lossy(output))
                }
                ContainerEvent::ProbeErrored { probe, error } => {
                    let (probe, error) = (probe.title(), lossy(error));
                    write!(f, "{probe} probe errored and resulted in failure state: {error}")
                }
                ContainerEvent::ProbeWarning { probe, output } => {
                    write!(f, "{} probe warning: {}", probe.title(), lossy(output))
                }
                ContainerEvent::Stopping => write!(f, "Stopping container {container}"),
                ContainerEvent::KilledByProbe { probe, restarts } => {
                    // What comes next the kubelet does not say of a sidecar.
                    let (what, next) = match (role, restarts) {
                        (Role::Sidecar, _) => ("Init container", ""),
                        (Role::Init | Role::Regular, true) => ("Container", ", will be restarted"),
                        (Role::Init | Role::Regular, false) => ("Container", ""),
                    };
                    write!(f, "{what} {container} failed {} probe{next}", probe.name())
                }
                ContainerEvent::KilledByPostStart => f.write_str("FailedPostStartHook"),
                ContainerEvent::Created => f.write_str("Container created"),
                ContainerEvent::Started => f.write_str("Container started"),
                ContainerEvent::BackOff { pod } => {
                    write!(f, "Back-off restarting failed container {container} in pod {pod}")
                }
                ContainerEvent::Failed { error } => write!(f, "Error: {error}"),
                ContainerEvent::PostStartFailed => f.write_str("PostStartHook failed"),
                ContainerEvent::PreStopFailed => f.write_str("PreStopHook failed"),
                ContainerEvent::PreStopTimedOut { after } => {
                    write!(f, "PreStopHook was ended after {}: the grace period is over", Go(after))
                }
                ContainerEvent::PostStopFailed => f.write_str("PostStopHook failed"),
                ContainerEvent::PostStopTimedOut { after } => {
                    write!(f, "PostStopHook was ended after {}: its time is over", Go(after))
                }
            },
            Event::Pod(what) => match what {
                PodEvent::ExceededGracePeriod => f.write_str(
                    "Container runtime did not kill the pod within specified grace period.",
                ),
                PodEvent::KillFailed { error } => write!(f, "error killing pod: {error}"),
                PodEvent::HookFellBackToHttp { target } => write!(
                    f,
                    "request to HTTPS lifecycle hook {target} got HTTP response, retry with HTTP succeeded"
                ),
            },
        }
    }
}

/// The `fieldPath` of an event's object: `spec.containers{NAME}`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FieldPath<'a> {
    role: Role,
    name: &'a str,
}

impl fmt::Display for FieldPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = match self.role {
            Role::Init | Role::Sidecar => "initContainers",
            Role::Regular => "containers",
        };
        write!(f, "spec.{list}{{{}}}", self.name)
    }
}

/// Output is of whatever bytes a target likes, an event is text.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes)
}

#[cfg(test)]
mod tests;
