//! Descriptors podinit holds, and letting go of those it does not need.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::Errno;
use super::terminal::Terminal;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::directory::Numbers;

/// The first descriptor that is not standard input, output or error.
pub const FIRST_OTHER: RawFd = 3;

/// Closes every descriptor from [`FIRST_OTHER`] up but the terminal's (init X13): to be called before
/// podinit opens any other that lasts. Without close_range(2), or where a sandbox answers EPERM for
/// what it does not know, those named in /proc/self/fd; without /proc too, the first thousand.
pub fn close_others(terminal: Option<&Terminal>) {
    close_all_but(terminal.and_then(Terminal::held).as_slice());
}

/// The same for a process that was forked to do something else: it keeps these, and has null for standard input and
/// output. Standard error stays, for the log. What it still holds as values it must never drop.
pub fn keep_only<'a>(kept: impl IntoIterator<Item = BorrowedFd<'a>>) {
    let mut kept: Vec<RawFd> = kept.into_iter().map(|kept| kept.as_raw_fd()).collect();
    kept.sort_unstable();
    close_all_but(&kept);
    if let Ok(null) = null() {
        for number in 0..2 {
            // SAFETY: dup2 takes integers; nothing in this process owns 0 and 1.
            unsafe { libc::dup2(null.as_raw_fd(), number) };
        }
    }
}

/// `kept` are in their order.
fn close_all_but(kept: &[RawFd]) {
    let mut first = FIRST_OTHER;
    let below = kept.iter().all(|kept| {
        let closed = close_range(first, kept - 1);
        first = kept + 1;
        closed
    });
    if below && close_range(first, RawFd::MAX) || close_listed(kept) {
        return;
    }
    for fd in (FIRST_OTHER..1024).filter(|fd| !kept.contains(fd)) {
        close(fd);
    }
}

/// Keeps every descriptor from [`FIRST_OTHER`] up from the program this process becomes, in the same ways.
pub(super) fn keep_others() {
    const CLOEXEC: libc::c_uint = libc::CLOSE_RANGE_CLOEXEC;
    let (first, last) = (FIRST_OTHER, RawFd::MAX);
    // SAFETY: integers only; nothing is closed in this process.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, CLOEXEC) } == 0 {
        return;
    }
    let keep = |fd: RawFd| {
        // SAFETY: integers only; what is not open is refused.
        unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
    };
    let Ok(mut open) = Numbers::open(c"/proc/self/fd") else {
        return (first..1024).for_each(keep);
    };
    while let Ok(Some(fd)) = open.next_number() {
        if fd >= first {
            keep(fd);
        }
    }
}

/// Whether all from `first` to `last` are closed.
fn close_range(first: RawFd, last: RawFd) -> bool {
    // SAFETY: integers only; podinit holds none of these descriptors, see `close_others`.
    first > last || unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0
}

fn close_listed(kept: &[RawFd]) -> bool {
    let Ok(mut open) = Numbers::open(c"/proc/self/fd") else { return false };
    let listing = open.descriptor();
    while let Ok(Some(fd)) = open.next_number() {
        if fd >= FIRST_OTHER && fd != listing && !kept.contains(&fd) {
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

/// A pipe, (reading end, writing end), neither of which programs inherit. Reading does not wait.
///
/// # Errors
/// EMFILE, ENFILE (pipe(2)).
pub fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (reading, writing) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    fcntl(&reading, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((move_up(reading)?, move_up(writing)?))
}

/// Writes one byte; that nobody reads it any more is no concern of who wrote it.
pub fn write_byte(pipe: BorrowedFd<'_>, byte: u8) {
    let _ = nix::unistd::write(pipe, &[byte]);
}

/// Reads one byte; `None` at the end.
///
/// # Errors
/// EAGAIN when there is nothing yet (read(2)).
pub fn read_byte(pipe: BorrowedFd<'_>) -> Result<Option<u8>, Errno> {
    let mut byte = [0];
    let count = nix::unistd::read(pipe, &mut byte)?;
    Ok(byte.first().copied().filter(|_| count == 1))
}

/// Opens what gives nothing to whoever reads it: a pipe without a writer where there is no /dev.
///
/// # Errors
/// EMFILE, ENFILE (open(2), pipe(2)).
pub fn null() -> Result<OwnedFd, Errno> {
    match super::file::open(c"/dev/null", OFlag::O_RDWR.bits()) {
        Err(Errno::ENOENT | Errno::EACCES | Errno::EPERM | Errno::ENXIO | Errno::ENODEV) => {
            pipe().map(|(reading, _)| reading)
        }
        opened => move_up(opened?),
    }
}

/// Makes `descriptors` standard input, output and error of this process, for programs to inherit. None
/// of them may be one of these yet.
pub(super) fn make_standard(descriptors: [BorrowedFd<'_>; 3]) -> Result<(), Errno> {
    for (number, descriptor) in (0..).zip(descriptors) {
        // SAFETY: dup2 takes integers; nothing in this process owns 0 to 2.
        Errno::result(unsafe { libc::dup2(descriptor.as_raw_fd(), number) })?;
    }
    Ok(())
}

/// What this takes descriptors for, with room made for them if there is none.
///
/// # Errors
/// Those of `take`.
#[cfg(feature = "probe")]
pub fn with_room<T>(take: impl Fn() -> Result<T, Errno>) -> Result<T, Errno> {
    match take() {
        Err(Errno::EMFILE) if make_room() => take(),
        taken => taken,
    }
}

/// The limits on descriptors, soft and hard, that podinit was given, once it has raised them; else a hard one of 0.
static GIVEN: [AtomicU64; 2] = [AtomicU64::new(0), AtomicU64::new(0)];

/// Raises podinit's own limit on descriptors as far as it may, for when there is none left to look
/// into /proc with. Whether that has changed anything.
pub fn make_room() -> bool {
    const ENOUGH: libc::rlim_t = 64;
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return false };
    let raise = |to| soft < to && setrlimit(Resource::RLIMIT_NOFILE, to, to).is_ok();
    // Beyond the hard limit with CAP_SYS_RESOURCE only.
    let raised = raise(hard.max(ENOUGH)) || raise(hard);
    if let [given_soft, given_hard] = &GIVEN
        && raised
        && given_hard.load(Relaxed) == 0
    {
        given_soft.store(soft, Relaxed);
        given_hard.store(hard, Relaxed);
    }
    raised
}

/// Has a program that this process becomes get the limit that podinit was given.
pub(super) fn give_room_back() {
    let [soft, hard] = GIVEN.each_ref().map(|limit| limit.load(Relaxed));
    if hard != 0 {
        // To lower them takes no right.
        let _ = setrlimit(Resource::RLIMIT_NOFILE, soft, hard);
    }
}

/// So many podinit may have.
#[cfg(feature = "probe")]
pub fn limit() -> usize {
    let soft = getrlimit(Resource::RLIMIT_NOFILE).map_or(0, |(soft, _)| soft);
    usize::try_from(soft).unwrap_or(usize::MAX)
}
