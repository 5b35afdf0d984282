//! Opening and reading small files without the heap.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::Errno;

/// Opens a file; programs do not inherit it.
pub fn open(path: &CStr, flags: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: a string that lives through the call; the descriptor is new and nobody else's.
    let fd = Errno::result(unsafe { libc::open(path.as_ptr(), flags | libc::O_CLOEXEC) })?;
    // SAFETY: see above.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Reads from the start of a file until its end or the buffer's.
pub fn read_start<'a>(path: &CStr, buffer: &'a mut [u8]) -> Result<&'a [u8], Errno> {
    let file = open(path, libc::O_RDONLY)?;
    let mut filled = 0;
    while let Some(free) = buffer.get_mut(filled..).filter(|free| !free.is_empty()) {
        // SAFETY: the free part is as long as said and lives through the call.
        let count = unsafe { libc::read(file.as_raw_fd(), free.as_mut_ptr().cast(), free.len()) };
        match usize::try_from(count) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(_) => return Err(Errno::last()),
        }
    }
    Ok(buffer.get(..filled).unwrap_or_default())
}
