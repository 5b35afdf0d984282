//! Who is compared: the binary just built and the peers found on PATH.

use std::io;
use std::path::{Path, PathBuf};

use crate::launch::Command;

/// Whose command line a contender understands.
#[derive(Clone, Copy, PartialEq)]
enum Grammar {
    Podinit,
    Tini,
    DumbInit,
    Catatonit,
}

/// How an init is asked to run its child.
#[derive(Clone, Copy, PartialEq)]
pub enum Mode {
    /// No option at all: what an image's ENTRYPOINT has.
    Default,
    /// Signals go to the child's group.
    Group,
    /// Signals go to the child alone.
    Single,
    /// Not PID 1: tini gets its own remedy, `-s`, against the warning it would print. The others need none.
    Plain,
}

pub struct Contender {
    pub name: &'static str,
    /// None: not on this machine.
    pub path: Option<PathBuf>,
    grammar: Grammar,
}

impl Contender {
    /// `INIT [options] -- PROGRAM`, to which the caller adds the program's arguments.
    pub fn command(&self, mode: Mode, program: &Path) -> Command {
        let path = self.path.as_deref().expect("only present contenders are measured");
        let options: &[&str] = match (self.grammar, mode) {
            (Grammar::Tini | Grammar::Catatonit, Mode::Group) => &["-g"],
            (Grammar::Podinit | Grammar::DumbInit, Mode::Single) => &["-c"],
            (Grammar::Tini, Mode::Plain) => &["-s"],
            _ => &[],
        };
        Command::new(path).args(options.iter().copied()).arg("--").arg(program)
    }

    /// What the peer says it is, for the heading.
    pub fn version(&self) -> Option<String> {
        let option = if self.grammar == Grammar::Podinit {
            return None;
        } else {
            "--version"
        };
        let output = std::process::Command::new(self.path.as_ref()?).arg(option).output().ok()?;
        let text = if output.stdout.is_empty() { output.stderr } else { output.stdout };
        Some(String::from_utf8_lossy(&text).lines().next()?.trim().to_owned())
    }
}

const PEERS: [(&str, Grammar); 4] = [
    ("tini", Grammar::Tini),
    ("tini-static", Grammar::Tini),
    ("dumb-init", Grammar::DumbInit),
    ("catatonit", Grammar::Catatonit),
];

/// Ours first, then every peer, present or not.
pub fn contenders(ours: PathBuf) -> Vec<Contender> {
    let own = Contender { name: "podinit", path: Some(ours), grammar: Grammar::Podinit };
    let peers = PEERS.map(|(name, grammar)| Contender { name, path: on_path(name), grammar });
    std::iter::once(own).chain(peers).collect()
}

/// Our binary under the peers' names, as links in `folder`.
pub fn linked(ours: &Path, folder: &Path) -> io::Result<Vec<Contender>> {
    let names = [
        ("podinit as tini", "tini", Grammar::Tini),
        ("podinit as dumb-init", "dumb-init", Grammar::DumbInit),
    ];
    let mut found = Vec::new();
    for (name, file, grammar) in names {
        let link = folder.join(file);
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(ours, &link)?;
        found.push(Contender { name, path: Some(link), grammar });
    }
    Ok(found)
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
