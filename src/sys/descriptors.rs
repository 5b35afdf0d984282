//! Descriptors podinit holds, and letting go of those it does not need.

use std::os::fd::RawFd;

use super::Errno;

/// The first descriptor that is not standard input, output or error.
pub const FIRST_OTHER: RawFd = 3;

/// Closes every descriptor from `first` up (init X13). Without close_range(2), or where a sandbox
/// answers EPERM for what it does not know, those named in /proc/self/fd; without /proc too, the
/// first thousand.
pub fn close_from(first: RawFd) {
    // SAFETY: the caller holds no descriptor from `first` up that it means to use again.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, u32::MAX, 0) };
    if result == 0 || close_listed(first) {
        return;
    }
    for fd in first..first + 1024 {
        close(fd);
    }
}

fn close_listed(first: RawFd) -> bool {
    super::process_tree::Numbers::open(c"/proc/self/fd").is_some_and(|mut open| {
        let listing = open.descriptor();
        while let Some(fd) = open.next() {
            if fd >= first && fd != listing {
                close(fd);
            }
        }
        true
    })
}

fn close(fd: RawFd) {
    // SAFETY: closing what is not open is an error that means nothing here.
    unsafe { libc::close(fd) };
}

/// Moves a descriptor to the first free one from `FIRST_OTHER` up, so that a closed standard
/// descriptor is never taken by accident (init U7); not inherited by programs.
pub(super) fn move_up(fd: RawFd) -> Result<RawFd, Errno> {
    // SAFETY: fcntl with F_DUPFD_CLOEXEC takes integers only.
    let moved = Errno::result(unsafe { libc::fcntl(fd, libc::F_DUPFD_CLOEXEC, FIRST_OTHER) });
    close(fd);
    moved
}

/// Makes `fd` what `with` is, in place of what it was; not inherited by programs.
pub(super) fn replace(fd: RawFd, with: RawFd) -> Result<(), Errno> {
    // SAFETY: dup3 takes integers only; podinit uses no descriptor of this number.
    Errno::result(unsafe { libc::dup3(with, fd, libc::O_CLOEXEC) }).map(drop)
}
