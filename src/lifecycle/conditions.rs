//! Waiting for conditions: which to try when, and whether the wait is over.
//!
//! Each condition is tried by itself, beside the others, and once it holds it is not tried again.

use std::time::Duration;

use super::Moment;

/// The first pause where none is asked for; each one that follows is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// No pause is longer, where none is asked for.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// One condition is enough.
    pub any: bool,
    /// It is waited for their end: a condition is met when it does not hold.
    pub not: bool,
    /// The pause after each attempt; `None` for one that grows.
    pub interval: Option<Duration>,
    /// How long to wait in all; `None` for ever.
    pub limit: Option<Duration>,
}

/// What an attempt said.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    Holds,
    DoesNotHold,
    /// It could not be made: that meets no condition, nor its contrary.
    Unknown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A moment that [`Conditions::due`] had named has come.
    Due,
    /// The attempt at this condition has ended.
    Answered(usize, Answer),
}

#[must_use]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Begin an attempt at this condition.
    Try(usize),
    /// Wait for an event, until [`Conditions::due`] at most.
    Wait,
    /// Stop all attempts: the conditions are met.
    Met,
    /// Stop all attempts: the time is over.
    TimedOut,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Not tried now, but from this moment on, after so many attempts.
    Resting(Moment, u32),
    Trying(u32),
    Met,
}

/// The conditions of one wait.
pub struct Conditions {
    terms: Terms,
    end: Option<Moment>,
    states: Vec<State>,
}

impl Conditions {
    /// So many of them, all due at once. None at all are met.
    pub fn new(terms: Terms, count: usize, now: Moment) -> Conditions {
        let end = terms.limit.map(|limit| now + limit);
        Conditions { terms, end, states: vec![State::Resting(now, 0); count] }
    }

    /// Takes an event in. What to do follows from [`Conditions::next`], which is to be asked until it says to wait.
    pub fn take(&mut self, now: Moment, event: Event) {
        let Event::Answered(index, answer) = event else { return };
        let meets = match answer {
            Answer::Holds => !self.terms.not,
            Answer::DoesNotHold => self.terms.not,
            Answer::Unknown => false,
        };
        if let Some(state @ State::Trying(_)) = self.states.get_mut(index)
            && let State::Trying(before) = *state
        {
            *state = if meets {
                State::Met
            } else {
                let pause = self.terms.interval.unwrap_or_else(|| growing(before));
                State::Resting(now + pause, before.saturating_add(1))
            };
        }
    }

    /// The next thing to do.
    pub fn next(&mut self, now: Moment) -> Action {
        if self.are_met() {
            return Action::Met;
        }
        if self.end.is_some_and(|end| end <= now) {
            return Action::TimedOut;
        }
        for (index, state) in self.states.iter_mut().enumerate() {
            if let State::Resting(from, attempts) = *state
                && from <= now
            {
                *state = State::Trying(attempts);
                return Action::Try(index);
            }
        }
        Action::Wait
    }

    /// When there is something to do at the latest, if no attempt ends before.
    pub fn due(&self) -> Option<Moment> {
        let rests = self.states.iter().filter_map(|state| match state {
            State::Resting(from, _) => Some(*from),
            State::Trying(_) | State::Met => None,
        });
        rests.chain(self.end).min()
    }

    pub fn is_met(&self, index: usize) -> bool {
        self.states.get(index) == Some(&State::Met)
    }

    fn are_met(&self) -> bool {
        let mut met = self.states.iter().map(|state| *state == State::Met);
        self.states.is_empty()
            || if self.terms.any { met.any(|met| met) } else { met.all(|met| met) }
    }
}

/// The pause after an attempt that had so many before it.
fn growing(before: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(before)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests;
