//! Holding namespaces: no program, only reaping until INT or TERM (init P, init C14); and sleeping, which is
//! the same with an end.

use std::time::Duration;

use crate::plan::{Holding, Subreaper};
use crate::signal::{Signal, SignalSet};
use crate::sys::wait::{self, Dead, Exit};
use crate::sys::{clock, descriptors, signals, this_process};

use super::manners::Manners;
use super::report::{Log, Note};
use super::start::become_reaper;

/// Reaps until INT or TERM comes; both end it with 0. `mask` is what podinit was started with.
///
/// Fails with 1, 2 or 3 where the disposition of INT, TERM or CHLD cannot be set (init P6), and with
/// 1 where orphans cannot be made to come here (init C5).
#[cold]
#[inline(never)]
pub fn hold(holding: Holding, mask: SignalSet, mut log: Log) -> u8 {
    let ours = [Signal::INT, Signal::TERM, Signal::CHLD];
    for (code, signal) in (1..).zip(ours) {
        if signals::show_handled(signal).is_err() {
            return code;
        }
    }
    let mut awaited: SignalSet = ours.into_iter().collect();
    match holding {
        Holding::AsPause => {
            if !this_process::is_pid_1() {
                log.note(Note::NotFirst);
            }
            signals::replace_mask(mask.union(awaited));
        }
        Holding::AsCatatonit | Holding::Own => {
            let own = holding == Holding::Own;
            if !become_reaper(
                if own { Subreaper::WhenNotPid1 } else { Subreaper::WhenNotPid1OrFail },
                &mut log,
            ) {
                return 1;
            }
            this_process::leave_directory();
            descriptors::close_others(None);
            awaited = SignalSet::ALL;
        }
    }
    // Whoever ended before SIGCHLD had its default action is here already.
    reap_the_dead();
    loop {
        match signals::wait(awaited) {
            Some(signal @ (Signal::INT | Signal::TERM)) => {
                log.note(Note::Leaving { signal });
                return 0;
            }
            _ => reap_the_dead(),
        }
    }
}

/// Reaps for this long, or for ever; returns the exit code: 0, or 128+N if signal N asked to end before.
/// `mask` is what podinit was started with.
#[cold]
#[inline(never)]
pub fn sleep(time: Option<Duration>, mask: SignalSet) -> u8 {
    let end = time.map(|time| clock::monotonic() + time);
    let manners = Manners::adopt(mask);
    loop {
        reap_the_dead();
        let left = end.map(|end| end.saturating_sub(clock::monotonic()));
        if left.is_some_and(|left| left.is_zero()) {
            return 0;
        }
        match manners.signals.wait(left) {
            Some(received) if received.signal != Signal::CHLD => {
                return Exit::Signal(received.signal).code();
            }
            _ => {}
        }
    }
}

fn reap_the_dead() {
    while let Dead::One(..) = wait::reap_any() {}
}
