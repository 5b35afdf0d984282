//! One container, over all its instances: started, hooked, killed, cleared away, started again.
//!
//! ```text
//!       Start            Spawned           Exited             Cleared
//! Idle ───────▶ Spawning ───────▶ Running ────────▶ Clearing ───────▶ PostStop, if there is that hook
//!   ▲              ▲ ▲               │                 ▲                 │
//!   │              │ │               ▼     Exited      │                 ├──▶ Done
//!   │              │ │            Ending ──────────────┘                 │
//!   │              │ └───────────────────────────────────────────────────┤
//!   │              └───── BackingOff ◀───────────────────────────────────┤
//!   └────────────────────────────────────────────────────────────────────┘
//! Ending: preStop ──▶ the wait for its turn ──▶ signalled ──▶ killed
//! ```
//! The whole of it, state by event, is the table in `tests/everything.rs`.
//!
//! The kubelet's rules are those of `pkg/kubelet/kuberuntime/kuberuntime_container.go` and `kuberuntime_manager.go`.
//! Departures: a stop request ends a postStart hook (kubelet H7, H9), a preStop hook is ended when its time or its
//! container is over (H16), grace periods are exact (T3 to T6), a kill for a failed probe or hook counts as a failure
//! whatever the exit code (R8, R9), a stop can be made to end sooner (T10), and a restart is exactly on time (R22).
//!
//! The machine asks for no memory and PID 1 can live by it. Who drives it carries out its [`Action`]s and sees to the
//! probes, of which it is told only what follows from them. With a finite grace period an end that was asked for is
//! over, postStop included, within that and [`FLOOR`], not counting what the driver itself takes.

use super::Moment;
use super::actions::Actions;
use super::probe::Kind;
use super::restart::{BackOff, Decision, End};
use super::status::{EndReason, Terminated, Waiting};
use crate::plan::life::Life;

mod account;
mod end;
mod event;
mod kill;
mod report;
mod request;

pub use account::Account;
pub use event::{Action, Event, Exit, Hook, Stop, Word};
use kill::Kill;
pub use kill::{FLOOR, KillReason, OWN_GRACE};

/// The machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Container<'a> {
    life: &'a Life,
    state: State,
    back_off: BackOff,
    asked: Asked,
    /// So many instances there have been.
    instances: u32,
    /// How the latest of them that has ended did so, and the one before it.
    ended: Option<Terminated>,
    before: Option<Terminated>,
    /// Why there is no new instance, until there is one (kubelet R25).
    start_error: Option<Waiting>,
    account: Option<Account>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Its turn has not come.
    Idle,
    /// Waits for a start until then.
    BackingOff {
        until: Moment,
    },
    Spawning,
    Running(Instance),
    Ending(Instance, Kill),
    /// The main process is gone, what it left behind is not.
    Clearing {
        next: Decision,
        until: Option<Moment>,
    },
    PostStop {
        next: Decision,
        began: Moment,
        until: Moment,
    },
    /// There will be no further instance.
    Done,
}

/// A running main process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Instance {
    since: Moment,
    /// Its postStart hook is running.
    hooked: bool,
    /// postStart is over, and well; until then nothing is reported of it (kubelet H7).
    settled: bool,
    started: bool,
    ready: bool,
}

/// What was asked for from outside and goes before the restart policy: each of these before those above it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Nothing,
    /// A new instance, at once.
    Restart,
    /// After this end comes [`State::Idle`].
    Reset,
    Stop(Stopping),
}

/// A request to end for good.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Stopping {
    /// When it must be over.
    deadline: Option<Moment>,
    ordered: bool,
    at_once: bool,
    /// Not only the pod itself wants it.
    asked: bool,
}

/// One event has three actions at most.
type Answer = Actions<Action, 4>;

