//! To be told that something has changed in a directory, inotify(7).

use std::ffi::OsStr;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::Path;

use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use super::Errno;

pub struct Watch(Inotify);

impl Watch {
    /// # Errors
    /// EMFILE where a user has too many of them, ENOSYS in sandboxes (inotify_init(2)).
    pub fn new() -> Result<Watch, Errno> {
        Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).map(Watch)
    }

    /// Watches a directory for files that have been written or put in their place, not for those that are only begun; once more
    /// is no error and does nothing, unless another has taken its place.
    ///
    /// # Errors
    /// ENOENT, ENOTDIR, ENOSPC where a user watches too many (inotify_add_watch(2)).
    pub fn add(&self, folder: &Path) -> Result<(), Errno> {
        let what = AddWatchFlags::IN_CLOSE_WRITE
            | AddWatchFlags::IN_MOVED_TO
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_DELETE_SELF
            | AddWatchFlags::IN_ONLYDIR;
        self.0.add_watch(folder, what).map(drop)
    }

    /// Takes some of what has happened since. Whether one of these names may be concerned: so it is too where it is the directory
    /// itself, or where too much has happened to be told of.
    pub fn concerns(&self, names: &[&OsStr]) -> bool {
        let is_one = |name: &OsStr| names.contains(&name);
        // EAGAIN when there is nothing.
        self.0
            .read_events()
            .is_ok_and(|events| events.iter().any(|event| event.name.as_deref().is_none_or(is_one)))
    }
}

/// It can be read when something has happened.
impl AsFd for Watch {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
