//! A container's own restart policy and its rules (kubelet V17, V18).
//!
//! The gates `ContainerRestartRules` and `RestartAllContainersOnContainerExits` are on, as in 1.36: regular and init
//! containers may have any policy, and rules; so may sidecars.

use super::Place;
use crate::spec::pod::{Container, ExitCodesOperator, RestartPolicy, RestartRuleAction};

const MOST_RULES: usize = 20;
const MOST_VALUES: usize = 255;

pub(super) fn restart(container: &Container, at: &mut Place<'_>) {
    let rules = &container.restart_policy_rules;
    match &container.restart_policy {
        Some(policy) => at.field("restartPolicy").word(policy.as_str(), RestartPolicy::WORDS),
        None if rules.is_empty() => {}
        None => {
            at.field("restartPolicy")
                .required("must specify restartPolicy when restart rules are used");
        }
    }
    let at = &mut at.field("restartPolicyRules");
    at.at_most(rules.len(), MOST_RULES);
    for (index, rule) in rules.iter().enumerate() {
        let at = &mut at.index(index);
        at.field("action").word(rule.action.as_str(), RestartRuleAction::WORDS);
        let at = &mut at.field("exitCodes");
        match &rule.exit_codes {
            Some(codes) => {
                at.field("operator").word(codes.operator.as_str(), ExitCodesOperator::WORDS);
                at.field("values").at_most(codes.values.len(), MOST_VALUES);
            }
            None => at.required("must be specified"),
        }
    }
}
