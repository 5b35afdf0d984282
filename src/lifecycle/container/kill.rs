//! The end of an instance that is asked for: preStop, its turn, the stop signal, SIGKILL
//! (kubelet H13 to H17, H19, H20, T1 to T6).

use std::time::Duration;

use super::{Account, Action, Answer, Container, Hook, Instance, State, Stopping, Word};
use crate::lifecycle::Moment;
use crate::lifecycle::probe::Kind;
use crate::lifecycle::termination::LAST_WAIT;

/// What the stop signal gets at least where a hook or the wait for its turn has used up the grace (kubelet T5).
pub const FLOOR: Duration = Duration::from_secs(2);

/// The grace of what podinit ends of its own accord, and the time of a postStop hook, where the grace period has no
/// end: what Kubernetes gives a pod that says nothing (kubelet V3).
pub const OWN_GRACE: Duration = Duration::from_secs(30);

/// Why an instance is killed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KillReason {
    /// The container is to end for good.
    Stop,
    /// This probe of it failed.
    Probe(Kind),
    /// Its postStart hook failed.
    PostStart,
    /// Somebody asked for a new instance.
    Restart,
    /// The whole pod starts over.
    Reset,
}

/// A kill on its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Kill {
    reason: KillReason,
    began: Moment,
    /// When the grace period is over.
    deadline: Option<Moment>,
    /// The stop signal waits for the turn.
    pub(super) ordered: bool,
    /// Something has come before the stop signal, which gets [`FLOOR`] at least then (kubelet T5).
    waited: bool,
    step: Step,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Step {
    PreStop,
    /// Waits for the end of others (kubelet T4, T13).
    Turn,
    /// The stop signal is sent.
    Signalled {
        kill_at: Option<Moment>,
    },
    Killed {
        at: Moment,
    },
}

impl Kill {
    pub(super) fn reason(self) -> KillReason {
        self.reason
    }

    pub(super) fn is_at_pre_stop(self) -> bool {
        self.step == Step::PreStop
    }

    pub(super) fn is_at_turn(self) -> bool {
        self.step == Step::Turn
    }

    pub(super) fn is_killed(self) -> bool {
        matches!(self.step, Step::Killed { .. })
    }

    /// When SIGKILL was to come, less what the stop signal is given in addition.
    pub(super) fn asked(self) -> Option<Moment> {
        self.deadline
    }

    /// When all of it must be over.
    pub(super) fn deadline(self) -> Option<Moment> {
        match self.step {
            Step::Signalled { kill_at } => kill_at,
            Step::PreStop | Step::Turn | Step::Killed { .. } => self.deadline,
        }
    }

    pub(super) fn due(self, stopping: bool) -> Option<Moment> {
        match self.step {
            Step::PreStop | Step::Turn => self.deadline,
            Step::Signalled { kill_at } => kill_at,
            // What SIGKILL does not end is given up only when nothing comes after it.
            Step::Killed { at } => stopping.then(|| at + LAST_WAIT),
        }
    }

    fn has_time(self, now: Moment) -> bool {
        self.deadline.is_none_or(|deadline| now < deadline)
    }

    /// The deadline only ever moves forward; a stop signal that was sent late keeps its time otherwise.
    pub(super) fn hasten(&mut self, deadline: Option<Moment>) {
        let sooner = earlier(self.deadline, deadline);
        if sooner == self.deadline {
            return;
        }
        self.deadline = sooner;
        if let Step::Signalled { kill_at } = &mut self.step {
            *kill_at = earlier(*kill_at, sooner);
        }
    }
}

pub(super) fn earlier(one: Option<Moment>, other: Option<Moment>) -> Option<Moment> {
    [one, other].into_iter().flatten().min()
}

