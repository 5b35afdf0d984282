//! Opening and reading small files, but for [`read_up_to`] without the heap.

use std::ffi::CStr;
use std::fs::File;
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::{Errno, errno_of};

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
    loop {
        match read(&file, buffer.get_mut(filled..).unwrap_or_default())? {
            0 => return Ok(buffer.get(..filled).unwrap_or_default()),
            count => filled += count,
        }
    }
}

/// Reads a file whose length is not known, as much of it as the limit allows, and never waits: a pipe has
/// what is in it.
pub fn read_up_to(path: &CStr, limit: usize) -> Result<Vec<u8>, Errno> {
    let file = File::from(open(path, libc::O_RDONLY | libc::O_NONBLOCK)?);
    let mut content = Vec::new();
    match file.take(limit as u64).read_to_end(&mut content) {
        Err(error) if content.is_empty() => Err(errno_of(&error)),
        _ => Ok(content),
    }
}

/// What follows `start` on the first line that begins with it. Lines longer than the buffer are passed
/// over.
pub fn find_line<'a>(
    path: &CStr,
    start: &[u8],
    buffer: &'a mut [u8],
) -> Result<Option<&'a [u8]>, Errno> {
    let file = open(path, libc::O_RDONLY)?;
    let (mut filled, mut passing_over) = (0, false);
    loop {
        let count = read(&file, buffer.get_mut(filled..).unwrap_or_default())?;
        filled += count;
        let text = buffer.get(..filled).unwrap_or_default();
        let Some(length) = text.iter().position(|byte| *byte == b'\n') else {
            if count == 0 && filled < buffer.len() {
                return Ok(None);
            }
            if filled == buffer.len() {
                (filled, passing_over) = (0, true);
            }
            continue;
        };
        if !passing_over && text.starts_with(start) {
            return Ok(buffer.get(start.len()..length));
        }
        passing_over = false;
        buffer.copy_within(length + 1..filled, 0);
        filled -= length + 1;
    }
}

/// Reads once; 0 at the end, or where there is no room.
fn read(file: &OwnedFd, room: &mut [u8]) -> Result<usize, Errno> {
    // SAFETY: the room is as long as said and lives through the call.
    let count = unsafe { libc::read(file.as_raw_fd(), room.as_mut_ptr().cast(), room.len()) };
    usize::try_from(count).map_err(|_| Errno::last())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_behind_one_that_is_too_long() {
        let path = std::env::temp_dir().join(format!("podinit-find-line-{}", std::process::id()));
        let name = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        for length in [0, 1, 30, 31, 32, 33, 63, 64, 65, 1000] {
            std::fs::write(&path, format!("first\nlong:{}\nmine: 7\nlast\n", "x".repeat(length)))
                .unwrap();
            let mut buffer = [0; 32];
            assert_eq!(find_line(&name, b"mine:", &mut buffer), Ok(Some(&b" 7"[..])), "{length}");
            assert_eq!(find_line(&name, b"none:", &mut buffer), Ok(None), "{length}");
        }
        std::fs::write(&path, "no line end").unwrap();
        assert_eq!(find_line(&name, b"mine:", &mut [0; 32]), Ok(None));
        std::fs::remove_file(&path).unwrap();
    }
}
