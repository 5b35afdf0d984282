//! Whole lives of one container in virtual time.

use std::time::Duration;

use super::*;
use crate::lifecycle::probe::Kind;
use crate::lifecycle::status;
use crate::plan::life::{
    ExitCodes, Hooks, Pace, Policy, Probe, Probes, Role, Rule, RuleAction, Settings, Terms,
};

mod everything;
mod hooks;
mod properties;
mod reports;
mod restarts;
mod stops;
mod world;

fn ms(millis: u64) -> Moment {
    Moment::at(Duration::from_millis(millis))
}

fn s(seconds: u64) -> Moment {
    ms(seconds * 1000)
}

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A regular container under `Always`, 30 s of grace, no hooks, no probes.
fn plain() -> Life {
    Life {
        role: Role::Regular,
        hooks: Hooks::default(),
        probes: Probes::default(),
        notifies: false,
        restart: Terms { pod: Policy::Always, container: None, rules: Vec::new() },
        pace: Pace::DEFAULT,
        grace: Some(secs(30)),
    }
}

fn with_hooks() -> Life {
    Life { hooks: Hooks { post_start: true, pre_stop: true, post_stop: true }, ..plain() }
}

fn with_pre_stop() -> Life {
    Life { hooks: Hooks { pre_stop: true, ..Hooks::default() }, ..plain() }
}

fn under(pod: Policy) -> Life {
    Life { restart: Terms { pod, ..plain().restart }, ..plain() }
}

/// How often a probe is asked is not this machine's business.
fn probe(grace: Option<u64>) -> Option<Probe> {
    let settings = Settings {
        initial_delay: Duration::ZERO,
        period: secs(10),
        timeout: secs(1),
        success_threshold: 1,
        failure_threshold: 3,
    };
    Some(Probe { settings, grace: grace.map(secs) })
}

fn exit(code: i32) -> Event {
    Event::Exited(Exit { code, out_of_memory: false })
}

fn stop(seconds: u64) -> Event {
    Event::Stop(Stop { grace: Some(secs(seconds)), ordered: false, asked: true })
}

fn stop_in_order(seconds: u64) -> Event {
    Event::Stop(Stop { grace: Some(secs(seconds)), ordered: true, asked: true })
}

fn stop_some_time() -> Event {
    Event::Stop(Stop { grace: None, ordered: false, asked: true })
}

/// One container and what it answered last.
struct Told<'a> {
    container: Container<'a>,
    words: Vec<Word>,
}

impl<'a> Told<'a> {
    fn new(life: &'a Life) -> Told<'a> {
        Told { container: Container::new(life), words: Vec::new() }
    }

    /// Started and spawned at 0.
    fn running(life: &'a Life) -> Told<'a> {
        let mut told = Told::new(life);
        assert_eq!(told.at(s(0), Event::Start), [Action::Spawn]);
        told.at(s(0), Event::Spawned);
        told
    }

    /// What it does; what it says is in `words`.
    fn at(&mut self, now: Moment, event: Event) -> Vec<Action> {
        self.words.clear();
        let mut deeds = Vec::new();
        for action in self.container.step(now, event) {
            match action {
                Action::Say(word) => self.words.push(word),
                _ => deeds.push(action),
            }
        }
        deeds
    }

    /// Wakes it when it wants to be.
    fn when_due(&mut self) -> (Moment, Vec<Action>) {
        let due = self.container.due().expect("nothing is due");
        (due, self.at(due, Event::Due))
    }

    /// The main process ends and leaves nothing behind.
    fn ends(&mut self, now: Moment, code: i32) -> Vec<Action> {
        self.at(now, exit(code));
        self.at(now, Event::Cleared)
    }

    fn status(&self) -> status::ContainerStatus {
        self.container.status()
    }
}
