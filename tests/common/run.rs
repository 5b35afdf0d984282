use super::spawn::Plan;
use super::{Recording, Report, Running, Subject, TempDir, Terminal, bit};
use std::ffi::{CString, OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;

/// What one of the descriptors 0–2 is.
pub enum Stdio {
    Null,
    Closed,
    Fd(OwnedFd),
    /// The terminal given with [`Run::terminal`].
    Terminal,
    /// Kept for [`Running::stdout`] and [`Running::stderr`].
    Captured,
}

/// How a subject is to be started. Unless told otherwise: as a leader of a new session without a terminal, `PATH` the only
/// variable, stdin `/dev/null`, both outputs captured, no other descriptor, every signal unblocked with its default action.
#[must_use = "nothing is started before spawn()"]
pub struct Run {
    plan: Plan,
    wrapped: bool,
    stdio: [Stdio; 3],
    inherited: Vec<(OwnedFd, RawFd)>,
    terminal: Option<Terminal>,
}

impl Run {
    pub fn of(subject: &Subject) -> Self {
        Self::program(subject.path())
    }

    /// Any program: the shell of a script that starts the subject, say.
    pub fn program(path: impl AsRef<OsStr>) -> Self {
        let path = c_string(path);
        let plan = Plan {
            argv: vec![path.clone()],
            path,
            env: vec![c_string("PATH=/usr/local/bin:/usr/bin:/bin")],
            pid_namespace: false,
            proc: true,
            read_only: false,
            root: None,
            cwd: None,
            new_session: true,
            controlling_tty: None,
            descriptors: Vec::new(),
            umask: None,
            nice: None,
            limits: Vec::new(),
            user: None,
            no_new_privs: false,
            blocked: 0,
            ignored: 0,
            dies_with_us: true,
        };
        let stdio = [Stdio::Null, Stdio::Captured, Stdio::Captured];
        Self { plan, wrapped: false, stdio, inherited: Vec::new(), terminal: None }
    }

    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.plan.argv.push(c_string(arg));
        self
    }

    pub fn args<I: IntoIterator<Item: AsRef<OsStr>>>(self, args: I) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// `-- WITNESS STEPS…`: the witness as PROGRAM (see `tests/witness/main.rs` for its steps).
    pub fn witness<I: IntoIterator<Item: AsRef<OsStr>>>(self, steps: I) -> Self {
        self.arg("--").arg(super::witness()).args(steps)
    }

    /// `-- /bin/sh -c TEXT`
    pub fn script(self, text: &str) -> Self {
        self.args(["--", "/bin/sh", "-c", text])
    }

    /// argv[0], when it is not the path.
    pub fn argv0(mut self, name: impl AsRef<OsStr>) -> Self {
        self.plan.argv[0] = c_string(name);
        self
    }

    /// Starts these words with the subject's command line behind them; [`Running::pid`] is then the first word's process
    /// and [`Running::init`] finds the subject below it.
    pub fn via<I: IntoIterator<Item: AsRef<OsStr>>>(mut self, words: I) -> Self {
        let mut argv: Vec<CString> = words.into_iter().map(c_string).collect();
        self.plan.path = argv[0].clone();
        argv.append(&mut self.plan.argv);
        self.plan.argv = argv;
        self.wrapped = true;
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        let entry = [name.as_ref().as_bytes(), b"=", value.as_ref().as_bytes()].concat();
        self.plan.env.push(CString::new(entry).unwrap());
        self
    }

    /// An entry of the environment as it is, with or without `=`.
    pub fn raw_env(mut self, entry: &[u8]) -> Self {
        self.plan.env.push(CString::new(entry).unwrap());
        self
    }

    /// The environment from here on is what `env` adds, without `PATH`.
    pub fn no_env(mut self) -> Self {
        self.plan.env.clear();
        self
    }

    /// PID 1 of a new PID namespace, with its own `/proc`.
    pub fn pid1(mut self) -> Self {
        self.plan.pid_namespace = true;
        self
    }

    /// PID 1, and an empty directory where `/proc` was.
    pub fn no_proc(mut self) -> Self {
        self.plan.proc = false;
        self.pid1()
    }

    /// PID 1, and a root file system that cannot be written to.
    pub fn read_only(mut self) -> Self {
        self.plan.read_only = true;
        self.pid1()
    }

    /// With `dir` as `/`.
    pub fn root(mut self, dir: impl AsRef<OsStr>) -> Self {
        self.plan.root = Some(c_string(dir));
        self
    }

    pub fn cwd(mut self, dir: impl AsRef<OsStr>) -> Self {
        self.plan.cwd = Some(c_string(dir));
        self
    }

    pub fn user(mut self, uid: u32, gid: u32, groups: &[u32]) -> Self {
        self.plan.user = Some((uid, gid, groups.to_vec()));
        self
    }

    pub fn umask(mut self, mask: u32) -> Self {
        self.plan.umask = Some(mask);
        self
    }

    pub fn nice(mut self, nice: i32) -> Self {
        self.plan.nice = Some(nice);
        self
    }

    /// `libc::RLIMIT_…`
    pub fn limit(mut self, which: u32, soft: u64, hard: u64) -> Self {
        self.plan.limits.push((which, soft, hard));
        self
    }

    pub fn no_new_privs(mut self) -> Self {
        self.plan.no_new_privs = true;
        self
    }

    pub fn blocked(mut self, signals: impl IntoIterator<Item = i32>) -> Self {
        self.plan.blocked = signals.into_iter().fold(self.plan.blocked, |set, s| set | bit(s));
        self
    }

    pub fn ignored(mut self, signals: impl IntoIterator<Item = i32>) -> Self {
        self.plan.ignored = signals.into_iter().fold(self.plan.ignored, |set, s| set | bit(s));
        self
    }

    pub fn stdin(mut self, stdin: Stdio) -> Self {
        self.stdio[0] = stdin;
        self
    }

    pub fn stdout(mut self, stdout: Stdio) -> Self {
        self.stdio[1] = stdout;
        self
    }

    pub fn stderr(mut self, stderr: Stdio) -> Self {
        self.stdio[2] = stderr;
        self
    }

    /// Lets it inherit `file` as descriptor `number`.
    pub fn inherits(mut self, number: RawFd, file: impl Into<OwnedFd>) -> Self {
        self.inherited.push((file.into(), number));
        self
    }

    /// `terminal` becomes the controlling terminal, with the session leader in its foreground, and all of 0–2
    /// (what is printed there is in [`Terminal::output`]).
    pub fn terminal(mut self, terminal: &Terminal) -> Self {
        self.terminal = Some(terminal.clone());
        self.stdio = [Stdio::Terminal, Stdio::Terminal, Stdio::Terminal];
        self
    }

    /// Stays in the test's own session and process group.
    pub fn same_session(mut self) -> Self {
        self.plan.new_session = false;
        self
    }

    /// For tests of the parent-death signal: nothing is set before the start.
    pub fn without_death_signal(mut self) -> Self {
        self.plan.dies_with_us = false;
        self
    }

    /// Starts it. It has become the program when this returns.
    #[track_caller]
    pub fn spawn(mut self) -> Running {
        let null = File::options().read(true).write(true).open("/dev/null").unwrap();
        let captured = [memory_file(), memory_file()];
        let terminal = self.terminal.as_ref().map(Terminal::open_slave);
        for (number, stdio) in self.stdio.iter().enumerate() {
            let source = match stdio {
                Stdio::Null => null.as_raw_fd(),
                Stdio::Closed => continue,
                Stdio::Fd(fd) => fd.as_raw_fd(),
                Stdio::Terminal => terminal.as_ref().expect("no terminal was given").as_raw_fd(),
                Stdio::Captured => captured[number.saturating_sub(1)].as_fd().as_raw_fd(),
            };
            self.plan.descriptors.push((source, number as RawFd));
        }
        self.plan
            .descriptors
            .extend(self.inherited.iter().map(|(file, number)| (file.as_raw_fd(), *number)));
        self.plan.controlling_tty = terminal.as_ref().map(AsRawFd::as_raw_fd);
        let pid = self.plan.spawn().unwrap_or_else(|e| panic!("{:?}: {e}", self.plan.path));
        let [stdout, stderr] = captured;
        Running::new(pid, stdout, stderr, self.wrapped)
    }

    /// Starts it and waits for its end.
    #[track_caller]
    pub fn finish(self) -> super::Finished {
        self.spawn().wait()
    }
}

