//! Whether a container is started again after an end, and how soon.
//!
//! The kubelet's rules are those of `ContainerShouldRestart` in `pkg/api/v1/pod/util.go`, of `computePodActions` and
//! `doBackOff` in `pkg/kubelet/kuberuntime/kuberuntime_manager.go`, and of client-go's `util/flowcontrol/backoff.go`.
//! Departures: a probe kill counts as a failure, and each end of an instance, the first and a killed one included,
//! steps the back-off (kubelet R9, R20, R21); a restart comes exactly when it is due (kubelet R22).

use super::probe::Kind;
pub use crate::plan::life::{ExitCodes, Pace, Policy, Rule, RuleAction, Terms};

mod back_off;

pub use back_off::{BackOff, Blocked, CrashLoopMessage, FORGOTTEN_AFTER, RETRY_AFTER};

impl Policy {
    /// Whether there is another instance after one that ended by itself with this code: nothing but the code
    /// counts (kubelet R2, R3).
    pub const fn after_exit(self, code: i32) -> bool {
        match self {
            Policy::Always => true,
            Policy::OnFailure => code != 0,
            Policy::Never => false,
        }
    }
}

impl ExitCodes {
    fn match_code(&self, code: i32) -> bool {
        match self {
            ExitCodes::In(values) => values.contains(&code),
            ExitCodes::NotIn(values) => !values.contains(&code),
        }
    }
}

/// How an instance came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// By itself, or of what its own hooks did to it.
    Exited(i32),
    /// It was killed because this probe of it failed; its exit code does not matter for the restart.
    Killed(Kind),
}

/// What comes after an end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision {
    /// No further instance.
    Done,
    /// Start an instance, as soon as [`BackOff`] lets it.
    Start,
    /// Start the whole pod over (kubelet R11).
    RestartAllContainers,
}

impl Terms {
    /// What is to be done about a container that does not run: `last` is the end of its latest instance, if there
    /// was one (kubelet R1 to R6, R8, R9).
    pub fn decide(&self, last: Option<End>, terminating: bool) -> Decision {
        if terminating {
            return Decision::Done;
        }
        let again = match last {
            None => true,
            Some(End::Exited(code)) => match self.rule_for(code) {
                Some(RuleAction::RestartAllContainers) => return Decision::RestartAllContainers,
                Some(RuleAction::Restart) => true,
                None => self.policy().after_exit(code),
            },
            Some(End::Killed(_)) => self.restarts_killed(),
        };
        if again { Decision::Start } else { Decision::Done }
    }

    /// Whether an instance that a probe has killed is followed by another. Rules are not asked (kubelet R4, R6).
    pub fn restarts_killed(&self) -> bool {
        self.policy() != Policy::Never
    }

    fn policy(&self) -> Policy {
        self.container.unwrap_or(self.pod)
    }

    fn rule_for(&self, code: i32) -> Option<RuleAction> {
        self.container?;
        let rule = self.rules.iter().find(|rule| rule.exit_codes.match_code(code))?;
        Some(rule.action)
    }
}

#[cfg(test)]
mod tests;
