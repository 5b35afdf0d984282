//! What a manifest asks of the container that podinit does nothing about.

use super::pod::Chosen;
use crate::plan::pod::Take;
use crate::spec::pod::{Container, Pod, TerminationMessagePolicy};

/// Where the API has termination messages written (kubelet V4).
const TERMINATION_LOG: &str = "/dev/termination-log";

/// The paths, from the pod on, of fields that are there for nothing: those of the pod and of the chosen container.
pub fn unhonoured(pod: &Pod, chosen: Chosen<'_>, take: Take) -> Vec<String> {
    let spec = &pod.spec;
    let own = chosen.path();
    let of_another = |path: &str| {
        let of_one =
            path.starts_with("spec.containers[") || path.starts_with("spec.initContainers[");
        of_one && !path.starts_with(&format!("{own}."))
    };
    let mut found = spec.unused();
    found.retain(|path| !of_another(path) && (take.security || !path.contains("securityContext")));
    if spec.active_deadline_seconds.is_some() {
        found.push("spec.activeDeadlineSeconds".to_owned());
    }
    if !spec.readiness_gates.is_empty() {
        found.push("spec.readinessGates".to_owned());
    }
    let security = spec.security_context.as_ref().filter(|_| take.security);
    if security.is_some_and(|security| security.fs_group.is_some()) {
        found.push("spec.securityContext.fsGroup".to_owned());
    }
    found.extend(of_container(chosen.container, take).map(|field| format!("{own}.{field}")));
    found
}

fn of_container(container: &Container, take: Take) -> impl Iterator<Item = &'static str> {
    let security = container.security_context.as_ref().filter(|_| take.security);
    let capabilities = security.and_then(|security| security.capabilities.as_ref());
    let policy = &container.termination_message_policy;
    [
        (
            capabilities.is_some_and(|these| !these.add.is_empty() || !these.drop.is_empty()),
            "securityContext.capabilities",
        ),
        (container.termination_message_path != TERMINATION_LOG, "terminationMessagePath"),
        (*policy == TerminationMessagePolicy::FallbackToLogsOnError, "terminationMessagePolicy"),
    ]
    .into_iter()
    .filter_map(|(there, field)| there.then_some(field))
}
