//! Lines on standard error.

use std::os::fd::{AsFd, AsRawFd};

use super::{Errno, line};

/// Writes one line, all of it or nothing, without ever blocking; a terminal may take a part.
///
/// # Errors
/// EAGAIN when it does not fit now; otherwise what write(2) said.
pub fn write(line: &[u8]) -> Result<(), Errno> {
    line::write(std::io::stderr().as_fd(), line).map(drop)
}

/// How many columns it has; `None` if it is no terminal.
pub fn columns() -> Option<usize> {
    let mut size = libc::winsize { ws_row: 0, ws_col: 0, ws_xpixel: 0, ws_ypixel: 0 };
    let stderr = std::io::stderr().as_raw_fd();
    // SAFETY: this ioctl fills in the one structure it is given, which lives through the call.
    let told = unsafe { libc::ioctl(stderr, libc::TIOCGWINSZ, &raw mut size) };
    let columns = if size.ws_col == 0 { 80 } else { usize::from(size.ws_col) };
    (told == 0).then_some(columns)
}
