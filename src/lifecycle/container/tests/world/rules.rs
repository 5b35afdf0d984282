//! What the rules make of all that happens, told apart from the machine: kills and their times, pauses, ends.

use super::*;

/// A kill as the rules have it, apart from the machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct Killing {
    pub(super) reason: KillReason,
    /// In which step it began.
    pub(super) step: usize,
    pub(super) deadline: Option<u64>,
    pub(super) waited: bool,
    pub(super) at_once: bool,
    pub(super) sent: bool,
    /// When SIGKILL must come, once the signal is sent.
    pub(super) kill_at: Option<u64>,
    pub(super) killed: bool,
}

impl World<'_> {
    /// What the rules make of an event, before the machine is asked.
    pub(super) fn notice(&mut self, event: Event) {
        match event {
            Event::Spawned if self.spawning => {
                self.spawning = false;
                self.alive = true;
                self.pre_stopped = false;
                self.own += self.stopped_at.map_or(0, |at| self.now - at);
                if self.life.notifies {
                    self.say_readiness(1);
                }
            }
            Event::NotExecuted(_) if self.spawning => {
                self.spawning = false;
                self.own += self.stopped_at.map_or(0, |at| self.now - at);
                self.ended();
                self.free_since = self.now;
            }
            Event::NotSpawned(_) if self.spawning => {
                self.spawning = false;
                self.own += self.stopped_at.map_or(0, |at| self.now - at);
                self.retry = Some(self.now + 10_000);
                self.free_since = self.now;
            }
            Event::Exited(_) | Event::Lost if self.alive || self.spawning => {
                if self.spawning {
                    self.own += self.stopped_at.map_or(0, |at| self.now - at);
                }
                self.spawning = false;
                self.alive = false;
                self.ended();
            }
            Event::Cleared => {
                let (began, until) = self.unclean.take().expect("asked for");
                if self.stopped_at.is_some() {
                    self.own += self.now - self.now.min(until.unwrap_or(self.now).max(began));
                }
                self.free_since = self.now;
            }
            Event::HookEnded(Hook::PostStop, _) => self.free_since = self.now,
            Event::Restart => {
                let is_heard = !self.spawning && !self.container.is_idle();
                self.asked |= is_heard && self.stopped_at.is_none();
            }
            Event::Reset if self.stopped_at.is_none() => {
                self.asked = false;
                let sooner = self.now + 2000;
                self.hasten(Some(sooner));
            }
            Event::Stop(stop) => {
                self.stops += 1;
                self.stopped_at.get_or_insert(self.now);
                self.zero |= stop.grace == Some(Duration::ZERO);
                let asked = stop.grace.map(|grace| self.now + grace.as_millis() as u64);
                self.over_by = [self.over_by, asked].into_iter().flatten().min();
                self.hasten(self.over_by);
            }
            _ => {}
        }
    }

    fn hasten(&mut self, asked: Option<u64>) {
        let Some(killing) = &mut self.killing else { return };
        let sooner = [killing.deadline, asked].into_iter().flatten().min();
        if sooner != killing.deadline {
            killing.deadline = sooner;
            killing.kill_at = [killing.kill_at, sooner].into_iter().flatten().min();
        }
    }

    pub(super) fn ended(&mut self) {
        self.ends.push(self.now);
        self.retry = None;
        self.killing = None;
    }

    /// The pause that applies to the latest end, if it is not forgotten (kubelet R15, R18).
    pub(super) fn pause(&self) -> Option<u64> {
        let (pause, at) = self.step_of_pause?;
        (self.ends.last()?.saturating_sub(at) <= 600_000).then_some(pause)
    }

    pub(super) fn begin_killing(&mut self, event: Event, reason: KillReason) {
        let own = |probe: Option<Probe>| probe.and_then(|probe| probe.grace);
        let life = self.life.grace.unwrap_or(OWN_GRACE);
        let grace = match reason {
            KillReason::Stop => None,
            KillReason::Probe(Kind::Startup) => Some(own(self.life.probes.startup).unwrap_or(life)),
            KillReason::Probe(_) => Some(own(self.life.probes.liveness).unwrap_or(life)),
            KillReason::PostStart | KillReason::Restart => Some(life),
            KillReason::Reset => Some(FLOOR),
        };
        let own_end = grace.map(|grace| self.now + grace.as_millis() as u64);
        self.killing = Some(Killing {
            reason,
            step: self.steps,
            deadline: if reason == KillReason::Stop { self.over_by } else { own_end },
            waited: reason == KillReason::Stop && event == Event::Spawned,
            at_once: grace == Some(Duration::ZERO),
            sent: false,
            kill_at: None,
            killed: false,
        });
    }

    pub(super) fn check(&mut self, before: &Container) {
        let container = self.container.clone();
        assert!(container.due().is_none_or(|due| due > ms(self.now)), "due in the past");
        if let Some(killing) = self.killing
            && killing.sent
            && !killing.killed
            && self.alive
        {
            assert!(killing.kill_at.is_none_or(|at| at > self.now), "a deadline was missed");
            assert_eq!(container.due(), killing.kill_at.map(ms));
        }
        let status = container.status();
        let earlier = before.status();
        assert!(status.restart_count >= earlier.restart_count);
        let is_init = self.life.role == Role::Init;
        assert!(is_init || !status.ready || status.started);
        assert!(!is_init || !status.started && (!status.ready || container.is_done()));
        let running = matches!(status.state, status::State::Running { .. });
        assert!(!status.started || running && self.alive);
        assert!(!status.ready || is_init || self.killing.is_none());
        let finished = |number: usize| {
            self.ends.len().checked_sub(number).and_then(|at| self.ends.get(at)).copied().map(ms)
        };
        let shown = match status.state {
            status::State::Terminated(end) => {
                assert_eq!(Some(end.finished), finished(1));
                2
            }
            status::State::Waiting(_) | status::State::Running { .. } => 1,
        };
        assert_eq!(status.last.map(|end| end.finished), finished(shown));
        let instances = self.ends.len() + usize::from(running);
        assert_eq!(status.restart_count as usize, instances.saturating_sub(1));
        if container.is_done() && self.stopped_at.is_some() {
            let over_by = self.over_by.map(|over_by| over_by + 2000 + self.own);
            assert!(
                before.is_done() || over_by.is_none_or(|over_by| self.now <= over_by),
                "a stop took too long: {} ms",
                self.now - over_by.unwrap()
            );
        }
        // Who plays the pod lets it begin anew.
        let waits = self.coming.iter().any(|(.., event)| *event == Event::Start);
        if container.is_idle() && !waits {
            self.asked = false;
            let after = self.dice.while_();
            self.free_since = self.now;
            self.comes(after, Event::Start);
        }
        if container.is_done() || container.is_idle() {
            assert!(!self.alive && self.unclean.is_none() && self.hooks.is_empty());
            assert_eq!(self.probing, Probing::Off);
        }
    }
}
