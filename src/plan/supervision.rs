//! What is asked for beyond a bare command line: hooks, probes, restarts, a container of a manifest.
//!
//! It is made by a process of its own and sent to init in two parts, so that PID 1 keeps what it decides by and holds the
//! rest as bytes, for those it forks.

use core::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::life::{Life, Settings};
use crate::spec::action::Action;

/// Init's part.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Supervision {
    pub life: Life,
    /// Program and arguments in place of the command line's, if there are any.
    pub words: Vec<Vec<u8>>,
    /// Variables over those podinit was given.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    pub directory: Option<Vec<u8>>,
    /// The number of the signal that asks the program to end, in place of TERM or the one that came.
    pub stop_signal: Option<i32>,
    /// Who the program is, and its hooks and probes, in place of podinit's own user.
    pub user: Option<User>,
    /// Where it writes why it has ended, from the root on (kubelet R31).
    pub termination_log: Option<Vec<u8>>,
    /// The file in which the kernel counts whom it has killed for want of memory.
    pub oom_kills: Option<Vec<u8>>,
    /// Nothing that any of them executes gives it privileges (`allowPrivilegeEscalation`).
    pub no_new_privileges: bool,
    /// Of podinit's capabilities they have no more than these, a bit each by the kernel's numbers; all if it is `None`.
    pub capabilities: Option<u64>,
    /// Where the agent is asked by HTTP.
    pub listen: Vec<Listen>,
}

/// An address to listen at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listen {
    /// The option and what it says.
    pub asked: String,
    pub address: SocketAddr,
    /// It stands for every address there is, of IPv4 too.
    pub all: bool,
}

/// A user as the kernel knows it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct User {
    pub uid: u32,
    pub gid: u32,
    pub supplementary: Vec<u32>,
    /// For `HOME`.
    pub home: Vec<u8>,
}

/// The agent's part: what hooks and probes do.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Errands {
    /// The container's name in messages, and its pod's: `NAME_NAMESPACE(UID)`.
    pub container: String,
    pub pod: String,
    pub post_start: Option<Action>,
    pub pre_stop: Option<Action>,
    pub post_stop: Option<Action>,
    pub startup: Option<Check>,
    pub liveness: Option<Check>,
    pub readiness: Option<Check>,
    /// Where actions name no host (kubelet P8).
    pub host: Option<String>,
    /// A hook's request succeeds by 200 to 399 only; the kubelet takes any answer (kubelet H4).
    pub strict_hooks: bool,
}

/// A probe: what it does, and when.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Check {
    pub action: Action,
    pub settings: Settings,
}

impl Errands {
    /// Sends every action that names no host to this one (kubelet P8).
    pub fn name_host(&mut self, host: &str) {
        let hooks = [&mut self.post_start, &mut self.pre_stop, &mut self.post_stop];
        let checks = [&mut self.startup, &mut self.liveness, &mut self.readiness];
        let checks = checks.into_iter().flatten().map(|check| &mut check.action);
        for action in hooks.into_iter().flatten().chain(checks) {
            if let Some(address) = action.address_mut() {
                address.host.get_or_insert_with(|| host.to_owned());
            }
        }
    }
}

/// The longest time an attempt may take of its own accord: hooks have no limit of their own (kubelet H2).
pub const ENDLESS: Duration = crate::duration::LONGEST;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::action::Role;

    // kubelet P8
    #[test]
    fn p08_the_host_is_for_those_that_name_none() {
        let action = |text, role| Action::parse(text, role).unwrap();
        let hook = |text| Some(action(text, Role::Hook));
        let check = |text| {
            let second = Duration::from_secs(1);
            let settings = Settings {
                initial_delay: Duration::ZERO,
                period: second,
                timeout: second,
                success_threshold: 1,
                failure_threshold: 1,
            };
            Some(Check { action: action(text, Role::Probe), settings })
        };
        let mut errands = Errands {
            post_start: hook("exec:true"),
            pre_stop: hook("http://:8080/stop"),
            startup: check("grpc://:1"),
            liveness: check("http://localhost:8080/"),
            readiness: check("tcp://:5432"),
            ..Errands::default()
        };
        errands.name_host("10.0.0.7");
        let expected = Errands {
            pre_stop: hook("http://10.0.0.7:8080/stop"),
            startup: check("grpc://10.0.0.7:1"),
            readiness: check("tcp://10.0.0.7:5432"),
            ..errands.clone()
        };
        assert_eq!(errands, expected);
        assert_eq!(errands.liveness, check("http://localhost:8080/"));
    }
}
