//! The controlling terminal and whose turn it is there.

use std::os::fd::{BorrowedFd, RawFd};

use nix::unistd::{self, Pid};

use super::{Errno, descriptors};

/// podinit's controlling terminal.
pub struct Terminal {
    fd: RawFd,
}

impl Terminal {
    /// The controlling terminal, by one of the standard descriptors or else by /dev/tty. That there
    /// is none is no error (init U34).
    pub fn find() -> Option<Terminal> {
        // Only the controlling terminal tells its foreground group.
        let standard = (0..descriptors::FIRST_OTHER).map(|fd| Terminal { fd });
        standard
            .into_iter()
            .find(|terminal| terminal.foreground().is_some())
            .or_else(Terminal::open)
    }

    fn open() -> Option<Terminal> {
        // SAFETY: a string that lives through the call.
        let fd = unsafe {
            libc::open(c"/dev/tty".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC | libc::O_NOCTTY)
        };
        if fd < 0 {
            return None;
        }
        descriptors::move_up(fd).ok().map(|fd| Terminal { fd })
    }

    /// The descriptor it is known by.
    pub fn descriptor(&self) -> RawFd {
        self.fd
    }

    /// Moves its descriptor as low as it may be and returns the next one: from there on all can be
    /// closed.
    pub fn settle(&mut self) -> RawFd {
        if self.fd > descriptors::FIRST_OTHER
            && descriptors::replace(descriptors::FIRST_OTHER, self.fd).is_ok()
        {
            self.fd = descriptors::FIRST_OTHER;
        }
        descriptors::FIRST_OTHER.max(self.fd + 1)
    }

    /// The group in its foreground.
    pub fn foreground(&self) -> Option<Pid> {
        unistd::tcgetpgrp(self.borrow()).ok()
    }

    /// Puts `group` in its foreground. From the background this works because TTOU is blocked.
    pub fn give_to(&self, group: Pid) -> Result<(), Errno> {
        unistd::tcsetpgrp(self.borrow(), group)
    }

    fn borrow(&self) -> BorrowedFd<'_> {
        // SAFETY: a standard descriptor, or one opened above and never closed by podinit.
        unsafe { BorrowedFd::borrow_raw(self.fd) }
    }
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
