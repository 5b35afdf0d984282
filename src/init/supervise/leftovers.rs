//! Carrying out [`crate::lifecycle::clearing`]: what an instance left behind, the agent and all below it apart.

use crate::init::leftovers::Leftovers;
use crate::init::report::{Log, Note};
use crate::lifecycle::Moment;
use crate::lifecycle::clearing::{Action, Clearing, Event};
use crate::signal::Signal;
use crate::sys::process_tree::NoProc;
use crate::sys::signals::{self, Recipient};
use crate::sys::wait::{self, Dead};
use crate::sys::{Errno, Pid, this_process};

use super::instance::Instance;

/// What init does about leftovers, while it does.
pub(super) struct Clearance {
    clearing: Option<Clearing>,
    leftovers: Leftovers,
    /// Somebody may have gone since it was last looked.
    pub look: bool,
    agent: Option<Pid>,
    no_proc_said: bool,
}

impl Clearance {
    pub const fn new() -> Clearance {
        let leftovers = Leftovers::new();
        Clearance { clearing: None, leftovers, look: false, agent: None, no_proc_said: false }
    }

    /// Begins, or changes the time they have.
    pub fn begin(&mut self, until: Option<Moment>) {
        match &mut self.clearing {
            Some(clearing) => clearing.set_until(until),
            None => {
                self.clearing = Some(Clearing::new(until));
                self.leftovers = Leftovers::new();
                self.leftovers.spare(self.agent);
                self.look = true;
            }
        }
    }

    /// The agent there is, or none.
    pub fn spare(&mut self, agent: Option<Pid>) {
        self.agent = agent;
        self.leftovers.spare(agent);
    }

    pub fn due(&self) -> Option<Moment> {
        self.clearing.as_ref().and_then(Clearing::due)
    }

    /// Looks whether anybody is left if somebody may have gone, and does what is due. Whether it is over, and whether
    /// SIGKILL was needed.
    pub fn go_on(&mut self, now: Moment, instance: &Instance<'_>, log: &mut Log) -> Option<bool> {
        let event = match (&self.clearing, self.look) {
            (None, _) => return None,
            (Some(_), false) => Event::Due,
            (Some(_), true) if self.is_anybody_left(instance) => Event::Remaining,
            (Some(_), true) => Event::Gone,
        };
        self.look = false;
        let actions = self.clearing.as_mut()?.step(now, event);
        let mut over = false;
        for action in actions {
            match action {
                Action::Tell => {
                    let count = self.leftovers.tell();
                    let count =
                        count.unwrap_or_else(|_| self.signal_group(Signal::TERM, instance, log));
                    log.note(Note::LeftoversTold { count });
                }
                Action::TellNewOrphans => {
                    let count = self.leftovers.tell_new_orphans().unwrap_or(0);
                    if count > 0 {
                        log.note(Note::LeftoversTold { count });
                    }
                }
                Action::Kill => self.kill_all(instance, log),
                Action::Over { given_up } => {
                    over = true;
                    if given_up {
                        self.name_survivors(log);
                    }
                }
            }
        }
        over.then(|| self.clearing.take().is_some_and(|clearing| clearing.killed()))
    }

    /// SIGKILL to the main process and all descendants.
    pub fn kill_all(&mut self, instance: &Instance<'_>, log: &mut Log) {
        let found = self.leftovers.kill();
        instance.kill();
        let count = found.unwrap_or_else(|NoProc| self.signal_group(Signal::KILL, instance, log));
        if count > 0 {
            log.note(Note::Killed { count });
        }
    }

    fn is_anybody_left(&self, instance: &Instance<'_>) -> bool {
        if self.agent.is_none() {
            return wait::find_ended() != Dead::Childless;
        }
        self.leftovers.are_there().unwrap_or_else(|NoProc| instance.group().is_some())
    }

    /// Without a /proc that shows descendants; 1 if anybody was there.
    fn signal_group(&mut self, signal: Signal, instance: &Instance<'_>, log: &mut Log) -> usize {
        if !self.no_proc_said {
            self.no_proc_said = true;
            log.note(Note::NoProc);
        }
        let group = instance.group();
        group.map_or(0, |group| usize::from(signals::send(Recipient::Group(group), signal).is_ok()))
    }

    fn name_survivors(&self, log: &mut Log) {
        self.leftovers.for_each(|pid| {
            let refused = signals::send(Recipient::Process(pid), Signal::KILL).err();
            if refused != Some(Errno::ESRCH) && pid != this_process::pid() {
                log.note(Note::Survivor { pid, refused });
            }
        });
    }
}
