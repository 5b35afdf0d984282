//! The numbers and flags of a manifest that `lifecycle` decides by.

use std::time::Duration;

use super::{Given, Options};
use crate::plan::life::{
    ExitCodes, Hooks, Life, PodLife, Policy, Probe, Probes, Role, Rule, RuleAction, Settings, Terms,
};
use crate::spec::pod::{
    self as manifest, ContainerRestartRule, ExitCodesOperator, PodSpec, RestartPolicy,
    RestartRuleAction,
};

/// No pod gets less of its manifest to end (kubelet T8).
const SHORTEST_GRACE: Duration = Duration::from_secs(1);

pub(super) fn of_pod(spec: &PodSpec, containers: Vec<Life>, options: &Options<'_>) -> PodLife {
    let deadline = spec.active_deadline_seconds.map(seconds);
    PodLife { containers, deadline, grace: grace(spec, options) }
}

pub(super) fn of(given: &Given<'_>) -> Life {
    let Given { pod, container, options, .. } = *given;
    let hook = |hook: fn(&manifest::Lifecycle) -> bool| {
        options.take.hooks && container.lifecycle.as_ref().is_some_and(hook)
    };
    let probes = Probes {
        startup: container.startup_probe.as_ref().map(probe),
        liveness: container.liveness_probe.as_ref().map(probe),
        readiness: container.readiness_probe.as_ref().map(probe),
    };
    Life {
        role: match given.is_init {
            true if container.always_restarts() => Role::Sidecar,
            true => Role::Init,
            false => Role::Regular,
        },
        hooks: Hooks {
            post_start: hook(|lifecycle| lifecycle.post_start.is_some()),
            pre_stop: hook(|lifecycle| lifecycle.pre_stop.is_some()),
            post_stop: false,
        },
        probes: if options.take.probes { probes } else { Probes::default() },
        notifies: false,
        restart: terms(&pod.spec, container, options),
        pace: options.pace,
        grace: grace(&pod.spec, options),
    }
}

fn grace(spec: &PodSpec, options: &Options<'_>) -> Option<Duration> {
    let written = spec.termination_grace_period_seconds.map(seconds);
    options.grace.unwrap_or_else(|| written.map(|grace| grace.max(SHORTEST_GRACE)))
}

fn terms(spec: &PodSpec, container: &manifest::Container, options: &Options<'_>) -> Terms {
    match options.restart {
        Some(pod) => Terms { pod, container: None, rules: Vec::new() },
        None => Terms {
            pod: policy(&spec.restart_policy),
            container: container.restart_policy.as_ref().map(policy),
            rules: container.restart_policy_rules.iter().filter_map(rule).collect(),
        },
    }
}

/// What is none of the words is what the API has where there is none (kubelet V3).
fn policy(word: &RestartPolicy) -> Policy {
    match word {
        RestartPolicy::OnFailure => Policy::OnFailure,
        RestartPolicy::Never => Policy::Never,
        RestartPolicy::Always | RestartPolicy::Other(_) => Policy::Always,
    }
}

fn rule(rule: &ContainerRestartRule) -> Option<Rule> {
    let exit_codes = rule.exit_codes.as_ref()?;
    let values = exit_codes.values.clone();
    Some(Rule {
        exit_codes: match exit_codes.operator {
            ExitCodesOperator::In => ExitCodes::In(values),
            ExitCodesOperator::NotIn => ExitCodes::NotIn(values),
            ExitCodesOperator::Other(_) => return None,
        },
        action: match rule.action {
            RestartRuleAction::Restart => RuleAction::Restart,
            RestartRuleAction::RestartAllContainers => RuleAction::RestartAllContainers,
            RestartRuleAction::Other(_) => return None,
        },
    })
}

fn probe(probe: &manifest::Probe) -> Probe {
    let times = |count: i32| u32::try_from(count).unwrap_or(0);
    Probe {
        settings: Settings {
            initial_delay: seconds(probe.initial_delay_seconds.into()),
            period: seconds(probe.period_seconds.into()),
            timeout: seconds(probe.timeout_seconds.into()),
            success_threshold: times(probe.success_threshold),
            failure_threshold: times(probe.failure_threshold),
        },
        grace: probe.termination_grace_period_seconds.map(seconds),
    }
}

/// Less than none is none; validation has said so.
fn seconds(count: i64) -> Duration {
    Duration::from_secs(u64::try_from(count).unwrap_or(0)).min(crate::duration::LONGEST)
}
