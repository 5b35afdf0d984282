//! Who a container runs as (`securityContext`): what the container says goes before what the pod says, as in
//! `pkg/securitycontext/util.go`.

use super::error::{PlanError, Problem};
use crate::spec::pod::{Container, Pod};

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
    /// Names without `CAP_`, or `ALL`; dropped first, then added.
    pub drop_capabilities: Vec<String>,
    pub add_capabilities: Vec<String>,
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
    let user = user.map(|number| id(number, || path_of_user.clone())).transpose()?;
    let non_root = own.run_as_non_root.or(all.run_as_non_root) == Some(true);
    if non_root && user == Some(0) {
        return Err(PlanError::new(path_of_user, Problem::Root));
    }
    let groups =
        all.supplemental_groups.iter().enumerate().map(|(index, group)| {
            id(*group, || at("spec", &format!("supplementalGroups[{index}]")))
        });
    let capabilities = own.capabilities.unwrap_or_default();
    Ok(Security {
        user,
        group: group.map(|number| id(number, || path_of_group)).transpose()?,
        non_root,
        supplemental_groups: groups.collect::<Result<_, _>>()?,
        no_new_privileges: own.allow_privilege_escalation == Some(false),
        drop_capabilities: capabilities.drop,
        add_capabilities: capabilities.add,
    })
}

/// The kernel's highest number is none: it stands for "as it is" in chown and setresuid.
pub(super) fn id(number: i64, path: impl FnOnce() -> String) -> Result<u32, PlanError> {
    let id = u32::try_from(number).ok().filter(|id| *id != u32::MAX);
    id.ok_or_else(|| PlanError::new(path(), Problem::Id(number)))
}
