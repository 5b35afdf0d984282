//! Memory that a process has in common with those it forks, mmap(2).

use std::ptr;
use std::sync::atomic::AtomicU64;

use super::Errno;

/// Rows of two words, all zero, that this process shares with all it forks from now on; it is never given back, and no
/// program that is executed has it.
///
/// # Errors
/// ENOMEM, or EPERM in a sandbox that refuses it.
pub fn rows(count: usize) -> Result<&'static [[AtomicU64; 2]], Errno> {
    let length = count * size_of::<[AtomicU64; 2]>();
    let access = libc::PROT_READ | libc::PROT_WRITE;
    let flags = libc::MAP_SHARED | libc::MAP_ANONYMOUS;
    // SAFETY: a new mapping, wherever there is room for it.
    let start = unsafe { libc::mmap(ptr::null_mut(), length, access, flags, -1, 0) };
    if start == libc::MAP_FAILED {
        return Err(Errno::last());
    }
    // SAFETY: mapped just now, as long as that, aligned to a page, and for ever; all zero is a value of each word, and
    // nobody touches them but as atomics.
    Ok(unsafe { std::slice::from_raw_parts(start.cast(), count) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::{fork, wait};
    use std::sync::atomic::Ordering::SeqCst;

    #[test]
    fn what_a_child_writes_is_seen() {
        let rows = rows(256).unwrap();
        assert!(rows.iter().flatten().all(|word| word.load(SeqCst) == 0));
        let child = fork::fork(|| {
            rows[255][1].store(7, SeqCst);
            0
        });
        wait::end_of(child.unwrap());
        assert_eq!(rows[255][1].load(SeqCst), 7);
    }
}
