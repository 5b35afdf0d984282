use super::temp::shared_dir;
use super::{Running, TempDir, all_signals, bit};
use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The path of the witness, the program that an init is given to run; `tests/witness/main.rs` lists its steps.
pub fn witness() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| {
        let built = build();
        let _no_start = super::spawn::exclusive();
        let copy = shared_dir().join("witness");
        fs::copy(built, &copy).unwrap();
        copy.into_os_string().into_string().unwrap()
    })
}

/// Compiles it if the source is newer; one process at a time, and never seen half-written.
fn build() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/witness");
    let source = folder.join("main.rs");
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let built = dir.join("witness");
    let lock = File::create(dir.join("witness.lock")).unwrap();
    lock.lock().unwrap();
    let changed = |path: &Path| fs::metadata(path).and_then(|m| m.modified()).ok();
    let parts = fs::read_dir(folder).unwrap().map(|entry| changed(&entry.unwrap().path()));
    if changed(&built) > parts.max().flatten() {
        return built;
    }
    let new = dir.join("witness.new");
    let compiler = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(compiler)
        .args([
            "--edition",
            "2024",
            "-O",
            "-C",
            "target-feature=+crt-static",
            "-C",
            "relocation-model=static",
        ])
        .args(["-C", "panic=abort", "-C", "strip=symbols", "-o"])
        .args([&new, &source])
        .output()
        .expect("rustc runs");
    assert!(output.status.success(), "the witness:\n{}", String::from_utf8_lossy(&output.stderr));
    fs::rename(new, &built).unwrap();
    built
}

/// What the witness's `report FILE` wrote: all that reached the program.
pub struct Report(HashMap<String, Vec<String>>);

impl Report {
    /// Waits for the report and reads it.
    #[track_caller]
    pub fn of(running: &Running, path: &str) -> Self {
        running.until("the program reports", || Self::read(path))
    }

    pub fn read(path: &str) -> Option<Self> {
        let mut facts: HashMap<String, Vec<String>> = HashMap::new();
        for line in fs::read_to_string(path).ok()?.lines() {
            let (key, value) = line.split_once(' ').unwrap();
            facts.entry(key.to_owned()).or_default().push(value.to_owned());
        }
        Some(Self(facts))
    }

    fn list(&self, key: &str) -> &[String] {
        self.0.get(key).map_or(&[], Vec::as_slice)
    }

    /// `umask`, `nice`, `uid`, `gid`, `groups`, `no_new_privs`, `pid`, `ppid`, `pgid`, `sid`, `init_pgid`, `init_sid`,
    /// `stdin_foreground`, `tty_foreground` (the group in the foreground there, or -1).
    #[track_caller]
    pub fn get(&self, key: &str) -> &str {
        self.list(key).first().unwrap_or_else(|| panic!("the report has no {key}"))
    }

    #[track_caller]
    pub fn number(&self, key: &str) -> i32 {
        self.get(key).parse().unwrap()
    }

    /// The arguments, argv[0] first.
    pub fn args(&self) -> Vec<Vec<u8>> {
        self.list("arg").iter().map(|h| unhex(h)).collect()
    }

    /// The environment, `NAME=VALUE`, in its order.
    pub fn env(&self) -> Vec<Vec<u8>> {
        self.list("env").iter().map(|h| unhex(h)).collect()
    }

    /// A variable, if it is there.
    pub fn var(&self, name: &str) -> Option<String> {
        let start = format!("{name}=");
        let all = self.env();
        all.iter().find_map(|e| {
            Some(String::from_utf8_lossy(e.strip_prefix(start.as_bytes())?).into_owned())
        })
    }

    pub fn cwd(&self) -> String {
        String::from_utf8(unhex(self.get("cwd"))).unwrap()
    }

    /// (soft, hard) of an `RLIMIT_…`.
    pub fn limit(&self, which: u32) -> (u64, u64) {
        let start = format!("{which} ");
        let values = self.list("rlimit").iter().find_map(|l| l.strip_prefix(&start)).unwrap();
        let (soft, hard) = values.split_once(' ').unwrap();
        (soft.parse().unwrap(), hard.parse().unwrap())
    }

    pub fn blocked(&self) -> Vec<i32> {
        self.signals("blocked")
    }

    pub fn ignored(&self) -> Vec<i32> {
        self.signals("ignored")
    }

    fn signals(&self, key: &str) -> Vec<i32> {
        let set = u64::from_str_radix(self.get(key), 16).unwrap();
        (1..=64).filter(|s| set & bit(*s) != 0).collect()
    }

