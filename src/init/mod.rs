//! PID 1: starts the main child, then waits in the kernel, turns what happened into events for the
//! lifecycle and carries out its actions.
//!
//! Nothing the loop reaches panics or asks for memory, and while nothing happens it makes no system
//! call: one read(2) of a signalfd is all of its idling.

// PID 1 cannot afford to panic.
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::unreachable
    )
)]

use std::ffi::CStr;
use std::fmt;
use std::time::Duration;

use crate::lifecycle::Moment;
use crate::lifecycle::termination::{Action, Event, Termination};
use crate::plan::{self, Afterwards, FailureCodes, Placement, Plan, Subreaper, Target};
use crate::signal::{Received, Signal, SignalSet};
use crate::sys::credentials::Credentials;
use crate::sys::exec::{self, Failure};
use crate::sys::signals::{self, ChildSignal, Recipient, Source};
use crate::sys::spawn::{self, Order, Place, SpawnError, Step};
use crate::sys::wait::{self, Exit, Look};
use crate::sys::words::{Argv, Environment};
use crate::sys::{Errno, Pid, clock, descriptors, terminal, this_process};

mod foreground;
pub mod hold;
mod leftovers;
pub mod report;

use foreground::Foreground;
use leftovers::Leftovers;
use report::{Log, Note, Printable};

/// Orphans reaped before init looks whether a signal has come meanwhile.
const BATCH: usize = 128;

