//! The statuses of pods that the machines live, in virtual time.

use proptest::prelude::*;

use super::*;
use crate::lifecycle::container::{Action, Event as To, Exit, Hook};
use crate::lifecycle::pod::{self, Event};
use crate::lifecycle::probe::Kind as ProbeKind;
use crate::plan::life::{
    ExitCodes, Hooks, Life, Pace, PodLife, Policy, Probe, Probes, Rule, RuleAction, Settings, Terms,
};

const NAMES: [&str; 5] = ["i", "s", "j", "a", "b"];
const ROLES: [Role; 5] = [Role::Init, Role::Sidecar, Role::Init, Role::Regular, Role::Regular];

fn life(role: Role, pod: Policy) -> Life {
    let sidecar = role == Role::Sidecar;
    Life {
        role,
        hooks: Hooks::default(),
        probes: Probes::default(),
        notifies: false,
        restart: Terms { pod, container: sidecar.then_some(Policy::Always), rules: Vec::new() },
        pace: Pace::DEFAULT,
        grace: Some(Duration::from_secs(30)),
    }
}

fn pod_life(policy: Policy) -> PodLife {
    let containers = ROLES.map(|role| life(role, policy)).into();
    PodLife { containers, deadline: None, grace: Some(Duration::from_secs(30)) }
}

/// A pod's machine with the status that was reported last, and what the machine waits to hear of.
struct Lived<'a> {
    pod: Pod<'a>,
    now: Moment,
    status: Option<PodStatus>,
    awaited: Vec<Event>,
}

