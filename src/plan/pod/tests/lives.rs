//! The numbers that a container lives by.

use super::*;
use crate::plan::life::{ExitCodes, Probe, Role, Rule, RuleAction, Settings, Terms};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// kubelet I1, I2, R5
#[test]
fn i02_an_init_container_that_always_restarts_is_a_sidecar() {
    let pod = pod(json!({"spec": {
        "initContainers": [
            {"name": "i", "command": ["x"]},
            {"name": "s", "command": ["x"], "restartPolicy": "Always"},
            {"name": "o", "command": ["x"], "restartPolicy": "OnFailure"},
        ],
        "containers": [{"name": "c", "command": ["x"], "restartPolicy": "Always"}],
    }}));
    let roles = planned(&pod).life.containers.into_iter().map(|life| life.role);
    let expected = [Role::Init, Role::Sidecar, Role::Init, Role::Regular];
    assert_eq!(roles.collect::<Vec<_>>(), expected);
}

/// kubelet R2, R4
#[test]
fn r04_policies_and_rules() {
    let fields = json!({
        "restartPolicy": "Never",
        "restartPolicyRules": [
            {"action": "Restart", "exitCodes": {"operator": "In", "values": [42, 43]}},
            {"action": "RestartAllContainers", "exitCodes": {"operator": "NotIn", "values": [0]}},
        ],
    });
    let mut pod = with(fields);
    for (word, policy) in
        [("Always", Policy::Always), ("OnFailure", Policy::OnFailure), ("Never", Policy::Never)]
    {
        pod.spec.restart_policy = word.to_owned().into();
        let terms = Terms {
            pod: policy,
            container: Some(Policy::Never),
            rules: vec![
                Rule { exit_codes: ExitCodes::In(vec![42, 43]), action: RuleAction::Restart },
                Rule {
                    exit_codes: ExitCodes::NotIn(vec![0]),
                    action: RuleAction::RestartAllContainers,
                },
            ],
        };
        assert_eq!(planned(&pod).life.containers[0].restart, terms);
    }
    let options = Options { restart: Some(Policy::OnFailure), ..options() };
    let plan = plan(&pod, &options, &Kept::default()).unwrap();
    let own = Terms { pod: Policy::OnFailure, container: None, rules: vec![] };
    assert_eq!(plan.life.containers[0].restart, own, "the command line's goes before all of it");
}

/// kubelet T8: a manifest's 0 is 1 s; the command line's is SIGKILL at once.
#[test]
fn t08_grace_periods() {
    for (written, expected) in
        [(None, None), (Some(0), Some(1)), (Some(-5), Some(1)), (Some(45), Some(45))]
    {
        let mut pod = with(json!({}));
        pod.spec.termination_grace_period_seconds = written;
        let plan = planned(&pod);
        assert_eq!(plan.life.grace, expected.map(secs), "{written:?}");
        assert_eq!(plan.life.containers[0].grace, expected.map(secs), "{written:?}");
        for given in [None, Some(secs(0)), Some(secs(3))] {
            let options = Options { grace: Some(given), ..options() };
            let plan = super::plan(&pod, &options, &Kept::default()).unwrap();
            assert_eq!((plan.life.grace, plan.life.containers[0].grace), (given, given));
        }
    }
}

#[test]
fn a_pod_may_have_a_deadline() {
    let mut pod = with(json!({}));
    assert_eq!(planned(&pod).life.deadline, None);
    pod.spec.active_deadline_seconds = Some(90);
    assert_eq!(planned(&pod).life.deadline, Some(secs(90)));
    pod.spec.active_deadline_seconds = Some(i64::MAX);
    assert!(planned(&pod).life.deadline > Some(secs(1 << 31)), "it ends somewhere");
}

/// kubelet T1: a probe's own grace period
#[test]
fn t01_probes() {
    let pod = with(json!({"startupProbe": {
        "exec": {"command": ["x"]}, "initialDelaySeconds": 1, "timeoutSeconds": 2, "periodSeconds": 3,
        "successThreshold": 4, "failureThreshold": 5, "terminationGracePeriodSeconds": 6,
    }}));
    let settings = Settings {
        initial_delay: secs(1),
        timeout: secs(2),
        period: secs(3),
        success_threshold: 4,
        failure_threshold: 5,
    };
    let probes = planned(&pod).life.containers[0].probes;
    assert_eq!(probes.startup, Some(Probe { settings, grace: Some(secs(6)) }));
    assert_eq!((probes.liveness, probes.readiness), (None, None));
}
