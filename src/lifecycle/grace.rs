//! How long a pod may take to end when it is asked to: kubelet T7 to T9.
//!
//! The kubelet's rules are those of `calculateEffectiveGracePeriod` in `pkg/kubelet/pod_workers.go`, and of
//! `CheckGracefulDelete` in `pkg/registry/core/pod/strategy.go`. What a kill makes of it is the container's
//! (`container/kill.rs`). `podinit`'s own `--grace-period 0`, SIGKILL at once, is not asked here.

use std::time::Duration;

/// No pod is given less (kubelet T8).
const SHORTEST: Duration = Duration::from_secs(1);

/// What a deletion asks for: the request's seconds, else the pod's; a negative number is 1 s. A pod that is
/// Succeeded or Failed gets nothing (kubelet T7).
pub const fn of_deletion(request: Option<i64>, spec: i64, finished: bool) -> Duration {
    let seconds = match request {
        Some(seconds) => seconds,
        None => spec,
    };
    match seconds {
        _ if finished => Duration::ZERO,
        ..0 => SHORTEST,
        _ => Duration::from_secs(seconds.unsigned_abs()),
    }
}

/// What a stop of the pod is worth: the shortest of what was `previous`ly in force, what the deletion asks for and
/// what overrides it (an eviction, a control command); without any of them what the manifest says. At least 1 s, so
/// that a stop that is under way can only be shortened (kubelet T8). A previous value of zero is none.
pub fn effective(
    previous: Option<Duration>,
    deletion: Option<Duration>,
    given: Option<Duration>,
    spec: Option<Duration>,
) -> Duration {
    let previous = previous.filter(|previous| !previous.is_zero());
    let asked = [previous, deletion, given].into_iter().flatten().min();
    asked.or(spec).unwrap_or(SHORTEST).max(SHORTEST)
}

#[cfg(test)]
mod tests;
