//! A container's `started` and `ready`, by what its probes say.

use super::Cached;

/// What `started` and `ready` of a regular container or a sidecar follow from (kubelet W25 to W28; the kubelet's
/// `UpdatePodStatus` in `pkg/kubelet/prober/prober_manager.go`). A regular init container is ready by its exit
/// code alone (the other half of kubelet W27).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    pub running: bool,
    /// Termination has begun.
    pub terminating: bool,
    /// The startup probe's cached result, if there is such a probe.
    pub startup: Option<Cached>,
    /// The readiness probe's.
    pub readiness: Option<Cached>,
}

impl Standing {
    /// Kubelet W13, W25.
    pub fn started(self) -> bool {
        self.running && succeeds(self.startup)
    }

    /// Kubelet W26, W28; false from the beginning of termination on, other than the kubelet's (W22).
    pub fn ready(self) -> bool {
        self.started() && !self.terminating && succeeds(self.readiness)
    }
}

/// A probe that there is not is no obstacle.
fn succeeds(cached: Option<Cached>) -> bool {
    cached.is_none_or(|cached| cached == Cached::Success)
}
