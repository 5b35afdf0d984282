//! Starting a process with exactly what a test asks for: one `clone` straight from the test process, so that even PID 1
//! of a new namespace is our own child and its wait status the unaltered one.

use libc::{c_char, c_int, c_long, c_ulong};
use std::ffi::CString;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;
use std::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

static STARTS: RwLock<()> = RwLock::new(());

/// While this is held nothing is started, so no start can hold a file open that is being written.
pub fn exclusive() -> RwLockWriteGuard<'static, ()> {
    STARTS.write().unwrap_or_else(|e| e.into_inner())
}

fn starting() -> RwLockReadGuard<'static, ()> {
    STARTS.read().unwrap_or_else(|e| e.into_inner())
}

/// The system calls between `clone` and `exec`, with all memory they need. Nothing may be allocated after the clone:
/// another thread of the test may have held the allocator's lock.
pub struct Plan {
    pub path: CString,
    pub argv: Vec<CString>,
    pub env: Vec<CString>,
    pub pid_namespace: bool,
    /// A mounted `/proc` in the new namespace, or an empty directory in its place.
    pub proc: bool,
    pub read_only: bool,
    pub root: Option<CString>,
    pub cwd: Option<CString>,
    pub new_session: bool,
    pub controlling_tty: Option<RawFd>,
    /// (of ours, as which number there); every other descriptor is closed.
    pub descriptors: Vec<(RawFd, RawFd)>,
    pub umask: Option<libc::mode_t>,
    pub nice: Option<c_int>,
    pub limits: Vec<(u32, u64, u64)>,
    pub user: Option<(u32, u32, Vec<u32>)>,
    pub no_new_privs: bool,
    pub blocked: u64,
    pub ignored: u64,
    pub dies_with_us: bool,
}

const HIGH: RawFd = 500;

impl Plan {
    /// Starts it and returns its pid, when it has become the program.
    pub fn spawn(&self) -> io::Result<i32> {
        let pointers = |list: &[CString]| -> Vec<*const c_char> {
            list.iter().map(|s| s.as_ptr()).chain([ptr::null()]).collect()
        };
        let (argv, env) = (pointers(&self.argv), pointers(&self.env));
        let mut high = vec![0; self.descriptors.len()];
        // SAFETY: plain system calls without pointers.
        let (uid, gid) = unsafe { (libc::geteuid(), libc::getegid()) };
        let maps = [
            (c"/proc/self/setgroups", CString::from(c"deny")),
            (c"/proc/self/uid_map", CString::new(format!("0 {uid} 1")).unwrap()),
            (c"/proc/self/gid_map", CString::new(format!("0 {gid} 1")).unwrap()),
        ];
        let mut flags = libc::SIGCHLD;
        if self.pid_namespace {
            flags |= libc::CLONE_NEWPID | libc::CLONE_NEWNS;
            flags |= if uid == 0 { 0 } else { libc::CLONE_NEWUSER };
        }
        let (mut failure, told) = pipe()?;
        let told_fd = told.as_raw_fd();

        let _starting = starting();
        // SAFETY: as `fork`; the child goes on in `become_program`, which allocates nothing and never returns.
        let pid = unsafe { libc::syscall(libc::SYS_clone, flags as c_ulong, 0, 0, 0, 0) };
        if pid < 0 {
            return Err(io::Error::last_os_error());
        }
        if pid == 0 {
            // SAFETY: we are the child.
            unsafe { self.become_program(&argv, &env, &mut high, &maps, told_fd) };
        }
        drop(told);
        let mut message = Vec::new();
        failure.read_to_end(&mut message)?;
        if message.is_empty() {
            return Ok(pid as i32);
        }
        // SAFETY: our own child, which is on its way out.
        unsafe { libc::waitpid(pid as i32, ptr::null_mut(), 0) };
        let errno = i32::from_ne_bytes(message[..4].try_into().unwrap());
        let step = i32::from_ne_bytes(message[4..8].try_into().unwrap());
        let error = io::Error::from_raw_os_error(errno);
        Err(io::Error::new(error.kind(), format!("{error} (at line {step} of {})", file!())))
    }

