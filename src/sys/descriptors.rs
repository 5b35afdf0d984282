//! Descriptors podinit holds, and letting go of those it does not need.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

use super::Errno;
use super::terminal::Terminal;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::directory::Numbers;

/// The first descriptor that is not standard input, output or error.
pub const FIRST_OTHER: RawFd = 3;

/// Closes every descriptor from [`FIRST_OTHER`] up but the terminal's (init X13): to be called before
/// podinit opens any other that lasts. Without close_range(2), or where a sandbox answers EPERM for
/// what it does not know, those named in /proc/self/fd; without /proc too, the first thousand.
pub fn close_others(terminal: Option<&Terminal>) {
    let kept = terminal.and_then(Terminal::held);
    let all = match kept {
        None => close_range(FIRST_OTHER, RawFd::MAX),
        Some(kept) => close_range(FIRST_OTHER, kept - 1) && close_range(kept + 1, RawFd::MAX),
    };
    if all || close_listed(kept) {
        return;
    }
    for fd in (FIRST_OTHER..1024).filter(|fd| Some(*fd) != kept) {
        close(fd);
    }
}

/// Whether all from `first` to `last` are closed.
fn close_range(first: RawFd, last: RawFd) -> bool {
    // SAFETY: integers only; podinit holds none of these descriptors, see `close_others`.
    first > last || unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0
}

fn close_listed(kept: Option<RawFd>) -> bool {
    let Ok(mut open) = Numbers::open(c"/proc/self/fd") else { return false };
    let listing = open.descriptor();
    while let Ok(Some(fd)) = open.next_number() {
        if fd >= FIRST_OTHER && fd != listing && Some(fd) != kept {
            close(fd);
        }
    }
    true
}

fn close(fd: RawFd) {
    // SAFETY: podinit holds none of these, see `close_others`; closing what is not open means nothing.
    unsafe { libc::close(fd) };
}

/// The same at the first free number from [`FIRST_OTHER`] up, so that a closed standard descriptor is
/// never taken by accident (init U7); programs do not inherit it.
pub(super) fn move_up(descriptor: OwnedFd) -> Result<OwnedFd, Errno> {
    if descriptor.as_raw_fd() >= FIRST_OTHER {
        return Ok(descriptor);
    }
    // SAFETY: fcntl with F_DUPFD_CLOEXEC takes integers only.
    let moved = unsafe { libc::fcntl(descriptor.as_raw_fd(), libc::F_DUPFD_CLOEXEC, FIRST_OTHER) };
    // SAFETY: new, and nobody else's.
    Errno::result(moved).map(|fd| unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Raises podinit's own limit on descriptors as far as it may, for when there is none left to look
/// into /proc with. Whether that has changed anything.
pub fn make_room() -> bool {
    const ENOUGH: libc::rlim_t = 64;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return false };
    let raised = |hard| soft < hard && setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    // Beyond the hard limit with CAP_SYS_RESOURCE only.
    raised(hard.max(ENOUGH)) || raised(hard)
}
