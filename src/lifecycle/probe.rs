//! One probe beside one container: when it is run, what its answers add up to, and what follows.
//!
//! ```text
//!          Running                      Terminating
//! Absent ──────────▶ Watched (a life) ─────────────▶ Quiet
//!    ▲                  │  ▲ └─┘ Running: the next instance
//!    └──────────────────┘  └───────────── Running ─────┘
//!         Stopped (from Quiet too)
//! ```
//! The kubelet's rules are those of `pkg/kubelet/prober/worker.go` and `results/results_manager.go`. Departures:
//! the schedule is exact (kubelet W3, W4, W5, W8), counters start fresh with each instance (kubelet W17), an
//! attempt that errored is a failure (kubelet P2, P3, P35), and readiness ends when termination begins (kubelet W22).

use std::time::Duration;

use super::Moment;
use super::actions;
pub use crate::plan::life::Settings;

mod kind;
mod snapshot;

pub use kind::{Cached, Consequence, Kind};
pub use snapshot::{Snapshot, Stage, Watched};

/// So long after its time-out an attempt that has said nothing is given up: whoever makes it hangs.
pub const OVERDUE: Duration = Duration::from_secs(1);

/// What one attempt said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Success,
    Failure,
    /// It could not be made or broke off: counted as a failure. The kubelet throws it away (kubelet P3, P15, P35).
    Errored,
    /// Whoever made it is gone, and its answer with it: not counted (kubelet W19).
    Lost,
}

/// One attempt, told from all others of its probe.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Attempt(u64);

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A new instance of the container runs, and its postStart hook is over (kubelet W9).
    Running {
        /// The instance's own start, from which initial delays count, whatever came between (kubelet W6).
        since: Moment,
        /// It counts as started, as there is no startup probe (kubelet W13).
        started: bool,
    },
    /// The instance has started: its startup probe has succeeded, or it has said so itself.
    Started,
    /// The attempt has ended.
    Answered(Attempt, Answer),
    /// The pod's status has changed: readiness is looked at anew at once (kubelet W7).
    StatusChanged,
    /// The instance is being terminated, for good.
    Terminating,
    /// The instance has ended.
    Stopped,
    /// The moment named by [`Probe::due`] has come.
    Due,
}

/// What is to be done, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// End this attempt if it goes on; its answer will not be counted.
    Abandon(Attempt),
    /// The cached result has changed, or is a new instance's first (kubelet W20).
    Changed(Cached, Option<Consequence>),
    /// Make this attempt.
    Begin(Attempt),
}

/// The answer to one event.
pub type Actions = actions::Actions<Action, 3>;

/// The machine: one probe, over all instances of its container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    kind: Kind,
    settings: Settings,
    state: State,
    cached: Cached,
    /// So many attempts have been begun.
    begun: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No instance runs.
    Absent,
    Watched(Life),
    /// The instance is being terminated.
    Quiet,
}

/// One instance, as its probe sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Life {
    /// When initial delays are over.
    ripe: Moment,
    started: bool,
    /// Nothing is run until the next instance (kubelet W18).
    on_hold: bool,
    /// The last answer, a success or not, and how many of its kind came in a row.
    last: bool,
    run: u32,
    /// When the next attempt is due, if it may be made then.
    next: Moment,
    flight: Option<Flight>,
}

/// An attempt on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Flight {
    attempt: Attempt,
    began: Moment,
    /// Another is wanted right after it.
    again: bool,
}

impl Probe {
    /// A probe whose container has not run yet.
    pub fn new(kind: Kind, settings: Settings) -> Probe {
        Probe { kind, settings, state: State::Absent, cached: kind.initial(), begun: 0 }
    }

    pub fn kind(&self) -> Kind {
        self.kind
    }

    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The cached result of the instance that runs or ran last; before the first what that would begin with.
    pub fn cached(&self) -> Cached {
        self.cached
    }

    /// The attempt on its way.
    pub fn in_flight(&self) -> Option<Attempt> {
        match self.state {
            State::Watched(life) => life.flight.map(|flight| flight.attempt),
            State::Absent | State::Quiet => None,
        }
    }

    /// When [`Event::Due`] must be given at the latest, if nothing else happens before.
    pub fn due(&self) -> Option<Moment> {
        let State::Watched(life) = self.state else { return None };
        match life.flight {
            Some(flight) => Some(flight.began + self.settings.timeout + OVERDUE),
            None => self.may_run(&life).then_some(life.next),
        }
    }

    /// Whether nothing ran for so long, this program and the attempt on its way included, that an answer says nothing.
    pub fn has_paused(&self, now: Moment) -> bool {
        let long = self.settings.period.max(OVERDUE);
        self.due().is_some_and(|due| now.since(due) > long)
    }

    /// The answer to an event. What is due is acted on whatever the event.
    #[must_use]
    pub fn step(&mut self, now: Moment, event: Event) -> Actions {
        let mut actions = Actions::none();
        let paused = self.has_paused(now);
        match event {
            Event::Running { since, started } => self.begin_life(since, started, &mut actions),
            Event::Started => self.started(&mut actions),
            Event::Answered(attempt, answer) => {
                let answer = if paused { Answer::Lost } else { answer };
                self.answered(now, attempt, answer, &mut actions);
            }
            Event::StatusChanged => self.look_anew(now),
            Event::Terminating => self.quieten(&mut actions),
            Event::Stopped => self.stopped(&mut actions),
            Event::Due => {}
        }
        self.give_up(now, paused, &mut actions);
        self.begin_attempt(now, &mut actions);
        actions
    }