/// What is started, and as whom.
pub struct Program {
    pub argv: Argv,
    pub environment: Environment,
    pub directory: Option<&'static CStr>,
    pub credentials: Option<Credentials>,
    /// The blocked set podinit itself was started with.
    pub mask: SignalSet,
}

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
    /// HUP and CONT that init itself caused by letting go of its terminal (init D11).
    swallowed: SignalSet,
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
        signals::know_own_pid(this_process::pid());
        prepare(plan, &mut log)?;
        let (mut foreground, place, swallowed) = find_place(plan.placement);
        let stops_matter = foreground.is_some();
        let child_signal = signals::expect_children(stops_matter).unwrap_or(ChildSignal::Default);
        let main = start_main(plan, program, place, child_signal, &mut log)?;
        this_process::leave_directory();
        descriptors::close_from(
            foreground.as_mut().map_or(descriptors::FIRST_OTHER, Foreground::settle),
        );
        Ok(Init {
            plan,
            log,
            source: Source::open(Signal::forwardable().collect::<SignalSet>().with(Signal::CHLD)),
            termination: Termination::new(&plan.ending),
            main,
            main_exit: None,
            foreground: foreground.map(|foreground| foreground.of_main(main)),
            swallowed,
            leftovers: Leftovers::new(),
            no_proc_said: false,
            left: false,
        })
    }

    /// Lives until the program and, by plan, all it left behind are gone. Returns the exit code.
    pub fn run(mut self) -> u8 {
        while !self.left {
            let now = now();
            let at_most = self.termination.deadline().map(|deadline| deadline.since(now));
            self.take_signal(at_most);
        }
        if let Some(foreground) = &self.foreground {
            foreground.take_back_at_the_end();
        }
        let code = self.main_exit.map_or(Exit::Signal(Signal::KILL).code(), Exit::code);
        let code = if self.plan.remap.contains(code) { 0 } else { code };
        if self.plan.ending.afterwards == Afterwards::Clear
            && let Some(account) = self.termination.account()
        {
            if account.killed {
                self.leftovers.for_each(|pid| self.log.note(Note::Survivor { pid }));
            }
            self.log.note(Note::Closing { account, exit: code });
        }
        code
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
        if self.swallowed.contains(received.signal) {
            self.swallowed = self.swallowed.without(received.signal);
            return;
        }
        if let (Signal::CONT, Some(foreground)) = (received.signal, &self.foreground) {
            foreground.hand_over_if_ours();
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
                Look::Ended(pid, exit) => self.ended(pid, exit),
                Look::Childless => return self.happened(Event::Childless),
                _ if self.main_exit.is_some() => return self.happened(Event::Remaining),
                _ => return,
            }
            reaped += 1;
            if reaped % BATCH == 0 {
                self.receive_what_came();
            }
        }
        self.reap_the_dead();
    }

    fn receive_what_came(&mut self) {
        while let Some(received) = self.source.poll() {
            match received.signal {
                Signal::CHLD => self.look_whether_main_stopped(),
                _ => self.received(received),
            }
        }
    }

    /// What is already dead when init leaves is reaped still (init T21).
    fn reap_the_dead(&mut self) {
        while let Look::Ended(pid, exit) = self.next_dead() {
            self.ended(pid, exit);
        }
    }

    /// A child that has ended: reaped, unless something will be sent to the main child's group when
    /// that has ended. Until it is reaped, the group's id cannot become a stranger's.
    fn next_dead(&self) -> Look {
        if self.reaps_later() { wait::ended() } else { wait::reap_any() }
    }

    fn reaps_later(&self) -> bool {
        self.plan.ending.afterwards == Afterwards::TermGroup
    }

    fn ended(&mut self, pid: Pid, exit: Exit) {
        if pid == self.main && self.main_exit.is_none() {
            self.main_exit = Some(exit);
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

    fn look_whether_main_stopped(&mut self) {
        let Some(foreground) = &self.foreground else { return };
        if let Look::Stopped(_, signal) = wait::stopped(self.main) {
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
                    self.leftovers.tell().unwrap_or_else(|| self.signal_without_proc(Signal::TERM));
                self.log.note(Note::LeftoversTold { count });
            }
            Action::TermNewOrphans => match self.leftovers.tell_new_orphans() {
                None | Some(0) => {}
                Some(count) => self.log.note(Note::LeftoversTold { count }),
            },
            Action::KillAll => {
                let count =
                    self.leftovers.kill().unwrap_or_else(|| self.signal_without_proc(Signal::KILL));
                self.log.note(Note::Killed { count });
            }
            Action::Leave => self.left = true,
        }
    }

    fn send(&mut self, signal: Signal) {
        let group = self.plan.target == Target::Group;
        let to = if group { Recipient::Group(self.main) } else { Recipient::Process(self.main) };
        let gone = self.main_exit.is_some() && !self.main_group_is_ours();
        let result = if gone { Err(Errno::ESRCH) } else { signals::send(to, signal) };
        match result {
            Ok(()) => self.log.note(Note::Forwarded { signal, pid: self.main, group }),
            Err(Errno::ESRCH) => {}
            Err(errno) => self.log.note(Note::NotForwarded { signal, pid: self.main, errno }),
        }
    }

    /// Without a /proc that shows descendants: the main child's group, and as PID 1 with SIGKILL
    /// everyone. Returns 1 if anybody was there.
    fn signal_without_proc(&mut self, signal: Signal) -> usize {
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

fn prepare(plan: &Plan, log: &mut Log) -> Result<(), u8> {
    let failed = Err(plan.failure_codes.not_started);
    if !become_reaper(plan.subreaper, log) {
        return failed;
    }
    if let Some(signal) = plan.parent_death_signal
        && let Err(errno) = this_process::set_parent_death_signal(signal)
    {
        log.note(Note::Refused { what: "the parent-death signal could not be set", errno });
        return failed;
    }
    Ok(())
}

/// Makes orphans come here where they would not by themselves (init X10); whether init can go on.
fn become_reaper(subreaper: Subreaper, log: &mut Log) -> bool {
    let needed = !this_process::is_pid_1();
    let result = match subreaper {
        Subreaper::Never => Ok(()),
        Subreaper::NeverWithWarning => {
            if needed {
                log.note(Note::NotReaping);
            }
            Ok(())
        }
        Subreaper::WhenNotPid1 | Subreaper::WhenNotPid1OrFail if !needed => Ok(()),
        Subreaper::WhenNotPid1 | Subreaper::WhenNotPid1OrFail | Subreaper::Always => {
            this_process::become_subreaper()
        }
    };
    if let Err(errno) = result {
        log.note(Note::Refused { what: "could not become a child subreaper", errno });
    }
    result.is_ok() || subreaper == Subreaper::WhenNotPid1
}

/// Becomes the program without being its init (`PODINIT_DISABLED=1`). Returns the exit code if that
/// failed; why has been said.
pub fn exec_in_place(program: Program, mut log: Log) -> u8 {
    let Program { mut argv, environment, directory, credentials, mask } = program;
    let name = argv.program();
    let step = match spawn::enter(directory, credentials.as_ref()) {
        Err(step) => step,
        Ok(()) => {
            signals::replace_mask(mask);
            let failure = exec::exec(&mut argv, &environment);
            signals::block_all();
            Step::Exec(failure)
        }
    };
    let error = SpawnError::Child(step);
    log.note(Note::NotStarted {
        program: name,
        because: &Because { error, name, environment: &environment, directory },
    });
    failure_code(&plan::OWN_FAILURE_CODES, error)
}

/// Where the main child goes, the terminal it may get there, and the signals that leaving init's own
/// terminal brings on (init D10, init D11).
fn find_place(placement: Placement) -> (Option<Foreground>, Place, SignalSet) {
    match placement {
        Placement::OwnGroup => {
            let foreground = Foreground::find();
            let place =
                Place::Group { foreground_of: foreground.as_ref().and_then(Foreground::to_give) };
            (foreground, place, SignalSet::EMPTY)
        }
        Placement::OwnSession => {
            let led = this_process::leads_session();
            let caused = terminal::give_up().is_ok() && led;
            let swallowed = if caused {
                SignalSet::EMPTY.with(Signal::HUP).with(Signal::CONT)
            } else {
                SignalSet::EMPTY
            };
            (None, Place::Session, swallowed)
        }
        Placement::InitsGroup => (None, Place::OwnersGroup, SignalSet::EMPTY),
    }
}

fn start_main(
    plan: &Plan,
    program: Program,
    place: Place,
    child_signal: ChildSignal,
    log: &mut Log,
) -> Result<Pid, u8> {
    let Program { mut argv, mut environment, directory, credentials, mask } = program;
    // Taken before the start, after which a failed one may have changed the vector.
    let name = argv.program();
    let mut order = Order {
        argv: &mut argv,
        environment: &mut environment,
        place,
        mask,
        child_signal,
        directory,
        credentials: credentials.as_ref(),
    };
    match spawn::spawn(&mut order) {
        Ok(pid) => {
            log.note(Note::Started { program: name, pid });
            Ok(pid)
        }
        Err(error) => {
            log.note(Note::NotStarted {
                program: name,
                because: &Because { error, name, environment: &environment, directory },
            });
            Err(failure_code(&plan.failure_codes, error))
        }
    }
}

fn failure_code(codes: &FailureCodes, error: SpawnError) -> u8 {
    match error {
        SpawnError::Child(Step::Exec(Failure::Errno(Errno::ENOENT))) => codes.not_found,
        SpawnError::Child(Step::Exec(Failure::Errno(Errno::EACCES))) => codes.not_executable,
        SpawnError::Child(Step::Exec(_)) => codes.other,
        _ => codes.not_started,
    }
}

/// A failed start in words.
struct Because<'a> {
    error: SpawnError,
    name: &'a CStr,
    environment: &'a Environment,
    directory: Option<&'a CStr>,
}

impl fmt::Display for Because<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            SpawnError::Fork(errno) => {
                write!(
                    f,
                    "no process could be made for it: {} (a pids or memory limit?)",
                    errno.desc()
                )
            }
            SpawnError::Child(Step::Place(errno)) => {
                write!(f, "no process group could be made for it: {}", errno.desc())
            }
            SpawnError::Child(Step::Directory(errno)) => {
                let directory = self.directory.unwrap_or(c"");
                write!(f, "--chdir: {}: {}", Printable(directory), errno.desc())
            }
            SpawnError::Child(Step::Credentials(errno)) => {
                write!(
                    f,
                    "--user: {} (changing users takes root, or CAP_SETUID and CAP_SETGID)",
                    errno.desc()
                )
            }
            SpawnError::Child(Step::Exec(failure)) => {
                f.write_str(exec::explain(failure, self.name, self.environment))
            }
        }
    }
}
