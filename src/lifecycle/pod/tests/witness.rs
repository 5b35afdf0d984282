//! What must never happen in any life: kept beside the pod, from events and actions alone, and asserted at each step.

use super::program::{Case, Ms};
use super::world::{CLEARS_IN, of};
use super::*;
use crate::lifecycle::container::{Action as Do, Event as To, FLOOR, Hook, KillReason, Word};
use crate::lifecycle::restart::{Decision, End, FORGOTTEN_AFTER};
use crate::lifecycle::status::condition::{Kind as Condition, Truth};
use crate::lifecycle::status::{ContainerStatus, EndReason, Phase, PodStatus, State};
use crate::lifecycle::termination::LAST_WAIT;

/// Where an instance is, as far as others can tell.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum There {
    #[default]
    Nothing,
    Coming,
    Alive,
    /// The main process is gone, what it left or its postStop hook is not.
    Leaving,
}

#[derive(Clone, Default, Debug)]
struct Shadow {
    there: There,
    instances: u32,
    hooks: [bool; 3],
    killing: Option<KillReason>,
    signalled: bool,
    pre_stopped: bool,
    /// How and when the latest instance ended.
    end: Option<(End, Ms)>,
    /// Since the pod started over: an init container has ended with 0, a sidecar has started.
    initialized: bool,
    /// The next start is the first since the pod started over, follows one that failed, or was asked for.
    anew: bool,
    retry: bool,
    /// So many starts since then.
    tries: u32,
    asked: bool,
    /// The pause after the next end, and when it was set.
    step: Option<(Ms, Ms)>,
}

#[derive(Clone)]
pub struct Witness<'a> {
    case: &'a Case,
    shadows: Vec<Shadow>,
    began: bool,
    /// When all must be over, from the first stop on.
    stopping: Option<Option<Ms>>,
    starting_over: bool,
    over: bool,
    /// So often the pod has started over.
    pub rounds: u32,
    /// By how much the driver makes it late.
    pub late: Ms,
}

