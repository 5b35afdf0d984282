//! The end of an instance, and what comes after it: its leftovers, its postStop hook, the next instance or none.

use std::time::Duration;

use super::{
    Account, Action, Answer, Asked, Container, Exit, FLOOR, Hook, Instance, Kill, KillReason,
};
use super::{OWN_GRACE, State, Stopping, Word, report};
use crate::lifecycle::Moment;
use crate::lifecycle::restart::{Decision, End};
use crate::lifecycle::status::{EndReason, Terminated, Waiting};
use crate::lifecycle::termination::LEFTOVER_GRACE;
use crate::plan::life::Role;

impl Container<'_> {
    /// The main process is gone, with this code if anybody knows it. That it has run at all may not have been told yet.
    pub(super) fn main_ended(&mut self, now: Moment, exit: Option<Exit>, answer: &mut Answer) {
        match self.state {
            State::Spawning => {
                let instance = self.new_instance(now, answer);
                self.exited(now, instance, None, exit, answer);
            }
            State::Running(instance) => self.exited(now, instance, None, exit, answer),
            State::Ending(instance, kill) => self.exited(now, instance, Some(kill), exit, answer),
            State::Idle
            | State::BackingOff { .. }
            | State::Clearing { .. }
            | State::PostStop { .. }
            | State::Done => {}
        }
    }

    pub(super) fn exited(
        &mut self,
        now: Moment,
        instance: Instance,
        kill: Option<Kill>,
        exit: Option<Exit>,
        answer: &mut Answer,
    ) {
        if instance.hooked {
            answer.push(Action::End(Hook::PostStart));
            answer.push(Action::Say(Word::PostStartCutShort));
        }
        let account = self.account.unwrap_or(Account::of(now, None));
        let deadline = kill.and_then(Kill::asked);
        self.account = Some(Account { ended: Some(now), deadline, ..account });
        if let Some(kill) = kill.filter(|kill| kill.is_at_pre_stop()) {
            self.note_pre_stop(now, kill);
            answer.push(Action::End(Hook::PreStop));
        }
        if instance.settled {
            answer.push(Action::Unwatch);
        }
        let reason = kill.map(Kill::reason);
        let end = report::end_of(instance, now, reason, exit);
        self.remember(end);
        let next = match reason {
            Some(KillReason::Probe(kind)) => self.after(End::Killed(kind), end),
            // Rules are not asked about what somebody wanted (kubelet R4).
            Some(KillReason::Restart) => Decision::Start,
            _ => self.after(End::Exited(end.exit_code), end),
        };
        let hook_failed = reason == Some(KillReason::PostStart) && next == Decision::Start;
        self.start_error = hook_failed.then_some(Waiting::PostStartHookError);
        let until = self.clear_until(now, kill);
        self.state = State::Clearing { next, until };
        answer.push(Action::Clear { until });
    }

    pub(super) fn remember(&mut self, end: Terminated) {
        self.before = self.ended;
        self.ended = Some(end);
        self.back_off.ended(end.finished);
    }

    /// What the restart policy makes of this end (kubelet R1 to R6, I2, I5).
    pub(super) fn after(&self, end: End, terminated: Terminated) -> Decision {
        let succeeded = terminated.exit_code == 0 && terminated.reason != EndReason::OomKilled;
        if self.life.role == Role::Init && succeeded {
            return Decision::Done;
        }
        self.life.restart.decide(Some(end), self.stopping().is_some())
    }

    /// Leftovers get the rest of the grace where an end was asked for.
    fn clear_until(&self, now: Moment, kill: Option<Kill>) -> Option<Moment> {
        match (kill, self.stopping()) {
            (Some(kill), _) => kill.deadline(),
            (None, Some(stopping)) => stopping.deadline,
            (None, None) => {
                let grace = self.life.grace.unwrap_or(LEFTOVER_GRACE);
                Some(now + grace.min(LEFTOVER_GRACE))
            }
        }
    }

    pub(super) fn cleared(&mut self, now: Moment, next: Decision, answer: &mut Answer) {
        self.note(|account| account.cleared = Some(now));
        if !self.life.hooks.post_stop {
            return self.go_on(now, next, answer);
        }
        let until = match self.asked {
            Asked::Stop(Stopping { deadline: Some(deadline), .. }) => deadline + FLOOR,
            Asked::Reset => now + FLOOR,
            _ => now + self.life.grace.unwrap_or(OWN_GRACE).max(FLOOR),
        };
        if until <= now {
            answer.push(Action::Say(Word::PostStopTimedOut(Duration::ZERO)));
            return self.go_on(now, next, answer);
        }
        self.state = State::PostStop { next, began: now, until };
        answer.push(Action::Run(Hook::PostStop));
    }

    /// An instance is over and done with, or none came of it; now for the next, or none.
    pub(super) fn go_on(&mut self, now: Moment, next: Decision, answer: &mut Answer) {
        self.note(|account| account.over = account.over.or(Some(now)));
        let asked = self.asked;
        if self.stopping().is_none() {
            self.asked = Asked::Nothing;
        }
        match (asked, next) {
            (Asked::Stop(_), _) | (Asked::Nothing, Decision::Done) => self.state = State::Done,
            (Asked::Reset, _) => self.begin_anew(),
            (_, Decision::RestartAllContainers) => {
                self.begin_anew();
                answer.push(Action::RestartAll);
            }
            (Asked::Restart, _) => self.spawn(answer),
            (Asked::Nothing, Decision::Start) => self.try_start(now, answer),
        }
    }

    pub(super) fn begin_anew(&mut self) {
        self.state = State::Idle;
        self.start_error = None;
    }
}
