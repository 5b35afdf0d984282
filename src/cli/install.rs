//! `podinit install DIR`: brings this binary into an image that cannot be rebuilt, through a volume.

use std::ffi::{CStr, OsStr};
use std::fs::{self, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{Refusal, own};
use crate::sys::{clock, this_process};

/// Copies this binary to `DIR/podinit`, mode 0755. Whoever looks sees the old file or the whole new
/// one, never a part.
#[cold]
#[inline(never)]
pub fn install(directory: &CStr, own_name: Option<&'static CStr>) -> Result<(), Refusal> {
    let directory = path(directory);
    let target = directory.join("podinit");
    let unique = clock::monotonic().as_nanos();
    let partial = directory.join(format!(".podinit.{}.{unique}", this_process::pid()));
    let result = copy(own_name, &partial).and_then(|()| fs::rename(&partial, &target));
    result.map_err(|error| {
        // It may never have been made.
        let _ = fs::remove_file(&partial);
        own::refuse(&format!("install: {}: {error}", target.display()))
    })
}

fn copy(own_name: Option<&'static CStr>, to: &Path) -> io::Result<()> {
    let mut source = open_self(own_name)?;
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?;
    io::copy(&mut source, &mut file)?;
    file.set_permissions(Permissions::from_mode(0o755))?;
    file.sync_all()
}

/// The running binary: by /proc, or without it by the name podinit was started under.
fn open_self(own_name: Option<&'static CStr>) -> io::Result<File> {
    let by_name = || {
        own_name
            .map(path)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
            .and_then(File::open)
    };
    File::open("/proc/self/exe").or_else(|_| by_name())
}

fn path(text: &CStr) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(text.to_bytes()))
}
