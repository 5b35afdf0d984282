//! The controlling terminal and whose turn it is there.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::unistd::{self, Pid};

use super::{Errno, descriptors};

/// podinit's controlling terminal.
pub struct Terminal {
    /// Opened by name where it is none of the standard descriptors.
    opened: Option<OwnedFd>,
    standard: RawFd,
}

impl Terminal {
    /// The controlling terminal, by the first standard descriptor that is it, or else by /dev/tty.
    /// That there is none is no error (init U34).
    pub fn find() -> Option<Terminal> {
        // A terminal tells its foreground group only to those whose controlling terminal it is.
        // SAFETY: tcgetpgrp takes one integer.
        let is_it = |fd: &RawFd| unsafe { libc::tcgetpgrp(*fd) } != -1;
        if let Some(standard) = (0..descriptors::FIRST_OTHER).find(is_it) {
            return Some(Terminal { opened: None, standard });
        }
        let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
        // SAFETY: a string that lives through the call.
        let fd = unsafe { libc::open(c"/dev/tty".as_ptr(), flags) };
        if fd == -1 {
            return None;
        }
        // SAFETY: the descriptor is new and nobody else's.
        let opened = descriptors::move_up(unsafe { OwnedFd::from_raw_fd(fd) }).ok()?;
        Some(Terminal { opened: Some(opened), standard: 0 })
    }

    /// Whether standard input is it.
    pub fn is_standard_input(&self) -> bool {
        self.opened.is_none() && self.standard == 0
    }

    /// The descriptor it holds besides the standard ones.
    pub(super) fn held(&self) -> Option<RawFd> {
        self.opened.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// The group in its foreground; 0 for one outside the PID namespace.
    pub fn foreground(&self) -> Option<Pid> {
        unistd::tcgetpgrp(self.descriptor()).ok()
    }

    /// Puts `group` in its foreground. From the background this works because TTOU is blocked.
    pub fn give_to(&self, group: Pid) -> Result<(), Errno> {
        unistd::tcsetpgrp(self.descriptor(), group)
    }

    fn descriptor(&self) -> BorrowedFd<'_> {
        self.opened.as_ref().map_or_else(|| standard(self.standard), AsFd::as_fd)
    }
}

fn standard<'a>(fd: RawFd) -> BorrowedFd<'a> {
    // SAFETY: podinit never closes a standard descriptor; one that was closed from the start is an
    // error to whoever uses it, and is never taken by another file that lasts.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

/// Gives up the controlling terminal if standard input is it (init D10).
pub fn give_up() -> Result<(), Errno> {
    // SAFETY: this ioctl takes no argument.
    Errno::result(unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCNOTTY) }).map(drop)
}

/// Makes standard input the controlling terminal of this session leader, by force from nobody (init D10).
pub(super) fn take_over() -> Result<(), Errno> {
    // SAFETY: this ioctl takes one integer.
    Errno::result(unsafe { libc::ioctl(libc::STDIN_FILENO, libc::TIOCSCTTY, 0) }).map(drop)
}
