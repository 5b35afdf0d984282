//! Becoming another program, as the shell's users expect it: PATH is searched (init U3), and text
//! without `#!` goes to /bin/sh (init U4). Asks for no memory: it runs between vfork and exec.

use std::ffi::{CStr, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::Errno;
use super::text::Text;
use super::words::{Argv, Environment};

const SHELL: &CStr = c"/bin/sh";
/// libc's PATH for those who have none.
const DEFAULT_PATH: &[u8] = b"/bin:/usr/bin";
const NAME_LIMIT: usize = 255;
const PATH_LIMIT: usize = 4096;

/// Why a program was not executed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Failure {
    /// The kernel's reason, for the file found last.
    Errno(Errno),
    /// The kernel does not know the format, and /bin/sh, which might, cannot be executed.
    NoShell,
}

/// Replaces this process by the program; returns only if that failed.
pub fn exec(argv: &mut Argv, environment: &Environment) -> Failure {
    let program = argv.program();
    let name = program.to_bytes();
    if name.is_empty() {
        return Failure::Errno(Errno::ENOENT);
    }
    if name.contains(&b'/') {
        return exec_file(program, argv, environment);
    }
    if name.len() > NAME_LIMIT {
        return Failure::Errno(Errno::ENAMETOOLONG);
    }
    let mut found = None;
    let mut file = Text::<PATH_LIMIT>::default();
    for directory in
        environment.get("PATH").map_or(DEFAULT_PATH, CStr::to_bytes).split(|byte| *byte == b':')
    {
        file.clear();
        file.push_bytes(directory);
        // An empty directory is the current one.
        file.push_bytes(if directory.is_empty() { b"" } else { b"/" });
        file.push_bytes(name);
        file.push_bytes(b"\0");
        // A path that was cut off has no end, and would be another file's.
        let Some(file) = file.as_c_str() else { continue };
        match exec_file(file, argv, environment) {
            // Not there, or not to be seen: the search goes on.
            Failure::Errno(
                Errno::ENOENT | Errno::ENOTDIR | Errno::ESTALE | Errno::ENODEV | Errno::ETIMEDOUT,
            ) => {}
            // Remembered, in case nothing better is found.
            Failure::Errno(Errno::EACCES) => found = Some(Failure::Errno(Errno::EACCES)),
            failure => return failure,
        }
    }
    found.unwrap_or(Failure::Errno(Errno::ENOENT))
}

fn exec_file(file: &CStr, argv: &mut Argv, environment: &Environment) -> Failure {
    let errno = execve(file, argv.as_ptr(), environment);
    if errno != Errno::ENOEXEC {
        return Failure::Errno(errno);
    }
    execve(SHELL, argv.run_by(SHELL, file), environment);
    Failure::NoShell
}

fn execve(file: &CStr, argv: *const *const libc::c_char, environment: &Environment) -> Errno {
    // SAFETY: both vectors are ended by a null and hold strings; on success nobody is left to care.
    unsafe { libc::execve(file.as_ptr(), argv, environment.as_ptr()) };
    Errno::last()
}

/// What a person wants to know when `program` could not be executed.
pub fn explain(failure: Failure, program: &CStr, environment: &Environment) -> &'static str {
    let file = Path::new(OsStr::from_bytes(program.to_bytes()));
    match failure {
        Failure::NoShell => {
            "the kernel cannot run this kind of file (a script without \"#!\", or another architecture's program) and there is no /bin/sh to hand it to"
        }
        Failure::Errno(Errno::ENOENT) if program.is_empty() => "an empty name is no program",
        Failure::Errno(Errno::ENOENT) if !program.to_bytes().contains(&b'/') => {
            if environment.get("PATH").is_some() {
                "not found in PATH"
            } else {
                "not found in /bin or /usr/bin, and PATH is not set"
            }
        }
        Failure::Errno(Errno::ENOENT) if file.exists() => {
            "its interpreter, named in its first line or its program header, is not found"
        }
        Failure::Errno(Errno::EACCES) if file.is_dir() => "is a directory",
        Failure::Errno(Errno::EACCES) => {
            "permission denied: it needs the executable bit, and a file system not mounted noexec"
        }
        Failure::Errno(Errno::E2BIG) => "arguments and environment are too long",
        Failure::Errno(errno) => errno.desc(),
    }
}
