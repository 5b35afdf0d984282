//! A container as the status of its pod sees it.

use super::{ContainerStatus, EndReason, State, Terminated, Waiting};
use crate::lifecycle::container::Container;
use crate::plan::life::Role;

/// A container of the pod, with what is known of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Member<'a> {
    pub name: &'a str,
    pub role: Role,
    /// `None` if nothing is known of it.
    pub status: Option<ContainerStatus>,
    /// There may be another instance after the latest end: `restart::Terms::decide` did not say `Done`. Of a regular
    /// init container it is asked after a failure only (kubelet I5).
    pub restarts: bool,
}

/// What the phase asks of a container's status (kubelet R38, R39).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stage {
    /// There is no status.
    Missing,
    /// No instance has run yet, or none since the whole pod was started over (kubelet R11).
    Fresh,
    Running,
    /// It does not run, and its latest instance ended so; it may be waiting for the next.
    Stopped(Terminated),
}

impl<'a> Member<'a> {
    /// The container as its machine knows it. One whose turn has not come, or not come again, waits; where the pod
    /// `has_init` containers it waits for those (kubelet R11, R24).
    pub fn of(name: &'a str, container: &Container<'_>, has_init: bool) -> Member<'a> {
        let mut status = container.status();
        if container.is_idle() || status.state == State::Waiting(Waiting::ContainerCreating) {
            status.last = status.latest_end();
            status.state = State::Waiting(Waiting::first(has_init));
        }
        let restarts = !container.is_done();
        Member { name, role: container.life().role, status: Some(status), restarts }
    }

    pub fn stage(&self) -> Stage {
        let Some(status) = self.status else { return Stage::Missing };
        match (status.state, status.last) {
            (State::Running { .. }, _) => Stage::Running,
            (State::Terminated(end), _) => Stage::Stopped(end),
            (State::Waiting(_), last) => {
                last.filter(|end| !starts_over(*end)).map_or(Stage::Fresh, Stage::Stopped)
            }
        }
    }

    /// A regular init container that is not run again although it failed: with another code than 0, or out of memory
    /// (kubelet I5, I6).
    pub(super) fn has_failed_for_good(&self) -> bool {
        match self.stage() {
            Stage::Stopped(end) if self.role == Role::Init => {
                let failed = end.exit_code != 0 || end.reason == EndReason::OomKilled;
                failed && !self.runs_again()
            }
            _ => false,
        }
    }

    /// There is to be another instance: after its own end, or because the whole pod is started over.
    pub(super) fn runs_again(&self) -> bool {
        self.restarts || self.latest_end().is_some_and(starts_over)
    }

    /// An instance runs or has run, whatever has happened since.
    pub(super) fn has_run(&self) -> bool {
        self.stage() == Stage::Running || self.latest_end().is_some()
    }

    pub(super) fn ready(&self) -> bool {
        self.status.is_some_and(|status| status.ready)
    }

    pub(super) fn started(&self) -> bool {
        self.status.is_some_and(|status| status.started)
    }

    fn latest_end(&self) -> Option<Terminated> {
        self.status.and_then(|status| status.latest_end())
    }
}

/// It ended because the whole pod is started over (kubelet R11).
fn starts_over(end: Terminated) -> bool {
    end.reason == EndReason::RestartingAllContainers
}
