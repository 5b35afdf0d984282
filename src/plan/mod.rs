//! What init is to do, flat and bounded: every decision a command line can take, already taken.
//!
//! Whatever personality podinit was started under, the loop in `init` only ever sees a [`Plan`].

use std::time::Duration;

use crate::signal::{Signal, SignalSet};

pub mod environment;
pub mod expansion;
pub mod life;
mod peers;
#[cfg(feature = "manifest")]
pub mod pod;
pub mod routes;
#[cfg(feature = "probe")]
pub mod supervision;

pub use peers::{TiniOptions, catatonit, dumb_init, tini};
pub use routes::{Route, Routes};

/// All that init does around one main child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub placement: Placement,
    pub target: Target,
    pub ending: Ending,
    pub subreaper: Subreaper,
    pub parent_death_signal: Option<Signal>,
    /// Exit codes of the main child that become 0 (init T10).
    pub remap: Codes,
    pub failure_codes: FailureCodes,
    /// One warning for each reaped process that is not the main child (init T8).
    pub warn_on_reap: bool,
}

/// Where the main child lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// Leader of a new process group in init's session (init T14), in the terminal's foreground if
    /// init was there.
    OwnGroup(GivenTerminal),
    /// Leader of a new session that takes the terminal over (init D8, init D10).
    OwnSession,
    /// In init's own group and session (init D9).
    InitsGroup,
}

/// Which controlling terminal the program is given at the start, if init is in its foreground. Where
/// it is given none it gets it when it asks, by reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenTerminal {
    /// The one on standard input (init T15): in a pipeline the terminal is everybody's.
    StandardInput,
    /// Whichever it is reached by (init C8).
    Any,
}

/// Who a forwarded signal is sent to (init U17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Group,
    Child,
}

/// How signals turn into an end; what `lifecycle::termination` decides by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub routes: Routes,
    /// From the first stop signal to SIGKILL; `None` is for ever, zero is SIGKILL at once.
    pub grace: Option<Duration>,
    pub afterwards: Afterwards,
}

/// What happens to the others when the main child has ended (init X11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Afterwards {
    /// Leave at once; as PID 1 the kernel then ends them.
    Leave,
    /// TERM to the main child's group, then leave (init D14).
    TermGroup,
    /// TERM to every descendant, SIGKILL at the deadline, leave when all are gone.
    Clear,
}

/// Whether init becomes a child subreaper (init X10).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subreaper {
    /// Unless it is PID 1; a kernel that refuses is no error.
    WhenNotPid1,
    /// The same, and a kernel that refuses is fatal (init C5).
    WhenNotPid1OrFail,
    /// Because it was asked for.
    Always,
    /// Never, with a warning when reaping will not work (init T18).
    NeverWithWarning,
    /// Never, without a word (init D19).
    Never,
}

/// Whose way of holding namespaces is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// As pause: signals but INT and TERM keep their default action (init P5).
    AsPause,
    /// As catatonit -P: they are dropped, and orphans come here, or it fails (init C14).
    AsCatatonit,
    /// Under podinit's own name: as catatonit, but a kernel that has no subreapers is no error.
    Own,
}

/// The exit codes for a main child that could not be started (init X2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureCodes {
    pub not_found: u8,
    pub not_executable: u8,
    /// Any other reason exec gave.
    pub other: u8,
    /// No process, or one that could not be given its directory or its user.
    pub not_started: u8,
}

/// Those of podinit under its own name, as the shell, env(1) and `docker run` have them.
pub const OWN_FAILURE_CODES: FailureCodes =
    FailureCodes { not_found: 127, not_executable: 126, other: 126, not_started: 125 };

/// A set of exit codes, 0 to 255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Codes([u64; 4]);

impl Codes {
    pub fn insert(&mut self, code: u8) {
        if let Some(word) = self.0.get_mut(usize::from(code / 64)) {
            *word |= 1 << (code % 64);
        }
    }

    pub fn contains(&self, code: u8) -> bool {
        self.0.get(usize::from(code / 64)).is_some_and(|word| word & (1 << (code % 64)) != 0)
    }
}

/// What podinit's own command line says of the end of things.
#[derive(Clone, Debug, Default)]
pub struct OwnOptions {
    pub single_child: bool,
    pub grace: Option<Duration>,
    /// Signals that begin termination besides TERM, INT and `stop_signal`.
    pub stop_on: SignalSet,
    pub stop_signal: Option<Signal>,
    /// From, to; `None` drops the signal.
    pub rewrite: Vec<(Signal, Option<Signal>)>,
    pub subreaper: bool,
    pub parent_death_signal: Option<Signal>,
    pub remap: Codes,
    pub warn_on_reap: bool,
}

/// The plan of podinit under its own name.
pub fn own(options: &OwnOptions) -> Plan {
    let mut routes = Routes::forward_all();
    for (from, to) in &options.rewrite {
        routes.set_send(*from, *to);
    }
    let stop_set = options.stop_on.with(Signal::TERM).with(Signal::INT);
    let stop_set = options.stop_signal.map_or(stop_set, |signal| stop_set.with(signal));
    for signal in Signal::forwardable().filter(|signal| stop_set.contains(*signal)) {
        routes.set_stop(signal, options.stop_signal);
    }
    Plan {
        placement: Placement::OwnGroup(GivenTerminal::StandardInput),
        target: if options.single_child { Target::Child } else { Target::Group },
        ending: Ending { routes, grace: options.grace, afterwards: Afterwards::Clear },
        subreaper: if options.subreaper { Subreaper::Always } else { Subreaper::WhenNotPid1 },
        parent_death_signal: options.parent_death_signal,
        remap: options.remap,
        failure_codes: OWN_FAILURE_CODES,
        warn_on_reap: options.warn_on_reap,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stop_set_is_tested_before_the_rewriting() {
        let options = OwnOptions {
            rewrite: vec![(Signal::TERM, Some(Signal::QUIT)), (Signal::HUP, Some(Signal::TERM))],
            ..OwnOptions::default()
        };
        let routes = own(&options).ending.routes;
        assert_eq!(
            routes.of(Signal::TERM),
            Route { send: Some(Signal::QUIT), stops: true, suspends: false }
        );
        assert_eq!(
            routes.of(Signal::HUP),
            Route { send: Some(Signal::TERM), stops: false, suspends: false }
        );
    }

    #[test]
    fn a_stop_signal_is_sent_whichever_came_and_is_one_of_those_that_stop() {
        let options = OwnOptions {
            stop_signal: Some(Signal::QUIT),
            stop_on: SignalSet::EMPTY.with(Signal::PWR),
            rewrite: vec![(Signal::INT, Some(Signal::HUP))],
            ..OwnOptions::default()
        };
        let routes = own(&options).ending.routes;
        for signal in [Signal::TERM, Signal::INT, Signal::QUIT, Signal::PWR] {
            let route = routes.of(signal);
            assert_eq!((route.send, route.stops), (Some(Signal::QUIT), true), "{signal}");
        }
        assert!(!routes.of(Signal::HUP).stops);
    }

    #[test]
    fn a_code_set_holds_what_was_put_in() {
        let mut codes = Codes::default();
        for code in [0, 63, 64, 143, 255] {
            codes.insert(code);
        }
        let held: Vec<u8> = (0..=255).filter(|code| codes.contains(*code)).collect();
        assert_eq!(held, [0, 63, 64, 143, 255]);
    }
}
