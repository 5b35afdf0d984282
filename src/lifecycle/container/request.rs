//! What is asked for from outside: a stop, a turn, a new instance, a new beginning of the whole pod.

use std::time::Duration;

use super::kill::{FLOOR, earlier};
use super::{Action, Answer, Asked, Container, Hook, KillReason, State, Stop, Stopping};
use crate::lifecycle::Moment;

impl Container<'_> {
    pub(super) fn stopping(&self) -> Option<Stopping> {
        match self.asked {
            Asked::Stop(stopping) => Some(stopping),
            Asked::Nothing | Asked::Restart | Asked::Reset => None,
        }
    }

    /// Kubelet T7 to T10, and the second request that ends a hook.
    pub(super) fn stop(&mut self, now: Moment, stop: Stop, answer: &mut Answer) {
        let deadline = stop.grace.map(|grace| now + grace);
        let at_once = stop.grace == Some(Duration::ZERO);
        let before = self.stopping();
        let again = stop.asked && before.is_some_and(|before| before.asked);
        let stopping = match before {
            Some(before) => Stopping {
                deadline: earlier(before.deadline, deadline),
                ordered: before.ordered,
                at_once: before.at_once || at_once,
                asked: before.asked || stop.asked,
            },
            None => Stopping { deadline, ordered: stop.ordered, at_once, asked: stop.asked },
        };
        self.asked = Asked::Stop(stopping);
        self.hasten(stopping.deadline, answer);
        match self.state {
            State::Idle | State::BackingOff { .. } => self.state = State::Done,
            State::Running(instance) => self.kill_to_stop(now, instance, stopping, false, answer),
            State::Ending(instance, mut kill) => {
                kill.ordered |= stopping.ordered && kill.is_at_pre_stop();
                self.state = State::Ending(instance, kill);
                let ends_hook = kill.is_at_pre_stop() && (at_once || again);
                if ends_hook {
                    answer.push(Action::End(Hook::PreStop));
                }
                if at_once && !kill.is_killed() {
                    self.kill_all(now, instance, kill, answer);
                } else if ends_hook {
                    self.take_turn(now, instance, kill, answer);
                }
            }
            State::PostStop { next, .. } if again => {
                answer.push(Action::End(Hook::PostStop));
                self.go_on(now, next, answer);
            }
            State::Spawning | State::Clearing { .. } | State::PostStop { .. } | State::Done => {}
        }
    }

    /// What is on its way has to be over by this deadline; later than it was it never becomes.
    fn hasten(&mut self, deadline: Option<Moment>, answer: &mut Answer) {
        match &mut self.state {
            State::Ending(_, kill) => kill.hasten(deadline),
            State::Clearing { until, .. } => {
                let sooner = earlier(*until, deadline);
                if sooner != *until {
                    *until = sooner;
                    answer.push(Action::Clear { until: sooner });
                }
            }
            State::PostStop { until, .. } => {
                *until = deadline.map_or(*until, |deadline| (deadline + FLOOR).min(*until));
            }
            State::Idle
            | State::BackingOff { .. }
            | State::Spawning
            | State::Running(_)
            | State::Done => {}
        }
    }

    /// Kubelet T13.
    pub(super) fn turn(&mut self, now: Moment, answer: &mut Answer) {
        if let Asked::Stop(stopping) = &mut self.asked {
            stopping.ordered = false;
        }
        let State::Ending(instance, mut kill) = self.state else { return };
        kill.ordered = false;
        self.state = State::Ending(instance, kill);
        if kill.is_at_turn() {
            self.take_turn(now, instance, kill, answer);
        }
    }

    /// A new instance, whatever the restart policy, and without a pause.
    pub(super) fn restart(&mut self, now: Moment, answer: &mut Answer) {
        if matches!(self.asked, Asked::Stop(_) | Asked::Reset) {
            return;
        }
        match self.state {
            State::Running(instance) => {
                self.asked = Asked::Restart;
                self.kill(now, instance, KillReason::Restart, answer);
            }
            State::Ending(..) | State::Clearing { .. } | State::PostStop { .. } => {
                self.asked = Asked::Restart;
            }
            State::Done | State::BackingOff { .. } => self.spawn(answer),
            State::Idle | State::Spawning => {}
        }
    }

    /// Kubelet R11.
    pub(super) fn reset(&mut self, now: Moment, answer: &mut Answer) {
        if self.stopping().is_some() {
            return;
        }
        self.hasten(Some(now + FLOOR), answer);
        match self.state {
            State::Idle | State::BackingOff { .. } | State::Done => return self.begin_anew(),
            State::Running(instance) => self.kill(now, instance, KillReason::Reset, answer),
            State::Ending(instance, kill) if kill.is_at_pre_stop() => {
                answer.push(Action::End(Hook::PreStop));
                self.take_turn(now, instance, kill, answer);
            }
            State::Spawning
            | State::Ending(..)
            | State::Clearing { .. }
            | State::PostStop { .. } => {}
        }
        self.asked = Asked::Reset;
    }
}
