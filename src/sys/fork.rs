//! A second podinit, for work that may hang or has to be ended with all it started.

use nix::unistd::{self, ForkResult, Pid};

use super::{Errno, this_process};

/// Forks; the child calls `work` and exits with the code that it gives.
///
/// # Errors
/// EAGAIN or ENOMEM when no process could be made (fork(2)).
pub fn fork(work: impl FnOnce() -> u8) -> Result<Pid, Errno> {
    // SAFETY: it is called where there is one thread, or by the agent beside others, which hold no lock but the
    // allocator's, and that libc's fork takes care of. So the child may do all that podinit could.
    match unsafe { unistd::fork() }? {
        ForkResult::Parent { child } => Ok(child),
        ForkResult::Child => this_process::exit(work()),
    }
}
