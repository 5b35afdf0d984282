//! Writes a volume as the kubelet's AtomicWriter does (`pkg/volume/util/atomic_writer.go`, kubelet D18 to D30).
//!
//! ```text
//! ..2026_01_31_10_20_30.3043933970/   all files, in a folder of their own for each state of the volume
//! ..data -> ..2026_01_31_10_20_30.3043933970
//! labels -> ..data/labels             one link for each name at the top
//! ```
//!
//! A state is written whole beside the other; then one rename puts `..data` over the old. Killed at any point, a writer leaves
//! either state; what else it leaves, the next one removes. Nothing here follows a link inside the volume.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::DirBuilder;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use crate::plan::pod::volume::{File, Node, Tree, Volume};
use crate::spec::quote::shorten;
use crate::sys::folder::{self, Folder, Lock};
use crate::sys::{Errno, clock, errno_of, random};

#[cfg(test)]
mod tests;

const DATA: &str = "..data";
const NEW_DATA: &str = "..data_tmp";

/// So many characters of a path are told.
const LONGEST: usize = 128;

/// How long another writer of the same volume is waited for, and how often it is looked.
const PATIENCE: Duration = Duration::from_secs(2);
const LOOK: Duration = Duration::from_millis(10);

/// What has become of a volume.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written {
    /// There was another content, or none.
    pub changed: bool,
    /// Names at the top that are somebody else's and hide what is to be there (kubelet D30).
    pub hidden: Vec<String>,
    /// Why the old files, or what another writer has left, are still there; nobody sees them.
    pub left: Option<WriteError>,
}

/// Why a volume could not be written. The old content stands whole.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WriteError {
    /// The root itself cannot be opened, listed or made.
    Root(Errno),
    /// Another process has been writing there all the time.
    Busy,
    Entry {
        /// From the root of the volume.
        path: String,
        errno: Errno,
    },
    /// Something cannot be given to the pod's `fsGroup`.
    Group { group: u32, errno: Errno },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WriteError::Root(errno) => f.write_str(errno.desc()),
            WriteError::Busy => f.write_str("another process is writing there (one at a time)"),
            WriteError::Entry { path, errno } => {
                write!(f, "{}: {}", shorten(path, LONGEST), errno.desc())
            }
            WriteError::Group { group, errno } => {
                write!(f, "the files cannot be given to fsGroup {group}: {}", errno.desc())?;
                f.write_str(" (leave it out, or run podinit as root)")
            }
        }
    }
}

impl std::error::Error for WriteError {}

impl WriteError {
    fn at(path: impl Into<String>) -> impl FnOnce(Errno) -> WriteError {
        let path = path.into();
        move |errno| WriteError::Entry { path, errno }
    }

    /// The same, of an entry in a folder of this name.
    fn below(self, folder: &str) -> WriteError {
        match self {
            WriteError::Entry { path, errno } => {
                WriteError::Entry { path: format!("{folder}/{path}"), errno }
            }
            other => other,
        }
    }
}

/// Makes `out` hold the volume. It is made itself, mode 0755, if it is not there.
///
/// # Errors
/// What stands in the way.
pub fn write(out: &Path, volume: &Volume) -> Result<Written, WriteError> {
    let root = open(out).map_err(WriteError::Root)?;
    let _lock = lock(&root)?;
    let old = current(&root)?;
    // What another left when it was killed takes room, but need not be in the way.
    let _ = tidy(&root, old.as_deref());
    let is_current = |old: &OsStr| holds(&root.enter(old)?, &volume.files);
    // What cannot be read is written anew.
    let changed = !old.as_deref().is_some_and(|old| is_current(old).unwrap_or(false));
    let now = if changed { Some(exchange(&root, volume)?) } else { old };
    let hidden = link(&root, &volume.files)?;
    let left = tidy(&root, now.as_deref()).err();
    Ok(Written { changed, hidden, left })
}

fn open(out: &Path) -> Result<Folder, Errno> {
    match Folder::open(out) {
        Err(Errno::ENOENT) => {
            let made = DirBuilder::new().mode(0o755).create(out);
            made.map_err(|error| errno_of(&error))?;
            let root = Folder::open(out)?;
            folder::set_mode(&root, 0o755)?;
            Ok(root)
        }
        opened => opened,
    }
}

/// Two writers at a time would remove each other's work as left over.
fn lock(root: &Folder) -> Result<Lock, WriteError> {
    let began = clock::monotonic();
    loop {
        match root.lock().map_err(WriteError::Root)? {
            Some(lock) => return Ok(lock),
            None if clock::monotonic() - began < PATIENCE => std::thread::sleep(LOOK),
            None => return Err(WriteError::Busy),
        }
    }
}

/// The folder that `..data` leads to, if a writer has put it there: whatever else it leads to is not looked at.
fn current(root: &Folder) -> Result<Option<OsString>, WriteError> {
    match root.target(DATA) {
        Ok(target) => Ok(Some(target).filter(|target| is_timestamped(target))),
        // It is not there, or no link.
        Err(Errno::ENOENT | Errno::EINVAL) => Ok(None),
        Err(errno) => Err(WriteError::at(DATA)(errno)),
    }
}

/// Removes what writers made for themselves, but the folder that is in use; of what cannot be removed the first is told.
fn tidy(root: &Folder, used: Option<&OsStr>) -> Result<(), WriteError> {
    let mut tidied = Ok(());
    for name in root.names().map_err(WriteError::Root)? {
        if Some(&*name) != used && (name == NEW_DATA || is_timestamped(&name)) {
            let removed = root.remove_all(&name, timestamped);
            tidied = tidied.and(removed.map_err(WriteError::at(name.to_string_lossy())));
        }
    }
    tidied
}