impl<'a> Witness<'a> {
    pub fn new(case: &'a Case) -> Witness<'a> {
        Witness {
            case,
            shadows: vec![Shadow::default(); case.names.len()],
            began: false,
            stopping: None,
            starting_over: false,
            over: false,
            rounds: 0,
            late: 0,
        }
    }

    pub fn saw(&mut self, now: Ms, event: Event, actions: &[Action], pod: &Pod<'_>) {
        assert!(!self.over || actions.is_empty(), "{actions:?} after the end");
        let asked = match event {
            Event::Stop { grace } => Some(grace),
            _ => None,
        };
        if !self.over
            && let Some(grace) = asked
        {
            self.stop(now, grace);
        }
        // What ends a pod from within is the last that comes of an event.
        let ends_itself = self.stopping.is_none() && pod.stopping().is_some();
        self.began |= event == Event::Start;
        if let Event::Container(number, event) = event {
            self.told(now, number, event);
        }
        for action in actions {
            if let Action::Container(number, action) = *action {
                self.did(now, number, action);
            }
        }
        if ends_itself {
            self.stop(now, self.case.life.grace);
        }
        if actions.contains(&Action::Over) {
            assert_eq!(actions.last(), Some(&Action::Over));
            self.end(now);
        }
    }

    fn stop(&mut self, now: Ms, grace: Option<Duration>) {
        let asked = grace.map(|grace| now + grace.as_millis() as Ms);
        let before = self.stopping.flatten();
        self.stopping = Some([before, asked].into_iter().flatten().min());
        self.starting_over = false;
    }

    fn is_late(&self, now: Ms) -> bool {
        self.stopping.flatten().is_some_and(|deadline| deadline <= now)
    }

    fn told(&mut self, now: Ms, number: usize, event: To) {
        let is_init = self.case.life.containers[number].role == Role::Init;
        let shadow = &mut self.shadows[number];
        match event {
            To::Spawned if shadow.there == There::Coming => {
                shadow.there = There::Alive;
                shadow.killing = None;
                (shadow.signalled, shadow.pre_stopped) = (false, false);
            }
            To::NotSpawned(_) if shadow.there == There::Coming => {
                (shadow.there, shadow.retry) = (There::Nothing, true);
                shadow.instances -= 1;
            }
            To::NotExecuted(code) if shadow.there == There::Coming => {
                shadow.there = There::Nothing;
                shadow.killing = None;
                shadow.end = Some((End::Exited(code), now));
            }
            To::Exited(exit) if shadow.there == There::Alive => {
                let well = exit.code == 0 && !exit.out_of_memory;
                self.ended(now, number, exit.code, is_init && well);
            }
            To::Lost if shadow.there == There::Alive => self.ended(now, number, 137, false),
            To::Cleared if shadow.there == There::Leaving => shadow.there = There::Nothing,
            To::HookEnded(hook, _) => self.hook_over(number, hook),
            To::Restart => shadow.asked = true,
            _ => {}
        }
    }

    fn ended(&mut self, now: Ms, number: usize, code: i32, well: bool) {
        let shadow = &mut self.shadows[number];
        let failed = matches!(shadow.killing, Some(KillReason::Probe(_) | KillReason::PostStart));
        let code = if failed && code == 0 { 137 } else { code };
        let end = match shadow.killing {
            Some(KillReason::Probe(kind)) => End::Killed(kind),
            _ => End::Exited(code),
        };
        shadow.there = There::Leaving;
        shadow.end = Some((end, now));
        shadow.initialized |= well && !(failed && code == 137);
    }

    fn hook_over(&mut self, number: usize, hook: Hook) {
        let shadow = &mut self.shadows[number];
        let ran = std::mem::take(&mut shadow.hooks[hook as usize]);
        if ran && hook == Hook::PostStop {
            shadow.there = There::Nothing;
        }
    }

    fn did(&mut self, now: Ms, number: usize, action: Do) {
        let name = self.case.names[number];
        let role = self.case.life.containers[number].role;
        match action {
            Do::Spawn => self.may_spawn(now, number),
            Do::Send(KillReason::Stop) if role == Role::Sidecar => {
                // Kubelet T13, T15; what a probe has killed keeps its own time (T19).
                let containers = self.case.life.containers.iter().zip(&self.shadows).enumerate();
                let waits =
                    |(other, (life, shadow)): (usize, (&crate::plan::life::Life, &Shadow))| {
                        let before = life.role == Role::Regular
                            || life.role == Role::Sidecar && other > number;
                        before && shadow.there != There::Nothing
                    };
                let waits = containers.into_iter().any(waits);
                assert!(!waits || self.is_late(now), "{name}'s signal at {now} is out of turn");
            }
            _ => {}
        }
        let shadow = &mut self.shadows[number];
        let there = shadow.there;
        match action {
            Do::Run(hook) => {
                assert!(!shadow.hooks[hook as usize], "{name}: {hook:?} twice");
                shadow.hooks[hook as usize] = true;
                match hook {
                    Hook::PostStart => assert_eq!(there, There::Alive, "{name}"),
                    Hook::PreStop => {
                        // Kubelet H13 to H15, H20.
                        let first =
                            !shadow.signalled && !std::mem::replace(&mut shadow.pre_stopped, true);
                        assert!(first && there == There::Alive, "{name}: preStop at {now}");
                    }
                    Hook::PostStop => {
                        assert!(there == There::Nothing, "{name}");
                        shadow.there = There::Leaving;
                    }
                }
            }
            Do::End(hook) => self.hook_over(number, hook),
            Do::Send(_) => {
                assert!(there == There::Alive && !shadow.signalled, "{name}: a signal at {now}");
                assert!(!shadow.hooks[Hook::PreStop as usize], "{name}: a signal beside preStop");
                shadow.signalled = true;
            }
            Do::KillAll => assert_eq!(there, There::Alive, "{name}: SIGKILL at {now}"),
            // Nobody saw its end: it is given up.
            Do::Clear { .. } if there == There::Alive => self.ended(now, number, 137, false),
            Do::Clear { .. } => assert_eq!(there, There::Leaving, "{name}"),
            Do::Watch { started, .. } => {
                assert_eq!(there, There::Alive, "{name}");
                assert!(!shadow.hooks[Hook::PostStart as usize], "{name}: probes beside postStart");
                shadow.initialized |= role == Role::Sidecar && started;
            }
            Do::Started => shadow.initialized |= role == Role::Sidecar,
            Do::RestartAll => {
                assert!(self.stopping.is_none(), "{name} restarts all of a pod that stops");
                self.starting_over = true;
                self.rounds += 1;
                self.shadows.iter_mut().for_each(|shadow| shadow.asked = false);
            }
            Do::Say(Word::Killing { reason, .. }) => {
                shadow.killing = Some(reason);
            }
            _ => {}
        }
    }

    fn may_spawn(&mut self, now: Ms, number: usize) {
        let name = self.case.names[number];
        let life = &self.case.life.containers[number];
        assert!(self.began, "{name} starts before its pod");
        assert!(self.stopping.is_none(), "{name} starts at {now} while stopping (kubelet T18)");
        if std::mem::take(&mut self.starting_over) {
            // Kubelet R11.
            let all = self.shadows.iter().all(|shadow| shadow.there == There::Nothing);
            assert!(all, "{name} starts over at {now} before all have ended");
            for shadow in &mut self.shadows {
                (shadow.initialized, shadow.anew, shadow.tries) = (false, true, 0);
            }
        }
        for (other, (their, shadow)) in
            self.case.life.containers.iter().zip(&self.shadows).enumerate()
        {
            let comes_before = match life.role {
                Role::Regular => their.role != Role::Regular,
                Role::Init | Role::Sidecar => other < number,
            };
            // Kubelet I1, I2, I8.
            assert!(!comes_before || shadow.initialized, "{name} starts at {now} before its turn");
            let one = their.role == Role::Init && shadow.there != There::Nothing;
            assert!(!comes_before || !one, "{name} starts at {now} beside an init container");
        }
        for (their, shadow) in self.case.life.containers.iter().zip(&self.shadows).take(number) {
            // Kubelet I3, H7. A pod that has started over may have some that wait for their back-off.
            let first = shadow.there == There::Coming || shadow.hooks[Hook::PostStart as usize];
            let lets = self.rounds > 0 || shadow.tries > 1 || shadow.tries == 1 && !first;
            let both = life.role == Role::Regular && their.role == Role::Regular;
            assert!(!both || lets, "{name} starts at {now} before one ahead of it has");
        }
        let shadow = &mut self.shadows[number];
        assert_eq!(shadow.there, There::Nothing, "{name} twice at {now}");
        let asked = std::mem::take(&mut shadow.asked);
        let done = life.role == Role::Init && std::mem::take(&mut shadow.initialized);
        assert!(!done || asked, "{name} again at {now} though it has succeeded (kubelet I5)");
        let free = asked | std::mem::take(&mut shadow.anew) | std::mem::take(&mut shadow.retry);
        if let Some((end, at)) = shadow.end {
            let decision = life.restart.decide(Some(end), false);
            assert!(free || decision == Decision::Start, "{name} again after {end:?}");
            // Kubelet R14 to R18.
            let live = shadow
                .step
                .filter(|step| at.saturating_sub(step.1) <= FORGOTTEN_AFTER.as_millis() as Ms);
            let early = live.is_some_and(|(pause, _)| now < at + pause);
            assert!(!early || asked, "{name} again at {now}, too early after {at}: {live:?}");
            let first = life.pace.first().as_millis() as Ms;
            let pause = live.map_or(first, |(pause, _)| {
                life.pace.after(Duration::from_millis(pause)).as_millis() as Ms
            });
            // A start that somebody asked for may or may not have counted.
            shadow.step = (!asked).then_some((pause, now));
        }
        shadow.there = There::Coming;
        shadow.instances += 1;
        shadow.tries += 1;
    }

    fn end(&mut self, now: Ms) {
        self.over = true;
        for (shadow, name) in self.shadows.iter().zip(&self.case.names) {
            assert_eq!(shadow.there, There::Nothing, "{name} at the end");
            assert_eq!(shadow.hooks, [false; 3], "{name}'s hooks at the end");
        }
        let Some(stopping) = self.stopping else { panic!("over without a stop") };
        let programs = self.case.programs.iter().flatten();
        let slowest = programs.map(|program| program.spawns_in).max().unwrap_or(0);
        let slack = (FLOOR + LAST_WAIT).as_millis() as Ms + slowest + CLEARS_IN + self.late;
        let end = stopping.map(|deadline| deadline + slack);
        assert!(end.is_none_or(|end| now <= end), "over at {now}, not by {end:?}");
    }

    pub fn read(&self, before: Option<&PodStatus>, status: &PodStatus, pod: &Pod<'_>) {
        assert_eq!(status.phase.is_final(), pod.is_over(), "kubelet R40, T20");
        assert!(pod.stopping().is_none() || !pod.is_restarting_all(), "it stops and starts over");
        let before = before.unwrap_or(status);
        // Kubelet R40; only a pod that starts over waits again.
        let forward = match (before.phase, status.phase) {
            (Phase::Pending, _) | (_, Phase::Succeeded | Phase::Failed) => true,
            (Phase::Running, Phase::Running) => true,
            (Phase::Running, Phase::Pending) => self.rounds > 0,
            (Phase::Succeeded | Phase::Failed, _) => false,
        };
        assert!(
            forward || before.phase == status.phase,
            "{:?} to {:?}",
            before.phase,
            status.phase
        );
        let truth =
            |kind| status.conditions.iter().find(|found| found.kind == kind).map(|c| c.status);
        if truth(Condition::Ready) == Some(Truth::True) {
            assert_eq!(status.phase, Phase::Running, "a pod is ready");
            assert_eq!(truth(Condition::ContainersReady), Some(Truth::True));
            assert_eq!(truth(Condition::Initialized), Some(Truth::True));
            assert!(pod.stopping().is_none(), "a stopping pod is ready (kubelet W22)");
        }
        for condition in &status.conditions {
            let old = before.conditions.iter().find(|old| old.kind == condition.kind);
            if let Some(old) = old.filter(|old| old.status == condition.status) {
                assert_eq!(old.last_transition, condition.last_transition, "kubelet R41");
            }
        }
        let all = |status: &PodStatus| status.init_containers.len() + status.containers.len();
        assert_eq!(all(status), self.case.names.len());
        for named in status.init_containers.iter().chain(&status.containers) {
            let mut old = before.init_containers.iter().chain(&before.containers);
            let old = old.find(|old| old.name == named.name).map(|old| old.status);
            let number = self.case.names.iter().position(|name| *name == named.name);
            self.check(number.expect("its name"), old.unwrap_or(named.status), named.status);
        }
    }

    /// Kubelet R24 to R27, W25 to W27.
    fn check(&self, number: usize, old: ContainerStatus, new: ContainerStatus) {
        let name = self.case.names[number];
        let life = &self.case.life.containers[number];
        let shadow = &self.shadows[number];
        assert!(new.restart_count >= old.restart_count, "{name}");
        assert!(new.restart_count <= shadow.instances.saturating_sub(1), "{name}");
        let runs = matches!(new.state, State::Running { .. });
        assert!(!runs || shadow.there == There::Alive, "{name} runs");
        assert!(!new.started || runs && life.role != Role::Init, "{name} is started");
        match life.role {
            Role::Init => {
                let ready = shadow.initialized || self.stopping.is_some();
                assert!(!new.ready || ready, "{name} is ready");
            }
            _ => assert!(!new.ready || new.started, "{name} is ready"),
        }
        assert!(
            !new.ready || life.role == Role::Init || shadow.killing.is_none(),
            "{name} is ready"
        );
        for end in [new.latest_end(), new.last].into_iter().flatten() {
            assert!(end.started <= end.finished && end.exit_code <= 255, "{name}: {end:?}");
            assert!(end.reason != EndReason::Completed || end.exit_code == 0, "{name}: {end:?}");
        }
        if let (Some(latest), Some((_, at))) = (new.latest_end(), shadow.end) {
            assert_eq!(of(latest.finished), at, "{name}");
        }
    }
}
