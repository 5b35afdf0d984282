//! Whole lines to a descriptor, from a process that must never wait for a reader.
//!
//! A full pipe, a stopped terminal or a dead peer loses the line; it costs neither time nor life.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};

use super::text::Text;
use super::{Errno, descriptors, file};

/// Longest line that is written whole: what a pipe takes in one piece (PIPE_BUF).
pub const LINE_LIMIT: usize = 4096;

/// Writes one line without ever blocking; returns how much of it was taken: all of it by a pipe and by a local socket,
/// perhaps less by a terminal, by a connection over a network and by a file on a full disk.
///
/// # Errors
/// EAGAIN when nothing of it fits now; otherwise what write(2) said.
pub fn write(to: BorrowedFd<'_>, line: &[u8]) -> Result<usize, Errno> {
    let result = match kind(to) {
        libc::S_IFIFO | libc::S_IFSOCK => write_nowait(to, line),
        libc::S_IFCHR => write_reopened(to, line),
        _ => return write_to(to, line),
    };
    match result {
        Err(errno) if cannot_be_had(errno) => write_if_writable(to, line),
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

fn kind(of: BorrowedFd<'_>) -> libc::mode_t {
    nix::sys::stat::fstat(of).map_or(0, |status| status.st_mode & libc::S_IFMT)
}

/// Looks first. That leaves a gap: another writer may take the last room in between, and a terminal
/// says there is room when there is some, not enough.
fn write_if_writable(to: BorrowedFd<'_>, line: &[u8]) -> Result<usize, Errno> {
    let mut look = libc::pollfd { fd: to.as_raw_fd(), events: libc::POLLOUT, revents: 0 };
    // SAFETY: one pollfd, which lives through the call.
    let writable = unsafe { libc::poll(&mut look, 1, 0) == 1 };
    if writable { write_to(to, line) } else { Err(Errno::EAGAIN) }
}

/// A terminal: opened anew, so that not to block is our own wish and not the program's too.
fn write_reopened(to: BorrowedFd<'_>, line: &[u8]) -> Result<usize, Errno> {
    let path = Text::<32>::format(format_args!("/proc/self/fd/{}\0", to.as_raw_fd()));
    let flags = libc::O_WRONLY | libc::O_NOCTTY | libc::O_NONBLOCK;
    let terminal = file::open(path.as_c_str().unwrap_or_default(), flags)?;
    write_to(terminal.as_fd(), line)
}

fn write_to(to: BorrowedFd<'_>, line: &[u8]) -> Result<usize, Errno> {
    // SAFETY: the bytes live through the call.
    taken(unsafe { libc::write(to.as_raw_fd(), line.as_ptr().cast(), line.len()) })
}

/// A pipe or a socket, Linux 6.4 for pipes.
fn write_nowait(to: BorrowedFd<'_>, line: &[u8]) -> Result<usize, Errno> {
    let part = libc::iovec { iov_base: line.as_ptr().cast_mut().cast(), iov_len: line.len() };
    // SAFETY: one part, whose bytes live through the call and are only read; -1 is "no offset".
    taken(unsafe { libc::pwritev2(to.as_raw_fd(), &part, 1, -1, libc::RWF_NOWAIT) })
}

fn taken(count: isize) -> Result<usize, Errno> {
    usize::try_from(count).map_err(|_| Errno::last())
}

/// A descriptor that podinit was given to write lines to, and keeps until it ends.
#[derive(Clone, Copy, Debug)]
pub struct Output(BorrowedFd<'static>);

/// Why a descriptor cannot be written to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unfit {
    NotOpen,
    NotForWriting,
    /// Neither file nor pipe nor socket nor character device.
    Kind,
}

impl Output {
    /// Takes an inherited descriptor; programs do not inherit it, unless it is one of the standard three.
    ///
    /// # Errors
    /// Why lines cannot be written there.
    pub fn inherited(number: RawFd) -> Result<Output, Unfit> {
        if number < 0 {
            return Err(Unfit::NotOpen);
        }
        // SAFETY: podinit closes nothing that it has not opened but in processes that never write here, and what is
        // not open is refused next.
        let fd = unsafe { BorrowedFd::borrow_raw(number) };
        let flags = fcntl(fd, FcntlArg::F_GETFL).map_err(|_| Unfit::NotOpen)?;
        let flags = OFlag::from_bits_retain(flags);
        let access = flags & OFlag::O_ACCMODE;
        if flags.contains(OFlag::O_PATH) || access != OFlag::O_WRONLY && access != OFlag::O_RDWR {
            return Err(Unfit::NotForWriting);
        }
        if !matches!(kind(fd), libc::S_IFREG | libc::S_IFIFO | libc::S_IFSOCK | libc::S_IFCHR) {
            return Err(Unfit::Kind);
        }
        if number >= descriptors::FIRST_OTHER {
            // An open descriptor takes the flag.
            let _ = fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC));
        }
        Ok(Output(fd))
    }

    /// As [`write`].
    ///
    /// # Errors
    /// Those of [`write`].
    pub fn write(self, line: &[u8]) -> Result<usize, Errno> {
        write(self.0, line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lines_can_be_written_to() {
        let (reading, writing) = descriptors::pipe().unwrap();
        assert!(Output::inherited(writing.as_raw_fd()).is_ok());
        let unfit = |number| Output::inherited(number).map(drop).unwrap_err();
        assert_eq!(unfit(reading.as_raw_fd()), Unfit::NotForWriting);
        assert_eq!(unfit(-1), Unfit::NotOpen);
        assert_eq!(unfit(RawFd::MAX), Unfit::NotOpen);
        let folder = file::open(c"/", libc::O_RDONLY).unwrap();
        assert_eq!(unfit(folder.as_raw_fd()), Unfit::NotForWriting);
        let path = file::open(c"/dev/null", libc::O_PATH).unwrap();
        assert_eq!(unfit(path.as_raw_fd()), Unfit::NotForWriting);
        // SAFETY: a new descriptor, nobody else's.
        let event = unsafe {
            use std::os::fd::{FromRawFd, OwnedFd};
            OwnedFd::from_raw_fd(libc::eventfd(0, libc::EFD_CLOEXEC))
        };
        assert_eq!(unfit(event.as_raw_fd()), Unfit::Kind);
    }

    #[test]
    fn a_full_pipe_takes_nothing_and_keeps_nobody_waiting() {
        let (_reading, writing) = descriptors::pipe().unwrap();
        let line = [b'x'; LINE_LIMIT];
        let results: Vec<_> = (0..100).map(|_| write(writing.as_fd(), &line)).collect();
        assert_eq!((results[0], results[99]), (Ok(LINE_LIMIT), Err(Errno::EAGAIN)));
        assert!(results.iter().all(|result| matches!(result, Ok(LINE_LIMIT) | Err(Errno::EAGAIN))));
    }
}
