use super::{DEADLINE, children, descendants, is_alive, poll_until, send, state, status};
use std::cell::Cell;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// A started init. Dropping it kills it and, as far as they can still be found, its descendants.
pub struct Running {
    pid: i32,
    wrapped: bool,
    stdout: File,
    stderr: File,
    over: Cell<Option<i32>>,
    main: Cell<Option<i32>>,
}

/// How an init ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code, if it ended by itself.
    pub code: Option<i32>,
    /// The signal that killed init itself.
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Running {
    pub(super) fn new(pid: i32, stdout: File, stderr: File, wrapped: bool) -> Self {
        Self { pid, wrapped, stdout, stderr, over: Cell::new(None), main: Cell::new(None) }
    }

    /// The started process, as seen from outside: init, or the first word of [`super::Run::via`].
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The init's pid: that of the process, or of the first child of what it was started through.
    #[track_caller]
    pub fn init(&self) -> i32 {
        if self.wrapped { self.first_child(self.pid) } else { self.pid }
    }

    /// The main child's pid, as seen from outside.
    #[track_caller]
    pub fn main_pid(&self) -> i32 {
        if self.main.get().is_none() {
            self.main.set(Some(self.first_child(self.init())));
        }
        self.main.get().unwrap()
    }

    /// The process for hooks and probes, once the program has been executed: it itself has not executed anything.
    pub fn agent(&self) -> Option<i32> {
        let init = self.init();
        let is_it = |pid: &i32| is_alive(*pid) && status(*pid, "Name") == status(init, "Name");
        children(init).into_iter().find(is_it)
    }

    /// Waits until this has been printed to standard error.
    #[track_caller]
    pub fn says(&self, text: &str) {
        self.says_often(text, 1);
    }

    /// Waits until this has been printed to standard error so often.
    #[track_caller]
    pub fn says_often(&self, text: &str, times: usize) {
        self.until(&format!("it says {text:?} {times} times"), || {
            (self.stderr().matches(text).count() >= times).then_some(())
        });
    }

    #[track_caller]
    fn first_child(&self, of: i32) -> i32 {
        self.until(&format!("process {of} has a child"), || children(of).first().copied())
    }

    /// Sends a signal to the init from outside.
    #[track_caller]
    pub fn signal(&self, signal: i32) {
        send(self.init(), signal);
    }

    /// Waits for a fact about the running init; fails at once, saying how, if the init ends first.
    #[track_caller]
    pub fn until<T>(&self, fact: &str, mut ask: impl FnMut() -> Option<T>) -> T {
        let answer = poll_until(DEADLINE, || {
            let over = self.is_over();
            ask().map(Some).or(over.then_some(None))
        });
        match answer {
            Some(Some(answer)) => answer,
            Some(None) => panic!("it ended before: {fact}\n{:#?}", self.outcome()),
            None => panic!("never happened: {fact}\n{}", self.describe()),
        }
    }

    /// What was printed so far.
    pub fn stdout(&self) -> String {
        read(&self.stdout)
    }

    pub fn stderr(&self) -> String {
        read(&self.stderr)
    }

    /// Whether the process has ended.
    pub fn is_over(&self) -> bool {
        if self.over.get().is_none() {
            let mut raw = 0;
            // SAFETY: `raw` is a valid place; the pid is our child's until it is waited for here.
            if unsafe { libc::waitpid(self.pid, &mut raw, libc::WNOHANG) } == self.pid {
                self.over.set(Some(raw));
            }
        }
        self.over.get().is_some()
    }

    /// Waits for the end.
    #[track_caller]
    pub fn wait(&mut self) -> Finished {
        match self.wait_for(DEADLINE) {
            Some(finished) => finished,
            None => panic!("it did not end\n{}", self.describe()),
        }
    }

    /// Waits for the end no longer than that.
    pub fn wait_for(&mut self, deadline: Duration) -> Option<Finished> {
        poll_until(deadline, || self.is_over().then(|| self.outcome()))
    }

    /// Sends a signal at which it is to end by itself, with 0.
    #[track_caller]
    pub fn signal_and_end(mut self, signal: i32) -> Finished {
        self.signal(signal);
        self.wait().exits(0)
    }

    /// Lets a daemon be born in the PID namespace of this PID 1, whose child it becomes; its pid, as seen from outside.
    #[track_caller]
    pub fn adopts_a_daemon(&self, file: &str) -> i32 {
        let pid = self.pid.to_string();
        let enter = ["-t", &pid, "-p", "--", super::witness(), "daemon", file];
        super::Run::program("/usr/bin/nsenter").args(enter).finish().exits(0);
        // Those between it and its parent pass by here too, on their way to be reaped.
        let inside = || super::Recording::in_file(file).pid().map(|pid| pid.to_string());
        let is_it = |child: &i32| {
            let pids = status(*child, "NSpid");
            pids.is_some_and(|pids| pids.split_whitespace().last() == inside().as_deref())
        };
        self.until("the orphan arrives", || children(self.pid).into_iter().find(is_it))
    }

    fn outcome(&self) -> Finished {
        let raw = self.over.get().expect("it has ended");
        Finished {
            code: libc::WIFEXITED(raw).then(|| libc::WEXITSTATUS(raw)),
            signal: libc::WIFSIGNALED(raw).then(|| libc::WTERMSIG(raw)),
            stdout: self.stdout(),
            stderr: self.stderr(),
        }
    }

    fn describe(&self) -> String {
        let about = |pid: i32| {
            let name = status(pid, "Name").unwrap_or_default();
            let wchan = std::fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
            let sets = ["SigBlk", "SigIgn", "SigCgt", "ShdPnd"]
                .map(|f| status(pid, f).unwrap_or_default());
            format!(
                "{pid} {name} {:?} {wchan} blocked, ignored, caught, pending: {sets:?}\n",
                state(pid)
            )
        };
        let processes: String =
            std::iter::once(self.pid).chain(descendants(self.pid)).take(20).map(about).collect();
        format!("{processes}stdout: {}\nstderr: {}", self.stdout(), self.stderr())
    }
}

impl Finished {
    /// The exit code; fails, showing all, when a signal killed the init itself.
    #[track_caller]
    pub fn exit_code(&self) -> i32 {
        self.code.unwrap_or_else(|| panic!("killed by a signal: {self:#?}"))
    }

    /// Fails unless that was the exit code; gives itself back for further questions.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    /// Fails unless it ended with 1 and said why on standard error alone.
    #[track_caller]
    pub fn refused(self) -> Self {
        let finished = self.exits(1);
        assert!(finished.stdout.is_empty() && !finished.stderr.is_empty(), "{finished:?}");
        finished
    }

    /// Fails if anything was printed.
    #[track_caller]
    pub fn silently(self) -> Self {
        assert_eq!((self.stdout.as_str(), self.stderr.as_str()), ("", ""));
        self
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.is_over() {
            return;
        }
        // Twice: the kernel's list may leave one out while its sibling ends.
        let mut below = descendants(self.pid);
        below.extend(descendants(self.pid));
        // SAFETY: our own child, not yet waited for, and what stood below it a moment ago.
        unsafe {
            libc::kill(self.pid, libc::SIGKILL);
            for pid in below {
                libc::kill(pid, libc::SIGKILL);
            }
            libc::waitpid(self.pid, std::ptr::null_mut(), 0);
        }
    }
}

fn read(file: &File) -> String {
    let mut content = vec![0; file.metadata().map_or(0, |m| m.len()) as usize];
    let size = file.read_at(&mut content, 0).unwrap_or(0);
    content.truncate(size);
    String::from_utf8_lossy(&content).into_owned()
}
