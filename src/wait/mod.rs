//! `podinit wait`: conditions are tried until they hold. Each attempt is made in a process of its own, so that
//! none holds up another and all can be ended at once.

use std::time::Duration;

use crate::lifecycle::Moment;
use crate::lifecycle::conditions::{Action, Answer, Conditions, Event, Terms};
use crate::probe::{Apart, Outcome, Prober, Task, Verdict};
use crate::signal::Signal;
use crate::spec::action;
use crate::sys::clock;
use crate::sys::poll::{self, PollFd, PollFlags};
use crate::sys::wait::{self, Dead};

mod progress;

use progress::Progress;

/// What is waited for, and how.
pub struct Order {
    pub conditions: Vec<Condition>,
    pub terms: Terms,
    /// How long one attempt may take.
    pub attempt: Duration,
    pub quiet: bool,
}

/// A condition, and how it was written.
pub struct Condition {
    pub action: action::Action,
    pub text: String,
}

/// How a wait has ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    Met,
    TimedOut,
    Stopped(Signal),
}

/// Waits. No attempt goes on when it returns.
pub fn wait(order: &Order, prober: &mut Prober<'_>) -> End {
    let began = now();
    let mut waiting = Waiting {
        order,
        conditions: Conditions::new(order.terms, order.conditions.len(), began),
        attempts: Vec::new(),
        progress: Progress::new(order, began),
    };
    let mut end = waiting.run(prober);
    waiting.stop_all();
    // That may have taken a while, and PID 1 loses what comes for the program before it is there.
    if end == End::Met
        && let Some(signal) = asked_to_end(prober)
    {
        end = End::Stopped(signal);
    }
    waiting.progress.end(now(), end, &waiting.conditions);
    end
}

struct Waiting<'a> {
    order: &'a Order,
    conditions: Conditions,
    /// Those under way, each with its condition.
    attempts: Vec<(usize, Apart)>,
    progress: Progress<'a>,
}

impl Waiting<'_> {
    fn run(&mut self, prober: &mut Prober<'_>) -> End {
        loop {
            match self.conditions.next(now()) {
                Action::Try(index) => {
                    self.begin(index, prober);
                    // Where none can be begun, they may be due again before all were tried.
                    if let Some(signal) = asked_to_end(prober) {
                        return End::Stopped(signal);
                    }
                }
                Action::Met => return End::Met,
                Action::TimedOut => return End::TimedOut,
                Action::Wait => {
                    if let Some(signal) = self.sleep(prober) {
                        return End::Stopped(signal);
                    }
                    self.collect();
                }
            }
        }
    }

    fn begin(&mut self, index: usize, prober: &mut Prober<'_>) {
        let Some(condition) = self.order.conditions.get(index) else { return };
        match Apart::start(prober, Task::Probe(&condition.action), self.order.attempt) {
            Ok(attempt) => self.attempts.push((index, attempt)),
            Err(errno) => self.answered(index, &Outcome::no_process(errno)),
        }
    }

    /// Until something may have happened. Returns the signal that asks to end.
    fn sleep(&mut self, prober: &Prober<'_>) -> Option<Signal> {
        let now = now();
        self.progress.tick(now, &self.conditions);
        let due = self.conditions.due().into_iter().chain(self.progress.due(now)).min();
        let own = prober.signals.descriptor();
        let mut watched: Vec<PollFd<'_>> = self
            .attempts
            .iter()
            .map(|(_, attempt)| attempt.descriptor())
            .chain(own)
            .map(|descriptor| PollFd::new(descriptor, PollFlags::POLLIN))
            .collect();
        let due = due.map(|due| due.since(now));
        let longest = self.attempts.iter().map(|(_, attempt)| attempt.left()).min();
        let at_most = due.into_iter().chain(longest).min();
        poll::poll(&mut watched, prober.signals.until_look(at_most));
        drop(watched);
        asked_to_end(prober)
    }

    /// Takes in the attempts that have ended, and reaps whoever else has.
    fn collect(&mut self) {
        let mut at = 0;
        while let Some((index, attempt)) = self.attempts.get_mut(at) {
            match attempt.outcome() {
                None => at += 1,
                Some(outcome) => {
                    let index = *index;
                    self.attempts.swap_remove(at);
                    self.answered(index, &outcome);
                }
            }
        }
        // As PID 1, or where commands have left children. An attempt that has just ended is left for the next look.
        while let Dead::One(pid, _) = wait::find_ended()
            && self.attempts.iter().all(|(_, attempt)| attempt.pid() != pid)
        {
            wait::reap(pid);
        }
    }

    fn answered(&mut self, index: usize, outcome: &Outcome) {
        let answer = match outcome.verdict {
            _ if outcome.errored => Answer::Unknown,
            Verdict::Success | Verdict::Warning => Answer::Holds,
            Verdict::Failure => Answer::DoesNotHold,
            Verdict::Unknown => Answer::Unknown,
        };
        let now = now();
        self.conditions.take(now, Event::Answered(index, answer));
        self.progress.answered(now, index, outcome, self.conditions.is_met(index));
    }

    /// All are told before any is waited for.
    fn stop_all(&mut self) {
        for (_, attempt) in &self.attempts {
            attempt.stop();
        }
        self.attempts.clear();
    }
}

/// The signal that asks to end, if one has come.
fn asked_to_end(prober: &Prober<'_>) -> Option<Signal> {
    let signals = std::iter::from_fn(|| prober.signals.poll());
    signals.map(|received| received.signal).find(|signal| *signal != Signal::CHLD)
}

fn now() -> Moment {
    Moment::at(clock::monotonic())
}
