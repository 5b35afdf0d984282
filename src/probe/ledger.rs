//! Which commands are under way, known to whoever is left when the attempts at them are killed.
//!
//! The process that makes an attempt ends its command with all that descends from it. Should that process be killed,
//! alone or with the agent, whoever reaps it finds the command here and kills what is left of its session. A command
//! writes its own pid here before it is executed, so there is none that is not known, and nobody is told of it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::signal::Signal;
use crate::sys::clock::Ticks;
use crate::sys::process_tree::{self, NoProc};
use crate::sys::signals::{self, Recipient};
use crate::sys::{Pid, shared_memory, this_process, wait};

/// So many commands at most are under way at once: 4 KiB.
const ROWS: usize = 256;

/// Pids are below 2^22 (`PID_MAX_LIMIT`); what is left of a word lasts for more than a thousand years of ticks.
const TICK_BITS: u32 = 42;

/// A session is looked through until nobody is found in it, but not for ever.
const LOOKS: usize = 16;

/// A row is free where its first word is 0. That is the pid of the attempt's process; the second is the command's pid and
/// the time, once there is one that is to be killed with the attempt.
type Row = [AtomicU64; 2];

/// Memory that init, its agents, their attempts and the commands' processes until their exec have in common.
#[derive(Clone, Copy)]
pub struct Ledger(&'static [Row]);

impl Ledger {
    /// A new one, for this process and those it forks; `None` where the kernel refuses the memory.
    pub fn open() -> Option<Ledger> {
        shared_memory::rows(ROWS).ok().map(Ledger)
    }

    /// Takes a row for this process, an attempt; `None` while all are taken.
    pub(super) fn enter(self) -> Option<Entry> {
        let own = word(this_process::pid());
        let take = |[attempt, _]: &&Row| {
            attempt.compare_exchange(0, own, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        self.0.iter().find(take).map(Entry)
    }

    /// This process has been reaped. If it was an attempt that was killed, what is left of its command is killed too.
    pub fn settle(self, ended: Pid) {
        let ended = word(ended);
        let is_its = |[attempt, _]: &&Row| attempt.load(Ordering::Acquire) == ended;
        self.0.iter().filter(is_its).for_each(settle);
    }

    /// The parent of the attempts has ended, and those that live are children of this process now. They end by
    /// themselves, unless somebody has stopped them; the others are settled.
    pub fn inherit(self) {
        for (row, attempt) in self.attempts() {
            if wait::has_ended(attempt) {
                settle(row);
            } else {
                let _ = signals::send(Recipient::Process(attempt), Signal::CONT);
            }
        }
    }

    /// The same for those that are stopped later on.
    pub fn look_whether_stopped(self) {
        for (_, attempt) in self.attempts() {
            if wait::stopped(attempt).is_some() {
                let _ = signals::send(Recipient::Process(attempt), Signal::CONT);
            }
        }
    }

    fn attempts(self) -> impl Iterator<Item = (&'static Row, Pid)> {
        self.0.iter().filter_map(|row| {
            let [attempt, _] = row;
            Some((row, pid(attempt.load(Ordering::Acquire))?))
        })
    }
}

/// An attempt's row; dropped when its command has ended, or all is ended that descends from it.
pub(super) struct Entry(&'static Row);

impl Entry {
    /// For the command's process, in a session of its own: from here on it is to be killed with the attempt.
    pub fn begin(&self) {
        let Entry([_, command]) = self;
        let Ticks(now) = Ticks::now();
        command.store(word(this_process::pid()) << TICK_BITS | now, Ordering::Release);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        free(self.0);
    }
}

fn settle(row: &Row) {
    let [_, command] = row;
    let command = command.load(Ordering::Acquire);
    if let Some(session) = pid(command >> TICK_BITS) {
        kill_session(session, Ticks(command & ((1 << TICK_BITS) - 1)));
    }
    free(row);
}

/// The command first: a row that is taken holds nobody else's.
fn free([attempt, command]: &Row) {
    command.store(0, Ordering::Release);
    attempt.store(0, Ordering::Release);
}

/// Kills all of a session whose leader was there at `then`; without /proc its first group.
fn kill_session(session: Pid, then: Ticks) {
    // The number is a stranger's if its bearer was born since.
    if process_tree::started(session).is_ok_and(|started| started.is_some_and(|born| born > then)) {
        return;
    }
    let _ = signals::send(Recipient::Group(session), Signal::KILL);
    for _ in 0..LOOKS {
        let mut found = false;
        let looked = process_tree::for_each_of_session(session, |pid| {
            found |= signals::send(Recipient::Process(pid), Signal::KILL).is_ok();
        });
        if looked == Err(NoProc) || !found {
            return;
        }
    }
}

fn word(pid: Pid) -> u64 {
    u64::from(pid.as_raw().unsigned_abs())
}

fn pid(word: u64) -> Option<Pid> {
    i32::try_from(word).ok().filter(|number| *number > 0).map(Pid::from_raw)
}

#[cfg(test)]
mod tests;
