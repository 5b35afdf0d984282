//! Starting the main child.
//!
//! `clone(CLONE_VM | CLONE_VFORK)`: no page table is copied, and podinit stands still until the
//! program runs or has failed. So nothing is forwarded before the child is where it belongs
//! (init K2), and why it failed is told in shared memory: no pipe, no descriptor.

use std::ffi::{CStr, c_int, c_void};
use std::ptr;

use nix::unistd::{self, Pid};

use super::credentials::Credentials;
use super::exec::{self, Failure};
use super::signals::{self, ChildSignal};
use super::terminal::{self, Terminal};
use super::words::{Argv, Environment, ListenPid};
use super::{Errno, wait};
use crate::signal::SignalSet;

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
}

/// Why there is no child.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SpawnError {
    /// The process could not be made.
    Fork(Errno),
    /// It was made and has failed at this.
    Child(Step),
}

/// What the child failed at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Step {
    Place(Errno),
    Directory(Errno),
    Credentials(Errno),
    Exec(Failure),
}

struct Work<'a, 'b> {
    order: &'b mut Order<'a>,
    listen_pid: Option<ListenPid>,
    failed_at: Option<Step>,
}

/// Starts the program. On return it runs, in its place, and can be sent signals.
pub fn spawn(order: &mut Order<'_>) -> Result<Pid, SpawnError> {
    let listen_pid = order.environment.listen_pid(unistd::getpid());
    let stack = Stack::map().map_err(SpawnError::Fork)?;
    let mut work = Work { order, listen_pid, failed_at: None };
    let typed = work.order.argv.program();
    let work_ptr: *mut Work<'_, '_> = &raw mut work;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the child alone uses the stack, and CLONE_VFORK keeps this frame, and `work` with it,
    // in place and untouched until the child has exec'd or ended. All signals are blocked and none has
    // a handler that does anything, so nothing else runs in the child.
    let result = unsafe { libc::clone(child, stack.top(), flags, work_ptr.cast()) };
    let pid = Pid::from_raw(Errno::result(result).map_err(SpawnError::Fork)?);
    // A script handed to /bin/sh has left a path there, on the stack that is gone now.
    work.order.argv.restore(typed);
    // Written by the child, if at all, before `clone` returned.
    match work.failed_at {
        None => Ok(pid),
        Some(step) => {
            wait::reap_dying(pid);
            Err(SpawnError::Child(step))
        }
    }
}

/// The child's stack until exec, given back afterwards: an idle init keeps what it needs. Below it
/// lies a page that may not be touched.
struct Stack(*mut c_void);

impl Stack {
    const GUARD: usize = 64 * 1024;
    const SIZE: usize = 64 * 1024;

    fn map() -> Result<Stack, Errno> {
        let (length, flags) =
            (Stack::GUARD + Stack::SIZE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_STACK);
        // SAFETY: a new mapping of nothing, wherever the kernel likes.
        let start = unsafe { libc::mmap(ptr::null_mut(), length, libc::PROT_NONE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        let stack = Stack(start);
        let access = libc::PROT_READ | libc::PROT_WRITE;
        // SAFETY: inside the mapping just made; both sizes are multiples of any page's.
        Errno::result(unsafe {
            libc::mprotect(start.byte_add(Stack::GUARD), Stack::SIZE, access)
        })?;
        Ok(stack)
    }

    /// Where it begins, growing down.
    fn top(&self) -> *mut c_void {
        // SAFETY: one past the end of the mapping.
        unsafe { self.0.byte_add(Stack::GUARD + Stack::SIZE) }
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the whole mapping, which nobody stands on any more.
        unsafe { libc::munmap(self.0, Stack::GUARD + Stack::SIZE) };
    }
}

extern "C" fn child(work: *mut c_void) -> c_int {
    // SAFETY: what `spawn` passed, which the parent does not touch while we run.
    let work = unsafe { &mut *work.cast::<Work<'_, '_>>() };
    work.failed_at = Some(work.become_program());
    // Nobody sees this code: the parent reads `failed_at`.
    127
}

impl Work<'_, '_> {
    fn become_program(&mut self) -> Step {
        if let Some(listen_pid) = &self.listen_pid {
            listen_pid.write(unistd::getpid());
        }
        match self.prepare() {
            Err(step) => step,
            Ok(()) => {
                if self.order.child_signal == ChildSignal::Ignored {
                    signals::ignore_children();
                }
                signals::replace_mask(self.order.mask);
                Step::Exec(exec::exec(self.order.argv, self.order.environment))
            }
        }
    }

    fn prepare(&self) -> Result<(), Step> {
        take_place(self.order.place).map_err(Step::Place)?;
        enter(self.order.directory, self.order.credentials)
    }
}

fn take_place(place: Place<'_>) -> Result<(), Errno> {
    match place {
        Place::OwnersGroup => {}
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

/// Changes directory and user. The directory first, as root sees more; if it may not be entered
/// then, once more as the user it is meant for (a root-squashed mount).
pub fn enter(directory: Option<&CStr>, credentials: Option<&Credentials>) -> Result<(), Step> {
    let entered = directory.map_or(Ok(()), unistd::chdir::<CStr>);
    if let Some(credentials) = credentials {
        credentials.assume().map_err(Step::Credentials)?;
    }
    match (entered, directory) {
        (Err(Errno::EACCES | Errno::EPERM), Some(directory)) if credentials.is_some() => {
            unistd::chdir(directory).map_err(Step::Directory)
        }
        (entered, _) => entered.map_err(Step::Directory),
    }
}
