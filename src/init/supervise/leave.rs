//! The end of init itself: the agent leaves, the last of the dead are reaped, the closing line is written.

use std::time::Duration;

use super::{Supervisor, has_errands};
use crate::init::report::{Note, Supervised};
use crate::init::{LAST_REAPED, now};
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
            agent.kill();
        }
        self.wait_for_agent();
        // What is dead already is reaped still (init T21), though not what dies for ever.
        for _ in 0..LAST_REAPED {
            let Dead::One(pid, exit) = wait::reap_any() else { break };
            self.log.note(Note::Reaped { pid, exit });
        }
        self.instance.take_terminal_back();
        let code = self.exit_code();
        let life = &self.supervision.life;
        let account = self.times.account(now(), life.grace, has_errands(life));
        self.told_end(Supervised::Closing { account, exit: code }, code);
        code
    }

    fn wait_for_agent(&mut self) {
        let end = now() + AGENT_GRACE;
        loop {
            // Whoever asks for the end now gets it.
            while self.source.poll().is_some() {}
            while let Dead::One(pid, exit) = wait::reap_any() {
                self.agent.take_if(|agent| agent.is(pid));
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
            return self.stop.map_or(failed, |signal| Exit::Signal(signal).code());
        };
        let code = u8::try_from(end.exit_code).unwrap_or(u8::MAX);
        let has_run = end.reason != EndReason::StartError;
        if has_run && self.plan.remap.contains(code) { 0 } else { code }
    }
}
