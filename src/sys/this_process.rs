//! What podinit is to the kernel: its pid, its place, what it asked to be told.

use nix::unistd::{self, Pid};

use super::Errno;
use crate::signal::Signal;

/// Whether it is PID 1 of its PID namespace: orphans come to it, and it dies of no signal it leaves alone.
pub fn is_pid_1() -> bool {
    unistd::getpid().as_raw() == 1
}

pub fn pid() -> Pid {
    unistd::getpid()
}

/// Its parent; 0 if that is outside the PID namespace.
pub fn parent() -> Pid {
    unistd::getppid()
}

/// Its process group.
pub fn group() -> Pid {
    unistd::getpgrp()
}

/// Orphaned descendants come to it from now on, PR_SET_CHILD_SUBREAPER(2const).
pub fn become_subreaper() -> Result<(), Errno> {
    // SAFETY: prctl with this option takes one integer and no memory.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) }).map(drop)
}

/// The signal it gets when its parent ends, PR_SET_PDEATHSIG(2const).
pub fn set_parent_death_signal(signal: Signal) -> Result<(), Errno> {
    // SAFETY: prctl with this option takes one integer and no memory.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal.number()) }).map(drop)
}

/// Leaves its process group and terminal, for a session of its own: what is sent to the group no longer comes here.
pub fn leave_group() {
    // Refused only to who leads a group, as no process does that was just made.
    let _ = unistd::setsid();
}

/// The name of the machine or container it is in, uname(2).
pub fn host_name() -> String {
    let names = nix::sys::utsname::uname();
    names.map_or_else(|_| String::new(), |names| names.nodename().to_string_lossy().into_owned())
}

/// Moves to `/`, so that whatever podinit was started in can be unmounted (init X12).
pub fn leave_directory() {
    // Where even `/` may not be entered, it stays.
    let _ = unistd::chdir(c"/");
}

/// Ends the process at once, without libc's exit handlers.
pub fn exit(code: u8) -> ! {
    // SAFETY: _exit takes an integer and does not return.
    unsafe { libc::_exit(i32::from(code)) }
}
