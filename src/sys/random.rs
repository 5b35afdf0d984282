//! Numbers that nobody can guess, getrandom(2).

use super::clock;

/// Any number. On a kernel that has none to give it is made of the clock, and can be guessed.
pub fn number() -> u16 {
    let mut bytes = [0; 2];
    // SAFETY: the buffer is as long as said and lives through the call.
    let count =
        unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), libc::GRND_NONBLOCK) };
    if usize::try_from(count) == Ok(bytes.len()) {
        u16::from_ne_bytes(bytes)
    } else {
        let nanos = clock::monotonic().subsec_nanos();
        (nanos ^ (nanos >> 16)) as u16
    }
}
