//! The plans of the programs podinit can stand in for: what each does, less its defects (init K).

use super::{
    Afterwards, Codes, Ending, FailureCodes, GivenTerminal, Placement, Plan, Routes, Subreaper,
    Target,
};
use crate::signal::Signal;

/// What tini's command line says.
#[derive(Clone, Copy, Debug, Default)]
pub struct TiniOptions {
    pub group: bool,
    pub subreaper: bool,
    pub parent_death_signal: Option<Signal>,
    pub remap: Codes,
    pub warn_on_reap: bool,
}

/// tini and docker-init (init T).
pub fn tini(options: TiniOptions) -> Plan {
    let mut routes = Routes::forward_all();
    // init T16, init X8
    routes.set_send(Signal::TTIN, None);
    routes.set_send(Signal::TTOU, None);
    Plan {
        placement: Placement::OwnGroup(GivenTerminal::StandardInput),
        target: if options.group { Target::Group } else { Target::Child },
        ending: Ending { routes, grace: None, afterwards: Afterwards::Leave },
        subreaper: if options.subreaper { Subreaper::Always } else { Subreaper::NeverWithWarning },
        parent_death_signal: options.parent_death_signal,
        remap: options.remap,
        // init T17
        failure_codes: FailureCodes {
            not_found: 127,
            not_executable: 126,
            other: 1,
            not_started: 1,
        },
        warn_on_reap: options.warn_on_reap,
    }
}

/// dumb-init (init D); `rewrite` is applied in order, the last for a signal wins (init D7).
pub fn dumb_init(single_child: bool, rewrite: &[(Signal, Option<Signal>)]) -> Plan {
    let mut routes = Routes::forward_all();
    for signal in [Signal::TSTP, Signal::TTIN, Signal::TTOU] {
        routes.set_suspend(signal);
        if !single_child {
            // init D12: the new session's group is orphaned, the kernel would discard the originals.
            routes.set_send(signal, Some(Signal::STOP));
        }
    }
    for (from, to) in rewrite {
        routes.set_send(*from, *to);
    }
    Plan {
        placement: if single_child { Placement::InitsGroup } else { Placement::OwnSession },
        target: if single_child { Target::Child } else { Target::Group },
        ending: Ending {
            routes,
            grace: None,
            afterwards: if single_child { Afterwards::Leave } else { Afterwards::TermGroup },
        },
        subreaper: Subreaper::Never,
        parent_death_signal: None,
        remap: Codes::default(),
        // init D15
        failure_codes: FailureCodes { not_found: 2, not_executable: 2, other: 2, not_started: 1 },
        warn_on_reap: false,
    }
}

/// catatonit and podman-init (init C).
pub fn catatonit(group: bool) -> Plan {
    let mut routes = Routes::forward_all();
    // init C9; TSTP is forwarded all the same (init K4, init X7).
    routes.set_send(Signal::TTIN, None);
    routes.set_send(Signal::TTOU, None);
    Plan {
        placement: Placement::OwnGroup(GivenTerminal::Any),
        target: if group { Target::Group } else { Target::Child },
        ending: Ending { routes, grace: None, afterwards: Afterwards::Leave },
        subreaper: Subreaper::WhenNotPid1OrFail,
        parent_death_signal: None,
        remap: Codes::default(),
        // init C7
        failure_codes: FailureCodes { not_found: 1, not_executable: 1, other: 1, not_started: 1 },
        warn_on_reap: false,
    }
}
