//! Lines on standard error, from a process that must never wait for a reader.
//!
//! A full pipe, a stopped terminal or a dead peer loses the line; it costs neither time nor life.

use super::Errno;

const STDERR: i32 = 2;

/// Longest line that is written whole: what a pipe takes in one piece (PIPE_BUF).
pub const LINE_LIMIT: usize = 4096;

/// Writes one line, all of it or nothing, without ever blocking.
///
/// # Errors
/// EAGAIN when it does not fit now; otherwise what write(2) said.
pub fn write(line: &[u8]) -> Result<(), Errno> {
    if !matches!(kind(), libc::S_IFIFO | libc::S_IFSOCK) {
        return if is_writable() { plain_write(line) } else { Err(Errno::EAGAIN) };
    }
    match write_nowait(line) {
        // Before Linux 6.4 pipes do not know the flag, and sandboxes refuse what they do not know.
        // A look before the write then leaves one gap: another writer taking the last free page in between.
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL | Errno::EPERM) => {
            if is_writable() {
                plain_write(line)
            } else {
                Err(Errno::EAGAIN)
            }
        }
        result => result,
    }
}

fn kind() -> libc::mode_t {
    nix::sys::stat::fstat(std::io::stderr()).map_or(0, |status| status.st_mode & libc::S_IFMT)
}

/// Whether a write would not block, as far as one can see beforehand.
fn is_writable() -> bool {
    let mut look = libc::pollfd { fd: STDERR, events: libc::POLLOUT, revents: 0 };
    // SAFETY: one pollfd, which lives through the call.
    unsafe { libc::poll(&mut look, 1, 0) == 1 }
}

fn plain_write(line: &[u8]) -> Result<(), Errno> {
    // SAFETY: the bytes live through the call.
    Errno::result(unsafe { libc::write(STDERR, line.as_ptr().cast(), line.len()) }).map(drop)
}

fn write_nowait(line: &[u8]) -> Result<(), Errno> {
    let part = libc::iovec { iov_base: line.as_ptr().cast_mut().cast(), iov_len: line.len() };
    // SAFETY: one part, whose bytes live through the call and are only read; -1 is "no offset".
    Errno::result(unsafe { libc::pwritev2(STDERR, &part, 1, -1, libc::RWF_NOWAIT) }).map(drop)
}
