//! Starting the main child.
//!
//! `clone(CLONE_VM | CLONE_VFORK)`: no page table is copied, and podinit stands still until the
//! program runs or has failed. So nothing is forwarded before the child is where it belongs
//! (init K2), and why it failed is told in shared memory: no pipe, no descriptor.

use std::cell::UnsafeCell;
use std::ffi::{CStr, c_int, c_void};
use std::os::fd::RawFd;

use nix::unistd::{self, Pid};

use super::credentials::Credentials;
use super::exec::{self, Failure};
use super::signals::{self, ChildSignal};
use super::terminal;
use super::text::Text;
use super::words::{Argv, Environment};
use super::{Errno, wait};
use crate::signal::SignalSet;

/// The child's stack until exec; of its pages only those in use become memory. Not on the parent's
/// own stack, where the compiler would touch each page in advance.
#[repr(align(4096))]
struct Stack(UnsafeCell<[u8; 32 * 1024]>);

// SAFETY: podinit spawns from one thread, and `clone` returns only when the child has let go of it.
unsafe impl Sync for Stack {}

static STACK: Stack = Stack(UnsafeCell::new([0; 32 * 1024]));

/// What the child is to be.
pub struct Order<'a> {
    pub argv: &'a mut Argv,
    pub environment: &'a mut Environment,
    pub place: Place,
    /// The blocked set and SIGCHLD's disposition that podinit was given (init U8).
    pub mask: SignalSet,
    pub child_signal: ChildSignal,
    pub directory: Option<&'a CStr>,
    pub credentials: Option<&'a Credentials>,
}

/// Where the child goes before it becomes the program.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Place {
    /// It stays in podinit's group.
    OwnersGroup,
    /// A group of its own, in the foreground of this terminal.
    Group { foreground_of: Option<RawFd> },
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
    listen_pid: Option<&'static mut [u8]>,
    failed_at: Option<Step>,
}

/// Starts the program. On return it runs, in its place, and can be sent signals.
pub fn spawn(order: &mut Order<'_>) -> Result<Pid, SpawnError> {
    let listen_pid = order.environment.listen_pid(unistd::getpid().as_raw());
    let mut work = Work { order, listen_pid, failed_at: None };
    let work_ptr: *mut Work<'_, '_> = &raw mut work;
    // SAFETY: one past the end of the stack, from which it grows down.
    let top = unsafe { STACK.0.get().add(1) };
    // SAFETY: `top` is the end of a stack the child alone uses, and CLONE_VFORK keeps this frame,
    // and `work` with it, in place and untouched until the child has exec'd or ended. All signals
    // are blocked and none has a handler, so nothing else runs in the child.
    let result = unsafe {
        libc::clone(
            child,
            top.cast(),
            libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD,
            work_ptr.cast(),
        )
    };
    give_stack_back();
    let pid = Pid::from_raw(Errno::result(result).map_err(SpawnError::Fork)?);
    // SAFETY: the child wrote it, if at all, before `clone` returned here; nobody else does.
    match unsafe { (*work_ptr).failed_at } {
        None => Ok(pid),
        Some(step) => {
            wait::reap_dying(pid);
            Err(SpawnError::Child(step))
        }
    }
}

/// Makes the pages of the child's stack no memory again: an idle init keeps what it needs.
fn give_stack_back() {
    // SAFETY: whole pages of a stack nobody stands on; when they are used again they are zero.
    unsafe { libc::madvise(STACK.0.get().cast(), size_of::<Stack>(), libc::MADV_DONTNEED) };
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
        if let Some(digits) = &mut self.listen_pid {
            let own = Text::<11>::format(format_args!("{}", unistd::getpid()));
            for (slot, digit) in digits.iter_mut().zip(own.as_bytes()) {
                *slot = *digit;
            }
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

fn take_place(place: Place) -> Result<(), Errno> {
    match place {
        Place::OwnersGroup => {}
        Place::Group { foreground_of } => {
            let own = unistd::getpid();
            unistd::setpgid(own, own)?;
            if let Some(fd) = foreground_of {
                // A terminal that has gone away meanwhile is no reason not to start.
                // SAFETY: tcsetpgrp takes two integers; TTOU is blocked.
                unsafe { libc::tcsetpgrp(fd, own.as_raw()) };
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
