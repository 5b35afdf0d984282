//! How podinit's commands behave towards signals: those that ask them to end are taken, since a command may
//! be PID 1, which the kernel shields from a TERM that nobody handles; all others do what they always do.

use crate::signal::{Signal, SignalSet};
use crate::sys::signals::{self, ChildSignal, Source};

/// What asks a command to end.
const ENDING: [Signal; 4] = [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT];

/// What was adopted, and what it was before.
pub struct Manners {
    /// Gives the signals that ask to end, and CHLD.
    pub signals: Source,
    pub child_signal: ChildSignal,
}

impl Manners {
    /// For a process that was given `mask`, and has everything blocked. Signals that it was told to ignore
    /// (nohup) go on being ignored.
    pub fn adopt(mask: SignalSet) -> Manners {
        let child_signal = signals::expect_children(false).unwrap_or(ChildSignal::Default);
        let taken: SignalSet = ENDING
            .into_iter()
            .filter(|signal| !signals::is_ignored(*signal))
            .chain([Signal::CHLD])
            .collect();
        let source = Source::open(taken);
        // And who no longer reads what is written gets no say in how podinit ends.
        signals::replace_mask(mask.union(taken).with(Signal::PIPE));
        Manners { signals: source, child_signal }
    }

    /// Gives them up, for a program that takes podinit's place: what podinit has caused is not its concern.
    pub fn give_up(&self) {
        let caused = Source::open(SignalSet::EMPTY.with(Signal::PIPE));
        while caused.poll().is_some() {}
        if self.child_signal == ChildSignal::Ignored {
            signals::ignore_children();
        }
    }
}
