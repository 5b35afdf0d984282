//! How one main child and what it leaves behind come to their end (design 3.4, 3.5).
//!
//! ```text
//!           stop signal              main ended              all gone, or 2 s after SIGKILL
//! Running ──────────────▶ Stopping ─────────────▶ Clearing ─────────────────────────────────▶ Left
//!    └──────────────────────────────────────────────▲
//!                      main ended by itself
//! ```
//! With a finite grace period everything is gone within grace + [`LAST_WAIT`] of the first stop signal.

use std::time::Duration;

use super::Moment;
use super::actions;
use crate::plan::{Afterwards, Ending};
use crate::signal::{Received, Sender, Signal};

/// Leftovers of a main child that ended by itself get at most this long between TERM and SIGKILL.
pub const LEFTOVER_GRACE: Duration = Duration::from_secs(5);
/// How long after SIGKILL init still waits for processes the kernel cannot end.
pub const LAST_WAIT: Duration = Duration::from_secs(2);
/// Leftovers are looked for anew this often, while there are ends: for what was forked meanwhile.
pub(super) const AGAIN: Duration = Duration::from_millis(50);

/// What has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A signal was received.
    Signal(Received),
    /// The main child has ended. Where something is to be sent to its group then, it must not have
    /// been waited for yet: afterwards the group's id may become a stranger's.
    MainEnded,
    /// All that was dead has been reaped and children are left.
    Remaining,
    /// No child is left.
    Childless,
    /// The moment named by [`Termination::deadline`] has come.
    Due,
}

/// What init is to do, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this to the target: the main child or its group.
    Send(Signal),
    /// Stop init itself until CONT comes.
    Suspend,
    /// TERM to everything the main child left behind.
    TermLeftovers,
    /// TERM to what has been orphaned since: children of a process that had TERM blocked while it
    /// forked. Those whose parent lives are its cleaning up.
    TermNewOrphans,
    /// SIGKILL to the main child and all descendants.
    KillAll,
    /// Leave.
    Leave,
}

/// The answer to one event.
pub type Actions = actions::Actions<Action, 3>;

/// The machine: one main child, from its start to the moment init leaves.
#[derive(Debug)]
pub struct Termination<'a> {
    ending: &'a Ending,
    /// The first stop signal.
    stop: Option<(Moment, Signal)>,
    main_ended: Option<Moment>,
    leftovers_told: bool,
    /// When to look for leftovers that nobody has told.
    tell_again: Option<Moment>,
    kill_due: Option<Moment>,
    killed: Option<Moment>,
    kill_again: Option<Moment>,
    left: Option<Moment>,
}

impl<'a> Termination<'a> {
    pub fn new(ending: &'a Ending) -> Termination<'a> {
        Termination {
            ending,
            stop: None,
            main_ended: None,
            leftovers_told: false,
            tell_again: None,
            kill_due: None,
            killed: None,
            kill_again: None,
            left: None,
        }
    }

    /// When [`Event::Due`] must be given at the latest, if nothing else happens before.
    pub fn deadline(&self) -> Option<Moment> {
        if self.left.is_some() {
            return None;
        }
        let kill = self.killed.map_or(self.kill_due, |killed| Some(killed + LAST_WAIT));
        [kill, self.kill_again, self.tell_again].into_iter().flatten().min()
    }

    /// The answer to an event. A deadline that has passed is acted on whatever the event.
    #[must_use]
    pub fn step(&mut self, now: Moment, event: Event) -> Actions {
        let mut actions = Actions::none();
        if self.left.is_none() {
            match event {
                Event::Signal(received) => self.signal(now, received, &mut actions),
                Event::MainEnded => self.main_ended(now, &mut actions),
                Event::Remaining => self.remaining(now, &mut actions),
                Event::Childless => self.leave(now, &mut actions),
                Event::Due => {}
            }
        }
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.due(now, &mut actions);
        }
        actions
    }

    fn signal(&mut self, now: Moment, received: Received, actions: &mut Actions) {
        if concerns_init_only(received) {
            return;
        }
        let route = self.ending.routes.of(received.signal);
        // A terminal that changes its size asks nobody to stop.
        let resized = received.signal == Signal::WINCH && received.sender == Sender::Kernel;
        if route.stops && !resized && self.stop.is_none() {
            self.begin(now, received.signal);
            if self.ending.grace == Some(Duration::ZERO) {
                return;
            }
        }
        if let Some(signal) = route.send {
            actions.push(Action::Send(signal));
        }
        if route.suspends {
            actions.push(Action::Suspend);
        }
    }

