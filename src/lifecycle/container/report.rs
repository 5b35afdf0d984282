//! What is reported of a container, and how its end is called (kubelet T24 to T28).

use super::{Container, Exit, Hook, Instance, KillReason, State};
use crate::lifecycle::Moment;
use crate::lifecycle::status::health::Vitals;
use crate::lifecycle::status::{self, ContainerStatus, EndReason, Terminated, Waiting};
use crate::plan::life::{Life, Role};

/// What the kubelet calls the end of what it ended itself, or lost (kubelet T28).
const KILLED: i32 = 137;

/// The end of an instance. Where podinit has killed it because it failed, the code says so too: 0 becomes 137.
pub(super) fn end_of(
    instance: Instance,
    now: Moment,
    kill: Option<KillReason>,
    exit: Option<Exit>,
) -> Terminated {
    let failed = matches!(kill, Some(KillReason::Probe(_) | KillReason::PostStart));
    let (exit_code, reason) = match exit {
        None => (KILLED, EndReason::ContainerStatusUnknown),
        Some(_) if kill == Some(KillReason::Reset) => (KILLED, EndReason::RestartingAllContainers),
        Some(exit) => {
            let code = if failed && exit.code == 0 { KILLED } else { exit.code };
            let reason = match code {
                _ if exit.out_of_memory => EndReason::OomKilled,
                0 => EndReason::Completed,
                _ => EndReason::Error,
            };
            (code, reason)
        }
    };
    Terminated { exit_code, reason, started: instance.since, finished: now }
}

impl<'a> Container<'a> {
    pub fn life(&self) -> &'a Life {
        self.life
    }

    /// The number of its latest instance, from 1; 0 before the first. Hooks and probes belong to one instance, so that
    /// what those of another say must not be given to [`Container::step`] any more.
    pub fn instance(&self) -> u32 {
        self.instances
    }

    /// There is no instance, and there will be none unless the pod starts over or somebody asks for one.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Its turn has not come, or not come again.
    pub fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Its end has been asked for, and its main process may still be there: probes are to be quiet.
    pub fn is_ending(&self) -> bool {
        matches!(self.state, State::Ending(..))
    }

    /// The hook that runs. Where who ran it is gone before it said how it ended, it can be run anew, or be taken to
    /// have failed; its time goes on.
    pub fn hook(&self) -> Option<Hook> {
        match self.state {
            State::Running(instance) => instance.hooked.then_some(Hook::PostStart),
            State::Ending(_, kill) => kill.is_at_pre_stop().then_some(Hook::PreStop),
            State::PostStop { .. } => Some(Hook::PostStop),
            _ => None,
        }
    }

    /// It has got as far as the containers after it need: postStart is over, well or not, or there was no start
    /// (kubelet H7, H11).
    pub fn lets_others_start(&self) -> bool {
        match self.state {
            State::Idle | State::Spawning => false,
            State::Running(instance) => instance.settled,
            _ => true,
        }
    }

    /// It is done as far as init containers after it go: it has succeeded, or is a sidecar that has started
    /// (kubelet I2).
    pub fn is_initialized(&self) -> bool {
        match self.life.role {
            Role::Init => self.succeeded(),
            Role::Sidecar | Role::Regular => self.status().started,
        }
    }

    /// How its latest instance that has ended did so.
    pub fn latest_end(&self) -> Option<Terminated> {
        self.ended
    }

    fn succeeded(&self) -> bool {
        let well = |end: Terminated| end.exit_code == 0 && end.reason != EndReason::OomKilled;
        self.is_done() && self.ended.is_some_and(well)
    }

    /// The container as of now (kubelet R24 to R27, W25 to W28). `ready` is false from the beginning of its end on,
    /// other than the kubelet's (W22). Whether a container that has never run waits for its pod's init containers is
    /// for who knows the pod to say.
    pub fn status(&self) -> ContainerStatus {
        let (visible, unseen) = match self.state {
            State::Running(instance) | State::Ending(instance, _) if instance.settled => {
                (Some(instance), 0)
            }
            State::Running(_) | State::Ending(..) => (None, 1),
            _ => (None, 0),
        };
        let (state, last) = match (visible, self.ended, self.start_error) {
            (Some(Instance { since, .. }), last, _) => (status::State::Running { since }, last),
            (None, Some(end), Some(why)) if self.stopping().is_none() => {
                (status::State::Waiting(why), Some(end))
            }
            (None, Some(end), _) => (status::State::Terminated(end), self.before),
            (None, None, Some(why)) => (status::State::Waiting(why), None),
            (None, None, None) => (status::State::Waiting(Waiting::ContainerCreating), None),
        };
        let is_init = self.life.role == Role::Init;
        let started = !is_init && visible.is_some_and(|instance| instance.started);
        let ready = match self.state {
            _ if is_init => self.succeeded(),
            State::Running(instance) => started && instance.ready,
            _ => false,
        };
        ContainerStatus {
            state,
            last,
            ready,
            started,
            restart_count: self.instances.saturating_sub(1 + unseen),
        }
    }

    /// What there is to be said of its health.
    pub fn vitals(&self) -> Vitals {
        let failed = match self.state {
            State::Ending(_, kill) => matches!(kill.reason(), KillReason::Probe(_)),
            _ => false,
        };
        Vitals { status: self.status(), ending: self.is_ending(), failed }
    }
}
