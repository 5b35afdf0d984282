//! Lines on standard error, from a process that must never wait for a reader.
//!
//! A full pipe, a stopped terminal or a dead peer loses the line; it costs neither time nor life.

use std::os::fd::{AsRawFd, RawFd};

use super::{Errno, file};

const STDERR: i32 = 2;

/// Longest line that is written whole: what a pipe takes in one piece (PIPE_BUF).
pub const LINE_LIMIT: usize = 4096;

/// Writes one line, all of it or nothing, without ever blocking.
///
/// # Errors
/// EAGAIN when it does not fit now; otherwise what write(2) said.
pub fn write(line: &[u8]) -> Result<(), Errno> {
    let result = match kind() {
        libc::S_IFIFO | libc::S_IFSOCK => write_nowait(line),
        libc::S_IFCHR => write_reopened(line),
        _ => return write_to(STDERR, line),
    };
    match result {
        Err(errno) if cannot_be_had(errno) => write_if_writable(line),
        result => result,
    }
}

/// What says that a way of writing is not to be had here: the kernel is too old, a sandbox refuses
/// what it does not know, /proc or a descriptor is missing, the terminal is another user's.
fn cannot_be_had(errno: Errno) -> bool {
    use Errno::{EACCES, EINVAL, EMFILE, ENFILE, ENOENT, ENOSYS, ENXIO, EOPNOTSUPP, EPERM};
    matches!(
        errno,
        EACCES | EINVAL | EMFILE | ENFILE | ENOENT | ENOSYS | ENXIO | EOPNOTSUPP | EPERM
    )
}

/// How many columns it has; `None` if it is no terminal.
pub fn columns() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    // SAFETY: this ioctl fills in the one structure it is given, which lives through the call.
    let told = unsafe { libc::ioctl(STDERR, libc::TIOCGWINSZ, &raw mut size) };
    let columns = if size.ws_col == 0 { 80 } else { usize::from(size.ws_col) };
    (told == 0).then_some(columns)
}

fn kind() -> libc::mode_t {
    nix::sys::stat::fstat(std::io::stderr()).map_or(0, |status| status.st_mode & libc::S_IFMT)
}

/// Looks first. That leaves a gap: another writer may take the last room in between, and a terminal
/// says there is room when there is some, not enough.
fn write_if_writable(line: &[u8]) -> Result<(), Errno> {
    let mut look = libc::pollfd { fd: STDERR, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one pollfd, which lives through the call.
    let writable = unsafe { libc::poll(&mut look, 1, 0) == 1 };
    if writable { write_to(STDERR, line) } else { Err(Errno::EAGAIN) }
}

/// A terminal: opened anew, so that not to block is our own wish and not the program's too.
fn write_reopened(line: &[u8]) -> Result<(), Errno> {
    let terminal =
        file::open(c"/proc/self/fd/2", libc::O_WRONLY | libc::O_NOCTTY | libc::O_NONBLOCK)?;
    write_to(terminal.as_raw_fd(), line)
}

fn write_to(fd: RawFd, line: &[u8]) -> Result<(), Errno> {
    // SAFETY: the bytes live through the call.
    Errno::result(unsafe { libc::write(fd, line.as_ptr().cast(), line.len()) }).map(drop)
}

/// A pipe or a socket, Linux 6.4 for pipes.
fn write_nowait(line: &[u8]) -> Result<(), Errno> {
    let part = libc::iovec { iov_base: line.as_ptr().cast_mut().cast(), iov_len: line.len() };
    // SAFETY: one part, whose bytes live through the call and are only read; -1 is "no offset".
    Errno::result(unsafe { libc::pwritev2(STDERR, &part, 1, -1, libc::RWF_NOWAIT) }).map(drop)
}