fn c_string(text: impl AsRef<OsStr>) -> CString {
    CString::new(OsString::from(text.as_ref()).into_encoded_bytes()).unwrap()
}

/// A file without a name: what is written there can be read at any time, whoever still has it open.
fn memory_file() -> File {
    use std::os::fd::FromRawFd;
    // SAFETY: a new descriptor, nobody else's.
    unsafe {
        let fd = libc::memfd_create(c"captured".as_ptr(), libc::MFD_CLOEXEC);
        assert!(fd >= 0, "memfd_create: {}", std::io::Error::last_os_error());
        File::from_raw_fd(fd)
    }
}

/// Our binary under its own name, to be started.
pub fn own() -> Run {
    Run::of(&Subject::podinit())
}

/// With a program that records every signal it gets; waits until it does.
#[track_caller]
pub fn recorded(run: Run, dir: &TempDir) -> (Running, Recording) {
    let running = run.witness(["record", &dir.file("signals")]).spawn();
    let recording = Recording::of(&running, dir, "signals");
    (running, recording)
}

/// With a program that reports what reached it and ends.
#[track_caller]
pub fn reported(run: Run) -> Report {
    let dir = TempDir::new();
    run.witness(["report", &dir.file("report"), "exit", "0"]).finish().exits(0).silently();
    Report::read(&dir.file("report")).expect("the program ran")
}
