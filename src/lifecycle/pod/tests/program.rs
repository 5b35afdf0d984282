//! What a container's programs and hooks are up to, and pods made of such containers.

use super::*;
use crate::lifecycle::restart::{Pace, Policy, Rule, Terms};
use crate::lifecycle::status::Waiting;
use crate::plan::life::{Hooks, Life, Probe, Probes, Settings};

/// In virtual milliseconds.
pub type Ms = u64;

/// What becomes of an attempt to start an instance.
#[derive(Clone, Copy, Debug)]
pub enum Spawn {
    Runs,
    NotExecuted(i32),
    NotSpawned(Waiting),
}

/// One instance. Times that are `None` never come.
#[derive(Clone, Copy, Debug)]
pub struct Program {
    pub spawn: Spawn,
    /// Until that is known.
    pub spawns_in: Ms,
    /// Until it ends by itself, and with which code; `None` for the code: nobody sees it.
    pub lives: Option<Ms>,
    pub code: Option<i32>,
    pub out_of_memory: bool,
    /// From the stop signal to its end, and its code then.
    pub yields: Option<Ms>,
    pub stop_code: i32,
    /// From SIGKILL to its end.
    pub dies: Option<Ms>,
    /// From its end until what it left behind is gone by itself.
    pub leaves: Option<Ms>,
    /// Each takes so long, and ends well or not.
    pub post_start: (Option<Ms>, bool),
    pub pre_stop: (Option<Ms>, bool),
    pub post_stop: (Option<Ms>, bool),
    /// From its start until it has started, and is ready, and is no longer live: for its probes or to say itself.
    pub starts: Option<Ms>,
    pub ready: Option<Ms>,
    pub fails: Option<Ms>,
    /// What an attempt of its probes takes.
    pub answers_in: Ms,
}

impl Program {
    /// Runs until it is stopped, which it takes 100 ms for.
    pub const RUNS: Program = Program {
        spawn: Spawn::Runs,
        spawns_in: 0,
        lives: None,
        code: Some(0),
        out_of_memory: false,
        yields: Some(100),
        stop_code: 143,
        dies: Some(10),
        leaves: Some(0),
        post_start: (Some(100), true),
        pre_stop: (Some(100), true),
        post_stop: (Some(100), true),
        starts: Some(0),
        ready: Some(0),
        fails: None,
        answers_in: 5,
    };

    /// Ends by itself.
    pub const fn ends(after: Ms, code: i32) -> Program {
        Program { lives: Some(after), code: Some(code), ..Program::RUNS }
    }

    pub const fn not_spawned() -> Program {
        Program { spawn: Spawn::NotSpawned(Waiting::CreateContainerError), ..Program::RUNS }
    }
}

/// A container, for as many instances as there are programs, of which the last is run again and again.
#[derive(Clone, Debug)]
pub struct Member {
    pub name: &'static str,
    pub life: Life,
    pub programs: Vec<Program>,
}

/// A pod in its world.
#[derive(Clone, Debug)]
pub struct Case {
    pub names: Vec<&'static str>,
    pub life: PodLife,
    pub programs: Vec<Vec<Program>>,
}

impl Case {
    /// With a grace period of 30 s. Members come in the pod's order; the pod's policy is theirs.
    pub fn of(members: Vec<Member>) -> Case {
        Case {
            names: members.iter().map(|member| member.name).collect(),
            programs: members.iter().map(|member| member.programs.clone()).collect(),
            life: PodLife {
                containers: members.into_iter().map(|member| member.life).collect(),
                deadline: None,
                grace: Some(Duration::from_secs(30)),
            },
        }
    }

    /// With this policy of the pod.
    pub fn under(mut self, policy: Policy) -> Case {
        for life in &mut self.life.containers {
            life.restart.pod = policy;
        }
        self
    }
}

fn member(name: &'static str, role: Role, programs: &[Program]) -> Member {
    let own = (role == Role::Sidecar).then_some(Policy::Always);
    Member {
        name,
        programs: programs.to_vec(),
        life: Life {
            role,
            hooks: Hooks::default(),
            probes: Probes::default(),
            notifies: false,
            restart: Terms { pod: Policy::Always, container: own, rules: Vec::new() },
            pace: Pace::DEFAULT,
            grace: Some(Duration::from_secs(30)),
        },
    }
}

pub fn init(name: &'static str, programs: &[Program]) -> Member {
    member(name, Role::Init, programs)
}

pub fn sidecar(name: &'static str, programs: &[Program]) -> Member {
    member(name, Role::Sidecar, programs)
}

pub fn regular(name: &'static str, programs: &[Program]) -> Member {
    member(name, Role::Regular, programs)
}

/// Asked every second at first after none, once is enough.
pub fn probe(failure_threshold: u32) -> Probe {
    Probe {
        settings: Settings {
            initial_delay: Duration::ZERO,
            period: Duration::from_secs(1),
            timeout: Duration::from_secs(1),
            success_threshold: 1,
            failure_threshold,
        },
        grace: None,
    }
}

impl Member {
    pub fn post_start(mut self) -> Member {
        self.life.hooks.post_start = true;
        self
    }

    pub fn pre_stop(mut self) -> Member {
        self.life.hooks.pre_stop = true;
        self
    }

    pub fn startup(mut self, failure_threshold: u32) -> Member {
        self.life.probes.startup = Some(probe(failure_threshold));
        self
    }

    pub fn liveness(mut self, failure_threshold: u32) -> Member {
        self.life.probes.liveness = Some(probe(failure_threshold));
        self
    }

    pub fn readiness(mut self) -> Member {
        self.life.probes.readiness = Some(probe(1));
        self
    }

    /// A restart policy of its own, and rules.
    pub fn own(mut self, policy: Policy, rules: &[Rule]) -> Member {
        self.life.restart.container = Some(policy);
        self.life.restart.rules = rules.to_vec();
        self
    }
}
