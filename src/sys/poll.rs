//! Waiting for descriptors, by ppoll(2).

use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr;
use std::time::Duration;

pub use nix::poll::{PollFd, PollFlags};

/// Waits until one of them is ready or the time has passed, and sometimes for nothing: whoever waits
/// looks at his descriptors, which must not block, and at his deadline. To be called with flags just made.
pub fn poll(descriptors: &mut [PollFd<'_>], at_most: Option<Duration>) {
    // A refusal (ENOMEM, EINTR) leaves no flags set, as if it had been for nothing.
    let _ = nix::poll::ppoll(descriptors, at_most.map(Into::into), None);
}

/// Waits until one of those that are there can be read, or has been closed at its other end, or the time has passed,
/// and sometimes for nothing. Which of them it is. Asks for no memory.
pub fn readable<const N: usize>(
    descriptors: [Option<BorrowedFd<'_>>; N],
    at_most: Option<Duration>,
) -> [bool; N] {
    // The kernel passes over what is negative.
    let number = |descriptor: &Option<BorrowedFd<'_>>| descriptor.map_or(-1, |fd| fd.as_raw_fd());
    let mut asked = descriptors.each_ref().map(|descriptor| libc::pollfd {
        fd: number(descriptor),
        events: libc::POLLIN,
        revents: 0,
    });
    let timeout = at_most.map(|time| libc::timespec {
        tv_sec: libc::time_t::try_from(time.as_secs()).unwrap_or(libc::time_t::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    let timeout = timeout.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: the array is as long as said; it and the time-out live through the call.
    let found = unsafe { libc::ppoll(asked.as_mut_ptr(), N as libc::nfds_t, timeout, ptr::null()) };
    // After a refusal (EINTR, ENOMEM) nothing has been filled in.
    asked.map(|asked| found > 0 && asked.revents != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::descriptors;
    use std::os::fd::AsFd;

    #[test]
    fn what_is_closed_at_its_other_end_is_told_beside_what_is_not_there() {
        let (open, _writing) = descriptors::pipe().unwrap();
        let (closed, writing) = descriptors::pipe().unwrap();
        drop(writing);
        let asked = [Some(open.as_fd()), None, Some(closed.as_fd())];
        assert_eq!(readable(asked, None), [false, false, true]);
        assert_eq!(readable([Some(open.as_fd())], Some(Duration::ZERO)), [false]);
    }
}
