//! One pod: whose turn it is to start, and to end.
//!
//! ```text
//!             init containers, one by one     all of them done          all regular containers done,
//! Starting ───────────────────────────────▶ initialized: the regular ──────────────────────────────▶ Stopping ──▶ Over
//!    │                                       ones, in their order       or a stop, or the deadline       ▲
//!    └──────────────────────────────── one failed for good ──────────────────────────────────────────────┘
//! ```
//! The kubelet's rules are those of `computePodActions` and `SyncPod` in `pkg/kubelet/kuberuntime/kuberuntime_manager.go`,
//! `computeInitContainerActions` in `kuberuntime_container.go` and `kuberuntime_termination_order.go`.

use std::time::Duration;

use super::Moment;
use super::container::{self, Container, Stop};
use crate::plan::life::{PodLife, Role};

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// The pod is to begin.
    Start,
    /// To the container of this number, in the order of [`PodLife::containers`]. Its start, its turn and its reset are
    /// the pod's own affair, and so is a stop.
    Container(usize, container::Event),
    /// Somebody wants the pod to end, within this grace period; `None` is for ever, zero is SIGKILL at once. A second
    /// time it ends the wait for hooks.
    Stop { grace: Option<Duration> },
    /// The moment named by [`Pod::due`] has come.
    Due,
}

/// What is to be done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// With the container of this number.
    Container(usize, container::Action),
    /// Everything has ended, and nothing will begin: the last action.
    Over,
}

/// Why a pod is stopping.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cause {
    Asked,
    /// No regular container will run again (kubelet R10, I14).
    Finished,
    /// An init container has failed for good (kubelet I6).
    InitFailed,
    /// Its time is over: `activeDeadlineSeconds`.
    DeadlineExceeded,
}

/// The machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pod<'a> {
    life: &'a PodLife,
    containers: Vec<Container<'a>>,
    began: Option<Moment>,
    /// All init containers have done their part, so that regular ones may start (kubelet I8).
    initialized: bool,
    /// The regular container whose start holds the next one up (kubelet H7). Only its first does, since the pod
    /// started over.
    starting: Option<usize>,
    stopping: Option<Cause>,
    /// A rule asked for all to start over (kubelet R11).
    restarting_all: bool,
    over: bool,
}

impl<'a> Pod<'a> {
    /// A pod that has not begun.
    pub fn new(life: &'a PodLife) -> Pod<'a> {
        Pod {
            life,
            containers: life.containers.iter().map(Container::new).collect(),
            began: None,
            initialized: false,
            starting: None,
            stopping: None,
            restarting_all: false,
            over: false,
        }
    }

    pub fn containers(&self) -> &[Container<'a>] {
        &self.containers
    }

    /// When it began.
    pub fn began(&self) -> Option<Moment> {
        self.began
    }

    /// Regular containers may run, or may have run (kubelet R38, I8).
    pub fn is_initialized(&self) -> bool {
        self.initialized
    }

    /// Why it is stopping, if it is.
    pub fn stopping(&self) -> Option<Cause> {
        self.stopping
    }

    /// All containers are being ended so that the pod can start over (kubelet R11).
    pub fn is_restarting_all(&self) -> bool {
        self.restarting_all
    }

    /// Nothing runs, and nothing will.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// When [`Event::Due`] must be given at the latest, if nothing else happens before.
    pub fn due(&self) -> Option<Moment> {
        let containers = self.containers.iter().filter_map(Container::due);
        containers.chain(self.deadline()).min()
    }

    /// When its time is over, as long as it is not stopping.
    fn deadline(&self) -> Option<Moment> {
        let deadline = self.began? + self.life.deadline?;
        self.stopping.is_none().then_some(deadline)
    }

    /// The answer to an event. What is due is acted on whatever the event.
    #[must_use]
    pub fn step(&mut self, now: Moment, event: Event) -> Vec<Action> {
        let mut actions = Vec::new();
        if self.over {
            return actions;
        }
        match event {
            Event::Start => {
                self.began.get_or_insert(now);
            }
            Event::Container(number, event) => {
                self.tell_if_proper(now, number, event, &mut actions)
            }
            Event::Stop { grace } => self.stop(now, Cause::Asked, grace, &mut actions),
            Event::Due => {}
        }
        self.act_on_due(now, &mut actions);
        self.go_on(now, &mut actions);
        actions
    }

    /// What concerns one container alone.
    fn tell_if_proper(
        &mut self,
        now: Moment,
        number: usize,
        event: container::Event,
        actions: &mut Vec<Action>,
    ) {
        use container::Event as To;
        match event {
            To::Start | To::Stop(_) | To::Turn | To::Reset => {}
            // A regular init container that has done its part is never looked at again (kubelet I1, I8).
            To::Restart if self.has_done_its_part(number) => {}
            _ => self.tell(now, number, event, actions),
        }
        let is_over =
            matches!(event, To::NotExecuted(_) | To::NotSpawned(_) | To::Exited(_) | To::Lost);
        self.starting.take_if(|starting| *starting == number && is_over);
    }

    fn has_done_its_part(&self, number: usize) -> bool {
        let container = self.containers.get(number);
        container.is_some_and(|init| init.life().role == Role::Init && init.is_done())
    }

    fn tell(
        &mut self,
        now: Moment,
        number: usize,
        event: container::Event,
        actions: &mut Vec<Action>,
    ) {
        let Some(container) = self.containers.get_mut(number) else { return };
        for action in container.step(now, event) {
            self.restarting_all |= action == container::Action::RestartAll;
            actions.push(Action::Container(number, action));
        }
    }

    fn tell_all(
        &mut self,
        now: Moment,
        event: impl Fn(Role) -> container::Event,
        actions: &mut Vec<Action>,
    ) {
        for (number, life) in self.life.containers.iter().enumerate() {
            self.tell(now, number, event(life.role), actions);
        }
    }

    /// All at the same time (kubelet T11); sidecars have their signal when it is their turn (T13).
    fn stop(
        &mut self,
        now: Moment,
        cause: Cause,
        grace: Option<Duration>,
        actions: &mut Vec<Action>,
    ) {
        self.stopping.get_or_insert(cause);
        self.restarting_all = false;
        let asked = cause == Cause::Asked;
        let stop =
            |role| container::Event::Stop(Stop { grace, ordered: role == Role::Sidecar, asked });
        self.tell_all(now, stop, actions);
    }

    /// The pod's own time comes first, so that nothing begins after it.
    fn act_on_due(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.stop(now, Cause::DeadlineExceeded, self.life.grace, actions);
        }
        for number in 0..self.containers.len() {
            let due = self.containers.get(number).and_then(Container::due);
            if due.is_some_and(|due| due <= now) {
                // What starts over has no use for the next instance (kubelet R11).
                let starts_over = self.restarting_all;
                let event =
                    if starts_over { container::Event::Reset } else { container::Event::Due };
                self.tell(now, number, event, actions);
            }
        }
    }

