//! Health as the API server tells it: named checks, and whether all of them hold (`healthz.go` in
//! `staging/src/k8s.io/apiserver/pkg/server/healthz`). Only the status of a failure is another: 503.

use super::{ContainerStatus, State};
use crate::spec::quote::Quoted;

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Group {
    /// Whether what there is may go on.
    Livez,
    /// Whether it is to be given work.
    Readyz,
    /// Whether it has started.
    Startupz,
    /// The same as [`Group::Livez`], by its older name.
    Healthz,
}

impl Group {
    pub const ALL: [Group; 4] = [Group::Livez, Group::Readyz, Group::Startupz, Group::Healthz];

    /// In paths and texts.
    pub const fn name(self) -> &'static str {
        match self {
            Group::Livez => "livez",
            Group::Readyz => "readyz",
            Group::Startupz => "startupz",
            Group::Healthz => "healthz",
        }
    }
}

/// What is known of a container.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Vitals {
    pub status: ContainerStatus,
    /// Its end has begun.
    pub ending: bool,
    /// A probe that it is killed for has failed.
    pub failed: bool,
}

/// Something that is as it should be, or is not.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Check<'a> {
    pub name: &'a str,
    /// What is wrong.
    pub trouble: Option<&'static str>,
}

impl Check<'_> {
    pub fn holds(&self) -> bool {
        self.trouble.is_none()
    }
}

/// The checks of a group. What does not run is neither live nor started nor ready, and without a probe what runs is all
/// of that (kubelet W15, W25 to W28).
pub fn checks(group: Group, vitals: &Vitals) -> Vec<Check<'static>> {
    let Vitals { status, ending, failed } = vitals;
    let runs = matches!(status.state, State::Running { .. });
    let check = |name, holds, why| {
        let why = if runs { why } else { "the container does not run" };
        Check { name, trouble: (!(runs && holds)).then_some(why) }
    };
    let live = check("liveness", !failed, "a probe has failed for good");
    let started = check("startup", status.started, "the container has not started");
    let shutdown = check("shutdown", !ending, "the container is being ended");
    let ready = check("readiness", status.ready, "the container is not ready");
    match group {
        Group::Livez | Group::Healthz => vec![live],
        Group::Startupz => vec![started],
        Group::Readyz => vec![started, live, ready, shutdown],
    }
}

/// Whether all is well, and what is said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    pub holds: bool,
    pub text: String,
}

/// What a group's checks come to. Those that are `excluded` do not count.
pub fn of_group(group: Group, checks: &[Check<'_>], excluded: &[&str], verbose: bool) -> Health {
    let mut text = String::new();
    let mut holds = true;
    for check in checks {
        let Check { name, .. } = check;
        text += &if excluded.contains(name) {
            format!("[+]{name} excluded: ok\n")
        } else if check.holds() {
            format!("[+]{name} ok\n")
        } else {
            holds = false;
            format!("[-]{name} failed: reason withheld\n")
        };
    }
    let is_unknown = |name: &&&str| checks.iter().all(|check| check.name != **name);
    let unknown: Vec<String> = excluded
        .iter()
        .filter(is_unknown)
        .map(|name| Quoted(name.as_bytes()).to_string())
        .collect();
    if !unknown.is_empty() {
        let names = unknown.join(", ");
        text += &format!("warn: some health checks cannot be excluded: no matches for {names}\n");
    }
    // Of a failure all is told at any rate.
    if holds && !verbose {
        return Health { holds, text: "ok".to_owned() };
    }
    text += &format!("{} check {}\n", group.name(), if holds { "passed" } else { "failed" });
    Health { holds, text }
}

/// What one check comes to.
pub fn of_check(check: &Check<'_>) -> Health {
    let text = check.trouble.map_or("ok".to_owned(), |why| format!("service unavailable: {why}\n"));
    Health { holds: check.holds(), text }
}

#[cfg(test)]
mod tests;
