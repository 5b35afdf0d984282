//! How far a pod has come, in one word: kubelet R37 to R40 (`getPhase` in `pkg/kubelet/kubelet_pods.go`, and
//! `mergePodStatus` in `pkg/kubelet/status/status_manager.go`).

use super::{Member, Stage};
use crate::plan::life::Role;

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Phase {
    /// A container has not run yet.
    Pending,
    /// All have run, and something runs or will.
    Running,
    /// All regular containers have ended with 0, and nothing runs nor will.
    Succeeded,
    /// Nothing runs nor will, and that is no success.
    Failed,
}

impl Phase {
    /// The API's word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Phase::Pending => "Pending",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
        }
    }

    /// Whether it is never left.
    pub const fn is_final(self) -> bool {
        matches!(self, Phase::Succeeded | Phase::Failed)
    }

    /// What the containers add up to (kubelet R37, R38). `initialized`: a regular container of this pod has run (since
    /// it was last started over). `terminal`: nothing runs nor will; a pod that had not run all of its containers then
    /// has failed (the kubelet's `TerminatePod`).
    pub fn of(members: &[Member<'_>], initialized: bool, terminal: bool) -> Phase {
        let phase = Phase::sum(members, initialized, terminal);
        if terminal && !phase.is_final() { Phase::Failed } else { phase }
    }

    fn sum(members: &[Member<'_>], initialized: bool, terminal: bool) -> Phase {
        let of_role = |role| members.iter().filter(move |member| member.role == role);
        let has_to_run = |member: &Member<'_>| {
            matches!(member.stage(), Stage::Missing | Stage::Fresh | Stage::Running)
        };
        let starts = |member: &Member<'_>| match member.stage() {
            Stage::Running => !member.started(),
            stage => stage == Stage::Fresh,
        };
        if members.iter().any(Member::has_failed_for_good) {
            return Phase::Failed;
        }
        let initializes = !initialized && of_role(Role::Sidecar).any(starts);
        if initializes || of_role(Role::Init).any(has_to_run) {
            return Phase::Pending;
        }
        let lasting = || members.iter().filter(|member| member.role != Role::Init);
        if lasting().any(|member| matches!(member.stage(), Stage::Missing | Stage::Fresh)) {
            return Phase::Pending;
        }
        if lasting().any(|member| member.stage() == Stage::Running) {
            return Phase::Running;
        }
        if !terminal && of_role(Role::Regular).any(Member::runs_again) {
            return Phase::Running;
        }
        let succeeded = |member: &Member<'_>| match member.stage() {
            Stage::Stopped(end) => end.exit_code == 0,
            Stage::Missing | Stage::Fresh | Stage::Running => false,
        };
        match of_role(Role::Regular).count() {
            0 => Phase::Pending,
            _ if of_role(Role::Regular).all(succeeded) => Phase::Succeeded,
            _ => Phase::Failed,
        }
    }

    /// What is reported after `self` when the containers add up to `computed`: a final phase stays, and does not come
    /// while `something_runs` (kubelet R40).
    pub const fn next(self, computed: Phase, something_runs: bool) -> Phase {
        if self.is_final() || computed.is_final() && something_runs { self } else { computed }
    }
}

#[cfg(test)]
mod tests;
