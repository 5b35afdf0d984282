//! The container's hooks, run when init says so.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use super::{Office, now, remark};
use crate::lifecycle::Moment;
use crate::lifecycle::container::Hook;
use crate::link::Report;
use crate::plan::life::Pace;
use crate::plan::supervision::{ENDLESS, Errands};
use crate::probe::{Apart, Outcome, Task};
use crate::spec::action::Action;

/// How long it is waited before it is looked again whether there is a process for a hook.
const PACE: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

pub struct Hooks<'a> {
    errands: &'a Errands,
    pace: Pace,
    running: Vec<Running>,
}

/// One that has not ended.
struct Running {
    hook: Hook,
    instance: u32,
    /// How long it waits if there is no process for it.
    pause: Duration,
    stage: Stage,
}

enum Stage {
    UnderWay(Apart),
    /// There was no process for it.
    Waiting {
        until: Moment,
    },
}

impl<'a> Hooks<'a> {
    pub fn new(errands: &'a Errands) -> Hooks<'a> {
        let (first, longest) = PACE;
        Hooks { errands, pace: Pace::new(first, longest), running: Vec::new() }
    }

    /// Runs it; one that is still running ends.
    pub fn run(&mut self, hook: Hook, instance: u32, office: &mut Office<'_>) {
        self.end(hook, office);
        self.begin(hook, instance, self.pace.first(), office);
    }

    /// Ends it, with all it has started.
    pub fn end(&mut self, hook: Hook, office: &mut Office<'_>) {
        for ended in self.running.extract_if(.., |running| running.hook == hook) {
            if let Stage::UnderWay(apart) = ended.stage {
                office.endings.push(apart.end_later());
            }
        }
    }

    /// Takes in those that have ended, and tries again where there was no process.
    pub fn turn(&mut self, office: &mut Office<'_>) {
        for mut running in std::mem::take(&mut self.running) {
            let Running { hook, instance, pause, .. } = running;
            match &mut running.stage {
                Stage::UnderWay(apart) => match apart.outcome() {
                    Some(outcome) if outcome.unbegun => {
                        self.put_off(hook, instance, pause, &outcome, office);
                    }
                    Some(outcome) => self.ended(hook, instance, &outcome, office),
                    None => self.running.push(running),
                },
                Stage::Waiting { until } if *until <= now() => {
                    self.begin(hook, instance, self.pace.after(pause), office);
                }
                Stage::Waiting { .. } => self.running.push(running),
            }
        }
    }

    /// When to try again.
    pub fn due(&self) -> Option<Moment> {
        let untils = self.running.iter().filter_map(|running| match running.stage {
            Stage::Waiting { until } => Some(until),
            Stage::UnderWay(_) => None,
        });
        untils.min()
    }

    pub fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.running.iter().filter_map(|running| match &running.stage {
            Stage::UnderWay(apart) => Some(apart.descriptor()),
            Stage::Waiting { .. } => None,
        })
    }

    fn begin(&mut self, hook: Hook, instance: u32, pause: Duration, office: &mut Office<'_>) {
        let Some(action) = self.action(hook) else {
            // Init knows which there are; this is not one of them.
            return office.report(Report::HookEnded { hook, instance, well: false });
        };
        let Office { prober, say, .. } = office;
        let mut heard = |line: &str| remark::output(hook, line, say);
        let strict = self.errands.strict_hooks;
        let task = Task::Hook { action, strict, heard: &mut heard };
        match Apart::start(prober, task, ENDLESS) {
            Ok(apart) => {
                let stage = Stage::UnderWay(apart);
                self.running.push(Running { hook, instance, pause, stage });
            }
            Err(errno) => {
                self.put_off(hook, instance, pause, &Outcome::no_process(errno), office);
            }
        }
    }

    /// There was no process for it, or none for its command.
    fn put_off(
        &mut self,
        hook: Hook,
        instance: u32,
        pause: Duration,
        outcome: &Outcome,
        office: &mut Office<'_>,
    ) {
        remark::hook_waits(hook, outcome, office.say);
        let stage = Stage::Waiting { until: now() + pause };
        self.running.push(Running { hook, instance, pause, stage });
    }

    fn ended(&self, hook: Hook, instance: u32, outcome: &Outcome, office: &mut Office<'_>) {
        if let Some(action) = self.action(hook) {
            remark::hook(hook, action, outcome, self.errands, office.say);
        }
        office.report(Report::HookEnded { hook, instance, well: outcome.verdict.holds() });
    }

    fn action(&self, hook: Hook) -> Option<&'a Action> {
        let Errands { post_start, pre_stop, post_stop, .. } = self.errands;
        match hook {
            Hook::PostStart => post_start.as_ref(),
            Hook::PreStop => pre_stop.as_ref(),
            Hook::PostStop => post_stop.as_ref(),
        }
    }
}
