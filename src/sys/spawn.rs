//! Starting the main child.
//!
//! By fork(2), not vfork: a child that is stopped before it has executed its program (Ctrl-Z comes at
//! any moment) must not hold podinit too, which has orphans to reap and a deadline to keep. The pages
//! podinit has are few, so it costs little. Nothing is sent to the child before it is where it belongs
//! (init K2).

use std::ffi::CStr;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use nix::unistd::{self, ForkResult, Pid};

use super::credentials::Credentials;
use super::exec::{self, Failure};
use super::signals::{self, ChildSignal};
use super::terminal::{self, Terminal};
use super::words::{Argv, Environment};
use super::{Errno, capabilities, descriptors, notify, this_process, wait};
use crate::signal::{Signal, SignalSet};

/// What the child is to be.
pub struct Order<'a> {
    pub argv: &'a mut Argv,
    pub environment: &'a mut Environment,
    pub place: Place<'a>,
    /// The blocked set and SIGCHLD's disposition that podinit was given (init U8).
    pub mask: SignalSet,
    pub child_signal: ChildSignal,
    pub directory: Option<&'a CStr>,
    pub credentials: Option<&'a Credentials>,
    /// It keeps no others of podinit's; all if it is `None`.
    pub capabilities: Option<u64>,
    /// What it gets for 0 to 2 in place of podinit's own, each numbered 3 or higher; it then gets no others.
    pub standard: Option<[BorrowedFd<'a>; 3]>,
    /// What it is sent when podinit ends.
    pub parent_death_signal: Option<Signal>,
    /// Is called in the child when all else is done but the exec: it no longer outlives podinit then, if it is not to.
    pub before_exec: Option<&'a dyn Fn()>,
    /// Its own, where podinit has another for itself; as far as it may be set.
    pub oom_score_adj: Option<i32>,
    /// Where it can say how it is doing ([`super::notify`]), in place of what is in its environment.
    pub notify_socket: Option<&'a CStr>,
}

/// Where the child goes before it becomes the program.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// It stays in podinit's group.
    OwnersGroup,
    /// A group of its own, in the foreground of this terminal.
    Group { foreground_of: Option<&'a Terminal> },
    /// A session of its own, with the terminal on standard input.
    Session,
    /// A session of its own without a terminal.
    Detached,
}

/// What the child failed at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Place(Errno),
    Directory(Errno),
    Credentials(Errno),
    Capabilities(Errno),
    Exec(Failure),
}

/// Starts the program. On return the child is in its place and can be sent signals. Where it cannot
/// become the program it calls `failed`, in its own process, and exits with the code that gives.
///
/// # Errors
/// EAGAIN or ENOMEM when no process could be made (fork(2)).
pub fn spawn(
    order: &mut Order<'_>,
    failed: impl FnOnce(Step, &Order<'_>) -> u8,
) -> Result<Pid, Errno> {
    let podinit = unistd::getpid();
    // SAFETY: podinit has one thread, so the child may do all that podinit could.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => {
            see_placed(child, order.place);
            Ok(child)
        }
        ForkResult::Child => {
            let step = order.become_program(podinit);
            signals::block_all();
            this_process::exit(failed(step, order))
        }
    }
}

/// Makes sure the child is in its group. A group is made by both sides, whoever comes first; a
/// session only by the child.
fn see_placed(child: Pid, place: Place<'_>) {
    match place {
        // Nobody but podinit sends anything to one that is detached, and that by its pid.
        Place::OwnersGroup | Place::Detached => {}
        Place::Group { .. } => {
            // Refused when the child has executed its program, which it does in its group.
            let _ = unistd::setpgid(child, child);
        }
        Place::Session => {
            // A child that is held up for a second gets its signals late, or not at all.
            for _ in 0..10_000 {
                if unistd::getpgid(Some(child)) == Ok(child) || wait::has_ended(child) {
                    return;
                }
                std::thread::sleep(Duration::from_micros(100));
            }
        }
    }
}

impl Order<'_> {
    fn become_program(&mut self, podinit: Pid) -> Step {
        if let Err(step) = self.prepare(podinit) {
            return step;
        }
        if self.child_signal == ChildSignal::Ignored {
            signals::ignore_children();
        }
        signals::replace_mask(self.mask);
        Step::Exec(exec::exec(self.argv, self.environment))
    }

    fn prepare(&mut self, podinit: Pid) -> Result<(), Step> {
        self.environment.rename_listen_pid(podinit, unistd::getpid());
        if let Some(name) = self.notify_socket {
            self.environment.set(notify::VARIABLE, name);
        }
        take_place(self.place).map_err(Step::Place)?;
        if let Some(standard) = self.standard {
            descriptors::make_standard(standard).map_err(Step::Place)?;
            descriptors::keep_others();
        }
        if let Some(adjustment) = self.oom_score_adj {
            // Without /proc, or where a sandbox refuses it, it stays.
            let _ = this_process::set_oom_score_adj(adjustment);
        }
        enter(self.directory, self.credentials, self.capabilities)?;
        // After the user has changed, which forgets it.
        if let Some(signal) = self.parent_death_signal {
            this_process::set_parent_death_signal(signal).map_err(Step::Place)?;
            if unistd::getppid() != podinit {
                // It has ended before it could be told of.
                this_process::exit(0);
            }
        }
        if let Some(before_exec) = self.before_exec {
            before_exec();
        }
        Ok(())
    }
}

fn take_place(place: Place<'_>) -> Result<(), Errno> {
    match place {
        Place::OwnersGroup => {}
        Place::Detached => drop(unistd::setsid()?),
        Place::Group { foreground_of } => {
            let own = unistd::getpid();
            unistd::setpgid(own, own)?;
            if let Some(terminal) = foreground_of {
                // A terminal that has gone away meanwhile is no reason not to start.
                let _ = terminal.give_to(own);
            }
        }
        Place::Session => {
            unistd::setsid()?;
            // Standard input need not be a terminal (init D10).
            let _ = terminal::take_over();
        }
    }
    Ok(())
}

/// Changes directory and user, and gives up capabilities and what podinit has made room for itself by. The directory first,
/// as root sees more; if it may not be entered then, once more as the user it is meant for (a root-squashed mount). The
/// bounding set before the user, whose change may take the right to; the rest after it, as it takes some of those.
pub fn enter(
    directory: Option<&CStr>,
    credentials: Option<&Credentials>,
    kept: Option<u64>,
) -> Result<(), Step> {
    descriptors::give_room_back();
    let entered = directory.map_or(Ok(()), unistd::chdir::<CStr>);
    if let Some(kept) = kept {
        capabilities::bound(kept).map_err(Step::Capabilities)?;
    }
    if let Some(credentials) = credentials {
        credentials.assume().map_err(Step::Credentials)?;
    }
    match (entered, directory) {
        (Err(Errno::EACCES | Errno::EPERM), Some(directory)) if credentials.is_some() => {
            unistd::chdir(directory).map_err(Step::Directory)?;
        }
        (entered, _) => entered.map_err(Step::Directory)?,
    }
    kept.map_or(Ok(()), capabilities::keep).map_err(Step::Capabilities)
}
