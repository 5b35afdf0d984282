//! The status of a pod: what its containers add up to, and what was reported before (`generateAPIPodStatus` in
//! `pkg/kubelet/kubelet_pods.go`, `mergePodStatus` in `pkg/kubelet/status/status_manager.go`).

use super::condition::{Condition, Finding, Kind};
use super::{ContainerStatus, Member, Phase, Stage};
use crate::lifecycle::Moment;
use crate::lifecycle::container::Container;
use crate::lifecycle::pod::{Cause, Pod};
use crate::plan::life::{Role, Rule, RuleAction};

/// What a pod's status follows from.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// In the order of the manifest, those of `initContainers` first.
    pub members: &'a [Member<'a>],
    /// Nothing runs, and nothing will (kubelet R37, R40, T20).
    pub over: bool,
    /// The pod fails for a reason of its own, as soon as it is over.
    pub failure: Option<PodFailure>,
    /// What containers need is there, such as their files.
    pub ready_to_start: bool,
    /// Whether the whole pod is being ended to start over; `None` if no rule could ask for that (kubelet R11, R41).
    pub restarting: Option<bool>,
    /// The types of conditions that have to hold for the pod to be ready (kubelet R43).
    pub readiness_gates: &'a [&'a str],
    /// Others' conditions, reported as they are. Those that have the name of one of ours do not count.
    pub foreign: &'a [Condition],
}

/// Why a pod fails, if that is not for its containers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PodFailure {
    /// `activeDeadlineSeconds` have passed.
    DeadlineExceeded,
}

impl PodFailure {
    /// The API's word for it.
    pub const fn reason(self) -> &'static str {
        match self {
            PodFailure::DeadlineExceeded => "DeadlineExceeded",
        }
    }

    pub const fn message(self) -> &'static str {
        match self {
            PodFailure::DeadlineExceeded => {
                "Pod was active on the node longer than the specified deadline"
            }
        }
    }
}

/// A container's status, with its name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NamedStatus {
    pub name: String,
    pub status: ContainerStatus,
}

/// What is reported of a pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodStatus {
    pub phase: Phase,
    pub failure: Option<PodFailure>,
    /// Others' first.
    pub conditions: Vec<Condition>,
    /// In the order of the manifest (kubelet R28).
    pub init_containers: Vec<NamedStatus>,
    /// By name (kubelet R28).
    pub containers: Vec<NamedStatus>,
    /// When the pod's first status was made.
    pub start_time: Moment,
}

impl PodStatus {
    /// The status now; `before` is the one that was reported last.
    pub fn of(now: Moment, facts: &Facts<'_>, before: Option<&PodStatus>) -> PodStatus {
        let before_phase = before.map_or(Phase::Pending, |before| before.phase);
        let phase = before_phase.next(facts.phase(), !facts.over);
        let failure = match before {
            Some(before) if before.phase.is_final() => before.failure,
            _ => facts.failure.filter(|_| phase == Phase::Failed),
        };
        let named = |members: fn(Role) -> bool| -> Vec<NamedStatus> {
            let members = facts.members.iter().filter(|member| members(member.role));
            let named = |member: &Member<'_>| {
                member.status.map(|status| NamedStatus { name: member.name.to_owned(), status })
            };
            members.filter_map(named).collect()
        };
        let mut containers = named(|role| role == Role::Regular);
        containers.sort_by(|one, other| one.name.cmp(&other.name));
        PodStatus {
            phase,
            failure,
            conditions: facts.conditions(now, phase, before.map_or(&[], |old| &old.conditions)),
            init_containers: named(|role| role != Role::Regular),
            containers,
            start_time: before.map_or(now, |before| before.start_time),
        }
    }
}

impl<'a> Facts<'a> {
    /// Those that the pod's machine knows. What containers need is taken to be there, gates and others' conditions to be
    /// missing.
    pub fn of(pod: &Pod<'_>, members: &'a [Member<'a>]) -> Facts<'a> {
        let asks = |rule: &Rule| rule.action == RuleAction::RestartAllContainers;
        let could_restart = |container: &Container<'_>| {
            let terms = &container.life().restart;
            terms.container.is_some() && terms.rules.iter().any(asks)
        };
        let could_restart = pod.containers().iter().any(could_restart);
        Facts {
            members,
            over: pod.is_over(),
            failure: match pod.stopping() {
                Some(Cause::DeadlineExceeded) => Some(PodFailure::DeadlineExceeded),
                Some(Cause::Asked | Cause::Finished | Cause::InitFailed) | None => None,
            },
            ready_to_start: true,
            restarting: could_restart.then_some(pod.is_restarting_all()),
            readiness_gates: &[],
            foreign: &[],
        }
    }

    fn phase(&self) -> Phase {
        let has_run =
            |member: &Member<'_>| matches!(member.stage(), Stage::Running | Stage::Stopped(_));
        let mut regular = self.members.iter().filter(|member| member.role == Role::Regular);
        let initialized = regular.any(has_run);
        match self.failure {
            Some(_) => Phase::Failed,
            None => Phase::of(self.members, initialized, self.over),
        }
    }

    /// Kubelet R41.
    fn conditions(&self, now: Moment, phase: Phase, before: &[Condition]) -> Vec<Condition> {
        let now_is = |kind, finding: Finding| finding.at(now, kind).after(before);
        let foreign = |condition: &&Condition| matches!(condition.kind, Kind::Foreign(_));
        let mut conditions: Vec<_> = self.foreign.iter().filter(foreign).cloned().collect();
        let initialized = Finding::initialized(self.members, phase);
        conditions.extend([
            now_is(Kind::PodReadyToStartContainers, Finding::plain(self.ready_to_start)),
            now_is(Kind::Initialized, initialized),
        ]);
        let containers_ready = Finding::containers_ready(self.members, phase);
        let ready = Finding::ready(&containers_ready, self.readiness_gates, &conditions);
        conditions.extend([
            now_is(Kind::Ready, ready),
            now_is(Kind::ContainersReady, containers_ready),
            now_is(Kind::PodScheduled, Finding::plain(true)),
        ]);
        conditions.extend(self.restarting.map(|restarting| {
            let finding = Finding::all_containers_restarting(restarting, phase);
            now_is(Kind::AllContainersRestarting, finding)
        }));
        conditions
    }
}

#[cfg(test)]
mod tests;