    /// The first stop signal sets the deadline; one that leftovers already had is not moved back.
    fn begin(&mut self, now: Moment, signal: Signal) {
        self.stop = Some((now, signal));
        let due = self.ending.grace.map(|grace| now + grace);
        self.kill_due = [self.kill_due, due].into_iter().flatten().min();
    }

    fn main_ended(&mut self, now: Moment, actions: &mut Actions) {
        if self.main_ended.is_some() {
            return;
        }
        self.main_ended = Some(now);
        match self.ending.afterwards {
            Afterwards::Leave => self.leave(now, actions),
            Afterwards::TermGroup => {
                if let Some(signal) = self.ending.routes.of(Signal::TERM).send {
                    actions.push(Action::Send(signal));
                }
                self.leave(now, actions);
            }
            Afterwards::Clear => {}
        }
    }

    fn remaining(&mut self, now: Moment, actions: &mut Actions) {
        if self.main_ended.is_none() || self.killed.is_some() {
            return;
        }
        if self.leftovers_told {
            self.tell_again.get_or_insert(now + AGAIN);
            return;
        }
        self.leftovers_told = true;
        if self.stop.is_none() {
            let grace = self.ending.grace.map_or(LEFTOVER_GRACE, |grace| grace.min(LEFTOVER_GRACE));
            self.kill_due = Some(now + grace);
        }
        if self.kill_due.is_none_or(|due| now < due) {
            actions.push(Action::TermLeftovers);
        }
    }

    fn due(&mut self, now: Moment, actions: &mut Actions) {
        if self.tell_again.is_some_and(|again| again <= now) {
            self.tell_again = None;
            actions.push(Action::TermNewOrphans);
        }
        if self.killed.or(self.kill_due).is_none_or(|kill| now < kill) {
            return;
        }
        let killed = *self.killed.get_or_insert(now);
        if killed + LAST_WAIT <= now {
            self.leave(now, actions);
        } else if self.kill_again.is_none_or(|again| again <= now) {
            self.tell_again = None;
            self.kill_again = Some(now + AGAIN);
            actions.push(Action::KillAll);
        }
    }

    fn leave(&mut self, now: Moment, actions: &mut Actions) {
        self.left = Some(now);
        actions.push(Action::Leave);
    }

    /// Where the time went, once init has left; `None` before.
    pub fn account(&self) -> Option<Account> {
        let left = self.left?;
        let ended = self.main_ended.unwrap_or(left);
        // A stop that came when the main child had ended changed nothing for it.
        let stop = self.stop.filter(|(at, _)| *at <= ended);
        Some(Account {
            stop_signal: stop.map(|(_, signal)| signal),
            to_main_end: stop.filter(|_| self.main_ended.is_some()).map(|(at, _)| ended.since(at)),
            leftovers: left.since(ended),
            total: left.since(stop.map_or(ended, |(at, _)| at)),
            grace: self.ending.grace,
            killed: self.killed.is_some(),
        })
    }
}

/// What the closing line says (design 3.6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The signal that began termination; `None` if the main child ended by itself.
    pub stop_signal: Option<Signal>,
    /// From that signal to the main child's end; `None` too if it has not ended at all.
    pub to_main_end: Option<Duration>,
    /// From the main child's end until all it left behind was gone.
    pub leftovers: Duration,
    /// From the stop signal, or else the main child's end, until init left.
    pub total: Duration,
    pub grace: Option<Duration>,
    /// SIGKILL was needed.
    pub killed: bool,
}

/// Signals nobody sent to the program: what init's own doings caused (a write to a broken pipe, letting
/// go of its terminal: init D11), and the kernel's word to a background group that reads or writes the
/// terminal (init U33, init X8).
pub fn concerns_init_only(received: Received) -> bool {
    match received.sender {
        Sender::Init => true,
        Sender::Kernel => matches!(received.signal, Signal::TTIN | Signal::TTOU),
        Sender::Process => false,
    }
}

#[cfg(test)]
mod tests;
