//! The `docker` command, as far as these tests need it. Every call has a deadline; every wait polls for a fact.

use std::ffi::OsStr;
use std::io::{self, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How long a fact may take to come true before a test gives up. Generous: nothing here measures speed.
pub const PATIENCE: Duration = Duration::from_secs(60);

const POLL: Duration = Duration::from_millis(50);

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Output {
    /// The rest of the first line of standard output that begins with `start`.
    pub fn line(&self, start: &str) -> &str {
        self.stdout
            .lines()
            .find_map(|line| line.strip_prefix(start))
            .unwrap_or_else(|| panic!("no line {start:?} in {self:?}"))
    }

    /// Fails unless `line` is a line of standard output.
    pub fn says(&self, line: &str) {
        assert!(self.stdout.lines().any(|other| other == line), "no line {line:?} in {self:?}");
    }
}

/// Calls `fact` until it gives a value, or panics with `what` and `context`.
pub fn until<T>(
    what: &str,
    context: impl Fn() -> String,
    mut fact: impl FnMut() -> Option<T>,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(value) = fact() {
            return value;
        }
        assert!(
            Instant::now() < deadline,
            "never came true within {PATIENCE:?}: {what}\n{}",
            context()
        );
        thread::sleep(POLL);
    }
}

/// Runs `docker ARGS`, whatever its exit code, within `limit`.
pub fn try_docker<S: AsRef<OsStr>>(
    args: impl IntoIterator<Item = S>,
    stdin: Stdio,
    limit: Duration,
) -> Output {
    LazyLock::force(&ENGINE);
    run(docker_command(args).stdin(stdin), limit)
}

/// Runs `docker ARGS`, which must succeed, and gives its standard output without the last newline.
pub fn docker<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> String {
    let args: Vec<_> = args.into_iter().map(|arg| arg.as_ref().to_owned()).collect();
    let output = try_docker(&args, Stdio::null(), PATIENCE);
    assert_eq!(output.code, 0, "docker {args:?}: {output:?}");
    output.stdout.trim_end_matches('\n').to_owned()
}

/// A `docker` command line that has not been started yet.
pub fn docker_command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    let mut command = Command::new("docker");
    // The images are built from local ones only, which the classic builder does without asking a registry.
    command.args(args).env("DOCKER_BUILDKIT", "0");
    command
}

/// A name that no other test, and no other run, has.
pub fn unique(kind: &str) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("podinit-{kind}-{}-{count}", std::process::id())
}

/// The engine's version. A test that needs an engine fails without one: it was asked for by name.
static ENGINE: LazyLock<String> = LazyLock::new(|| {
    let mut command = docker_command(["version", "--format", "{{.Server.Version}}"]);
    let output = run(command.stdin(Stdio::null()), PATIENCE);
    assert_eq!(output.code, 0, "no Docker engine answers: {}", output.stderr);
    output.stdout
});

/// Runs a command to its end, which must come within `limit`.
pub fn run(command: &mut Command, limit: Duration) -> Output {
    let deadline = Instant::now() + limit;
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdout = collect(child.stdout.take().expect("stdout is piped"));
    let stderr = collect(child.stderr.take().expect("stderr is piped"));
    let code = wait_until(&mut child, deadline)
        .unwrap_or_else(|| panic!("{command:?} took more than {limit:?}"));
    Output {
        code,
        stdout: stdout.join().expect("stdout is read"),
        stderr: stderr.join().expect("stderr is read"),
    }
}

fn collect(mut from: impl Read + Send + 'static) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).expect("a pipe can be read");
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The child's exit code, or `None` (and no child any more) if it is still there at the deadline.
pub fn wait_until(child: &mut Child, deadline: Instant) -> Option<i32> {
    loop {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status.code().unwrap_or(-1));
        }
        if Instant::now() >= deadline {
            child.kill().expect("a child can be killed");
            child.wait().expect("a killed child ends");
            return None;
        }
        thread::sleep(POLL);
    }
}