    /// # Safety
    /// Only in a child made by `clone` without shared memory.
    unsafe fn become_program(
        &self,
        argv: &[*const c_char],
        env: &[*const c_char],
        high: &mut [RawFd],
        maps: &[(&std::ffi::CStr, CString); 3],
        mut told: RawFd,
    ) -> ! {
        /// Stops here, telling the test where and why, if the call fails.
        macro_rules! call {
            ($call:expr) => {{
                let result = $call as c_long;
                if result < 0 {
                    let words = [*libc::__errno_location(), line!() as i32];
                    libc::write(told, words.as_ptr().cast(), 8);
                    libc::_exit(127);
                }
                result
            }};
        }
        // SAFETY: system calls on memory that this process owns.
        unsafe {
            // Descriptors first to where no target number is, then to their numbers.
            told = call!(libc::fcntl(told, libc::F_DUPFD_CLOEXEC, HIGH)) as RawFd;
            for (i, (source, _)) in self.descriptors.iter().enumerate() {
                high[i] = call!(libc::fcntl(*source, libc::F_DUPFD_CLOEXEC, HIGH)) as RawFd;
            }
            if self.new_session {
                call!(libc::setsid());
            }
            if let Some(tty) = self.controlling_tty {
                call!(libc::ioctl(tty, libc::TIOCSCTTY, 0));
            }
            if self.dies_with_us {
                call!(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL));
            }
            if self.pid_namespace {
                if libc::geteuid() != 0 {
                    for (path, content) in maps {
                        let fd = call!(libc::open(path.as_ptr(), libc::O_WRONLY)) as RawFd;
                        call!(libc::write(fd, content.as_ptr().cast(), content.count_bytes()));
                        libc::close(fd);
                    }
                }
                let none = ptr::null();
                call!(libc::mount(
                    none,
                    c"/".as_ptr(),
                    none,
                    libc::MS_REC | libc::MS_PRIVATE,
                    none.cast()
                ));
                let kind = if self.proc { c"proc" } else { c"tmpfs" };
                call!(libc::mount(kind.as_ptr(), c"/proc".as_ptr(), kind.as_ptr(), 0, none.cast()));
                if self.read_only {
                    let flags = libc::MS_REMOUNT | libc::MS_BIND | libc::MS_RDONLY;
                    call!(libc::mount(none, c"/".as_ptr(), none, flags, none.cast()));
                }
            }
            if let Some(root) = &self.root {
                call!(libc::chroot(root.as_ptr()));
                call!(libc::chdir(c"/".as_ptr()));
            }
            if let Some(dir) = &self.cwd {
                call!(libc::chdir(dir.as_ptr()));
            }
            libc::syscall(libc::SYS_close_range, 0, 2, 0);
            call!(libc::syscall(libc::SYS_close_range, 3, u32::MAX, libc::CLOSE_RANGE_CLOEXEC));
            for (source, (_, target)) in high.iter().zip(&self.descriptors) {
                call!(libc::dup2(*source, *target));
            }
            if let Some(mask) = self.umask {
                libc::umask(mask);
            }
            if let Some(nice) = self.nice {
                call!(libc::setpriority(libc::PRIO_PROCESS, 0, nice));
            }
            for (which, soft, hard) in &self.limits {
                let limit = libc::rlimit64 { rlim_cur: *soft, rlim_max: *hard };
                call!(libc::syscall(libc::SYS_prlimit64, 0, *which, &limit, 0));
            }
            // System calls: libc's functions would look for the test's other threads.
            if let Some((uid, gid, groups)) = &self.user {
                call!(libc::syscall(libc::SYS_setgroups, groups.len(), groups.as_ptr()));
                call!(libc::syscall(libc::SYS_setresgid, *gid, *gid, *gid));
                call!(libc::syscall(libc::SYS_setresuid, *uid, *uid, *uid));
                if self.dies_with_us {
                    call!(libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL));
                }
            }
            if self.no_new_privs {
                call!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
            }
            for signal in 1..=64 {
                let mut action = [0usize; 8];
                action[0] = if self.ignored & super::bit(signal) != 0 {
                    libc::SIG_IGN
                } else {
                    libc::SIG_DFL
                };
                libc::syscall(libc::SYS_rt_sigaction, signal, action.as_ptr(), 0, 8);
            }
            call!(libc::syscall(libc::SYS_rt_sigprocmask, libc::SIG_SETMASK, &self.blocked, 0, 8));
            libc::execve(self.path.as_ptr(), argv.as_ptr(), env.as_ptr());
            call!(-1);
            libc::_exit(127)
        }
    }
}

/// A pipe whose ends are closed in every program started meanwhile: (read, write).
pub fn pipe() -> io::Result<(File, OwnedFd)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` has room for two; both are new and nobody else's.
    unsafe {
        if libc::pipe2(ends.as_mut_ptr(), libc::O_CLOEXEC) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok((File::from_raw_fd(ends[0]), OwnedFd::from_raw_fd(ends[1])))
    }
}
