//! Children that ended or stopped, by waitid(2).

use std::fmt;
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

/// `exit 3`, `killed by TERM`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Code(code) => write!(f, "exit {code}"),
            Exit::Signal(signal) => write!(f, "killed by {signal}"),
        }
    }
}

/// What a look at the children found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dead {
    One(Pid, Exit),
    /// There are children, and none of them has ended.
    None,
    /// There are no children.
    Childless,
}

/// Reaps a child that has ended, if any.
pub fn reap_any() -> Dead {
    ended(libc::P_ALL, 0, 0)
}

/// A child that has ended, if any; it is left as it is, so that its pid and group stay its own.
pub fn find_ended() -> Dead {
    ended(libc::P_ALL, 0, libc::WNOWAIT)
}

/// Reaps this child, if it has ended.
pub fn reap(child: Pid) {
    ended(libc::P_PID, child.as_raw(), 0);
}

/// How this child has ended, which reaps it; `None` while it lives. One that is no child has ended somehow.
pub fn exit_of(child: Pid) -> Option<Exit> {
    match ended(libc::P_PID, child.as_raw(), 0) {
        Dead::One(_, exit) => Some(exit),
        Dead::None => None,
        Dead::Childless => Some(Exit::Code(u8::MAX)),
    }
}

/// The same, waited for.
pub fn end_of(child: Pid) -> Exit {
    // What has nothing to tell is no child.
    let told = wait(libc::P_PID, child.as_raw(), libc::WEXITED).ok().flatten();
    told.map_or(Exit::Code(u8::MAX), |told| told.exit())
}

/// Whether a child of ours, dead or alive, is in this group: as long as one is, the group's id
/// cannot have become a stranger's.
pub fn has_child_in(group: Pid) -> bool {
    ended(libc::P_PGID, group.as_raw(), libc::WNOWAIT) != Dead::Childless
}

/// Whether this child has ended; it is left as it is.
pub fn has_ended(child: Pid) -> bool {
    ended(libc::P_PID, child.as_raw(), libc::WNOWAIT) != Dead::None
}

/// The signal that has stopped this child since it was last asked.
pub fn stopped(child: Pid) -> Option<Signal> {
    let told = wait(libc::P_PID, child.as_raw(), libc::WSTOPPED | libc::WNOHANG).ok().flatten()?;
    Signal::new(told.status)
}

fn ended(which: libc::idtype_t, id: i32, options: i32) -> Dead {
    match wait(which, id, libc::WEXITED | libc::WNOHANG | options) {
        Err(NoChild) => Dead::Childless,
        Ok(None) => Dead::None,
        Ok(Some(told)) => Dead::One(told.pid, told.exit()),
    }
}

/// There is none such.
struct NoChild;

/// What waitid(2) tells of a child.
struct Told {
    pid: Pid,
    code: i32,
    status: i32,
}

impl Told {
    fn exit(&self) -> Exit {
        let by_signal = matches!(self.code, libc::CLD_KILLED | libc::CLD_DUMPED);
        let signal = Signal::new(self.status).filter(|_| by_signal);
        signal.map_or(Exit::Code(self.status as u8), Exit::Signal)
    }
}

/// `None` when there are such children and nothing to tell of them.
fn wait(which: libc::idtype_t, id: i32, options: i32) -> Result<Option<Told>, NoChild> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    loop {
        // SAFETY: `info` lives through the call.
        let result = unsafe { libc::waitid(which, id as libc::id_t, info.as_mut_ptr(), options) };
        match result {
            0 => break,
            _ if Errno::last_raw() == libc::EINTR => {}
            _ => return Err(NoChild),
        }
    }
    // SAFETY: waitid succeeded; where nobody was there to tell of, it stayed zeroed, which is valid.
    let info = unsafe { info.assume_init() };
    // SAFETY: after waitid this field is filled in, with 0 if there was nobody.
    let pid = unsafe { info.si_pid() };
    // SAFETY: as above.
    let status = unsafe { info.si_status() };
    Ok((pid != 0).then(|| Told { pid: Pid::from_raw(pid), code: info.si_code, status }))
}