impl<'a> Lived<'a> {
    fn new(life: &'a PodLife) -> Lived<'a> {
        Lived { pod: Pod::new(life), now: at(0), status: None, awaited: Vec::new() }
    }

    /// What is reported after an event that comes a second later.
    fn step(&mut self, event: Event) -> &PodStatus {
        self.now = self.now + Duration::from_secs(1);
        let actions = self.pod.step(self.now, event);
        if let Event::Container(number @ (0 | 2), To::Spawned) = event {
            let exit = Exit { code: 0, out_of_memory: false };
            self.awaited.push(Event::Container(number, To::Exited(exit)));
        }
        self.awaited.extend(actions.into_iter().filter_map(answer));
        let containers = NAMES.iter().zip(self.pod.containers());
        let has_init = self.pod.containers().iter().any(|c| c.life().role != Role::Regular);
        let members: Vec<Member> =
            containers.map(|(name, container)| Member::of(name, container, has_init)).collect();
        let status = PodStatus::of(self.now, &Facts::of(&self.pod, &members), self.status.as_ref());
        self.status.insert(status)
    }

    fn to(&mut self, name: &str, event: To) -> &PodStatus {
        let number = NAMES.iter().position(|known| *known == name).unwrap();
        self.step(Event::Container(number, event))
    }

    /// Its main process ends, and leaves nothing behind.
    fn ends(&mut self, name: &str, code: i32) -> &PodStatus {
        self.to(name, To::Exited(Exit { code, out_of_memory: false }));
        self.to(name, To::Cleared)
    }

    /// Phase, and whether it is initialized and ready.
    fn summary(&self) -> (Phase, Truth, Truth) {
        let status = self.status.as_ref().unwrap();
        (status.phase, condition(status, Kind::Initialized), condition(status, Kind::Ready))
    }
}

/// What usually follows of an action.
fn answer(action: pod::Action) -> Option<Event> {
    let pod::Action::Container(number, action) = action else { return None };
    let exited = |code| To::Exited(Exit { code, out_of_memory: false });
    let answer = match action {
        Action::Spawn => To::Spawned,
        Action::Run(hook) => To::HookEnded(hook, true),
        Action::Watch { .. } => To::Started,
        Action::Started => To::Ready(true),
        Action::Send(_) => exited(0),
        Action::KillAll => exited(137),
        Action::Clear { .. } => To::Cleared,
        _ => return None,
    };
    Some(Event::Container(number, answer))
}

fn condition(status: &PodStatus, kind: Kind) -> Truth {
    status.conditions.iter().find(|condition| condition.kind == kind).unwrap().status
}

use Truth::{False, True};

/// kubelet R37, R38, R42, R44, I1 to I3, I14: from the first init container to the last word.
#[test]
fn r38_a_job_with_a_sidecar() {
    let life = pod_life(Policy::Never);
    let mut lived = Lived::new(&life);
    let first = lived.step(Event::Start);
    let initializing = State::Waiting(Waiting::PodInitializing);
    assert!(first.containers.iter().all(|named| named.status.state == initializing));
    assert_eq!(lived.summary(), (Phase::Pending, False, False));
    lived.to("i", To::Spawned);
    lived.ends("i", 0);
    lived.to("s", To::Spawned);
    lived.to("j", To::Spawned);
    assert_eq!(lived.summary(), (Phase::Pending, False, False));
    lived.ends("j", 0);
    assert_eq!(lived.summary(), (Phase::Pending, True, False));
    lived.to("a", To::Spawned);
    assert_eq!(lived.summary(), (Phase::Pending, True, False));
    lived.to("b", To::Spawned);
    lived.to("s", To::Started);
    for name in ["s", "a", "b"] {
        lived.to(name, To::Ready(true));
    }
    assert_eq!(lived.summary(), (Phase::Running, True, True));
    lived.ends("a", 0);
    assert_eq!(lived.summary(), (Phase::Running, True, False));
    lived.ends("b", 0);
    // The sidecar is being stopped.
    assert_eq!(lived.summary(), (Phase::Running, True, False));
    lived.ends("s", 143);
    assert!(lived.pod.is_over());
    assert_eq!(lived.summary(), (Phase::Succeeded, True, False));
}

/// kubelet I6, R40
#[test]
fn r40_an_init_container_that_failed_for_good() {
    let life = pod_life(Policy::Never);
    let mut lived = Lived::new(&life);
    lived.step(Event::Start);
    lived.to("i", To::Spawned);
    lived.ends("i", 0);
    lived.to("s", To::Spawned);
    lived.to("j", To::Spawned);
    lived.ends("j", 1);
    assert_eq!(lived.summary(), (Phase::Pending, False, False));
    lived.ends("s", 0);
    assert_eq!(lived.summary(), (Phase::Failed, False, False));
}

/// A pod that is stopped before all of it has run has failed (the kubelet's `TerminatePod`).
#[test]
fn a_stop_before_the_start() {
    let life = pod_life(Policy::Always);
    let mut lived = Lived::new(&life);
    lived.step(Event::Stop { grace: Some(Duration::from_secs(5)) });
    assert!(lived.pod.is_over());
    assert_eq!(lived.summary().0, Phase::Failed);
}

/// `activeDeadlineSeconds`, kubelet R40
#[test]
fn a_deadline_is_told_at_the_end() {
    let life = PodLife { deadline: Some(Duration::from_secs(3)), ..pod_life(Policy::Always) };
    let mut lived = Lived::new(&life);
    lived.step(Event::Start);
    lived.to("i", To::Spawned);
    lived.step(Event::Due);
    assert_eq!(lived.step(Event::Due).failure, None);
    let status = lived.ends("i", 143);
    assert_eq!((status.phase, status.failure), (Phase::Failed, Some(PodFailure::DeadlineExceeded)));
}

fn any_event() -> impl Strategy<Value = Event> {
    let exited = (prop_oneof![Just(0), Just(1), Just(42)], any::<bool>())
        .prop_map(|(code, out_of_memory)| To::Exited(Exit { code, out_of_memory }));
    let hook = prop_oneof![Just(Hook::PostStart), Just(Hook::PreStop), Just(Hook::PostStop)];
    let to = prop_oneof![
        6 => Just(To::Spawned),
        3 => exited,
        6 => Just(To::Cleared),
        1 => Just(To::NotExecuted(127)),
        1 => Just(To::NotSpawned(Waiting::CreateContainerError)),
        1 => Just(To::Lost),
        3 => (hook, any::<bool>()).prop_map(|(hook, well)| To::HookEnded(hook, well)),
        3 => Just(To::Started),
        3 => any::<bool>().prop_map(To::Ready),
        1 => Just(To::Failed(ProbeKind::Liveness)),
        1 => Just(To::Failed(ProbeKind::Startup)),
        1 => Just(To::Restart),
    ];
    prop_oneof![
        10 => Just(Event::Due),
        1 => (0u64..40).prop_map(|s| Event::Stop { grace: Some(Duration::from_secs(s)) }),
        60 => (0usize..5, to).prop_map(|(number, to)| Event::Container(number, to)),
    ]
}

fn any_life() -> impl Strategy<Value = PodLife> {
    let policy = prop_oneof![Just(Policy::Always), Just(Policy::OnFailure), Just(Policy::Never)];
    (policy, any::<[bool; 4]>()).prop_map(|(policy, [hooks, probes, rule, deadline])| {
        let mut life = pod_life(policy);
        let second = Duration::from_secs(1);
        let settings = Settings {
            initial_delay: second,
            period: second,
            timeout: second,
            success_threshold: 1,
            failure_threshold: 1,
        };
        let probe = probes.then_some(Probe { settings, grace: Some(second) });
        for container in life.containers.iter_mut().filter(|life| life.role != Role::Init) {
            container.hooks = Hooks { post_start: hooks, pre_stop: hooks, post_stop: hooks };
            container.probes = Probes { startup: probe, liveness: probe, readiness: probe };
        }
        if rule {
            let exit_codes = ExitCodes::In(vec![42]);
            let rules = vec![Rule { exit_codes, action: RuleAction::RestartAllContainers }];
            let a = &mut life.containers[3].restart;
            (a.container, a.rules) = (Some(Policy::Never), rules);
        }
        life.deadline = deadline.then_some(Duration::from_secs(60));
        life
    })
}

/// Mostly something that is waited for happens; this says which.
fn usual() -> impl Strategy<Value = Option<prop::sample::Index>> {
    proptest::option::weighted(0.9, any::<prop::sample::Index>())
}

/// What must hold of any status and the one that was reported before it.
fn is_legal(lived: &Lived<'_>, before: Option<&PodStatus>, after: &PodStatus) {
    assert_eq!(after.phase.is_final(), lived.pod.is_over(), "{after:?}");
    let [initialized, ready, containers_ready] =
        [Kind::Initialized, Kind::Ready, Kind::ContainersReady].map(|kind| condition(after, kind));
    assert!(ready == False || containers_ready == True && !after.phase.is_final());
    assert!(containers_ready == False || initialized == True);
    assert_eq!(condition(after, Kind::PodScheduled), True);
    for condition in &after.conditions {
        assert!(condition.last_transition <= lived.now);
    }
    let Some(before) = before else { return };
    let has_run = |named: &NamedStatus| {
        matches!(named.status.state, State::Running { .. }) || named.status.latest_end().is_some()
    };
    // Before a regular container has run, a sidecar that crashes takes it back (kubelet R44).
    let stays_initialized = before.containers.iter().any(has_run);
    assert!(!before.phase.is_final() || after.phase == before.phase);
    assert_eq!(after.start_time, before.start_time);
    for (old, new) in before.conditions.iter().zip(&after.conditions) {
        assert_eq!(old.kind, new.kind);
        let same = old.status == new.status;
        let expected = if same { old.last_transition } else { lived.now };
        assert_eq!(new.last_transition, expected);
        assert!(same || new.kind != Kind::Initialized || new.status == True || !stays_initialized);
    }
    let all = |status: &PodStatus| [&status.init_containers[..], &status.containers].concat();
    for (old, new) in all(before).iter().zip(&all(after)) {
        assert_eq!(old.name, new.name);
        assert!(new.status.restart_count >= old.status.restart_count, "R27");
        assert!(!new.status.ready || new.status.started || new.name == "i" || new.name == "j");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// kubelet R24, R27, R40 to R45: whatever happens, in whatever order.
    #[test]
    fn every_status_is_legal(
        life in any_life(),
        events in proptest::collection::vec((usual(), any_event()), 0..120),
    ) {
        let mut lived = Lived::new(&life);
        lived.step(Event::Start);
        for (usual, other) in events {
            let event = match usual {
                Some(index) if !lived.awaited.is_empty() => {
                    lived.awaited.remove(index.index(lived.awaited.len()))
                }
                _ => other,
            };
            let before = lived.status.clone();
            let after = lived.step(event).clone();
            is_legal(&lived, before.as_ref(), &after);
        }
    }
}