    fn begin_life(&mut self, since: Moment, started: bool, actions: &mut Actions) {
        self.abandon(actions);
        let ripe = since + self.settings.initial_delay;
        self.state = State::Watched(Life {
            ripe,
            started,
            on_hold: false,
            last: false,
            run: 0,
            next: ripe,
            flight: None,
        });
        self.cached = self.kind.initial();
        actions.push(Action::Changed(self.cached, self.kind.consequence(self.cached)));
    }

    fn started(&mut self, actions: &mut Actions) {
        if self.kind == Kind::Startup {
            self.abandon(actions);
        }
        if let State::Watched(life) = &mut self.state {
            life.started = true;
        }
    }

    fn answered(&mut self, now: Moment, attempt: Attempt, answer: Answer, actions: &mut Actions) {
        let State::Watched(life) = &mut self.state else { return };
        let Some(flight) = life.flight.take_if(|flight| flight.attempt == attempt) else { return };
        // A run longer than the period is followed at once, as the next is overdue then (kubelet W3).
        life.next = if flight.again { now } else { flight.began + self.settings.period };
        match answer {
            Answer::Success => self.count(true, actions),
            Answer::Failure | Answer::Errored => self.count(false, actions),
            Answer::Lost => {}
        }
    }

    /// Kubelet W16 and W18.
    fn count(&mut self, success: bool, actions: &mut Actions) {
        let State::Watched(life) = &mut self.state else { return };
        life.run = if life.last == success { life.run.saturating_add(1) } else { 1 };
        life.last = success;
        if life.run < self.settings.threshold(success) {
            return;
        }
        let cached = if success { Cached::Success } else { Cached::Failure };
        life.on_hold = match self.kind {
            Kind::Startup => true,
            Kind::Liveness => !success,
            Kind::Readiness => false,
        };
        self.change(cached, self.kind.consequence(cached), actions);
    }

    fn look_anew(&mut self, now: Moment) {
        let wanted = self.kind == Kind::Readiness && self.cached != Cached::Success;
        let State::Watched(life) = &mut self.state else { return };
        if !wanted || !life.started {
            return;
        }
        match &mut life.flight {
            Some(flight) => flight.again = true,
            None => life.next = life.next.min(now.max(life.ripe)),
        }
    }

    /// Kubelet W23, and for readiness the departure from W22.
    fn quieten(&mut self, actions: &mut Actions) {
        if !matches!(self.state, State::Watched(_)) {
            return;
        }
        self.abandon(actions);
        self.state = State::Quiet;
        let cached = match self.kind {
            Kind::Startup | Kind::Liveness => Cached::Success,
            Kind::Readiness => Cached::Failure,
        };
        self.change(cached, self.kind.consequence(cached), actions);
    }

    /// What does not run fails, and there is nothing left to kill (kubelet W10).
    fn stopped(&mut self, actions: &mut Actions) {
        self.abandon(actions);
        if let State::Watched(_) = self.state {
            let consequence = match self.kind {
                Kind::Startup | Kind::Liveness => None,
                Kind::Readiness => Some(Consequence::Ready(false)),
            };
            self.change(Cached::Failure, consequence, actions);
        }
        self.state = State::Absent;
    }

    /// An attempt whose time is over without an answer has failed; after a pause it never was.
    fn give_up(&mut self, now: Moment, paused: bool, actions: &mut Actions) {
        let Some(attempt) = self.in_flight() else { return };
        if self.due().is_some_and(|due| due <= now) {
            actions.push(Action::Abandon(attempt));
            let answer = if paused { Answer::Lost } else { Answer::Errored };
            self.answered(now, attempt, answer, actions);
        }
    }

    fn begin_attempt(&mut self, now: Moment, actions: &mut Actions) {
        let is_due = self.in_flight().is_none() && self.due().is_some_and(|due| due <= now);
        if let State::Watched(life) = &mut self.state
            && is_due
        {
            let attempt = Attempt(self.begun);
            self.begun = self.begun.wrapping_add(1);
            life.flight = Some(Flight { attempt, began: now, again: false });
            actions.push(Action::Begin(attempt));
        }
    }

    /// Liveness and readiness wait until the container is started, from when on startup is not asked (kubelet W11, W12).
    fn may_run(&self, life: &Life) -> bool {
        !life.on_hold && life.started == (self.kind != Kind::Startup)
    }

    fn abandon(&mut self, actions: &mut Actions) {
        if let State::Watched(life) = &mut self.state
            && let Some(flight) = life.flight.take()
        {
            actions.push(Action::Abandon(flight.attempt));
        }
    }

    fn change(&mut self, cached: Cached, follows: Option<Consequence>, actions: &mut Actions) {
        if self.cached != cached {
            self.cached = cached;
            actions.push(Action::Changed(cached, follows));
        }
    }
}

#[cfg(test)]
mod tests;
