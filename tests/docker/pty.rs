//! `docker run -it` on a terminal of our own: keys go in, what the container shows comes out.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::AsRawFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::engine::{Container, PATIENCE, Run, docker_command, unique, until, wait_until};

pub struct Terminal {
    pub container: Container,
    client: Child,
    keys: File,
    shown: Arc<Mutex<Vec<u8>>>,
}

impl Terminal {
    pub fn start(run: &Run) -> Self {
        let container = Container { name: unique("terminal") };
        let pair = openpty(None, None).expect("a pseudo-terminal");
        let end = || Stdio::from(pair.slave.try_clone().expect("a descriptor"));
        let client = docker_command(run.line(&container.name, &["--interactive", "--tty"]))
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .expect("docker runs");
        let keys = File::from(pair.master);
        let shown = Arc::new(Mutex::new(Vec::new()));
        let mut screen = keys.try_clone().expect("a descriptor");
        let sink = Arc::clone(&shown);
        // Ends with EIO when nobody has the other end open any more.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                sink.lock().expect("no panic").extend_from_slice(&bytes[..count]);
            }
        });
        Self { container, client, keys, shown }
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("a terminal takes keys");
    }

    /// Gives the terminal another size, and tells docker's client, whose controlling terminal it is not.
    pub fn resize(&self, rows: u16, columns: u16) {
        let size = libc::winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        // SAFETY: the call reads a winsize, which lives until it returns.
        let answer =
            unsafe { libc::ioctl(self.keys.as_raw_fd(), libc::TIOCSWINSZ, &raw const size) };
        assert_eq!(answer, 0, "TIOCSWINSZ");
        let client = i32::try_from(self.client.id()).expect("a pid");
        kill(Pid::from_raw(client), Signal::SIGWINCH).expect("the client is there");
    }

    /// All that was shown so far, with plain line ends.
    pub fn screen(&self) -> String {
        let bytes = self.shown.lock().expect("no panic");
        String::from_utf8_lossy(&bytes).replace('\r', "")
    }

    /// Waits until `text` has been shown.
    pub fn expect(&self, text: &str) {
        let found = || self.screen().contains(text).then_some(());
        until(&format!("{text:?} on the screen"), || self.screen(), found);
    }

    /// Waits for the end and gives the exit code of `docker run`.
    pub fn end(&mut self) -> i32 {
        wait_until(&mut self.client, Instant::now() + PATIENCE)
            .unwrap_or_else(|| panic!("docker run -it did not end: {}", self.screen()))
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Best effort: mostly it has ended already.
        let _ = self.client.kill();
        let _ = self.client.wait();
    }
}
