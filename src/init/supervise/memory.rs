//! Whether an instance ended for want of memory (kubelet T25, T26).

use crate::signal::Signal;
use crate::sys::memory_cgroup::OomKills;
use crate::sys::this_process;
use crate::sys::wait::Exit;

/// The cgroup's count, before an instance.
pub(super) struct Memory {
    kills: Option<OomKills>,
    before: Option<u64>,
}

impl Memory {
    /// By this file; nothing is known where there is none.
    pub fn new(kills: Option<&[u8]>) -> Memory {
        Memory { kills: kills.and_then(OomKills::at), before: None }
    }

    /// An instance is about to start.
    pub fn begin(&mut self) {
        self.before = self.count();
    }

    /// Whether the instance that has ended so ran out of memory. `killed` if podinit sent SIGKILL, `agent` if there is
    /// one, who may have been the victim, or one of its attempts.
    pub fn ran_out(&self, exit: Exit, killed: bool, agent: bool) -> bool {
        let rose = self.before.is_some_and(|before| self.count() > Some(before));
        rose && is_the_programs(exit, killed, !agent && this_process::is_pid_1())
    }

    fn count(&self) -> Option<u64> {
        self.kills.as_ref()?.count()
    }
}

/// Whether somebody whom the kernel has killed was the program, or a child of it: the main process surely was one if it
/// ended by a SIGKILL that is not podinit's; and where podinit is PID 1 and has no agent, all others are the program's.
fn is_the_programs(exit: Exit, killed: bool, all_are: bool) -> bool {
    all_are || exit == Exit::Signal(Signal::KILL) && !killed
}

#[cfg(test)]
mod tests {
    use super::*;

    // kubelet T26
    #[test]
    fn t26_who_the_victim_was() {
        let (killed, term, ended) =
            (Exit::Signal(Signal::KILL), Exit::Signal(Signal::TERM), Exit::Code(0));
        for (exit, by_podinit, all_are, expected) in [
            (killed, false, false, true),
            (killed, true, false, false),
            (killed, true, true, true),
            (ended, false, true, true),
            (ended, false, false, false),
            (term, false, false, false),
        ] {
            let told = is_the_programs(exit, by_podinit, all_are);
            assert_eq!(told, expected, "{exit} {by_podinit} {all_are}");
        }
    }
}
