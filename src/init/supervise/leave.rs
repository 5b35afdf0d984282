//! The end of init itself: the agent leaves, the last of the dead are reaped, the closing line is written.

use std::time::Duration;

use super::{Supervisor, has_errands};
use crate::init::report::{Account, Note, Supervised};
use crate::init::{LAST_REAPED, now};
use crate::lifecycle::Moment;
use crate::lifecycle::container::Account as End;
use crate::lifecycle::status::EndReason;
use crate::sys::poll;
use crate::sys::wait::{self, Dead, Exit};

/// So long the agent has to end what it runs, and so long again to be ended.
const AGENT_GRACE: Duration = Duration::from_secs(1);

impl Supervisor<'_> {
    /// Returns the exit code.
    pub(super) fn leave(mut self) -> u8 {
        if let Some(agent) = &mut self.agent {
            agent.dismiss();
        }
        self.wait_for_agent();
        if let Some(agent) = &mut self.agent {
            agent.give_up();
        }
        self.wait_for_agent();
        // What is dead already is reaped still (init T21), though not what dies for ever.
        for _ in 0..LAST_REAPED {
            let Dead::One(pid, exit) = wait::reap_any() else { break };
            self.log.note(Note::Reaped { pid, exit });
        }
        self.instance.take_terminal_back();
        let code = self.exit_code();
        let account = self.account(now());
        self.told_end(Supervised::Closing { account, exit: code }, code);
        code
    }

    /// Where the time of the latest end went, for the closing line (design 3.6).
    fn account(&self, now: Moment) -> Account {
        let between = |from: Option<Moment>, to: Option<Moment>| Some(to?.since(from?));
        let end = self.container.account();
        let of_end = |moment: fn(End) -> Option<Moment>| end.and_then(moment);
        let (pre_stop, ended) = (of_end(|end| end.pre_stop), of_end(|end| end.ended));
        let (signalled, killed) = (of_end(|end| end.signalled), of_end(|end| end.killed));
        let began = end.map(|end| end.began);
        // One that has ended by itself came to none of these.
        let asked = began.filter(|_| pre_stop.or(signalled).or(killed).is_some());
        let stop = self.stop.map(|(_, moment)| moment);
        let life = &self.supervision.life;
        Account {
            pre_stop: between(began, pre_stop),
            signalled: self.told.map(|signal| (signal, between(signalled, ended))),
            leftovers: between(ended, of_end(|end| end.cleared)),
            total: between(stop.or(asked), Some(now)),
            grace: life.grace.filter(|_| stop.is_some()),
            killed: killed.is_some() || self.leftovers_killed,
            wanted: has_errands(life),
        }
    }

    fn wait_for_agent(&mut self) {
        let end = now() + AGENT_GRACE;
        loop {
            // Whoever asks for the end now gets it.
            while self.source.poll().is_some() {}
            while let Dead::One(pid, exit) = wait::reap_any() {
                if let Some(agent) = &mut self.agent {
                    agent.reaped(pid);
                }
                self.log.note(Note::Reaped { pid, exit });
            }
            let left = end.since(now());
            let is_there = self.agent.as_ref().is_some_and(|agent| agent.pid().is_some());
            if left.is_zero() || !is_there {
                return;
            }
            poll::readable([self.source.descriptor()], self.source.until_look(Some(left)));
        }
    }

    /// That of the latest instance; of the signal that came before the first.
    fn exit_code(&self) -> u8 {
        let Some(end) = self.container.latest_end() else {
            let failed = self.plan.failure_codes.not_started;
            return self.stop.map_or(failed, |(signal, _)| Exit::Signal(signal).code());
        };
        let code = u8::try_from(end.exit_code).unwrap_or(u8::MAX);
        let has_run = end.reason != EndReason::StartError;
        if has_run && self.plan.remap.contains(code) { 0 } else { code }
    }
}
