//! Whether a pod is one that the API would take (kubelet V7 to V23; `pkg/apis/core/validation/validation.go` of
//! Kubernetes 1.36), with every error that it has.
//!
//! Errors have the API server's format, and its words where those are short. Where it names a list, or an object of several
//! fields, the element or the field is named here. What podinit makes no use of is not looked at. Two rules are podinit's
//! own: a hook's `tcpSocket` (`handler`), and paths that could not be written ([`crate::spec::volume_item`]).

use std::collections::BTreeMap;

use super::workload::KINDS;
use super::{Pod, PodOs, PodSpec, RestartPolicy, Volume};
use crate::spec::names;

mod container;
mod environment;
mod error;
mod handler;
mod metadata;
mod place;
mod reference;
mod restart;
#[cfg(test)]
mod tests;
mod volumes;

pub use error::{FieldError, FieldErrors, Problem, Value};
use place::Place;

/// What rules of a container ask of its pod.
struct Around<'p> {
    grace: Option<i64>,
    os: Option<&'p PodOs>,
    volumes: BTreeMap<&'p str, &'p Volume>,
}

/// Checks a pod that has its defaults. It is that of an object of `kind`, which decides how it may be restarted, and
/// `path` leads to it there, such as `spec.template`; it is empty for a Pod.
///
/// # Errors
/// All that is wrong with it.
pub fn validate(pod: &Pod, kind: &str, path: &str) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    metadata::own_names(
        &pod.metadata,
        &mut Place::new(path_of_object(kind, path), &mut errors).field("metadata"),
    );
    let mut at = Place::new(path, &mut errors);
    metadata::labels_and_annotations(&pod.metadata, &mut at.field("metadata"));
    spec(&pod.spec, kind, &mut at.field("spec"));
    errors.into_result()
}

/// What the pod is named by stands there, not in its template.
fn path_of_object<'p>(kind: &str, path: &'p str) -> &'p str {
    let template =
        KINDS.iter().find(|known| known.name == kind).map(|known| known.template.join("."));
    let object = template.and_then(|template| path.strip_suffix(&*template)).unwrap_or(path);
    object.strip_suffix('.').unwrap_or(object)
}

/// The restart policies of a pod (kubelet V17), of which a workload allows but some
/// (`pkg/apis/{apps,batch}/validation/validation.go`).
fn restart_policies(kind: &str) -> &'static [&'static str] {
    match kind {
        "Job" | "CronJob" => &["OnFailure", "Never"],
        "ReplicationController" | "ReplicaSet" | "Deployment" | "StatefulSet" | "DaemonSet" => {
            &["Always"]
        }
        _ => RestartPolicy::WORDS,
    }
}

fn spec(spec: &PodSpec, kind: &str, at: &mut Place<'_>) {
    // A negative one is no error: it counts as 1 (kubelet T7, T8).
    if spec.termination_grace_period_seconds.is_none() {
        at.field("terminationGracePeriodSeconds").required("");
    }
    volumes::volumes(&spec.volumes, &mut at.field("volumes"));
    let around = Around {
        grace: spec.termination_grace_period_seconds,
        os: spec.os.as_ref(),
        volumes: spec.volumes.iter().map(|volume| (volume.name.as_str(), volume)).collect(),
    };
    container::containers(spec, &around, at);
    at.field("restartPolicy").word(spec.restart_policy.as_str(), restart_policies(kind));
    for (index, gate) in spec.readiness_gates.iter().enumerate() {
        let mut at = at.field("readinessGates");
        at.index(index).field("conditionType").check(&gate.condition_type, names::qualified);
    }
    for (field, name, check) in [
        ("serviceAccountName", &spec.service_account_name, names::dns_subdomain as fn(&str) -> _),
        ("nodeName", &spec.node_name, names::dns_subdomain),
        ("hostname", &spec.hostname, names::dns_label),
    ] {
        if !name.is_empty() {
            at.field(field).check(name, check);
        }
    }
    if let Some(seconds) = spec.active_deadline_seconds
        && !(1..=i64::from(i32::MAX)).contains(&seconds)
    {
        let detail = format!("must be between 1 and {}, inclusive", i32::MAX);
        at.field("activeDeadlineSeconds").invalid(seconds, detail);
    }
    if let Some(os) = &spec.os {
        at.field("os").field("name").word(&os.name, &["linux", "windows"]);
    }
}