impl Container<'_> {
    /// Begins the end of an instance that is not asked for from outside.
    pub(super) fn kill(
        &mut self,
        now: Moment,
        instance: Instance,
        reason: KillReason,
        answer: &mut Answer,
    ) {
        let probes = self.life.probes;
        let own = match reason {
            KillReason::Probe(Kind::Startup) => probes.startup.and_then(|probe| probe.grace),
            KillReason::Probe(Kind::Liveness) => probes.liveness.and_then(|probe| probe.grace),
            KillReason::Reset => Some(FLOOR),
            _ => None,
        };
        // Kubelet T1.
        let grace = own.or(self.life.grace).unwrap_or(OWN_GRACE);
        let kill = Kill {
            reason,
            began: now,
            deadline: Some(now + grace),
            ordered: false,
            waited: false,
            step: Step::Turn,
        };
        self.begin(now, instance, kill, grace.is_zero(), answer);
    }

    /// `waited` if there was no instance yet when the request came.
    pub(super) fn kill_to_stop(
        &mut self,
        now: Moment,
        instance: Instance,
        stopping: Stopping,
        waited: bool,
        answer: &mut Answer,
    ) {
        let Stopping { deadline, ordered, at_once, asked: _ } = stopping;
        let reason = KillReason::Stop;
        let kill = Kill { reason, began: now, deadline, ordered, waited, step: Step::Turn };
        self.begin(now, instance, kill, at_once, answer);
    }

    fn begin(
        &mut self,
        now: Moment,
        instance: Instance,
        kill: Kill,
        at_once: bool,
        answer: &mut Answer,
    ) {
        let reason = kill.reason;
        self.account = Some(Account::of(now, Some(kill)));
        if instance.settled {
            answer.push(Action::Quieten);
        }
        if instance.hooked {
            answer.push(Action::End(Hook::PostStart));
        }
        let instance = Instance { hooked: false, ..instance };
        let restarts = match reason {
            KillReason::Stop => false,
            KillReason::Probe(_) | KillReason::PostStart => self.life.restart.restarts_killed(),
            KillReason::Restart | KillReason::Reset => true,
        };
        answer.push(Action::Say(Word::Killing { reason, restarts }));
        if at_once {
            self.kill_all(now, instance, kill, answer);
        } else if self.life.hooks.pre_stop && reason != KillReason::Reset && kill.has_time(now) {
            let kill = Kill { step: Step::PreStop, waited: true, ..kill };
            self.state = State::Ending(instance, kill);
            answer.push(Action::Run(Hook::PreStop));
        } else {
            self.take_turn(now, instance, kill, answer);
        }
    }

    /// The stop signal, or the wait for its turn.
    pub(super) fn take_turn(
        &mut self,
        now: Moment,
        instance: Instance,
        kill: Kill,
        answer: &mut Answer,
    ) {
        self.note_pre_stop(now, kill);
        if kill.ordered && kill.has_time(now) {
            let kill = Kill { step: Step::Turn, waited: true, ..kill };
            self.state = State::Ending(instance, kill);
            return;
        }
        let least = if kill.waited { now + FLOOR } else { now };
        let kill_at = kill.deadline.map(|deadline| deadline.max(least));
        self.state = State::Ending(instance, Kill { step: Step::Signalled { kill_at }, ..kill });
        self.note(|account| account.signalled = Some(now));
        answer.push(Action::Send(kill.reason));
    }

    pub(super) fn kill_all(
        &mut self,
        now: Moment,
        instance: Instance,
        kill: Kill,
        answer: &mut Answer,
    ) {
        self.note_pre_stop(now, kill);
        self.note(|account| account.killed = Some(now));
        self.state = State::Ending(instance, Kill { step: Step::Killed { at: now }, ..kill });
        answer.push(Action::KillAll);
    }

    /// Whatever comes now, the hook that ran is over.
    pub(super) fn note_pre_stop(&mut self, now: Moment, kill: Kill) {
        if kill.is_at_pre_stop() {
            self.note(|account| account.pre_stop = Some(now));
        }
    }

    pub(super) fn pre_stop_over(&mut self, now: Moment, well: bool, answer: &mut Answer) {
        let State::Ending(instance, kill) = self.state else { return };
        if !kill.is_at_pre_stop() {
            return;
        }
        if !well {
            answer.push(Action::Say(Word::PreStopFailed));
        }
        self.take_turn(now, instance, kill, answer);
    }

    pub(super) fn kill_due(
        &mut self,
        now: Moment,
        instance: Instance,
        kill: Kill,
        answer: &mut Answer,
    ) {
        match kill.step {
            Step::PreStop => {
                answer.push(Action::End(Hook::PreStop));
                answer.push(Action::Say(Word::PreStopTimedOut(now.since(kill.began))));
                self.take_turn(now, instance, kill, answer);
            }
            Step::Turn => self.take_turn(now, instance, kill, answer),
            Step::Signalled { .. } => self.kill_all(now, instance, kill, answer),
            Step::Killed { .. } => self.exited(now, instance, Some(kill), None, answer),
        }
    }
}