impl<'a> Container<'a> {
    /// A container whose turn has not come.
    pub fn new(life: &'a Life) -> Container<'a> {
        Container {
            life,
            state: State::Idle,
            back_off: BackOff::new(life.pace),
            asked: Asked::Nothing,
            instances: 0,
            ended: None,
            before: None,
            start_error: None,
            account: None,
        }
    }

    /// When [`Event::Due`] must be given at the latest, if nothing else happens before.
    pub fn due(&self) -> Option<Moment> {
        match self.state {
            State::BackingOff { until } | State::PostStop { until, .. } => Some(until),
            State::Ending(_, kill) => kill.due(self.stopping().is_some()),
            State::Idle
            | State::Spawning
            | State::Running(_)
            | State::Clearing { .. }
            | State::Done => None,
        }
    }

    /// The answer to an event. What is due is acted on whatever the event.
    #[must_use]
    pub fn step(&mut self, now: Moment, event: Event) -> Answer {
        let mut answer = Answer::none();
        self.take(now, event, &mut answer);
        if self.due().is_some_and(|due| due <= now) {
            self.act_on_due(now, &mut answer);
        }
        answer
    }

    /// Every state answers every event; what a state does not name here means nothing to it.
    fn take(&mut self, now: Moment, event: Event, answer: &mut Answer) {
        match (event, self.state) {
            (Event::Start, State::Idle) => self.try_start(now, answer),
            (Event::Spawned, State::Spawning) => self.spawned(now, answer),
            (Event::NotExecuted(code), State::Spawning) => self.not_executed(now, code, answer),
            (Event::NotSpawned(why), State::Spawning) => self.not_spawned(now, why, answer),
            (Event::Exited(exit), _) => self.main_ended(now, Some(exit), answer),
            (Event::Lost, _) => self.main_ended(now, None, answer),
            (Event::Cleared, State::Clearing { next, .. }) => self.cleared(now, next, answer),
            (Event::HookEnded(Hook::PostStart, well), State::Running(instance))
                if instance.hooked =>
            {
                self.post_start_over(now, instance, well, answer);
            }
            (Event::HookEnded(Hook::PreStop, well), State::Ending(..)) => {
                self.pre_stop_over(now, well, answer)
            }
            (Event::HookEnded(Hook::PostStop, well), State::PostStop { next, .. }) => {
                if !well {
                    answer.push(Action::Say(Word::PostStopFailed));
                }
                self.go_on(now, next, answer);
            }
            (Event::Started, State::Running(instance)) if !instance.started => {
                self.state = State::Running(Instance { started: true, ..instance });
                // A program may say so before its postStart hook is over, and there are no probes yet.
                if instance.settled {
                    answer.push(Action::Started);
                }
            }
            (Event::Ready(ready), State::Running(instance)) => {
                self.state = State::Running(Instance { ready, ..instance });
            }
            // A startup probe that fails too late does not count (kubelet W12).
            (Event::Failed(kind), State::Running(instance))
                if instance.settled
                    && (kind == Kind::Liveness || kind == Kind::Startup && !instance.started) =>
            {
                self.kill(now, instance, KillReason::Probe(kind), answer);
            }
            (Event::Restart, _) => self.restart(now, answer),
            (Event::Reset, _) => self.reset(now, answer),
            (Event::Stop(stop), _) => self.stop(now, stop, answer),
            (Event::Turn, _) => self.turn(now, answer),
            _ => {}
        }
    }

    fn act_on_due(&mut self, now: Moment, answer: &mut Answer) {
        match self.state {
            State::BackingOff { .. } => self.try_start(now, answer),
            State::Ending(instance, kill) => self.kill_due(now, instance, kill, answer),
            State::PostStop { next, began, .. } => {
                answer.push(Action::End(Hook::PostStop));
                answer.push(Action::Say(Word::PostStopTimedOut(now.since(began))));
                self.go_on(now, next, answer);
            }
            State::Idle
            | State::Spawning
            | State::Running(_)
            | State::Clearing { .. }
            | State::Done => {}
        }
    }

    /// Kubelet R15, R17.
    fn try_start(&mut self, now: Moment, answer: &mut Answer) {
        match self.back_off.start(now) {
            Ok(()) => self.spawn(answer),
            Err(blocked) => {
                self.state = State::BackingOff { until: blocked.until };
                if let Some(pause) = blocked.pause {
                    self.start_error = Some(Waiting::CrashLoopBackOff { pause });
                    answer.push(Action::Say(Word::BackOff(pause)));
                }
            }
        }
    }

    fn spawn(&mut self, answer: &mut Answer) {
        self.state = State::Spawning;
        answer.push(Action::Spawn);
    }

    fn new_instance(&mut self, now: Moment, answer: &mut Answer) -> Instance {
        self.instances = self.instances.saturating_add(1);
        self.account = None;
        answer.push(Action::Say(Word::Started));
        Instance {
            since: now,
            hooked: false,
            settled: false,
            started: !self.life.notifies && self.life.probes.startup.is_none(),
            ready: !self.life.notifies && self.life.probes.readiness.is_none(),
        }
    }

    fn spawned(&mut self, now: Moment, answer: &mut Answer) {
        let instance = self.new_instance(now, answer);
        match self.asked {
            // What was asked for while there was nobody to ask.
            Asked::Stop(stopping) => self.kill_to_stop(now, instance, stopping, true, answer),
            Asked::Reset => self.kill(now, instance, KillReason::Reset, answer),
            Asked::Nothing | Asked::Restart if self.life.hooks.post_start => {
                self.state = State::Running(Instance { hooked: true, ..instance });
                answer.push(Action::Run(Hook::PostStart));
            }
            Asked::Nothing | Asked::Restart => self.settle(instance, answer),
        }
    }

    /// From here on there is something to report, and to probe (kubelet W9, H8).
    fn settle(&mut self, instance: Instance, answer: &mut Answer) {
        self.state = State::Running(Instance { hooked: false, settled: true, ..instance });
        self.start_error = None;
        answer.push(Action::Watch { since: instance.since, started: instance.started });
    }

    fn not_executed(&mut self, now: Moment, code: i32, answer: &mut Answer) {
        self.instances = self.instances.saturating_add(1);
        self.account = None;
        let end = Terminated {
            exit_code: code,
            reason: EndReason::StartError,
            started: now,
            finished: now,
        };
        self.remember(end);
        let next = self.after(End::Exited(code), end);
        self.start_error = (next == Decision::Start).then_some(Waiting::RunContainerError);
        answer.push(Action::Say(Word::Failed(Waiting::RunContainerError)));
        self.go_on(now, next, answer);
    }

    /// Kubelet R23.
    fn not_spawned(&mut self, now: Moment, why: Waiting, answer: &mut Answer) {
        self.start_error = Some(why);
        answer.push(Action::Say(Word::Failed(why)));
        self.back_off.start_failed(now);
        self.go_on(now, Decision::Start, answer);
    }

    fn post_start_over(
        &mut self,
        now: Moment,
        instance: Instance,
        well: bool,
        answer: &mut Answer,
    ) {
        if well {
            return self.settle(instance, answer);
        }
        answer.push(Action::Say(Word::PostStartFailed));
        let instance = Instance { hooked: false, ..instance };
        self.kill(now, instance, KillReason::PostStart, answer);
    }
}

#[cfg(test)]
mod tests;
