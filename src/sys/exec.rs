//! Becoming another program, as the shell's users expect it: PATH is searched (init U3), and text
//! without `#!` goes to /bin/sh (init U4). Asks for no memory.

use std::ffi::CStr;

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
    /// The kernel does not know the format; this is why /bin/sh, which might, was not executed.
    NoShell(Errno),
}

/// Replaces this process by the program; returns only if that failed.
pub fn exec(argv: &mut Argv, environment: &Environment) -> Failure {
    let program = argv.program();
    let name = program.to_bytes();
    if name.is_empty() {
        return Failure::Errno(Errno::ENOENT);
    }
    if !name.contains(&b'/') && name.len() > NAME_LIMIT {
        return Failure::Errno(Errno::ENAMETOOLONG);
    }
    let mut failure = Failure::Errno(Errno::ENOENT);
    let decided = find(program, environment, |file| match exec_file(file, argv, environment) {
        // Not there, or not to be seen: the search goes on.
        Failure::Errno(Errno::ENOENT | Errno::ESTALE | Errno::ENODEV | Errno::ETIMEDOUT) => None,
        Failure::Errno(Errno::ENOTDIR) if !name.contains(&b'/') => None,
        // Remembered, in case nothing better is found.
        Failure::Errno(Errno::EACCES) => {
            failure = Failure::Errno(Errno::EACCES);
            None
        }
        failure => Some(failure),
    });
    decided.unwrap_or(failure)
}

/// Gives `look` the files that `program` may mean, in their order, until it is satisfied: the file of
/// that path, or without a slash in it those along PATH.
pub fn find<T>(
    program: &CStr,
    environment: &Environment,
    mut look: impl FnMut(&CStr) -> Option<T>,
) -> Option<T> {
    let name = program.to_bytes();
    if name.contains(&b'/') {
        return look(program);
    }
    let path = environment.get("PATH").map_or(DEFAULT_PATH, CStr::to_bytes);
    let mut file = Text::<PATH_LIMIT>::default();
    path.split(|byte| *byte == b':').find_map(|directory| {
        file.clear();
        file.push_bytes(directory);
        // An empty directory is the current one.
        file.push_bytes(if directory.is_empty() { b"" } else { b"/" });
        file.push_bytes(name);
        file.push_bytes(b"\0");
        // A path that was cut off has no end, and would be another file's.
        look(file.as_c_str()?)
    })
}

fn exec_file(file: &CStr, argv: &mut Argv, environment: &Environment) -> Failure {
    let errno = execve(file, argv.as_ptr(), environment);
    if errno != Errno::ENOEXEC {
        return Failure::Errno(errno);
    }
    let typed = argv.program();
    let failure = Failure::NoShell(execve(SHELL, argv.run_by(SHELL, file), environment));
    argv.restore(typed);
    failure
}

fn execve(file: &CStr, argv: *const *const libc::c_char, environment: &Environment) -> Errno {
    // SAFETY: both vectors are ended by a null and hold strings; on success nobody is left to care.
    unsafe { libc::execve(file.as_ptr(), argv, environment.as_ptr()) };
    Errno::last()
}
