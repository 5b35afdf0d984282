//! PID 1: starts the main child, then waits in the kernel, turns what happened into events for the
//! lifecycle and carries out its actions.
//!
//! Nothing the loop reaches panics or asks for memory, and while nothing happens it makes no system
//! call: one read(2) of a signalfd is all of its idling.

use std::time::Duration;

use crate::lifecycle::Moment;
use crate::lifecycle::termination::{Action, Event, Termination};
use crate::plan::{Afterwards, Placement, Plan, Target};
use crate::signal::{Received, Signal, SignalSet};
use crate::sys::process_tree::NoProc;
use crate::sys::signals::{self, Recipient, Source};
use crate::sys::wait::{self, Dead, Exit};
use crate::sys::{Errno, Pid, clock, this_process};

mod foreground;
pub mod hold;
mod leftovers;
pub mod manners;
pub mod report;
mod start;
#[cfg(feature = "probe")]
mod supervise;

use foreground::Foreground;
use leftovers::Leftovers;
use report::{Log, Note};
pub use start::{Program, exec_in_place};
#[cfg(feature = "probe")]
pub use supervise::{Supervisor, supervise};

/// Orphans reaped before init looks whether a signal has come meanwhile.
const BATCH: usize = 128;

/// So many that are dead when init leaves are reaped still: more than there can be processes.
const LAST_REAPED: usize = 1 << 22;

/// A running main child and all that init knows of it.
pub struct Init<'a> {
    plan: &'a Plan,
    log: Log,
    source: Source,
    termination: Termination<'a>,
    main: Pid,
    main_exit: Option<Exit>,
    /// The terminal, if init has one to give and take.
    foreground: Option<Foreground>,
    leftovers: Leftovers,
    no_proc_said: bool,
    left: bool,
}