    /// The open descriptors, whether they would be closed by exec or not.
    pub fn descriptors(&self) -> Vec<i32> {
        self.list("fd").iter().map(|l| l.split(' ').next().unwrap().parse().unwrap()).collect()
    }

    /// Whether this descriptor is `/dev/null`.
    pub fn is_null(&self, fd: i32) -> bool {
        let null = libc::makedev(1, 3).to_string();
        self.list("fd")
            .iter()
            .any(|l| l.split(' ').collect::<Vec<_>>()[..] == [&fd.to_string(), "0", &null])
    }
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(&text[i..i + 2], 16).unwrap()).collect()
}

/// What a recorder of the witness (`record`, `family`, `daemon`) has written down.
pub struct Recording(String);

/// One signal as it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    pub signal: i32,
    /// The sender, as the recorder's PID namespace numbers it; 0 for one outside.
    pub pid: i32,
    pub value: i32,
    /// `SI_USER`, `SI_KERNEL`, `SI_QUEUE`…
    pub code: i32,
}

impl Recording {
    /// Who records into `name` in `dir`; waits until it does.
    #[track_caller]
    pub fn of(running: &Running, dir: &TempDir, name: &str) -> Self {
        let recording = Self(dir.file(name));
        running.until(&format!("{name} records"), || recording.pid());
        recording
    }

    /// What is or will be recorded there.
    pub fn in_file(path: &str) -> Self {
        Self(path.to_owned())
    }

    /// The recorder's own pid, in its namespace.
    pub fn pid(&self) -> Option<i32> {
        let text = fs::read_to_string(&self.0).ok()?;
        text.lines().next()?.strip_prefix("ready ")?.parse().ok()
    }

    pub fn arrivals(&self) -> Vec<Arrival> {
        let text = fs::read_to_string(&self.0).unwrap();
        // The last line may be half written.
        let whole = &text[..text.rfind('\n').map_or(0, |end| end + 1)];
        whole.lines().skip(1).map(Arrival::parse).collect()
    }

    /// The signals so far, in order.
    pub fn signals(&self) -> Vec<i32> {
        self.arrivals().iter().map(|a| a.signal).collect()
    }

    /// USR1, then the TERM at which it ends with 9: these arrive and no others, such as podinit's own writing brings about.
    #[track_caller]
    pub fn hears_only_what_is_sent(&self, running: &mut Running) {
        running.signal(libc::SIGUSR1);
        self.receives(running, libc::SIGUSR1);
        running.signal(libc::SIGTERM);
        running.wait().exits(9);
        assert_eq!(self.signals(), [libc::SIGUSR1, libc::SIGTERM]);
    }

    /// How often this one arrived so far.
    pub fn count(&self, signal: i32) -> usize {
        self.signals().iter().filter(|s| **s == signal).count()
    }

    /// Waits until this signal has arrived.
    #[track_caller]
    pub fn receives(&self, running: &Running, signal: i32) -> &Self {
        running.until(&format!("signal {signal} arrives in {}", self.0), || {
            self.signals().contains(&signal).then_some(())
        });
        self
    }

    /// Sends signal 64 through the init and returns all that arrived before it. The kernel hands out the lowest number
    /// first, so what was sent before and is not there will not come.
    #[track_caller]
    pub fn all_so_far(&self, running: &Running) -> Vec<i32> {
        let before = self.count(64);
        running.signal(64);
        running.until("the last signal arrives", || (self.count(64) > before).then_some(()));
        self.signals().into_iter().filter(|s| *s != 64).collect()
    }
}

impl Recording {
    /// Sends every signal that can be sent to a running init but KILL, STOP and 64, and returns those that arrived, in
    /// the order of their numbers. CONT first and alone: it and the stop signals cancel each other while they wait.
    #[track_caller]
    pub fn of_all_signals(&self, running: &Running) -> Vec<i32> {
        running.signal(libc::SIGCONT);
        self.receives(running, libc::SIGCONT);
        let not_here = [libc::SIGKILL, libc::SIGSTOP, libc::SIGCONT, 64];
        all_signals().filter(|s| !not_here.contains(s)).for_each(|signal| running.signal(signal));
        let mut arrived = self.all_so_far(running);
        arrived.sort_unstable();
        arrived
    }
}

impl Arrival {
    fn parse(line: &str) -> Self {
        let mut numbers = line.split(' ').map(|n| n.parse().unwrap());
        let mut next = || numbers.next().unwrap();
        Self { signal: next(), pid: next(), value: next(), code: next() }
    }
}
