//! What podinit is to the kernel: its pid, its place, what it asked to be told.

use std::time::Duration;

use nix::unistd::{self, Pid};

use super::{Errno, file};
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

/// From now on nothing that it or its children execute gives them privileges, PR_SET_NO_NEW_PRIVS(2const).
pub fn give_up_new_privileges() -> Result<(), Errno> {
    // SAFETY: prctl with this option takes integers and no memory.
    Errno::result(unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) }).map(drop)
}

/// Whether that is so (PR_GET_NO_NEW_PRIVS(2const)).
#[cfg(feature = "manifest")]
pub fn has_given_up_new_privileges() -> bool {
    // SAFETY: prctl with this option takes integers and no memory.
    unsafe { libc::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 }
}

/// Leaves its process group and terminal, for a session of its own: what is sent to the group no longer comes here.
pub fn leave_group() {
    // Refused only to who leads a group, as no process does that was just made.
    let _ = unistd::setsid();
}

/// Has the kernel end this process by SIGALRM after so long, in whole seconds from one up, if this is not called again;
/// `None` calls it off (alarm(2)). Children do not inherit it.
pub fn set_alarm(after: Option<Duration>) {
    let seconds =
        after.map_or(0, |after| u32::try_from(after.as_secs().max(1)).unwrap_or(u32::MAX));
    // SAFETY: alarm takes an integer.
    unsafe { libc::alarm(seconds) };
}

const OOM_SCORE_ADJ: &std::ffi::CStr = c"/proc/self/oom_score_adj";

/// How much sooner than others the kernel ends this process when memory is short: -1000 (never) to 1000.
pub fn oom_score_adj() -> Result<i32, Errno> {
    let mut buffer = [0; 16];
    let text = file::read_start(OOM_SCORE_ADJ, &mut buffer)?;
    let number = std::str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
    number.ok_or(Errno::EINVAL)
}

/// Sets it, for this process and those it forks.
///
/// # Errors
/// EACCES below what a privileged process has set it to, without CAP_SYS_RESOURCE; ENOENT without /proc.
pub fn set_oom_score_adj(adjustment: i32) -> Result<(), Errno> {
    let file = file::open(OOM_SCORE_ADJ, libc::O_WRONLY)?;
    let text = super::text::Text::<12>::format(format_args!("{adjustment}"));
    unistd::write(&file, text.as_bytes()).map(drop)
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