/// Whether a folder has exactly this in it. Only contents are compared (kubelet D21).
fn holds(folder: &Folder, files: &Tree) -> Result<bool, Errno> {
    let mut names = folder.names()?;
    names.sort_unstable();
    if !names.iter().eq(files.keys().map(String::as_str)) {
        return Ok(false);
    }
    for (name, node) in files {
        let is_same = match node {
            Node::File(file) => has_content(folder.read(name)?, &file.content)?,
            Node::Folder(below) => holds(&folder.enter(name)?, below)?,
        };
        if !is_same {
            return Ok(false);
        }
    }
    Ok(true)
}

fn has_content(file: std::fs::File, expected: &[u8]) -> Result<bool, Errno> {
    let mut content = Vec::new();
    let read = file.take(expected.len() as u64 + 1).read_to_end(&mut content);
    read.map_err(|error| errno_of(&error))?;
    Ok(content == expected)
}

/// Writes a new state and puts it in the place of the old. Returns its folder; after an error nothing is left of it.
fn exchange(root: &Folder, volume: &Volume) -> Result<OsString, WriteError> {
    if let Some(group) = volume.group {
        share(root, group)?;
    }
    let name = timestamped();
    let exchanged = fill_new(root, &name, volume).and_then(|()| {
        root.link(NEW_DATA, &name).map_err(WriteError::at(NEW_DATA))?;
        root.rename(NEW_DATA, DATA).map_err(WriteError::at(DATA))
    });
    match exchanged {
        Ok(()) => Ok(OsString::from(name)),
        Err(error) => {
            // How far it has come does not matter.
            let _ = root.remove(NEW_DATA);
            let _ = root.remove_all(&name, timestamped);
            Err(error)
        }
    }
}

fn fill_new(root: &Folder, name: &str, volume: &Volume) -> Result<(), WriteError> {
    let folder = root.make(name, 0o700).map_err(WriteError::at(name))?;
    fill(&folder, &volume.files, volume.group)?;
    folder::set_mode(&folder, 0o755).map_err(WriteError::at(name))?;
    volume.group.map_or(Ok(()), |group| share(&folder, group))
}

fn fill(folder: &Folder, files: &Tree, group: Option<u32>) -> Result<(), WriteError> {
    for (name, node) in files {
        match node {
            Node::File(file) => create(folder, name, file, group)?,
            Node::Folder(below) => {
                let folder = folder.make(name, 0o777).map_err(WriteError::at(name))?;
                fill(&folder, below, group).map_err(|error| error.below(name))?;
                group.map_or(Ok(()), |group| share(&folder, group))?;
            }
        }
    }
    Ok(())
}

/// The mode is set last, so that it is what was asked for whatever the umask (kubelet D25).
fn create(folder: &Folder, name: &str, file: &File, group: Option<u32>) -> Result<(), WriteError> {
    let mut created = folder.create(name).map_err(WriteError::at(name))?;
    let written = created.write_all(&file.content);
    written.map_err(|error: io::Error| WriteError::at(name)(errno_of(&error)))?;
    let mut mode = file.mode;
    if let Some(group) = group {
        let given = folder::set_group(&created, group);
        given.map_err(|errno| WriteError::Group { group, errno })?;
        mode |= 0o440;
    }
    folder::set_mode(&created, mode).map_err(WriteError::at(name))
}

/// Gives a folder to the group, and with it what will be made in it (kubelet D32).
fn share(folder: impl AsFd + Copy, group: u32) -> Result<(), WriteError> {
    let shared = folder::set_group(folder, group)
        .and_then(|()| folder::mode(folder))
        .and_then(|mode| folder::set_mode(folder, mode | 0o2550));
    shared.map_err(|errno| WriteError::Group { group, errno })
}

/// Makes the names at the top lead to what `..data` has, and removes those that have led to what is no more. Returns the names
/// that are taken by something else, which stays.
fn link(root: &Folder, files: &Tree) -> Result<Vec<String>, WriteError> {
    let target = |name: &OsStr| [OsStr::new(DATA), name].join(OsStr::new("/"));
    let is_ours = |name: &OsStr| root.target(name).is_ok_and(|there| there == target(name));
    let mut hidden = Vec::new();
    for name in files.keys() {
        let (at, name_os) = (WriteError::at(name), OsStr::new(name));
        match root.link(name, target(name_os)) {
            Err(Errno::EEXIST) if is_ours(name_os) => {}
            Err(Errno::EEXIST) => hidden.push(name.clone()),
            linked => linked.map_err(at)?,
        }
    }
    for name in root.names().map_err(WriteError::Root)? {
        let is_wanted = name.to_str().is_some_and(|name| files.contains_key(name));
        if !is_wanted && is_ours(&name) {
            root.remove(&name).map_err(WriteError::at(name.to_string_lossy()))?;
        }
    }
    Ok(hidden)
}

/// The name of a new folder: the time of day in UTC and a random number (kubelet D19).
fn timestamped() -> String {
    let now = humantime::format_rfc3339_seconds(clock::wall()).to_string();
    let moment = now.trim_end_matches('Z').replace(['-', ':', 'T'], "_");
    let random = u32::from(random::number()) << 16 | u32::from(random::number());
    format!("..{moment}.{random}")
}

/// Whether a name can be one of these.
fn is_timestamped(name: &OsStr) -> bool {
    let shape = |byte: &u8| if byte.is_ascii_digit() { b'0' } else { *byte };
    let shape: Vec<u8> = name.as_bytes().iter().map(shape).collect();
    let digits = shape.strip_prefix(b"..0000_00_00_00_00_00.").unwrap_or_default();
    !digits.is_empty() && digits.iter().all(|digit| *digit == b'0')
}
