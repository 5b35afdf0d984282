//! Ending what the main child left behind: all descendants, found by /proc (design 3.5).

use crate::signal::Signal;
use crate::sys::clock::Ticks;
use crate::sys::process_tree::{self, Descendant, NoProc};
use crate::sys::signals::{self, Recipient};
use crate::sys::{Pid, descriptors, this_process};

/// So many of those born since are told; the others have the deadline.
const REMEMBERED: usize = 64;

/// What is known of the leftovers between two looks at them.
pub struct Leftovers {
    /// When they were told to end.
    told: Option<Ticks>,
    /// Those told that are too young to tell by their age whether they were.
    young: [Option<(Pid, Ticks)>; REMEMBERED],
    /// A child of init, and what is below it, that are no leftovers.
    spared: Option<Pid>,
}

impl Leftovers {
    pub const fn new() -> Leftovers {
        Leftovers { told: None, young: [None; REMEMBERED], spared: None }
    }

    /// This child of init and what descends from it are none, from now on.
    #[cfg(feature = "probe")]
    pub fn spare(&mut self, child: Option<Pid>) {
        self.spared = child;
    }

    /// Whether there are any.
    #[cfg(feature = "probe")]
    pub fn are_there(&self) -> Result<bool, NoProc> {
        let mut found = false;
        look(self.spared, |_| found = true).map(|()| found)
    }

    /// TERM to every descendant. Returns how many there were.
    pub fn tell(&mut self) -> Result<usize, NoProc> {
        let told = Ticks::now();
        self.told = Some(told);
        signal_each(self.spared, Signal::TERM, |descendant| {
            if descendant.started >= told {
                self.remember(descendant);
            }
            true
        })
    }

    /// TERM to those who were born and orphaned since: whoever had TERM blocked while it forked left
    /// a child that nobody has told. Returns how many there were.
    pub fn tell_new_orphans(&mut self) -> Result<usize, NoProc> {
        let Some(told) = self.told else { return Ok(0) };
        signal_each(self.spared, Signal::TERM, |descendant| {
            let new = descendant.is_child && descendant.started >= told;
            new && !self.knows(descendant) && self.remember(descendant)
        })
    }

    /// SIGKILL to every descendant. Returns how many there were.
    pub fn kill(&self) -> Result<usize, NoProc> {
        signal_each(self.spared, Signal::KILL, |_| true)
    }

    /// Calls `visit` for each that is left, as far as they can be seen.
    pub fn for_each(&self, mut visit: impl FnMut(Pid)) {
        let _ = look(self.spared, |descendant| visit(descendant.pid));
    }

    fn knows(&self, descendant: Descendant) -> bool {
        self.young.contains(&Some((descendant.pid, descendant.started)))
    }

    /// Whether there was room for it.
    fn remember(&mut self, descendant: Descendant) -> bool {
        let free = self.young.iter_mut().find(|slot| slot.is_none());
        free.map(|slot| *slot = Some((descendant.pid, descendant.started))).is_some()
    }
}

/// Sends `signal` to the descendants that `wanted` picks.
fn signal_each(
    spared: Option<Pid>,
    signal: Signal,
    mut wanted: impl FnMut(Descendant) -> bool,
) -> Result<usize, NoProc> {
    let mut count = 0;
    let looked = look(spared, |descendant| {
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
    looked.map(|()| count)
}

fn look(spared: Option<Pid>, mut visit: impl FnMut(Descendant)) -> Result<(), NoProc> {
    let own = this_process::pid();
    let mut looked = process_tree::for_each_descendant(own, spared, &mut visit);
    if looked.is_err() && descriptors::make_room() {
        looked = process_tree::for_each_descendant(own, spared, &mut visit);
    }
    looked
}
