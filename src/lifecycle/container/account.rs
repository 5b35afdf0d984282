//! Where the time of an end went, for the line that says so in the log.

use super::{Container, Kill};
use crate::lifecycle::Moment;

/// When each part of the end of one instance was over; `None` for what was not, or not yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    /// When it began: with its kill, or by itself.
    pub began: Moment,
    /// When SIGKILL was to come, counted from there, whatever the stop signal was given in addition.
    pub deadline: Option<Moment>,
    pub pre_stop: Option<Moment>,
    /// The stop signal was sent.
    pub signalled: Option<Moment>,
    /// SIGKILL was sent. That leftovers needed it is known to who cleared them away.
    pub killed: Option<Moment>,
    /// The main process was gone, or was given up.
    pub ended: Option<Moment>,
    /// All that it left behind was gone.
    pub cleared: Option<Moment>,
    /// postStop was over too.
    pub over: Option<Moment>,
}

impl Account {
    pub(super) fn of(began: Moment, kill: Option<Kill>) -> Account {
        Account {
            began,
            deadline: kill.and_then(Kill::asked),
            pre_stop: None,
            signalled: None,
            killed: None,
            ended: None,
            cleared: None,
            over: None,
        }
    }
}

impl Container<'_> {
    /// That of the latest end, from when it begins until there is another instance.
    pub fn account(&self) -> Option<Account> {
        self.account
    }

    pub(super) fn note(&mut self, note: impl FnOnce(&mut Account)) {
        self.account.as_mut().map(note);
    }
}
