//! A file in which a program says why it ended: read at its end, written and emptied only as the program itself could.
//!
//! Its folder may be in the hands of the program, and podinit may be root. So the last part of the path is never a link,
//! nothing is ever made, nothing but a regular file is touched, and what counts is what the file's mode lets the
//! program's user do (SECURITY.md).

use std::ffi::CStr;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;

use nix::sys::stat::{FileStat, fstat};
use nix::unistd::{Gid, Uid};

use super::credentials::Credentials;
use super::{Errno, errno_of, file};

/// The bits for others of a file's mode; those of its group and its owner lie three and six higher.
const READ: libc::mode_t = 0o4;
const WRITE: libc::mode_t = 0o2;

/// The end of the file, as much of it as the buffer holds.
///
/// # Errors
/// ENOENT, ELOOP, EACCES (open(2)); EINVAL if it is no regular file, EPERM if it is not the user's to read.
pub fn read_end<'b>(
    path: &CStr,
    user: Option<&Credentials>,
    buffer: &'b mut [u8],
) -> Result<&'b [u8], Errno> {
    let (file, status) = open(path, libc::O_RDONLY, READ, user)?;
    let size = usize::try_from(status.st_size).unwrap_or(usize::MAX);
    let from = size.saturating_sub(buffer.len());
    let mut filled = 0;
    while let Some(room) = buffer.get_mut(filled..).filter(|room| !room.is_empty()) {
        match file.read_at(room, from.saturating_add(filled) as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) => return Err(errno_of(&error)),
        }
    }
    Ok(buffer.get(..filled).unwrap_or_default())
}

/// Makes `text` the content of the file.
///
/// # Errors
/// As [`read_end`]; ENOSPC.
pub fn replace(path: &CStr, user: Option<&Credentials>, text: &[u8]) -> Result<(), Errno> {
    let (mut file, _) = open(path, libc::O_WRONLY, WRITE, user)?;
    file.set_len(0).and_then(|()| file.write_all(text)).map_err(|error| errno_of(&error))
}

fn open(
    path: &CStr,
    access: i32,
    wanted: libc::mode_t,
    user: Option<&Credentials>,
) -> Result<(File, FileStat), Errno> {
    let flags = access | libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
    let file = File::from(file::open(path, flags)?);
    let status = fstat(&file)?;
    if status.st_mode & libc::S_IFMT != libc::S_IFREG {
        return Err(Errno::EINVAL);
    }
    match user {
        Some(user) if !may(user, &status, wanted) => Err(Errno::EPERM),
        _ => Ok((file, status)),
    }
}

/// Whether the mode of a file lets this user do so.
fn may(user: &Credentials, status: &FileStat, wanted: libc::mode_t) -> bool {
    let (owner, group) = (Uid::from_raw(status.st_uid), Gid::from_raw(status.st_gid));
    let shift = if user.uid == owner {
        6
    } else if user.gid == group || user.supplementary.contains(&group) {
        3
    } else {
        0
    };
    user.uid.is_root() || status.st_mode >> shift & wanted == wanted
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CString;
    use std::fs;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
    use std::path::PathBuf;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("podinit-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Folder(path)
        }

        fn file(&self, name: &str) -> (PathBuf, CString) {
            let path = self.0.join(name);
            let name = CString::new(path.to_str().unwrap()).unwrap();
            (path, name)
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    // kubelet R32
    #[test]
    fn r32_the_end_is_read_and_all_is_replaced() {
        let folder = Folder::new("message-file");
        let (path, name) = folder.file("log");
        let mut buffer = [0; 4];
        assert_eq!(read_end(&name, None, &mut buffer), Err(Errno::ENOENT));
        assert_eq!(replace(&name, None, b"x"), Err(Errno::ENOENT));
        for (content, end) in [("", ""), ("a", "a"), ("abcd", "abcd"), ("abcdef", "cdef")] {
            fs::write(&path, content).unwrap();
            assert_eq!(read_end(&name, None, &mut buffer), Ok(end.as_bytes()));
        }
        replace(&name, None, b"why").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"why");
        replace(&name, None, b"").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn only_a_regular_file_at_the_path_itself_is_touched() {
        let folder = Folder::new("message-file-kinds");
        let (real, _) = folder.file("real");
        fs::write(&real, "kept").unwrap();
        let (link, link_name) = folder.file("link");
        symlink(&real, link).unwrap();
        let (_, dangling) = folder.file("dangling");
        symlink(folder.0.join("none"), folder.0.join("dangling")).unwrap();
        let (_, fifo) = folder.file("fifo");
        nix::unistd::mkfifo(fifo.as_c_str(), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let mut buffer = [0; 8];
        for name in [link_name.as_c_str(), &dangling, &fifo, c"/dev/null", c"/tmp"] {
            assert!(read_end(name, None, &mut buffer).is_err(), "{name:?}");
            assert!(replace(name, None, b"x").is_err(), "{name:?}");
        }
        assert_eq!(fs::read(&real).unwrap(), b"kept");
        assert!(!folder.0.join("none").exists());
    }

    #[test]
    fn what_the_programs_user_may_not_do_is_not_done_for_it() {
        let folder = Folder::new("message-file-user");
        let (path, name) = folder.file("log");
        fs::write(&path, "kept").unwrap();
        let (uid, gid) = fs::metadata(&path).map(|file| (file.uid(), file.gid())).unwrap();
        let user = |uid: u32, gid: u32, group: u32| Credentials {
            uid: Uid::from_raw(uid),
            gid: Gid::from_raw(gid),
            supplementary: vec![Gid::from_raw(group)],
            home: CString::default(),
        };
        let stranger = user(uid + 1, gid + 1, gid + 1);
        let member = user(uid + 1, gid + 1, gid);
        for (mode, user, reads, writes) in [
            (0o644, &stranger, true, false),
            (0o666, &stranger, true, true),
            (0o622, &stranger, false, true),
            (0o660, &stranger, false, false),
            (0o660, &member, true, true),
            (0o606, &member, false, false),
            (0o666, &member, true, true),
        ] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let mut buffer = [0; 8];
            let read = read_end(&name, Some(user), &mut buffer).is_ok();
            let written = replace(&name, Some(user), b"kept").is_ok();
            assert_eq!((read, written), (reads, writes), "{mode:o} {user:?}");
        }
        assert!(replace(&name, Some(&user(0, 0, 0)), b"").is_ok());
    }
}
