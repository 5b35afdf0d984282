//! One attempt: an action in, an outcome out.
//!
//! What an attempt means is the kubelet's (rules P of its prober, `pkg/probe` of Kubernetes 1.36); where it is
//! podinit's own, docs/differences.md says so. How often to try and what follows is not decided here.
//!
//! An attempt blocks its thread, never longer than it may take, and ends at once when a stop signal comes.

use std::time::{Duration, Instant};

use crate::signal::Signal;
use crate::spec::action::{Action, Address};
use crate::sys::Errno;
use crate::sys::signals::Source;

mod apart;
mod beside;
mod connect;
mod dns;
mod exec;
mod file;
#[cfg(feature = "grpc")]
pub mod grpc;
mod hook;
pub mod http;
#[cfg(feature = "grpc")]
pub mod http2;
mod ledger;
pub mod names;
mod outcome;
mod patience;
mod tcp;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
mod tls;

pub use apart::{Apart, Ending};
pub use beside::UnderWay;
pub use exec::Surroundings;
pub use ledger::Ledger;
pub use outcome::{Ended, OUTPUT_LIMIT, Outcome, Verdict, is_obeyed, one_line};
use patience::Patience;
pub use tls::Trust;
#[cfg(feature = "tls")]
pub use tls::TrustError;

/// The Kubernetes whose kubelet this is, as its probes call themselves (kubelet P26, P40).
const KUBERNETES: &str = "1.36";

/// The host where an action names none: this container. The kubelet takes the pod's IP (kubelet P8).
const DEFAULT_HOST: &str = "127.0.0.1";

/// What attempts need of the process they are made in.
pub struct Prober<'a> {
    pub surroundings: Surroundings<'a>,
    /// Where stop signals, and CHLD, are taken from.
    pub signals: &'a Source,
    pub trust: &'a Trust,
}

/// What is attempted.
pub enum Task<'a> {
    Probe(&'a Action),
    Hook {
        action: &'a Action,
        /// Only 200 to 399 are a success; the kubelet takes any answer (kubelet H4).
        strict: bool,
        /// Is given what a command prints, line by line while it does.
        heard: Heard<'a>,
    },
}

/// Whoever is given lines.
pub type Heard<'a> = &'a mut dyn FnMut(&str);

impl Task<'_> {
    fn action(&self) -> &Action {
        match self {
            Task::Probe(action) | Task::Hook { action, .. } => action,
        }
    }
}

impl Prober<'_> {
    /// Makes one attempt that takes no longer than `limit` (kubelet P9); in a process of its own if it is a command, or may
    /// hang in the kernel.
    ///
    /// # Errors
    /// The stop signal that has cut it short. What it had started is gone by then.
    pub fn attempt(&mut self, action: &Action, limit: Duration) -> Result<Outcome, Signal> {
        match action {
            Action::Exec(_) | Action::File(_) => apart::attempt(self, action, limit),
            _ => self.attempt_here(Task::Probe(action), limit),
        }
    }

    fn attempt_here(&mut self, task: Task<'_>, limit: Duration) -> Result<Outcome, Signal> {
        let began = Instant::now();
        let patience = Patience::new(limit, self.signals);
        let outcome = match task {
            Task::Probe(action) => self.probe(action, &patience),
            Task::Hook { action, strict, heard } => {
                hook::attempt(self, action, strict, heard, &patience)
            }
        };
        outcome.map(|outcome| Outcome { took: began.elapsed(), ..outcome })
    }

    fn probe(&mut self, action: &Action, patience: &Patience<'_>) -> Result<Outcome, Signal> {
        match action {
            Action::Exec(words) => exec::attempt(words, &mut self.surroundings, patience, None),
            action => ask(action, self.trust, patience),
        }
    }
}

/// What needs nothing of the process it is made in.
fn ask(action: &Action, trust: &Trust, patience: &Patience<'_>) -> Result<Outcome, Signal> {
    match action {
        Action::Tcp(address) => tcp::attempt(address, patience),
        Action::File(path) => Ok(file::attempt(path)),
        Action::Http(get) => http::attempt(get, trust, patience),
        Action::Dns(name) => dns::attempt(name, patience),
        #[cfg(feature = "grpc")]
        Action::Grpc { address, service } => grpc::attempt(address, service, patience),
        #[cfg(not(feature = "grpc"))]
        Action::Grpc { .. } => {
            Ok(Outcome::impossible("this podinit was built without gRPC (feature grpc)"))
        }
        Action::Exec(_) => Ok(Outcome::impossible("a command wants a process of its own")),
        Action::Sleep(_) => Ok(Outcome::impossible("sleep: is for hooks")),
    }
}

/// The kernel's reason in Go's spelling, which is the C library's in small letters.
fn reason(errno: Errno) -> String {
    errno.desc().to_lowercase()
}

fn host(address: &Address) -> &str {
    address.host.as_deref().unwrap_or(DEFAULT_HOST)
}

/// `HOST:PORT`, with brackets where they are needed.
fn host_port(address: &Address) -> String {
    let (host, port) = (host(address), address.port);
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}