/// A `docker run` to be: an image, the engine's options, podinit's options and the command.
#[derive(Clone)]
pub struct Run {
    image: String,
    flags: Vec<String>,
    words: Vec<String>,
}

impl Run {
    pub fn new(image: &str) -> Self {
        Self { image: image.to_owned(), flags: Vec::new(), words: Vec::new() }
    }

    /// Options of `docker run`.
    pub fn flags<'a>(mut self, flags: impl IntoIterator<Item = &'a str>) -> Self {
        self.flags.extend(flags.into_iter().map(str::to_owned));
        self
    }

    pub fn env(self, name: &str, value: &str) -> Self {
        self.flags(["--env", &format!("{name}={value}")])
    }

    /// The program to run in place of the image's entrypoint.
    pub fn entrypoint(self, path: &str) -> Self {
        self.flags(["--entrypoint", path])
    }

    /// Runs podinit with these options in place of the image's bare `/podinit --`.
    pub fn options<'a>(self, options: impl IntoIterator<Item = &'a str>) -> Self {
        self.entrypoint("/podinit").words(options).words(["--"])
    }

    /// What follows the image's name.
    pub fn words<'a>(mut self, words: impl IntoIterator<Item = &'a str>) -> Self {
        self.words.extend(words.into_iter().map(str::to_owned));
        self
    }

    /// A script for the image's shell.
    pub fn script(self, script: &str) -> Self {
        self.words(["/bin/sh", "-c", script])
    }

    /// The whole command line, for a container that goes by `name`.
    pub fn line(&self, name: &str, how: &[&str]) -> Vec<String> {
        let fixed = ["run", "--name", name, "--label", "podinit.test"];
        // Few tests need a network; setting one up takes longer than all the rest.
        let network: &[&str] = if self.flags.iter().any(|flag| flag == "--network") {
            &[]
        } else {
            &["--network", "none"]
        };
        fixed
            .iter()
            .chain(how)
            .chain(network)
            .map(|&word| word.to_owned())
            .chain(self.flags.iter().cloned())
            .chain([self.image.clone()])
            .chain(self.words.iter().cloned())
            .collect()
    }

    pub fn start(&self) -> Container {
        let container = Container { name: unique("test") };
        docker(self.line(&container.name, &["--detach"]));
        container
    }

    /// Runs to the end. Standard output and error are told apart.
    pub fn finish(&self) -> Output {
        let container = self.start();
        let code = container.wait();
        Output { code, ..container.logs() }
    }

    /// As [`finish`](Self::finish), attached, with `input` on a pipe as standard input (init I6).
    pub fn finish_with_input(&self, input: &str) -> Output {
        let container = Container { name: unique("test") };
        let (reader, mut writer) = io::pipe().expect("a pipe");
        writer.write_all(input.as_bytes()).expect("a pipe holds a few bytes");
        drop(writer);
        try_docker(self.line(&container.name, &["--interactive"]), reader.into(), PATIENCE)
    }
}

/// A container that is gone when this value is.
pub struct Container {
    pub name: String,
}

impl Container {
    /// `docker kill -s SIGNAL`: to PID 1, and nothing more.
    pub fn kill(&self, signal: &str) {
        docker(["kill", "-s", signal, &self.name]);
    }

    /// `docker stop -t SECONDS`, and how long it took.
    pub fn stop(&self, seconds: u32) -> Duration {
        let begin = Instant::now();
        docker(["stop", "-t", &seconds.to_string(), &self.name]);
        begin.elapsed()
    }

    /// Waits for the end and gives the exit code.
    pub fn wait(&self) -> i32 {
        docker(["wait", &self.name]).parse().expect("docker wait prints a number")
    }

    pub fn exec(&self, words: &[&str]) -> Output {
        let mut line = vec!["exec", self.name.as_str()];
        line.extend(words);
        try_docker(line, Stdio::null(), PATIENCE)
    }

