//! Who a program runs as.

use std::ffi::CString;

use nix::unistd;
pub use nix::unistd::{Gid, Uid};

use super::Errno;

/// A user, its groups and its home.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    pub uid: Uid,
    pub gid: Gid,
    pub supplementary: Vec<Gid>,
    /// For `HOME`.
    pub home: CString,
}

impl Credentials {
    /// Makes this process that user, for good.
    ///
    /// # Errors
    /// EPERM without the right to change; an ordinary user may become what it already is.
    pub fn assume(&self) -> Result<(), Errno> {
        match unistd::setgroups(&self.supplementary) {
            Err(Errno::EPERM) if self.has_groups() => {}
            result => result?,
        }
        unistd::setresgid(self.gid, self.gid, self.gid)?;
        unistd::setresuid(self.uid, self.uid, self.uid)
    }

    /// Whether these supplementary groups are the present ones, the primary one apart.
    fn has_groups(&self) -> bool {
        let Ok(present) = unistd::getgroups() else { return false };
        let present = || present.iter().copied().filter(|gid| *gid != self.gid);
        let wanted = || self.supplementary.iter().copied().filter(|gid| *gid != self.gid);
        wanted().count() == present().count()
            && wanted().all(|gid| present().any(|known| known == gid))
    }
}
