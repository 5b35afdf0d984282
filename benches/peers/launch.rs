//! Starting an init at little cost to the launcher, and waiting for its end with a deadline.
//!
//! The start is `clone(CLONE_VM | CLONE_VFORK)`, so that the bench's own memory is neither copied nor
//! faulted in again. Every init gets a session of its own (as from a container engine, and so that none
//! takes the terminal), /dev/null for 0-2, an environment of one line, and dies with the bench.

use std::ffi::{CString, c_char, c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::ptr;
use std::time::Duration;

use crate::clock::Instant;
use crate::processors;

/// What is to be started and in which surroundings.
#[derive(Clone)]
pub struct Command {
    words: Vec<CString>,
    pid_namespace: bool,
    traced: bool,
    link: Option<RawFd>,
    processors: Option<processors::Set>,
}

impl Command {
    pub fn new(program: &Path) -> Self {
        Command {
            words: vec![c_string(program)],
            pid_namespace: false,
            traced: false,
            link: None,
            processors: None,
        }
    }

    pub fn arg(mut self, word: impl AsRef<Path>) -> Self {
        self.words.push(c_string(word.as_ref()));
        self
    }

    pub fn args<'a>(self, words: impl IntoIterator<Item = &'a str>) -> Self {
        words.into_iter().fold(self, |command, word| command.arg(word))
    }

    /// Be PID 1 of a new PID namespace.
    pub fn in_pid_namespace(mut self) -> Self {
        self.pid_namespace = true;
        self
    }

    /// Stop at the first instruction, under ptrace by the bench, at the same addresses each time.
    pub fn traced(mut self) -> Self {
        self.traced = true;
        self
    }

    /// Hand `fd` down as descriptor 3.
    pub fn link(mut self, fd: &impl AsRawFd) -> Self {
        self.link = Some(fd.as_raw_fd());
        self
    }

    /// Run on these processors only. None: wherever.
    pub fn processors(mut self, set: Option<processors::Set>) -> Self {
        self.processors = set;
        self
    }

    /// Returns once the program has been exec'd.
    pub fn start(&self) -> Result<Running, String> {
        self.spawn()
            .map_err(|error| format!("{} does not start: {error}", self.words[0].to_string_lossy()))
    }

    fn spawn(&self) -> io::Result<Running> {
        let mut argv: Vec<*const c_char> = self.words.iter().map(|word| word.as_ptr()).collect();
        argv.push(ptr::null());
        let mut context = Context { command: self, argv: argv.as_ptr(), errno: 0 };
        let mut stack = Box::<[u128]>::new_uninit_slice(STACK / size_of::<u128>());
        let mut pidfd: c_int = -1;
        let mut flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;
        if self.pid_namespace {
            flags |= libc::CLONE_NEWPID;
        }
        // SAFETY: the child runs on `stack` while this thread is held by CLONE_VFORK, so all that
        // `context` points to outlives it; `enter` makes system calls only.
        let pid = unsafe {
            let top = stack.as_mut_ptr_range().end.cast::<c_void>();
            libc::clone(enter, top, flags, (&raw mut context).cast(), &raw mut pidfd)
        };
        if pid == -1 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel has just opened this descriptor for us.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        let running = Running { pid, pidfd, reaped: false };
        match context.errno {
            0 => Ok(running),
            errno => Err(io::Error::from_raw_os_error(errno)),
        }
    }
}

const STACK: usize = 64 * 1024;

struct Context<'a> {
    command: &'a Command,
    argv: *const *const c_char,
    errno: c_int,
}

/// The child between clone and exec.
extern "C" fn enter(context: *mut c_void) -> c_int {
    let envp = [c"PATH=/usr/local/bin:/usr/bin:/bin".as_ptr(), ptr::null()];
    // SAFETY: `context` is the launcher's, which waits for us; the rest are plain system calls.
    unsafe {
        let context = &mut *context.cast::<Context>();
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        libc::setsid();
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDWR);
        for standard in 0..3 {
            libc::dup2(null, standard);
        }
        if null > 2 {
            libc::close(null);
        }
        match context.command.link {
            Some(3) => drop(libc::fcntl(3, libc::F_SETFD, 0)),
            Some(fd) => drop(libc::dup2(fd, 3)),
            None => {}
        }
        if let Some(set) = &context.command.processors {
            processors::set(set);
        }
        if context.command.traced {
            libc::personality(libc::ADDR_NO_RANDOMIZE as _);
            libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0);
        }
        libc::execve(*context.argv, context.argv, envp.as_ptr());
        context.errno = *libc::__errno_location();
        libc::_exit(127)
    }
}

/// A started init; killed and reaped when dropped.
pub struct Running {
    pub pid: i32,
    pidfd: OwnedFd,
    reaped: bool,
}

/// How an init ended and what it and all it reaped have used.
pub struct Ended {
    status: c_int,
    pub minor_faults: u64,
    pub cpu: Duration,
    /// The most resident memory it had, in bytes.
    pub peak_memory: u64,
}

impl Ended {
    /// An init that ends otherwise has not done what is being timed.
    pub fn expect_code(self, code: c_int) -> Result<Self, String> {
        match libc::WIFEXITED(self.status).then(|| libc::WEXITSTATUS(self.status)) {
            Some(its) if its == code => Ok(self),
            Some(its) => Err(format!("ended with code {its} where its child's is {code}")),
            None => Err(format!("was ended by signal {}", libc::WTERMSIG(self.status))),
        }
    }
}

impl Running {
    pub fn signal(&self, number: c_int) {
        // SAFETY: a plain system call; the pid is ours until it is reaped.
        unsafe { libc::kill(self.pid, number) };
    }

    /// The end, or None if that has not come by `deadline`.
    pub fn wait_until(&mut self, deadline: Instant) -> Option<Ended> {
        let mut poll =
            libc::pollfd { fd: self.pidfd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
        let left = deadline.saturating_sub(Instant::now()).as_micros().div_ceil(1000);
        // SAFETY: one valid pollfd.
        let ready = unsafe { libc::poll(&mut poll, 1, left as c_int) };
        (ready == 1).then(|| self.reap())
    }

    /// The end, which is an error if it takes longer than any init may.
    pub fn wait(&mut self) -> Result<Ended, String> {
        let limit = Duration::from_secs(10);
        self.wait_until(Instant::now() + limit)
            .ok_or_else(|| format!("still running after {limit:?}"))
    }

    /// Somebody else's wait has seen its end.
    pub fn was_reaped(mut self) {
        self.reaped = true;
    }

    fn reap(&mut self) -> Ended {
        let mut status = 0;
        // SAFETY: rusage is plain numbers, for which zero is a value.
        let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
        // SAFETY: both out-pointers are valid for the call.
        unsafe { libc::wait4(self.pid, &mut status, libc::__WALL, &mut usage) };
        self.reaped = true;
        let time = |t: libc::timeval| Duration::new(t.tv_sec as u64, t.tv_usec as u32 * 1000);
        Ended {
            status,
            minor_faults: usage.ru_minflt as u64,
            peak_memory: usage.ru_maxrss as u64 * 1024,
            cpu: time(usage.ru_utime) + time(usage.ru_stime),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal(libc::SIGKILL);
            self.reap();
        }
    }
}

fn c_string(word: &Path) -> CString {
    CString::new(word.as_os_str().as_encoded_bytes()).expect("no word of ours holds a NUL")
}
