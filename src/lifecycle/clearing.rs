//! How what an instance left behind comes to its end, before there is another or none (design 3.5): TERM to all of it,
//! SIGKILL when the time is over, and an end of waiting for what not even that ends.
//!
//! [`super::termination`] takes the same steps for the one program of a bare init.

use super::Moment;
use super::actions;
use super::termination::{AGAIN, LAST_WAIT};

/// What has happened.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// All that was dead has been reaped, and somebody is left.
    Remaining,
    /// Nobody is left.
    Gone,
    /// The moment named by [`Clearing::due`] has come.
    Due,
}

/// What is to be done, in order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// TERM to everybody.
    Tell,
    /// TERM to those who were orphaned since.
    TellNewOrphans,
    /// SIGKILL to everybody.
    Kill,
    /// All are gone, or given up. Nothing comes after it.
    Over { given_up: bool },
}

/// The answer to one event.
pub type Actions = actions::Actions<Action, 3>;

/// The machine: the leftovers of one instance.
#[derive(Clone, Debug)]
pub struct Clearing {
    until: Option<Moment>,
    told: bool,
    tell_again: Option<Moment>,
    killed: Option<Moment>,
    kill_again: Option<Moment>,
    over: bool,
}

impl Clearing {
    /// They have time until then; `None` is for ever.
    pub fn new(until: Option<Moment>) -> Clearing {
        Clearing {
            until,
            told: false,
            tell_again: None,
            killed: None,
            kill_again: None,
            over: false,
        }
    }

    /// Changes the time they have.
    pub fn set_until(&mut self, until: Option<Moment>) {
        self.until = until;
    }

    /// SIGKILL was needed.
    pub fn killed(&self) -> bool {
        self.killed.is_some()
    }

    /// When [`Event::Due`] must be given at the latest, if nothing else happens before.
    pub fn due(&self) -> Option<Moment> {
        if self.over {
            return None;
        }
        let kill = self.killed.map_or(self.until, |killed| Some(killed + LAST_WAIT));
        [kill, self.kill_again, self.tell_again].into_iter().flatten().min()
    }

    /// The answer to an event. What is due is acted on whatever the event.
    #[must_use]
    pub fn step(&mut self, now: Moment, event: Event) -> Actions {
        let mut actions = Actions::none();
        match event {
            _ if self.over => return actions,
            Event::Gone => self.end(false, &mut actions),
            Event::Remaining => self.remaining(now, &mut actions),
            Event::Due => {}
        }
        if self.due().is_some_and(|due| due <= now) {
            self.act_on_due(now, &mut actions);
        }
        actions
    }

    fn remaining(&mut self, now: Moment, actions: &mut Actions) {
        if self.killed.is_some() || self.until.is_some_and(|until| until <= now) {
            return;
        }
        if self.told {
            self.tell_again.get_or_insert(now + AGAIN);
        } else {
            self.told = true;
            actions.push(Action::Tell);
        }
    }

    fn act_on_due(&mut self, now: Moment, actions: &mut Actions) {
        if self.tell_again.is_some_and(|again| again <= now) {
            self.tell_again = None;
            actions.push(Action::TellNewOrphans);
        }
        if self.killed.or(self.until).is_none_or(|kill| now < kill) {
            return;
        }
        let killed = *self.killed.get_or_insert(now);
        if killed + LAST_WAIT <= now {
            self.end(true, actions);
        } else if self.kill_again.is_none_or(|again| again <= now) {
            self.tell_again = None;
            self.kill_again = Some(now + AGAIN);
            actions.push(Action::Kill);
        }
    }

    fn end(&mut self, given_up: bool, actions: &mut Actions) {
        self.over = true;
        actions.push(Action::Over { given_up });
    }
}

#[cfg(test)]
mod tests;
