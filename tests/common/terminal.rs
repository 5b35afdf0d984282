use super::{DEADLINE, poll_until};
use std::ffi::CString;
use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::sync::{Arc, Mutex};

/// A pseudo-terminal, seen from the side where the keyboard and the screen are.
#[derive(Clone)]
pub struct Terminal(Arc<Inner>);

struct Inner {
    master: File,
    slave: CString,
    output: Mutex<Vec<u8>>,
}

impl Terminal {
    pub fn new() -> Self {
        let mut name = [0; 64];
        // SAFETY: new descriptors; `name` has the room it says.
        let master = unsafe {
            let master = libc::posix_openpt(
                libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC | libc::O_NONBLOCK,
            );
            assert!(master >= 0, "posix_openpt: {}", std::io::Error::last_os_error());
            assert_eq!(libc::grantpt(master), 0);
            assert_eq!(libc::unlockpt(master), 0);
            assert_eq!(libc::ptsname_r(master, name.as_mut_ptr(), name.len()), 0);
            File::from_raw_fd(master)
        };
        // SAFETY: ptsname_r ended it with a zero.
        let slave = unsafe { std::ffi::CStr::from_ptr(name.as_ptr()) }.to_owned();
        Self(Arc::new(Inner { master, slave, output: Mutex::default() }))
    }

    /// A descriptor of the side that programs see.
    pub fn open_slave(&self) -> OwnedFd {
        // SAFETY: a new descriptor, nobody else's.
        unsafe {
            let fd =
                libc::open(self.0.slave.as_ptr(), libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
            assert!(fd >= 0, "{:?}: {}", self.0.slave, std::io::Error::last_os_error());
            OwnedFd::from_raw_fd(fd)
        }
    }

    /// Presses keys: `"\x03"` is Ctrl-C, `"\x1c"` Ctrl-\, `"\x1a"` Ctrl-Z.
    pub fn press(&self, keys: &str) {
        (&self.0.master).write_all(keys.as_bytes()).unwrap();
    }

    /// The foreground process group, as this test numbers it; `None` when there is none.
    pub fn foreground(&self) -> Option<i32> {
        let mut group: i32 = 0;
        // SAFETY: `group` is a valid place for the answer.
        let answer = unsafe { libc::ioctl(self.0.master.as_raw_fd(), libc::TIOCGPGRP, &mut group) };
        (answer == 0 && group > 0).then_some(group)
    }

    /// `stty tostop`: who prints from the background is stopped.
    pub fn set_tostop(&self) {
        let slave = self.open_slave();
        // SAFETY: `settings` is filled in by the first call and read by the second.
        unsafe {
            let mut settings = std::mem::zeroed();
            assert_eq!(libc::tcgetattr(slave.as_raw_fd(), &mut settings), 0);
            settings.c_lflag |= libc::TOSTOP;
            assert_eq!(libc::tcsetattr(slave.as_raw_fd(), libc::TCSANOW, &settings), 0);
        }
    }

    /// All that has been printed (and echoed) so far.
    pub fn output(&self) -> String {
        let mut output = self.0.output.lock().unwrap();
        let mut buffer = [0; 4096];
        while let Ok(size @ 1..) = (&self.0.master).read(&mut buffer) {
            output.extend_from_slice(&buffer[..size]);
        }
        String::from_utf8_lossy(&output).into_owned()
    }

    /// Waits until this text has been printed.
    #[track_caller]
    pub fn shows(&self, text: &str) {
        let found = poll_until(DEADLINE, || self.output().contains(text).then_some(()));
        assert!(found.is_some(), "the terminal never showed {text:?}, only {:?}", self.output());
    }
}
