//! Children that ended or stopped, waitid(2).

use std::mem::MaybeUninit;

use nix::unistd::Pid;

use super::Errno;
use crate::signal::Signal;

/// How a process ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exit {
    Code(u8),
    Signal(Signal),
}

impl Exit {
    /// The shell's number for it: the code, or 128+N for signal N (init U29).
    pub fn code(self) -> u8 {
        match self {
            Exit::Code(code) => code,
            // N is at most 64.
            Exit::Signal(signal) => 128 + signal.number() as u8,
        }
    }
}

/// What a look at the children found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// This one has ended, and stays to be reaped.
    Ended(Pid, Exit),
    /// This one has stopped, and has now been told of.
    Stopped(Pid, Signal),
    /// Nothing new: there are children, none of them is done.
    Nothing,
    /// There is no child.
    Childless,
}

/// A child that has ended, if any; it is left as it is, so that its pid and group stay its own.
pub fn ended() -> Look {
    look(libc::P_ALL, 0, libc::WEXITED | libc::WNOWAIT)
}

/// Reaps a child that has ended, if any.
pub fn reap_any() -> Look {
    look(libc::P_ALL, 0, libc::WEXITED)
}

/// Whether this child has stopped since it was last asked.
pub fn stopped(child: Pid) -> Look {
    look(libc::P_PID, child.as_raw(), libc::WSTOPPED)
}

/// Reaps this child, which has ended.
pub fn reap(child: Pid) -> Look {
    look(libc::P_PID, child.as_raw(), libc::WEXITED)
}

/// Whether a child of ours, dead or alive, is in this group: as long as one is, the group's id
/// cannot have become a stranger's.
pub fn has_child_in(group: Pid) -> bool {
    look(libc::P_PGID, group.as_raw(), libc::WEXITED | libc::WNOWAIT) != Look::Childless
}

fn look(which: libc::idtype_t, id: i32, options: i32) -> Look {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let result = loop {
        // SAFETY: `info` lives through the call.
        let result = unsafe {
            libc::waitid(which, id as libc::id_t, info.as_mut_ptr(), options | libc::WNOHANG)
        };
        match Errno::result(result) {
            Err(Errno::EINTR) => continue,
            result => break result,
        }
    };
    if result.is_err() {
        return Look::Childless;
    }
    // SAFETY: waitid succeeded; where nobody was there to tell of, it stayed zeroed, which is valid.
    let info = unsafe { info.assume_init() };
    // SAFETY: after waitid these fields are the ones filled in.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    if pid == 0 {
        return Look::Nothing;
    }
    let pid = Pid::from_raw(pid);
    match (info.si_code, Signal::new(status)) {
        (libc::CLD_STOPPED, Some(signal)) => Look::Stopped(pid, signal),
        (libc::CLD_KILLED | libc::CLD_DUMPED, Some(signal)) => {
            Look::Ended(pid, Exit::Signal(signal))
        }
        _ => Look::Ended(pid, Exit::Code(status as u8)),
    }
}

/// Reaps a child that is about to end by itself, however long that takes.
pub(super) fn reap_dying(child: Pid) {
    // SAFETY: waitpid with no place for a status.
    while unsafe { libc::waitpid(child.as_raw(), std::ptr::null_mut(), 0) } == -1
        && Errno::last() == Errno::EINTR
    {}
}
