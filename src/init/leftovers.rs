//! Ending what the main child left behind: all descendants, found by /proc (design 3.5).

use crate::signal::Signal;
use crate::sys::process_tree::{self, Descendant, Ticks};
use crate::sys::signals::{self, Recipient};
use crate::sys::{Pid, this_process};

/// Of the latest to be told this many are remembered.
const REMEMBERED: usize = 64;

/// What is known of the leftovers between two looks at them.
pub struct Leftovers {
    /// When they were told to end.
    told: Option<Ticks>,
    /// Those told that are too young to tell by their age whether they were: a ring.
    young: [Pid; REMEMBERED],
    next: usize,
}

impl Leftovers {
    pub const fn new() -> Leftovers {
        Leftovers { told: None, young: [Pid::from_raw(0); REMEMBERED], next: 0 }
    }

    /// TERM to every descendant. Returns how many there were; `None` without a usable /proc.
    pub fn tell(&mut self) -> Option<usize> {
        let told = Ticks::now();
        self.told = Some(told);
        signal_each(Signal::TERM, |descendant| {
            if descendant.started >= told {
                self.remember(descendant.pid);
            }
            true
        })
    }

    /// TERM to those who were born and orphaned since: whoever had TERM blocked while it forked left
    /// a child that nobody has told. Returns how many there were.
    pub fn tell_new_orphans(&mut self) -> Option<usize> {
        let told = self.told?;
        signal_each(Signal::TERM, |descendant| {
            let new = descendant.is_child
                && descendant.started >= told
                && !self.young.contains(&descendant.pid);
            if new {
                self.remember(descendant.pid);
            }
            new
        })
    }

    /// SIGKILL to every descendant. Returns how many there were; `None` without a usable /proc.
    pub fn kill(&self) -> Option<usize> {
        signal_each(Signal::KILL, |_| true)
    }

    /// Calls `visit` for each that is left.
    pub fn for_each(&self, mut visit: impl FnMut(Pid)) {
        process_tree::for_each_descendant(this_process::pid(), |descendant| visit(descendant.pid));
    }

    fn remember(&mut self, pid: Pid) {
        if let Some(slot) = self.young.get_mut(self.next % REMEMBERED) {
            *slot = pid;
        }
        self.next = self.next.wrapping_add(1);
    }
}

/// Sends `signal` to the descendants that `wanted` picks.
fn signal_each(signal: Signal, mut wanted: impl FnMut(Descendant) -> bool) -> Option<usize> {
    let mut count = 0;
    let looked = process_tree::for_each_descendant(this_process::pid(), |descendant| {
        if wanted(descendant) {
            let to = Recipient::Process(descendant.pid);
            // It may have ended since (init U19).
            count += usize::from(signals::send(to, signal).is_ok());
            if descendant.is_stopped {
                // Nobody is left who would let it go on to end.
                let _ = signals::send(to, Signal::CONT);
            }
        }
    });
    looked.then_some(count)
}