impl<'a> Init<'a> {
    /// Starts the program and lets go of everything init has no use for.
    ///
    /// # Errors
    /// The exit code, when it could not be started; why has been said.
    pub fn start(plan: &'a Plan, program: Program, mut log: Log) -> Result<Init<'a>, u8> {
        let (main, foreground) = start::start(plan, program, &mut log)?;
        Ok(Init {
            plan,
            log,
            source: Source::open(SignalSet::ALL),
            termination: Termination::new(&plan.ending),
            main,
            main_exit: None,
            foreground,
            leftovers: Leftovers::new(),
            no_proc_said: false,
            left: false,
        })
    }

    /// Lives until the program and, by plan, all it left behind are gone. Returns the exit code.
    pub fn run(mut self) -> u8 {
        // Who had ended before podinit was executed has told nobody.
        self.look_at_children();
        while !self.left {
            let now = now();
            let at_most = self.termination.deadline().map(|deadline| deadline.since(now));
            self.take_signal(at_most);
        }
        // What is dead already is reaped still (init T21), though not what dies for ever.
        for _ in 0..LAST_REAPED {
            let Dead::One(pid, exit) = self.next_dead() else { break };
            self.ended(pid, exit);
        }
        self.take_terminal_back();
        let code = self.main_exit.map_or(Exit::Signal(Signal::KILL).code(), Exit::code);
        let code = if self.plan.remap.contains(code) { 0 } else { code };
        if self.plan.ending.afterwards == Afterwards::Clear
            && let Some(account) = self.termination.account()
        {
            if account.killed {
                self.name_survivors();
            }
            self.log.note(Note::Closing { account, exit: code });
        }
        code
    }

    /// Who is still there after SIGKILL, and why: asked with one more.
    fn name_survivors(&mut self) {
        self.leftovers.for_each(|pid| {
            let refused = signals::send(Recipient::Process(pid), Signal::KILL).err();
            if refused != Some(Errno::ESRCH) {
                self.log.note(Note::Survivor { pid, refused });
            }
        });
    }

    /// Takes one signal, or notices that a deadline has come.
    fn take_signal(&mut self, at_most: Option<Duration>) {
        match self.source.wait(at_most) {
            None => self.happened(Event::Due),
            Some(received) if received.signal == Signal::CHLD => self.look_at_children(),
            Some(received) => self.received(received),
        }
    }

    fn received(&mut self, received: Received) {
        if let (Signal::CONT, Some(foreground)) = (received.signal, &mut self.foreground) {
            foreground.continued();
        }
        self.happened(Event::Signal(received));
    }

    fn happened(&mut self, event: Event) {
        for action in self.termination.step(now(), event) {
            self.carry_out(action);
        }
    }

    /// Reaps all that is dead, a batch at a time with a look at signals between: a thousand dying
    /// orphans keep no TERM waiting.
    fn look_at_children(&mut self) {
        self.look_whether_main_stopped();
        let mut reaped = 0;
        while !self.left {
            match self.next_dead() {
                Dead::One(pid, exit) => self.ended(pid, exit),
                Dead::Childless => return self.happened(Event::Childless),
                Dead::None if self.main_exit.is_some() => return self.happened(Event::Remaining),
                Dead::None => return,
            }
            reaped += 1;
            if reaped % BATCH == 0 {
                self.receive_what_came();
            }
        }
    }

    fn receive_what_came(&mut self) {
        while let Some(received) = self.source.poll() {
            match received.signal {
                Signal::CHLD => self.look_whether_main_stopped(),
                _ => self.received(received),
            }
        }
        // However many die, no deadline waits for the last.
        self.happened(Event::Due);
    }

    /// A child that has ended: reaped, unless something will be sent to the main child's group when
    /// that has ended. Until it is reaped, the group's id cannot become a stranger's.
    fn next_dead(&self) -> Dead {
        if self.reaps_later() { wait::find_ended() } else { wait::reap_any() }
    }

    fn reaps_later(&self) -> bool {
        self.plan.ending.afterwards == Afterwards::TermGroup
    }

    fn ended(&mut self, pid: Pid, exit: Exit) {
        if pid == self.main && self.main_exit.is_none() {
            self.main_exit = Some(exit);
            self.take_terminal_back();
            self.log.note(Note::MainEnded { pid, exit });
            self.happened(Event::MainEnded);
        } else if self.plan.warn_on_reap {
            self.log.note(Note::OrphanWarned { pid });
        }
        if self.reaps_later() {
            wait::reap(pid);
        }
        self.log.note(Note::Reaped { pid, exit });
    }

    fn take_terminal_back(&self) {
        if let Some(foreground) = &self.foreground {
            foreground.take_back();
        }
    }

    fn look_whether_main_stopped(&mut self) {
        let Some(foreground) = &mut self.foreground else { return };
        if self.main_exit.is_some() {
            return;
        }
        if let Some(signal) = wait::stopped(self.main) {
            self.log.note(Note::MainStopped { signal });
            foreground.main_stopped(signal);
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::Send(signal) => self.send(signal),
            Action::Suspend => signals::stop_self(),
            Action::TermLeftovers => {
                let count =
                    self.leftovers.tell().unwrap_or_else(|NoProc| self.signal_known(Signal::TERM));
                self.log.note(Note::LeftoversTold { count });
            }
            Action::TermNewOrphans => {
                let count = self.leftovers.tell_new_orphans().unwrap_or(0);
                if count > 0 {
                    self.log.note(Note::LeftoversTold { count });
                }
            }
            Action::KillAll => self.kill_all(),
            Action::Leave => self.left = true,
        }
    }

    fn send(&mut self, signal: Signal) {
        let group = self.plan.target == Target::Group;
        let to = if group { Recipient::Group(self.main) } else { Recipient::Process(self.main) };
        let gone = self.main_exit.is_some() && !self.main_group_is_ours();
        match if gone { Err(Errno::ESRCH) } else { signals::send(to, signal) } {
            Ok(()) => self.log.note(Note::Forwarded { signal, pid: self.main, group }),
            Err(Errno::ESRCH) => {}
            Err(errno) => self.log.note(Note::NotForwarded { signal, pid: self.main, errno }),
        }
    }

    /// SIGKILL to all that is known without /proc, and to all that is found by it.
    fn kill_all(&mut self) {
        let found = self.leftovers.kill();
        if self.main_exit.is_none() {
            // What it has is its end, whether it could be found or not; and it may have ended since.
            let _ = signals::send(Recipient::Process(self.main), Signal::KILL);
        }
        let count = found.unwrap_or_else(|NoProc| self.signal_known(Signal::KILL));
        if count > 0 {
            self.log.note(Note::Killed { count });
        }
    }

    /// Without a /proc that shows descendants: signals the main child's group, and as PID 1 with
    /// SIGKILL everyone. Returns 1 if anybody was there.
    fn signal_known(&mut self, signal: Signal) -> usize {
        if !self.no_proc_said {
            self.no_proc_said = true;
            self.log.note(Note::NoProc);
        }
        let to = match signal {
            Signal::KILL if this_process::is_pid_1() => Recipient::Everyone,
            _ if self.main_exit.is_none() || self.main_group_is_ours() => {
                Recipient::Group(self.main)
            }
            _ => return 0,
        };
        usize::from(signals::send(to, signal).is_ok())
    }

    /// Whether the main child's group is still there under its id, which once the main child has been
    /// reaped and the group is empty may become a stranger's.
    fn main_group_is_ours(&self) -> bool {
        self.plan.placement != Placement::InitsGroup && wait::has_child_in(self.main)
    }
}

fn now() -> Moment {
    Moment::at(clock::monotonic())
}