    /// What follows from where the containers stand now.
    fn go_on(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if self.began.is_none() && self.stopping.is_none() {
            return;
        }
        if self.restarting_all {
            self.start_over(now, actions);
        }
        if self.stopping.is_none() && !self.restarting_all {
            self.start_next(now, actions);
        }
        if self.stopping.is_some() {
            self.give_turns(now, actions);
            if self.containers.iter().all(Container::is_done) {
                self.over = true;
                actions.push(Action::Over);
            }
        }
    }

    /// All are reset, and when the last of them has ended it begins anew (kubelet R11).
    fn start_over(&mut self, now: Moment, actions: &mut Vec<Action>) {
        for number in 0..self.containers.len() {
            if self.containers.get(number).is_some_and(|container| !container.is_idle()) {
                self.tell(now, number, container::Event::Reset, actions);
            }
        }
        if self.containers.iter().all(Container::is_idle) {
            self.restarting_all = false;
            self.initialized = false;
            self.starting = None;
        }
    }

    fn start_next(&mut self, now: Moment, actions: &mut Vec<Action>) {
        if !self.initialized && !self.initialize(now, actions) {
            return;
        }
        self.initialized = true;
        self.start_regular(now, actions);
        let is_done =
            |container: &Container| container.life().role != Role::Regular || container.is_done();
        if self.containers.iter().all(is_done) {
            self.stop(now, Cause::Finished, self.life.grace, actions);
        }
    }

    /// One init container after the other (kubelet I1, I2); whether all of them have done their part.
    fn initialize(&mut self, now: Moment, actions: &mut Vec<Action>) -> bool {
        for (number, life) in self.life.containers.iter().enumerate() {
            let Some(container) = self.containers.get(number) else { continue };
            // What has done its part may have ended since: a sidecar, which then starts again (kubelet I7, I10).
            let later = self.containers.iter().skip(number + 1).any(|later| !later.is_idle());
            if life.role == Role::Regular || container.is_initialized() || later {
                continue;
            }
            if container.is_idle() {
                self.tell(now, number, container::Event::Start, actions);
            } else if life.role == Role::Init && container.is_done() {
                self.stop(now, Cause::InitFailed, self.life.grace, actions);
            }
            return false;
        }
        true
    }

    /// In the order of the manifest, each when the one before it lets it: its start has failed, or its postStart hook
    /// is over (kubelet I3, H7, H11).
    fn start_regular(&mut self, now: Moment, actions: &mut Vec<Action>) {
        let lets = |container: &Container| container.lets_others_start();
        let is_next =
            |container: &Container| container.life().role == Role::Regular && container.is_idle();
        while self.starting.is_none_or(|number| self.containers.get(number).is_none_or(lets)) {
            self.starting = self.containers.iter().position(is_next);
            let Some(number) = self.starting else { return };
            self.tell(now, number, container::Event::Start, actions);
        }
    }

    /// A sidecar may have its signal when all regular containers and all later sidecars have ended (kubelet T13).
    fn give_turns(&mut self, now: Moment, actions: &mut Vec<Action>) {
        // Regular containers stand last, so that from the end on the first that goes on is who is waited for.
        let waited_for =
            |container: &&Container| container.life().role != Role::Init && !container.is_done();
        let last = self.containers.iter().rev().position(|container| waited_for(&container));
        let Some(number) = last.map(|last| self.containers.len() - 1 - last) else { return };
        if self.life.containers.get(number).is_some_and(|life| life.role == Role::Sidecar) {
            self.tell(now, number, container::Event::Turn, actions);
        }
    }
}

#[cfg(test)]
mod tests;
