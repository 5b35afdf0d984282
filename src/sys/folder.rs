//! A directory held open, and what is in it by name. A link in the place of a name is never followed.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use nix::dir::Dir;
use nix::fcntl::{self, Flock, FlockArg, OFlag};
use nix::sys::stat::{self, Mode, SFlag};
use nix::unistd::{self, Gid, UnlinkatFlags};

use super::Errno;

const FOLDER: OFlag = OFlag::O_DIRECTORY.union(OFlag::O_CLOEXEC);

pub struct Folder(OwnedFd);

/// Held by one process at a time, as long as this lives (flock(2)).
pub struct Lock(#[expect(dead_code, reason = "it is there to be dropped")] Flock<OwnedFd>);

impl Folder {
    /// Opens a directory; links on the way, and at its end, are followed.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR, EACCES and the like (open(2)).
    pub fn open(path: &Path) -> Result<Folder, Errno> {
        fcntl::open(path, FOLDER, Mode::empty()).map(Folder)
    }

    /// The same of one in here, but no link.
    pub fn enter(&self, name: impl AsRef<OsStr>) -> Result<Folder, Errno> {
        let flags = FOLDER | OFlag::O_NOFOLLOW;
        fcntl::openat(&self.0, name.as_ref(), flags, Mode::empty()).map(Folder)
    }

    /// Makes a directory, whose mode is less the umask, and opens it.
    ///
    /// # Errors
    /// EEXIST, ENOSPC, EROFS and the like (mkdir(2)).
    pub fn make(&self, name: impl AsRef<OsStr>, mode: u32) -> Result<Folder, Errno> {
        stat::mkdirat(&self.0, name.as_ref(), bits(mode))?;
        self.enter(name)
    }

    /// Makes a file that only its owner may read, and opens it for writing.
    ///
    /// # Errors
    /// EEXIST whatever is there, ENOSPC, EROFS and the like (open(2)).
    pub fn create(&self, name: impl AsRef<OsStr>) -> Result<File, Errno> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_CLOEXEC;
        fcntl::openat(&self.0, name.as_ref(), flags, bits(0o600)).map(File::from)
    }

    /// Opens a regular file for reading.
    ///
    /// # Errors
    /// EINVAL if it is something else, ENOENT and the like (open(2)).
    pub fn read(&self, name: impl AsRef<OsStr>) -> Result<File, Errno> {
        let flags = OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC;
        let file = fcntl::openat(&self.0, name.as_ref(), flags, Mode::empty())?;
        let kind = SFlag::from_bits_truncate(stat::fstat(&file)?.st_mode) & SFlag::S_IFMT;
        if kind == SFlag::S_IFREG { Ok(File::from(file)) } else { Err(Errno::EINVAL) }
    }

    /// What is in here, in no order.
    pub fn names(&self) -> Result<Vec<OsString>, Errno> {
        let mut names = Vec::new();
        // One of its own: the place up to which it was read belongs to the open file.
        let Folder(listing) = self.enter(".")?;
        for entry in Dir::from_fd(listing)?.iter() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if !matches!(name, b"." | b"..") {
                names.push(OsStr::from_bytes(name).to_owned());
            }
        }
        Ok(names)
    }

    /// Where a symbolic link leads to.
    ///
    /// # Errors
    /// ENOENT, and EINVAL for what is no link (readlink(2)).
    pub fn target(&self, name: impl AsRef<OsStr>) -> Result<OsString, Errno> {
        fcntl::readlinkat(&self.0, name.as_ref())
    }

    /// Makes a symbolic link.
    ///
    /// # Errors
    /// EEXIST, ENOSPC, EROFS and the like (symlink(2)).
    pub fn link(&self, name: impl AsRef<OsStr>, target: impl AsRef<OsStr>) -> Result<(), Errno> {
        unistd::symlinkat(target.as_ref(), &self.0, name.as_ref())
    }

    /// Puts one thing in the place of another, in one step.
    pub fn rename(&self, from: impl AsRef<OsStr>, to: impl AsRef<OsStr>) -> Result<(), Errno> {
        fcntl::renameat(&self.0, from.as_ref(), &self.0, to.as_ref())
    }

    /// Removes what is no directory.
    ///
    /// # Errors
    /// EISDIR for a directory, ENOENT and the like (unlink(2)).
    pub fn remove(&self, name: impl AsRef<OsStr>) -> Result<(), Errno> {
        unistd::unlinkat(&self.0, name.as_ref(), UnlinkatFlags::NoRemoveDir)
    }

    /// Removes whatever it is, a directory with all below. However deep that is, two descriptors are enough: a directory in
    /// it first moves up to here, under a name that `spare` gives.
    pub fn remove_all(
        &self,
        name: impl AsRef<OsStr>,
        spare: impl Fn() -> String,
    ) -> Result<(), Errno> {
        let mut doomed = vec![name.as_ref().to_owned()];
        while let Some(name) = doomed.pop() {
            match self.remove(&name) {
                Err(Errno::EISDIR) => {}
                done => {
                    done?;
                    continue;
                }
            }
            let folder = self.enter(&name)?;
            for below in folder.names()? {
                match folder.remove(&below) {
                    Err(Errno::EISDIR) => {
                        let moved = OsString::from(spare());
                        fcntl::renameat(&folder.0, below.as_os_str(), &self.0, moved.as_os_str())?;
                        doomed.push(moved);
                    }
                    done => done?,
                }
            }
            unistd::unlinkat(&self.0, name.as_os_str(), UnlinkatFlags::RemoveDir)?;
        }
        Ok(())
    }

    /// Locks it; `None` while another process has it locked.
    pub fn lock(&self) -> Result<Option<Lock>, Errno> {
        let Folder(descriptor) = self.enter(".")?;
        match Flock::lock(descriptor, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => Ok(Some(Lock(lock))),
            Err((_, Errno::EWOULDBLOCK)) => Ok(None),
            Err((_, errno)) => Err(errno),
        }
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The permission bits of what is open.
pub fn mode(of: impl AsFd) -> Result<u32, Errno> {
    stat::fstat(of).map(|stat| stat.st_mode & 0o7777)
}

/// Sets them, whatever the umask is.
pub fn set_mode(of: impl AsFd, mode: u32) -> Result<(), Errno> {
    stat::fchmod(of, bits(mode))
}

/// Gives what is open to a group.
///
/// # Errors
/// EPERM: only root gives it to any group (chown(2)).
pub fn set_group(of: impl AsFd, group: u32) -> Result<(), Errno> {
    unistd::fchown(of, None, Some(Gid::from_raw(group)))
}

fn bits(mode: u32) -> Mode {
    Mode::from_bits_truncate(mode)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_tree_of_any_depth_is_removed_and_no_link_in_it_followed() {
        let path = std::env::temp_dir().join(format!("podinit-folder-{}", std::process::id()));
        std::fs::create_dir_all(path.join("kept")).unwrap();
        std::fs::write(path.join("kept/file"), "kept").unwrap();
        let root = Folder::open(&path).unwrap();
        let mut folder = root.make("tree", 0o755).unwrap();
        symlink(path.join("kept"), path.join("tree/link")).unwrap();
        for _ in 0..3000 {
            folder.create("file").unwrap();
            folder = folder.make("deeper", 0o755).unwrap();
        }
        let count = Cell::new(0);
        let spare = || {
            count.set(count.get() + 1);
            format!("spare{}", count.get())
        };
        root.remove_all("tree", spare).unwrap();
        assert_eq!(root.names().unwrap(), ["kept"]);
        assert_eq!(std::fs::read(path.join("kept/file")).unwrap(), b"kept");
        assert_eq!(root.remove_all("kept/file", spare), Ok(()));
        assert_eq!(root.remove_all("nothing", spare), Err(Errno::ENOENT));
        std::fs::remove_dir_all(&path).unwrap();
    }
}
