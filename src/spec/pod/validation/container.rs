//! Containers: what is common to all, and what only some may have (kubelet V15, V16, V23).

use std::collections::BTreeSet;

use super::{Around, Place, environment, handler, restart, volumes};
use crate::spec::names;
use crate::spec::pod::{
    Container, ContainerPort, PodSpec, PortProtocol, PullPolicy, TerminationMessagePolicy,
};

pub(super) fn containers(spec: &PodSpec, around: &Around<'_>, at: &mut Place<'_>) {
    let mut taken = BTreeSet::new();
    if spec.containers.is_empty() {
        at.field("containers").required("");
    }
    for (index, container) in spec.containers.iter().enumerate() {
        let at = &mut at.field("containers");
        let at = &mut at.index(index);
        common(container, around, &mut taken, at);
        probes_and_hooks(container, around, at);
    }
    for (index, container) in spec.init_containers.iter().enumerate() {
        let at = &mut at.field("initContainers");
        let at = &mut at.index(index);
        common(container, around, &mut taken, at);
        if container.always_restarts() {
            probes_and_hooks(container, around, at);
        } else {
            no_probes_nor_hooks(container, at);
        }
    }
}

fn common<'p>(
    container: &'p Container,
    around: &Around<'_>,
    taken: &mut BTreeSet<&'p str>,
    at: &mut Place<'_>,
) {
    // Kubelet V15.
    at.field("name").check(&container.name, names::dns_label);
    at.field("name").unique(&container.name, taken);
    // Kubelet V23.
    let policy = container.termination_message_policy.as_str();
    at.field("terminationMessagePolicy").word(policy, TerminationMessagePolicy::WORDS);
    at.field("imagePullPolicy").word(container.image_pull_policy.as_str(), PullPolicy::WORDS);
    ports(&container.ports, &mut at.field("ports"));
    environment::variables(&container.environment, around, &mut at.field("env"));
    environment::imports(&container.env_from, &mut at.field("envFrom"));
    volumes::mounts(&container.volume_mounts, around, &mut at.field("volumeMounts"));
    restart::restart(container, at);
}

fn probes_and_hooks(container: &Container, around: &Around<'_>, at: &mut Place<'_>) {
    if let Some(lifecycle) = &container.lifecycle {
        handler::lifecycle(lifecycle, around, &mut at.field("lifecycle"));
    }
    if let Some(probe) = &container.liveness_probe {
        handler::liveness_or_startup(probe, &mut at.field("livenessProbe"));
    }
    if let Some(probe) = &container.readiness_probe {
        handler::readiness(probe, &mut at.field("readinessProbe"));
    }
    if let Some(probe) = &container.startup_probe {
        handler::liveness_or_startup(probe, &mut at.field("startupProbe"));
    }
}

/// Kubelet V16.
fn no_probes_nor_hooks(container: &Container, at: &mut Place<'_>) {
    for (field, set) in [
        ("lifecycle", container.lifecycle.is_some()),
        ("livenessProbe", container.liveness_probe.is_some()),
        ("readinessProbe", container.readiness_probe.is_some()),
        ("startupProbe", container.startup_probe.is_some()),
    ] {
        if set {
            at.field(field)
                .forbidden("may not be set for init containers without restartPolicy=Always");
        }
    }
}

fn ports(ports: &[ContainerPort], at: &mut Place<'_>) {
    let mut taken = BTreeSet::new();
    for (index, port) in ports.iter().enumerate() {
        let at = &mut at.index(index);
        if !port.name.is_empty() {
            at.field("name").check(&port.name, names::port);
            at.field("name").unique(&port.name, &mut taken);
        }
        if port.container_port == 0 {
            at.field("containerPort").required("");
        } else {
            handler::port_number(port.container_port, &mut at.field("containerPort"));
        }
        at.field("protocol").word(port.protocol.as_str(), PortProtocol::WORDS);
    }
}