    pub fn logs(&self) -> Output {
        let output = try_docker(["logs", &self.name], Stdio::null(), PATIENCE);
        assert_eq!(output.code, 0, "docker logs: {output:?}");
        output
    }

    /// Waits until a line of either stream begins with `start`, and gives the rest of that line.
    pub fn line(&self, start: &str) -> String {
        self.until(&format!("a line {start:?}"), || {
            let over = !self.running();
            let line = self.line_now(start);
            assert!(
                line.is_some() || !over,
                "ended before it printed {start:?}: {:?}",
                self.logs()
            );
            line
        })
    }

    /// As [`line`](Self::line), without waiting.
    pub fn line_now(&self, start: &str) -> Option<String> {
        let logs = self.logs();
        let mut lines = logs.stdout.lines().chain(logs.stderr.lines());
        lines.find_map(|line| line.strip_prefix(start).map(|rest| rest.trim().to_owned()))
    }

    /// How many whole lines of either stream are `line`.
    pub fn count(&self, line: &str) -> usize {
        let logs = self.logs();
        logs.stdout.lines().chain(logs.stderr.lines()).filter(|&other| other == line).count()
    }

    pub fn running(&self) -> bool {
        self.inspect("{{.State.Running}}") == "true"
    }

    pub fn inspect(&self, format: &str) -> String {
        docker(["inspect", "--format", format, &self.name])
    }

    /// The container's processes as the host sees them.
    pub fn processes(&self) -> Vec<Process> {
        let line = ["top", &self.name, "-o", "pid,ppid,stat,args"];
        docker(line).lines().skip(1).map(Process::parse).collect()
    }

    /// Waits for a process whose command line begins with `start`.
    pub fn process(&self, start: &str) -> Process {
        self.until(&format!("a process {start:?}"), || self.process_now(start))
    }

    /// As [`process`](Self::process), without waiting.
    pub fn process_now(&self, start: &str) -> Option<Process> {
        self.processes().into_iter().find(|process| process.args.starts_with(start))
    }

    /// Waits for a fact about this container; the panic shows what it printed and which processes it has.
    pub fn until<T>(&self, what: &str, fact: impl FnMut() -> Option<T>) -> T {
        let context = || {
            let top = try_docker(
                ["top", &self.name, "-o", "pid,ppid,stat,args"],
                Stdio::null(),
                PATIENCE,
            );
            format!("{:?}\n{}{}", self.logs(), top.stdout, top.stderr)
        };
        until(what, context, fact)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        // Best effort: the container may never have come to be.
        let mut command = docker_command(["rm", "--force", "--volumes", &self.name]);
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A line of `docker top`.
#[derive(Debug)]
pub struct Process {
    pub pid: u32,
    pub parent: u32,
    /// As `ps` has it: the first letter is `Z` for a zombie, `T` for a stopped process.
    pub state: String,
    pub args: String,
}

impl Process {
    fn parse(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let mut next = || words.next().unwrap_or_else(|| panic!("docker top: {line:?}"));
        let pid = next().parse().expect("a pid");
        let parent = next().parse().expect("a pid");
        let state = next().to_owned();
        Self { pid, parent, state, args: words.collect::<Vec<_>>().join(" ") }
    }
}

/// A network with names of its own, gone when this value is.
pub struct Network {
    pub name: String,
}

impl Network {
    pub fn new() -> Self {
        let name = unique("network");
        docker(["network", "create", "--label", "podinit.test", &name]);
        Self { name }
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let mut command = docker_command(["network", "rm", &self.name]);
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A named volume that is gone when this value is.
pub struct Volume {
    pub name: String,
}

impl Volume {
    pub fn new() -> Self {
        let name = unique("volume");
        docker(["volume", "create", "--label", "podinit.test", &name]);
        Self { name }
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        let mut command = docker_command(["volume", "rm", "--force", &self.name]);
        let _ = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
