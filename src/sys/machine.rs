//! What the machine has for those who run on it.

use nix::sys::statvfs::statvfs;
use nix::sys::sysinfo::sysinfo;
use nix::unistd::{SysconfVar, sysconf};

/// Processors that are on; one if nobody knows.
pub fn processors() -> i64 {
    sysconf(SysconfVar::_NPROCESSORS_ONLN).ok().flatten().unwrap_or(1)
}

/// Memory in bytes, 0 if nobody knows.
pub fn memory() -> i64 {
    sysinfo().map_or(0, |told| i64::try_from(told.ram_total()).unwrap_or(i64::MAX))
}

/// The size of the root file system in bytes, 0 if nobody knows.
pub fn storage() -> i64 {
    let size = statvfs(c"/").map_or(0, |told| told.blocks().saturating_mul(told.fragment_size()));
    i64::try_from(size).unwrap_or(i64::MAX)
}
