//! Who a container runs as (`securityContext`): what the container says goes before what the pod says, as in
//! `pkg/securitycontext/util.go`.

use super::error::{PlanError, Problem};
use crate::spec::capability;
use crate::spec::pod::{self, Container, Pod};

/// What is changed between fork and exec.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Security {
    /// As podinit itself where it is `None`.
    pub user: Option<u32>,
    pub group: Option<u32>,
    /// The user must not be 0, even if it is podinit's own.
    pub non_root: bool,
    pub supplemental_groups: Vec<u32>,
    /// It can gain nothing by executing files that give more.
    pub no_new_privileges: bool,
    /// As podinit itself where it is `None`.
    pub capabilities: Option<Capabilities>,
}

/// What is made of the capabilities that a container has anyway, a bit each ([`crate::spec::capability`]).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Capabilities {
    /// No others are left.
    pub kept: u64,
    /// These it is to have, whatever it has.
    pub added: u64,
}

/// Of the container at `path`. The paths of errors begin with the pod: a number may be the pod's own.
pub(super) fn of(pod: &Pod, container: &Container, path: &str) -> Result<Security, PlanError> {
    let all = pod.spec.security_context.clone().unwrap_or_default();
    let own = container.security_context.clone().unwrap_or_default();
    let at = |path: &str, field: &str| format!("{path}.securityContext.{field}");
    let either = |field, own: Option<i64>, all: Option<i64>| {
        let path = at(if own.is_some() { path } else { "spec" }, field);
        (own.or(all), path)
    };
    let (user, path_of_user) = either("runAsUser", own.run_as_user, all.run_as_user);
    let (group, path_of_group) = either("runAsGroup", own.run_as_group, all.run_as_group);
    let groups =
        all.supplemental_groups.iter().enumerate().map(|(index, group)| {
            id(*group, || at("spec", &format!("supplementalGroups[{index}]")))
        });
    let capabilities = own.capabilities.map(|said| capabilities(&said, &at(path, "capabilities")));
    Ok(Security {
        user: user.map(|number| id(number, || path_of_user)).transpose()?,
        group: group.map(|number| id(number, || path_of_group)).transpose()?,
        non_root: own.run_as_non_root.or(all.run_as_non_root) == Some(true),
        supplemental_groups: groups.collect::<Result<_, _>>()?,
        no_new_privileges: own.allow_privilege_escalation == Some(false),
        capabilities: capabilities.transpose()?,
    })
}

/// As containerd has it (`internal/cri/opts`: `WithCapabilities`): `ALL` is added first, then dropped, then those that are
/// named are added, and then dropped.
fn capabilities(said: &pod::Capabilities, path: &str) -> Result<Capabilities, PlanError> {
    let (add_all, added) = named(&said.add, || format!("{path}.add"))?;
    let (drop_all, dropped) = named(&said.drop, || format!("{path}.drop"))?;
    let all = |is: bool| if is { capability::ALL } else { 0 };
    Ok(Capabilities {
        kept: (all(!drop_all) | added) & !dropped,
        added: (all(add_all && !drop_all) | added) & !dropped,
    })
}

/// Whether `ALL` is among them, and the set of the others.
fn named(names: &[String], path: impl Fn() -> String) -> Result<(bool, u64), PlanError> {
    let mut found = (false, 0);
    for (index, name) in names.iter().enumerate() {
        match capability::parse(name) {
            Ok(capability::ALL) => found.0 = true,
            Ok(one) => found.1 |= one,
            Err(meant) => {
                let problem = Problem::Capability { name: name.clone(), meant };
                return Err(PlanError::new(format!("{}[{index}]", path()), problem));
            }
        }
    }
    Ok(found)
}

/// The kernel's highest number is none: it stands for "as it is" in chown and setresuid.
pub(super) fn id(number: i64, path: impl FnOnce() -> String) -> Result<u32, PlanError> {
    let id = u32::try_from(number).ok().filter(|id| *id != u32::MAX);
    id.ok_or_else(|| PlanError::new(path(), Problem::Id(number)))
}
