//! What a manifest asks of the container that podinit does nothing about.

use super::pod::Chosen;
use crate::plan::pod::Take;
use crate::spec::pod::{Container, Pod, TerminationMessagePolicy};

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
    let shared = spec.share_process_namespace == Some(true);
    let limited = spec.resources.as_ref().is_some_and(|all| !all.limits.is_empty());
    for (there, field) in [
        (spec.host_network, "hostNetwork"),
        (!spec.hostname.is_empty(), "hostname"),
        (limited, "resources.limits"),
        (shared, "shareProcessNamespace"),
    ] {
        if there {
            found.push(format!("spec.{field}"));
        }
    }
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
    found.extend(of_container(chosen.container).map(|field| format!("{own}.{field}")));
    found
}

fn of_container(container: &Container) -> impl Iterator<Item = &'static str> {
    let policy = &container.termination_message_policy;
    [
        (!container.resources.limits.is_empty(), "resources.limits"),
        (!container.volume_mounts.is_empty(), "volumeMounts"),
        (*policy == TerminationMessagePolicy::FallbackToLogsOnError, "terminationMessagePolicy"),
    ]
    .into_iter()
    .filter_map(|(there, field)| there.then_some(field))
}
