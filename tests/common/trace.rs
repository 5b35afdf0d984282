use super::{TempDir, eventually, status};
use std::fs;
use std::process::{Child, Command, Stdio};

/// strace on a running process, until dropped.
pub struct Trace {
    strace: Child,
    file: String,
}

impl Trace {
    /// Writes to `name` in `dir`; returns when it is attached.
    pub fn of(pid: i32, dir: &TempDir, name: &str) -> Trace {
        let file = dir.file(name);
        let mut command = Command::new("strace");
        command
            .args(["-p", &pid.to_string(), "-o", &file])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let strace = command.spawn().expect("strace is installed");
        let trace = Trace { strace, file };
        eventually("strace is attached", || {
            status(pid, "TracerPid").is_some_and(|tracer| tracer != "0")
        });
        trace
    }

    /// Ends it; the system calls that it has seen, that in which the process was first.
    pub fn calls(self) -> Vec<String> {
        let file = self.file.clone();
        drop(self);
        let calls = fs::read_to_string(file).unwrap();
        let calls = calls.lines().filter(|line| !line.contains("strace: Process"));
        calls.map(str::to_owned).collect()
    }
}

impl Drop for Trace {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}
