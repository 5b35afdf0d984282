//! Directories whose entries are numbers, as /proc and /proc/self/fd, read without the heap.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::{Errno, file};

/// The numbers among a directory's entries.
pub struct Numbers {
    directory: OwnedFd,
    buffer: Aligned,
    at: usize,
    end: usize,
}

#[repr(align(8))]
struct Aligned([u8; 2048]);

impl Numbers {
    pub fn open(path: &CStr) -> Result<Numbers, Errno> {
        let directory = file::open(path, libc::O_RDONLY | libc::O_DIRECTORY)?;
        Ok(Numbers { directory, buffer: Aligned([0; 2048]), at: 0, end: 0 })
    }

    /// The descriptor it reads from, closed when it is dropped.
    pub fn descriptor(&self) -> RawFd {
        self.directory.as_raw_fd()
    }

    /// The next number, if there is one; an entry that is none is passed over.
    pub fn next_number(&mut self) -> Result<Option<i32>, Errno> {
        loop {
            let Some(entry) = self.next_name()? else { return Ok(None) };
            if let Some(number) = std::str::from_utf8(entry).ok().and_then(|name| name.parse().ok())
            {
                return Ok(Some(number));
            }
        }
    }

    /// One name, out of `struct linux_dirent64` of getdents64(2).
    fn next_name(&mut self) -> Result<Option<&[u8]>, Errno> {
        const LENGTH_AT: usize = 16;
        const NAME_AT: usize = 19;
        if self.at >= self.end {
            let (buffer, size) = (self.buffer.0.as_mut_ptr(), self.buffer.0.len());
            // SAFETY: the buffer is as long as said, aligned for the entries, and lives through the call.
            let read =
                unsafe { libc::syscall(libc::SYS_getdents64, self.descriptor(), buffer, size) };
            self.end = usize::try_from(read).map_err(|_| Errno::last())?;
            self.at = 0;
        }
        let entry = self.buffer.0.get(self.at..self.end).unwrap_or_default();
        let Some([low, high]) = entry.get(LENGTH_AT..LENGTH_AT + 2) else { return Ok(None) };
        let length = usize::from(u16::from_ne_bytes([*low, *high]));
        self.at += length.max(NAME_AT);
        let name = entry.get(NAME_AT..length).unwrap_or_default();
        Ok(Some(name.split(|byte| *byte == 0).next().unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_entries_are_all_listed() {
        let files: Vec<_> = (0..300).map(|_| std::fs::File::open("/dev/null").unwrap()).collect();
        let mut numbers = Numbers::open(c"/proc/self/fd").unwrap();
        let mut count = 0;
        while numbers.next_number().unwrap().is_some() {
            count += 1;
        }
        assert!(count >= files.len() + 3, "{count}");
    }
}
