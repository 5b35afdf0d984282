//! From a manifest and options to what is to be done: which containers there are, what each is started with, which
//! hooks and probes it has and how long everything may take.
//!
//! The manifest has its defaults and is valid; what is found wrong here depends on what surrounds it: a port that no
//! container names, a Secret that nobody offers, a program that is missing.

use std::fmt;
use std::time::Duration;

use super::environment::{self, Entry, Environment, Words, arguments};
use super::life::{Pace, PodLife, Policy};
use crate::signal::Signal;
use crate::spec::action::Action;
use crate::spec::pod::{self as manifest, Pod};
use crate::spec::quote::shorten;
use crate::spec::stop_signal::{self, Os};

mod actions;
mod error;
mod fields;
mod life;
mod security;
mod variables;
pub mod volume;

pub use error::{PlanError, Problem};
pub use fields::Allocatable;
pub use security::{Capabilities, Security};
use variables::Once;
pub use variables::{Object, Objects};

/// The most bytes that the containers of a pod are given together, in words, variables and groups. Each alone is bounded
/// by [`environment::LARGEST`]; but a manifest of many containers would expand to thousands of times its own size.
pub const LARGEST: usize = 32 << 20;

/// What a pod is to be. The lists stand beside [`PodLife::containers`]: what has one number is one container.
#[derive(Clone, PartialEq, Debug)]
pub struct PodPlan {
    pub name: PodName,
    pub life: PodLife,
    pub containers: Vec<ContainerPlan>,
    /// Types of conditions that have to be true for the pod to be ready (kubelet R43).
    pub readiness_gates: Vec<String>,
    /// The address that a runtime has given the pod: what probes without a host ask if it is ours (kubelet P8).
    pub address: Option<String>,
}

/// Who the pod is in messages: `NAME_NAMESPACE(UID)` (kubelet S4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PodName {
    pub name: String,
    pub namespace: String,
    pub uid: String,
}

impl fmt::Display for PodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Nobody checks a UID.
        write!(f, "{}_{}({})", self.name, self.namespace, shorten(&self.uid, 64))
    }
}

/// What a container is started with, hooked and probed by. Not when: that is its [`super::life::Life`].
#[derive(Clone, PartialEq, Debug)]
pub struct ContainerPlan {
    pub name: String,
    /// Program and arguments, at least one.
    pub words: Vec<Vec<u8>>,
    /// What the manifest gives it; it comes over what podinit was given itself.
    pub environment: Environment,
    /// Where it begins; `None` is where podinit did.
    pub directory: Option<String>,
    pub security: Security,
    pub hooks: Hooks,
    pub probes: Probes,
    /// Asks it to end, in place of TERM.
    pub stop_signal: Option<Signal>,
    /// Where it writes why it has ended (kubelet R31); `None` if that is not to be read.
    pub termination_message: Option<TerminationMessage>,
}

impl ContainerPlan {
    /// The bytes that count for [`LARGEST`].
    fn size(&self) -> usize {
        let Probes { startup, liveness, readiness } = &self.probes;
        let of_probe = |action: &Action| match action {
            Action::Exec(words) => words.iter().map(String::len).sum(),
            _ => 0,
        };
        let probes: usize =
            [startup, liveness, readiness].into_iter().flatten().map(of_probe).sum();
        let words: usize = self.words.iter().map(Vec::len).sum();
        let groups = size_of_val(self.security.supplemental_groups.as_slice());
        words + self.environment.size() + groups + probes
    }
}

/// What hooks do, words unexpanded (kubelet H2).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Hooks {
    pub post_start: Option<Action>,
    pub pre_stop: Option<Action>,
    /// No manifest has one.
    pub post_stop: Option<Action>,
}

/// What probes do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Probes {
    pub startup: Option<Action>,
    pub liveness: Option<Action>,
    pub readiness: Option<Action>,
}

/// A file in which a program says why it ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TerminationMessage {
    pub path: String,
    /// The last lines of its log serve if it failed and wrote nothing (kubelet R33).
    pub or_log: bool,
}

/// What the command line says about a manifest.
#[derive(Clone, Debug)]
pub struct Options<'o> {
    pub take: Take,
    /// The one container that is wanted; all of them if `None`.
    pub container: Option<&'o str>,
    /// What the image, or the command line in its place, would start (kubelet E21).
    pub entrypoint: &'o [Vec<u8>],
    pub cmd: &'o [Vec<u8>],
    /// In place of the manifest's: `Some(None)` is for ever, zero is SIGKILL at once.
    pub grace: Option<Option<Duration>>,
    /// In place of the manifest's restart policies.
    pub restart: Option<Policy>,
    pub pace: Pace,
    /// What the machine has for its containers.
    pub allocatable: Allocatable,
}

/// What is taken from a manifest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Take {
    pub hooks: bool,
    pub probes: bool,
    /// `env`, `envFrom`.
    pub environment: bool,
    /// `securityContext`.
    pub security: bool,
}

impl Take {
    pub const ALL: Take = Take { hooks: true, probes: true, environment: true, security: true };
}

