//! The tests of what podinit does as a program, one file per capability and one link for all.
//!
//! `cargo test --test suite` drives our binary; `-- --ignored peer` drives the real tini, dumb-init and catatonit with the
//! same rules, which shows that the rules are true.

#[macro_use]
mod common;

#[path = "suite/architecture.rs"]
mod architecture;
#[path = "suite/catatonit.rs"]
mod catatonit;
#[path = "suite/defects.rs"]
mod defects;
#[path = "suite/dumb_init.rs"]
mod dumb_init;
#[path = "suite/dumb_init_processes.rs"]
mod dumb_init_processes;
#[path = "suite/harness.rs"]
mod harness;
#[path = "suite/idle.rs"]
mod idle;
#[path = "suite/install.rs"]
mod install;
#[path = "suite/job_control.rs"]
mod job_control;
#[path = "suite/log.rs"]
mod log;
#[path = "suite/options.rs"]
mod options;
#[path = "suite/pause.rs"]
mod pause;
#[path = "suite/readme.rs"]
mod readme;
#[path = "suite/start_up.rs"]
mod start_up;
#[path = "suite/superset.rs"]
mod superset;
#[path = "suite/superset_options.rs"]
mod superset_options;
#[path = "suite/termination.rs"]
mod termination;
#[path = "suite/tini.rs"]
mod tini;
#[path = "suite/tini_processes.rs"]
mod tini_processes;
#[path = "suite/universal_end.rs"]
mod universal_end;
#[path = "suite/universal_reaping.rs"]
mod universal_reaping;
#[path = "suite/universal_signals.rs"]
mod universal_signals;
#[path = "suite/universal_start.rs"]
mod universal_start;
#[path = "suite/universal_terminal.rs"]
mod universal_terminal;
