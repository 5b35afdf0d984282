use super::temp::shared_dir;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

/// The program under test.
#[derive(Clone, Debug)]
pub struct Subject {
    path: PathBuf,
    name: String,
    peer: bool,
}

impl Subject {
    /// Our binary under its own name.
    pub fn podinit() -> Self {
        Self::ours("podinit")
    }

    /// Our binary under a peer's name.
    pub fn ours(name: &str) -> Self {
        // A copy: an unprivileged user can reach it, and no build replaces it under a running test.
        static COPY: OnceLock<PathBuf> = OnceLock::new();
        static LINKS: Mutex<()> = Mutex::new(());
        let copy = COPY.get_or_init(|| {
            let _no_start = super::spawn::exclusive();
            let copy = shared_dir().join("podinit");
            fs::copy(env!("CARGO_BIN_EXE_podinit"), &copy).unwrap();
            copy
        });
        let path = shared_dir().join(name);
        let _one_at_a_time = LINKS.lock().unwrap_or_else(|e| e.into_inner());
        if !path.exists() {
            fs::hard_link(copy, &path).unwrap();
        }
        Self { path, name: name.to_owned(), peer: false }
    }

    /// The real program of that name, as the distribution installs it.
    pub fn peer(name: &str) -> Self {
        let path = ["/usr/bin", "/usr/local/bin", "/sbin", "/bin"]
            .iter()
            .map(|dir| Path::new(dir).join(name))
            .find(|path| path.exists())
            .unwrap_or_else(|| {
                panic!("{name} is not installed: `apt-get install tini dumb-init catatonit`")
            });
        Self { path, name: name.to_owned(), peer: true }
    }

    /// `tini`, `dumb-init`, `catatonit`… or `podinit`.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The real one, not ours under its name.
    pub fn is_peer(&self) -> bool {
        self.peer
    }

    /// The real program called `name`: where a rule knows of a defect that we do not copy.
    pub fn is_real(&self, name: &str) -> bool {
        self.peer && self.name == name
    }

    /// The exit code when PROGRAM cannot be executed: `init U9`, T17, D15, C7.
    pub fn exec_failure(&self, errno: i32) -> i32 {
        match (self.name(), errno) {
            ("dumb-init", _) => 2,
            ("catatonit", _) => 1,
            (_, libc::ENOENT) => 127,
            (_, libc::EACCES) | ("podinit", _) => 126,
            _ => 1,
        }
    }

    /// The exit code of a usage error or a failed fork: `init T3`, D4, C3, and the 125 of our own name.
    pub fn own_failure(&self) -> i32 {
        if self.name() == "podinit" { 125 } else { 1 }
    }

    /// The options with which the main child alone is signalled.
    pub fn child_only(&self) -> &'static [&'static str] {
        match self.name() {
            "podinit" | "dumb-init" => &["-c"],
            _ => &[],
        }
    }

    /// The options with which the main child's group is signalled.
    pub fn whole_group(&self) -> &'static [&'static str] {
        match self.name() {
            "podinit" | "dumb-init" => &[],
            _ => &["-g"],
        }
    }
}