/// The plan for a pod.
///
/// # Errors
/// The first thing that cannot be had, with the path of the field that asks for it.
pub fn plan(pod: &Pod, options: &Options<'_>, objects: &dyn Objects) -> Result<PodPlan, PlanError> {
    let init = containers("spec.initContainers", &pod.spec.init_containers);
    let regular = containers("spec.containers", &pod.spec.containers);
    let wanted = |container: &manifest::Container| {
        options.container.is_none_or(|name| name == container.name)
    };
    let objects = &Once::new(objects);
    let mut lives = Vec::new();
    let mut plans = Vec::new();
    let mut size: usize = 0;
    for (path, container, is_init) in init
        .map(|(path, one)| (path, one, true))
        .chain(regular.map(|(path, one)| (path, one, false)))
    {
        if wanted(container) {
            let given = Given { pod, container, is_init, options, objects };
            lives.push(life::of(&given));
            let security = if options.take.security {
                security::of(pod, container, &path)?
            } else {
                Security::default()
            };
            let plan = given.plan(security).map_err(|error| error.within(&path))?;
            size = size.saturating_add(plan.size());
            if size > LARGEST {
                return Err(PlanError::new(path, Problem::TooLarge));
            }
            plans.push(plan);
        }
    }
    if let (Some(name), true) = (options.container, plans.is_empty()) {
        return Err(PlanError::new("spec.containers", Problem::NoContainer(name.to_owned())));
    }
    let metadata = &pod.metadata;
    let name = PodName {
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        uid: metadata.uid.clone(),
    };
    Ok(PodPlan {
        name,
        life: life::of_pod(&pod.spec, lives, options),
        containers: plans,
        readiness_gates: pod
            .spec
            .readiness_gates
            .iter()
            .map(|gate| gate.condition_type.clone())
            .collect(),
        address: Some(pod.status.pod_ip.clone()).filter(|address| !address.is_empty()),
    })
}

/// The variables of one container, regular or init: its whole `envFrom` and `env` (kubelet E9 to E16).
///
/// # Errors
/// The first reference that has no value, or there is no such container.
pub fn environment(
    pod: &Pod,
    name: &str,
    allocatable: Allocatable,
    objects: &dyn Objects,
) -> Result<Environment, PlanError> {
    let options = Options {
        take: Take { hooks: false, probes: false, environment: true, security: false },
        container: Some(name),
        entrypoint: &[],
        cmd: &[],
        grace: None,
        restart: None,
        pace: Pace::DEFAULT,
        allocatable,
    };
    let init = containers("spec.initContainers", &pod.spec.init_containers);
    let regular = containers("spec.containers", &pod.spec.containers);
    let mut all = init
        .map(|(path, one)| (path, one, true))
        .chain(regular.map(|(path, one)| (path, one, false)));
    let Some((path, container, is_init)) = all.find(|(_, one, _)| one.name == name) else {
        return Err(PlanError::new("spec.containers", Problem::NoContainer(name.to_owned())));
    };
    let objects = &Once::new(objects);
    let given = Given { pod, container, is_init, options: &options, objects };
    let entries = variables::entries(container);
    let environment = entries.and_then(|entries| given.environment(&entries));
    environment.map_err(|error| error.within(&path))
}

fn containers<'p>(
    list: &'p str,
    of: &'p [manifest::Container],
) -> impl Iterator<Item = (String, &'p manifest::Container)> {
    of.iter().enumerate().map(move |(index, container)| (format!("{list}[{index}]"), container))
}

/// All that the plan of one container is made of.
struct Given<'g> {
    pod: &'g Pod,
    container: &'g manifest::Container,
    is_init: bool,
    options: &'g Options<'g>,
    objects: &'g Once<'g>,
}

impl Given<'_> {
    fn plan(&self, security: Security) -> Result<ContainerPlan, PlanError> {
        let Given { container, options, .. } = *self;
        let entries = variables::entries(container)?;
        let environment = if options.take.environment {
            self.environment(&entries)?
        } else {
            Environment::default()
        };
        let take = options.take;
        let message = &container.termination_message_path;
        Ok(ContainerPlan {
            name: container.name.clone(),
            words: self.words(&environment)?,
            directory: Some(container.working_dir.clone())
                .filter(|directory| !directory.is_empty()),
            security,
            hooks: if take.hooks { self.hooks()? } else { Hooks::default() },
            probes: if take.probes { self.probes(&entries)? } else { Probes::default() },
            stop_signal: self.stop_signal(),
            termination_message: Some(TerminationMessage {
                path: message.clone(),
                or_log: container.termination_message_policy
                    == manifest::TerminationMessagePolicy::FallbackToLogsOnError,
            })
            .filter(|message| !message.path.is_empty()),
            environment,
        })
    }

    /// Kubelet E17, E21.
    fn words(&self, environment: &Environment) -> Result<Vec<Vec<u8>>, PlanError> {
        let expand = |field: &str, words: &[String]| {
            let expanded = Words::Container(environment).expand(words);
            expanded.map_err(|error| PlanError::new(field, Problem::Word(error)))
        };
        let command = expand("command", &self.container.command)?;
        let args = expand("args", &self.container.args)?;
        let words = arguments(&command, &args, self.options.entrypoint, self.options.cmd);
        match words.first() {
            Some(program) if !program.is_empty() => Ok(words),
            _ => Err(PlanError::new("command", Problem::NoCommand)),
        }
    }

    fn environment(
        &self,
        entries: &[Entry<variables::Reference>],
    ) -> Result<Environment, PlanError> {
        let imports = variables::imports(self.container);
        let all = |object: &Object| self.all_of(object);
        let value = |reference: &variables::Reference| self.value_of(reference);
        Environment::build(&imports, entries, all, value).map_err(|error| {
            let problem = match error.problem {
                environment::Problem::Unresolved(problem) => problem,
                problem => Problem::Environment(Box::new(problem)),
            };
            PlanError::new(error.at.to_string(), problem)
        })
    }

    /// What validation has let pass is known; without it TERM is sent.
    fn stop_signal(&self) -> Option<Signal> {
        let name = self.container.lifecycle.as_ref()?.stop_signal.as_ref()?;
        stop_signal::parse(name, Os::Linux)
    }
}

#[cfg(test)]
mod tests;
