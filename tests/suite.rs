//! The tests of what podinit does as a program, one file per capability and one link for all.
//!
//! `cargo test --test suite` drives our binary; `-- --ignored peer` drives the real tini, dumb-init and catatonit with the
//! same rules, which shows that the rules are true.

#[macro_use]
mod common;

#[cfg(feature = "probe")]
#[path = "suite/agent_deaths.rs"]
mod agent_deaths;
#[cfg(feature = "probe")]
#[path = "suite/agent_process.rs"]
mod agent_process;
#[path = "suite/architecture.rs"]
mod architecture;
#[cfg(feature = "manifest")]
#[path = "suite/capabilities.rs"]
mod capabilities;
#[path = "suite/catatonit.rs"]
mod catatonit;
#[cfg(all(feature = "grpc", feature = "manifest"))]
#[path = "suite/corpora.rs"]
mod corpora;
#[path = "suite/defects.rs"]
mod defects;
#[cfg(feature = "manifest")]
#[path = "suite/downward_adversity.rs"]
mod downward_adversity;
#[cfg(feature = "manifest")]
#[path = "suite/downward_env.rs"]
mod downward_env;
#[cfg(feature = "manifest")]
#[path = "suite/downward_render.rs"]
mod downward_render;
#[cfg(feature = "manifest")]
#[path = "suite/downward_watch.rs"]
mod downward_watch;
#[path = "suite/dumb_init.rs"]
mod dumb_init;
#[path = "suite/dumb_init_processes.rs"]
mod dumb_init_processes;
#[path = "suite/harness.rs"]
mod harness;
#[cfg(feature = "probe")]
#[path = "suite/hooks.rs"]
mod hooks;
#[path = "suite/idle.rs"]
mod idle;
#[path = "suite/install.rs"]
mod install;
#[path = "suite/job_control.rs"]
mod job_control;
#[cfg(feature = "probe")]
#[path = "suite/life_options.rs"]
mod life_options;
#[cfg(feature = "probe")]
#[path = "suite/listen.rs"]
mod listen;
#[cfg(feature = "probe")]
#[path = "suite/listen_attacks.rs"]
mod listen_attacks;
#[path = "suite/log.rs"]
mod log;
#[cfg(feature = "probe")]
#[path = "suite/notify.rs"]
mod notify;
#[path = "suite/options.rs"]
mod options;
#[path = "suite/pause.rs"]
mod pause;
#[cfg(feature = "manifest")]
#[path = "suite/planner.rs"]
mod planner;
#[cfg(feature = "manifest")]
#[path = "suite/pod_lives.rs"]
mod pod_lives;
#[cfg(feature = "manifest")]
#[path = "suite/pod_options.rs"]
mod pod_options;
#[cfg(feature = "probe")]
#[path = "suite/probe.rs"]
mod probe;
#[cfg(feature = "probe")]
#[path = "suite/probe_exec.rs"]
mod probe_exec;
#[cfg(feature = "grpc")]
#[path = "suite/probe_grpc.rs"]
mod probe_grpc;
#[cfg(feature = "grpc")]
#[path = "suite/probe_grpc_peers.rs"]
mod probe_grpc_peers;
#[cfg(feature = "probe")]
#[path = "suite/probe_http.rs"]
mod probe_http;
#[cfg(feature = "probe")]
#[path = "suite/probe_http_attacks.rs"]
mod probe_http_attacks;
#[cfg(feature = "probe")]
#[path = "suite/probe_http_redirects.rs"]
mod probe_http_redirects;
#[cfg(feature = "tls")]
#[path = "suite/probe_https.rs"]
mod probe_https;
#[cfg(feature = "tls")]
#[path = "suite/probe_https_defence.rs"]
mod probe_https_defence;
#[cfg(all(feature = "tls", feature = "grpc"))]
#[path = "suite/probe_https_http2.rs"]
mod probe_https_http2;
#[cfg(feature = "probe")]
#[path = "suite/probe_name_servers.rs"]
mod probe_name_servers;
#[cfg(feature = "probe")]
#[path = "suite/probe_names.rs"]
mod probe_names;
#[cfg(all(feature = "probe", not(feature = "tls"), not(feature = "grpc")))]
#[path = "suite/probe_without_features.rs"]
mod probe_without_features;
#[path = "suite/readme.rs"]
mod readme;
#[cfg(feature = "probe")]
#[path = "suite/restarts.rs"]
mod restarts;
#[path = "suite/rules.rs"]
mod rules;
#[cfg(feature = "probe")]
#[path = "suite/scheduled_probes.rs"]
mod scheduled_probes;
#[path = "suite/sleep.rs"]
mod sleep;
#[path = "suite/start_up.rs"]
mod start_up;
#[cfg(feature = "probe")]
#[path = "suite/status_fd.rs"]
mod status_fd;
#[path = "suite/superset.rs"]
mod superset;
#[path = "suite/superset_options.rs"]
mod superset_options;
#[cfg(feature = "probe")]
#[path = "suite/supervised_ending.rs"]
mod supervised_ending;
#[cfg(feature = "probe")]
#[path = "suite/supervised_terminal.rs"]
mod supervised_terminal;
#[path = "suite/termination.rs"]
mod termination;
#[cfg(feature = "manifest")]
#[path = "suite/termination_log.rs"]
mod termination_log;
#[path = "suite/timelines.rs"]
mod timelines;
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
#[cfg(feature = "probe")]
#[path = "suite/wait.rs"]
mod wait;
#[path = "suite/wait_adversity.rs"]
mod wait_adversity;
#[cfg(not(feature = "probe"))]
#[path = "suite/without_probe.rs"]
mod without_probe;
