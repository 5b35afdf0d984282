//! The program that the tests let an init start: it says what reached it.
//!
//! Static, no crates, and no run-time of std around `main`: that one would ignore SIGPIPE, open /dev/null on closed
//! descriptors and handle SIGSEGV, all of which the tests ask about. Signal sets are read and set by system call, because
//! libc hides 32 and 33.
//!
//! Its command line is a row of steps, done in order; the last one decides how it ends:
//!
//! | step | |
//! | --- | --- |
//! | `report FILE` | write what this process was given: arguments, environment, limits, signal sets, descriptors… |
//! | `close FD` | close a descriptor |
//! | `kill PID SIG COUNT` | send a signal |
//! | `bind PORT` | end with 0 if this TCP port can be bound, 1 if not |
//! | `setsid` / `setpgid` | leave the session / the group |
//! | `orphans-now N` | let N processes be born, orphaned and end |
//! | `exit N` | end |
//! | `die SIG` | end by a signal with its default action |
//! | `hold` | wait, with every signal's action as inherited |
//! | `record FILE [until SIG CODE]` | write down each signal that arrives; end with CODE at SIG |
//! | `family DIR [until SIG CODE]` | record in `DIR/main`, and in three children: `DIR/group`, `DIR/own-group`, `DIR/own-session` |
//! | `orphans N FILE` | N orphans that end together at USR1 (then stay until TERM), or together with us at USR2 (42) |
//! | `daemon FILE` | leave a daemon that records, end with 0 |
//! | `background CMD…` | run CMD in a group of its own that is not the terminal's foreground group; end as it ends |
//! | `refuse NR ARG` | from here on system call NR with this first argument gives EPERM |
//! | `await FILE` | wait until there is this file |
//! | `touch FILE` | add a line to it |
//! | `notify TEXT` / `flood N TEXT` | send a message to `NOTIFY_SOCKET`, once or N times |
//! | `barrier FILE` | wait until all before is taken from there (sd_notify_barrier), then add a line to the file |
//! | `exec CMD…` | become CMD |
//!
//! Nothing here outlives `LIFETIME`, whatever becomes of the tests.
#![no_main]

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_ulong, c_void};
use std::fmt::Write as _;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::net::{Ipv4Addr, TcpListener};
use std::os::fd::FromRawFd;
use std::os::unix::fs::MetadataExt;

mod notify;

/// Seconds after which every waiting process here gives up.
const LIFETIME: i64 = 100;

#[cfg(target_arch = "x86_64")]
mod nr {
    pub const RT_SIGACTION: i64 = 13;
    pub const RT_SIGPROCMASK: i64 = 14;
    pub const RT_SIGTIMEDWAIT: i64 = 128;
}
#[cfg(target_arch = "aarch64")]
mod nr {
    pub const RT_SIGACTION: i64 = 134;
    pub const RT_SIGPROCMASK: i64 = 135;
    pub const RT_SIGTIMEDWAIT: i64 = 137;
}

unsafe extern "C" {
    static environ: *const *const c_char;
    fn syscall(number: c_long, ...) -> c_long;
    fn fork() -> c_int;
    fn _exit(code: c_int) -> !;
    fn waitpid(pid: c_int, status: *mut c_int, flags: c_int) -> c_int;
    fn execvp(file: *const c_char, argv: *const *const c_char) -> c_int;
    fn setsid() -> c_int;
    fn setpgid(pid: c_int, group: c_int) -> c_int;
    fn getpid() -> c_int;
    fn getppid() -> c_int;
    fn getpgid(pid: c_int) -> c_int;
    fn getsid(pid: c_int) -> c_int;
    fn kill(pid: c_int, signal: c_int) -> c_int;
    fn sleep(seconds: c_uint) -> c_uint;
    fn umask(mask: c_uint) -> c_uint;
    fn getpriority(which: c_uint, who: c_uint) -> c_int;
    fn getrlimit(which: c_uint, limit: *mut [c_ulong; 2]) -> c_int;
    fn setrlimit(which: c_uint, limit: *const [c_ulong; 2]) -> c_int;
    fn getresuid(r: *mut c_uint, e: *mut c_uint, s: *mut c_uint) -> c_int;
    fn getresgid(r: *mut c_uint, e: *mut c_uint, s: *mut c_uint) -> c_int;
    fn getgroups(size: c_int, list: *mut c_uint) -> c_int;
    fn prctl(option: c_int, ...) -> c_int;
    fn fcntl(fd: c_int, command: c_int, ...) -> c_int;
    fn tcgetpgrp(fd: c_int) -> c_int;
    fn open(path: *const c_char, flags: c_int, ...) -> c_int;
    fn close(fd: c_int) -> c_int;
    fn pipe(fds: *mut [c_int; 2]) -> c_int;
    fn read(fd: c_int, buffer: *mut c_void, size: usize) -> isize;
}

const SIGUSR1: i32 = 10;
const SIGUSR2: i32 = 12;
const SIGTERM: i32 = 15;

#[unsafe(no_mangle)]
pub extern "C" fn main(argc: c_int, argv: *const *const c_char) -> c_int {
    let args: Vec<&CStr> =
        (0..argc as usize).map(|i| unsafe { CStr::from_ptr(*argv.add(i)) }).collect();
    // A recorder has to be deaf to default actions as early as it can; who reports or becomes another must not touch them.
    let own =
        args.iter().map(|a| a.to_bytes()).take_while(|a| !matches!(*a, b"background" | b"exec"));
    if own.clone().any(|a| matches!(a, b"record" | b"family" | b"orphans"))
        && !own.clone().any(|a| a == b"report")
    {
        block_all();
    }
    let mut steps = Steps { args: &args, next: 1 };
    while let Some(step) = steps.word() {
        match step {
            "report" => report(steps.file(), &args),
            "close" => drop(unsafe { close(steps.number()) }),
            "kill" => {
                let (pid, signal) = (steps.number(), steps.number());
                for _ in 0..steps.number() {
                    unsafe { kill(pid, signal) };
                }
            }
            "bind" => leave(i32::from(bind(steps.number()).is_err())),
            "setsid" => drop(unsafe { setsid() }),
            "setpgid" => drop(unsafe { setpgid(0, 0) }),
            "orphans-now" => orphans_now(steps.number()),
            "exit" => leave(steps.number()),
            "die" => die(steps.number()),
            "hold" => hold(),
            "record" => record(steps.file(), steps.until()),
            "family" => family(steps.file(), steps.until()),
            "orphans" => orphans(steps.number(), steps.file()),
            "daemon" => daemon(steps.file()),
            "refuse" => refuse(steps.number(), steps.number()),
            "await" => await_file(steps.file()),
            "touch" => touch(steps.file()),
            "notify" => notify::send(steps.file(), 1),
            "flood" => {
                let count = steps.number();
                notify::send(steps.file(), count)
            }
            "barrier" => {
                notify::barrier();
                touch(steps.file())
            }
            "background" => background(&args[steps.next..]),
            "exec" => exec(&args[steps.next..]),
            other => panic!("the witness has no step {other:?}"),
        }
    }
    0
}

struct Steps<'a> {
    args: &'a [&'a CStr],
    next: usize,
}

impl<'a> Steps<'a> {
    fn word(&mut self) -> Option<&'a str> {
        let word = self.args.get(self.next)?;
        self.next += 1;
        Some(word.to_str().expect("a step is text"))
    }
    fn file(&mut self) -> &'a str {
        self.word().expect("the step names a file")
    }
    fn number(&mut self) -> i32 {
        self.word().and_then(|w| w.parse().ok()).expect("the step has a number")
    }
    fn until(&mut self) -> Option<(i32, i32)> {
        if self.args.get(self.next)?.to_bytes() != b"until" {
            return None;
        }
        self.next += 1;
        Some((self.number(), self.number()))
    }
}

fn await_file(path: &str) {
    for _ in 0..LIFETIME * 100 {
        if fs::exists(path).unwrap_or(false) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    leave(96)
}

fn touch(path: &str) {
    let _ = append(path).write_all(b"1\n");
}

/// A seccomp filter, in the classic BPF of `struct sock_filter`: (code, jump if true, jump if false, constant).
fn refuse(number: i32, argument: i32) {
    const LOAD: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    const EPERM: u32 = 0x0005_0001;
    const ALLOW: u32 = 0x7fff_0000;
    #[repr(C)]
    struct Instruction(u16, u8, u8, u32);
    #[repr(C)]
    struct Program(u16, *const Instruction);
    let filter = [
        Instruction(LOAD, 0, 0, 0),
        Instruction(JUMP_IF_EQUAL, 0, 3, number as u32),
        Instruction(LOAD, 0, 0, 16),
        Instruction(JUMP_IF_EQUAL, 0, 1, argument as u32),
        Instruction(RETURN, 0, 0, EPERM),
        Instruction(RETURN, 0, 0, ALLOW),
    ];
    let program = Program(filter.len() as u16, filter.as_ptr());
    let set = unsafe {
        prctl(38, 1usize, 0usize, 0usize, 0usize) == 0 && prctl(22, 2usize, &raw const program) == 0
    };
    assert!(set, "a filter: {}", std::io::Error::last_os_error());
}

fn leave(code: i32) -> ! {
    unsafe { _exit(code) }
}

fn bind(port: i32) -> std::io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, u16::try_from(port).expect("a port")))
}

// ---- signals ----

fn block_all() {
    set_blocked(u64::MAX);
}

fn set_blocked(mask: u64) {
    unsafe { syscall(nr::RT_SIGPROCMASK, 2, &mask, 0usize, 8usize) };
}

fn blocked() -> u64 {
    let mut mask = 0u64;
    unsafe { syscall(nr::RT_SIGPROCMASK, 0, 0usize, &mut mask, 8usize) };
    mask
}

fn handler(signal: i32) -> usize {
    let mut action = [0usize; 8];
    unsafe { syscall(nr::RT_SIGACTION, signal as c_long, 0usize, &mut action, 8usize) };
    action[0]
}

fn default_action(signal: i32) {
    unsafe { syscall(nr::RT_SIGACTION, signal as c_long, &[0usize; 8], 0usize, 8usize) };
}

struct Arrived {
    signal: i32,
    code: i32,
    pid: i32,
    value: i32,
}

/// The next signal, or the end of this process when none comes in its lifetime.
fn next_signal() -> Arrived {
    loop {
        let mut info = [0i32; 32];
        let timeout = [LIFETIME, 0];
        let signal =
            unsafe { syscall(nr::RT_SIGTIMEDWAIT, &u64::MAX, &mut info, &timeout, 8usize) };
        if signal > 0 {
            return Arrived { signal: info[0], code: info[2], pid: info[4], value: info[6] };
        }
        if std::io::Error::last_os_error().raw_os_error() == Some(11) {
            leave(98);
        }
    }
}

fn record(path: &str, until: Option<(i32, i32)>) -> ! {
    record_and(path, until, || ())
}

fn record_and(path: &str, until: Option<(i32, i32)>, when_ready: impl FnOnce()) -> ! {
    block_all();
    let mut file = append(path);
    let _ = file.write_all(format!("ready {}\n", unsafe { getpid() }).as_bytes());
    when_ready();
    loop {
        let Arrived { signal, code, pid, value } = next_signal();
        let _ = file.write_all(format!("{signal} {pid} {value} {code}\n").as_bytes());
        if let Some((_, code)) = until.filter(|(last, _)| *last == signal) {
            leave(code);
        }
    }
}

fn die(signal: i32) -> ! {
    unsafe { setrlimit(4, &[0, 0]) };
    default_action(signal);
    set_blocked(0);
    unsafe { kill(getpid(), signal) };
    hold()
}

fn hold() -> ! {
    let mut left = LIFETIME as c_uint;
    while left > 0 {
        left = unsafe { sleep(left) };
    }
    leave(97)
}

// ---- processes ----

/// Tries again while there is no room for it: another test may have all the processes of a small machine for a moment.
fn born(work: impl FnOnce()) -> i32 {
    const NO_ROOM: i32 = 11;
    let mut pid = unsafe { fork() };
    for _ in 0..LIFETIME * 100 {
        if pid >= 0 || std::io::Error::last_os_error().raw_os_error() != Some(NO_ROOM) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
        pid = unsafe { fork() };
    }
    assert!(pid >= 0, "fork: {}", std::io::Error::last_os_error());
    if pid == 0 {
        work();
        leave(0);
    }
    pid
}

/// Waits for a child. With SIGCHLD ignored there is nothing to take when it has ended, only the error.
fn wait_for(pid: i32) -> i32 {
    const INTERRUPTED: i32 = 4;
    let mut status = 0;
    while unsafe { waitpid(pid, &mut status, 0) } == -1 {
        if std::io::Error::last_os_error().raw_os_error() != Some(INTERRUPTED) {
            break;
        }
    }
    status
}

fn family(dir: &str, until: Option<(i32, i32)>) -> ! {
    block_all();
    born(|| record(&format!("{dir}/group"), None));
    born(|| {
        unsafe { setpgid(0, 0) };
        record(&format!("{dir}/own-group"), None)
    });
    born(|| {
        unsafe { setsid() };
        record(&format!("{dir}/own-session"), None)
    });
    record(&format!("{dir}/main"), until)
}

fn orphans_now(count: i32) {
    let parent = born(|| {
        for _ in 0..count {
            born(|| leave(3));
        }
    });
    wait_for(parent);
}

fn orphans(count: i32, path: &str) -> ! {
    block_all();
    let mut gate = [0; 2];
    assert_eq!(unsafe { pipe(&mut gate) }, 0);
    let parent = born(|| {
        for _ in 0..count {
            born(|| {
                let mut byte = 0u8;
                unsafe { close(gate[1]) };
                unsafe { read(gate[0], (&raw mut byte).cast(), 1) };
                leave(3);
            });
        }
    });
    wait_for(parent);
    let mut file = append(path);
    let _ = file.write_all(format!("ready {}\n", unsafe { getpid() }).as_bytes());
    loop {
        match next_signal().signal {
            SIGUSR1 => drop(unsafe { close(gate[1]) }),
            SIGUSR2 => {
                unsafe { close(gate[1]) };
                leave(42)
            }
            SIGTERM => leave(0),
            _ => (),
        }
    }
}

fn daemon(path: &str) -> ! {
    let mut ready = [0; 2];
    assert_eq!(unsafe { pipe(&mut ready) }, 0);
    born(|| {
        unsafe { setsid() };
        born(|| {
            unsafe { close(ready[0]) };
            record_and(path, None, || {
                let _ = unsafe { close(ready[1]) };
            })
        });
    });
    let mut byte = 0u8;
    unsafe { close(ready[1]) };
    unsafe { read(ready[0], (&raw mut byte).cast(), 1) };
    leave(0)
}

fn background(command: &[&CStr]) -> ! {
    let pid = born(|| {
        unsafe { setpgid(0, 0) };
        exec(command)
    });
    unsafe { setpgid(pid, pid) };
    let status = wait_for(pid);
    leave(if status & 0x7f == 0 { status >> 8 & 0xff } else { 128 + (status & 0x7f) })
}

fn exec(command: &[&CStr]) -> ! {
    let mut argv: Vec<*const c_char> = command.iter().map(|a| a.as_ptr()).collect();
    argv.push(std::ptr::null());
    unsafe { execvp(argv[0], argv.as_ptr()) };
    leave(127)
}

// ---- what we were given ----

fn append(path: &str) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(path)
        .unwrap_or_else(|e| panic!("{path}: {e}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut s, b| {
        let _ = write!(s, "{b:02x}");
        s
    })
}

/// One fact per line, `KEY VALUE…`; bytes of others in hexadecimal.
fn report(path: &str, args: &[&CStr]) {
    // Before anything is opened here.
    let descriptors: Vec<(i32, i32)> = (0..4096)
        .map(|fd| (fd, unsafe { fcntl(fd, 1) }))
        .filter(|(_, flags)| *flags >= 0)
        .collect();
    let mut out = String::new();
    for arg in args {
        let _ = writeln!(out, "arg {}", hex(arg.to_bytes()));
    }
    let mut variable = unsafe { environ };
    while !variable.is_null() && !unsafe { *variable }.is_null() {
        let _ = writeln!(out, "env {}", hex(unsafe { CStr::from_ptr(*variable) }.to_bytes()));
        variable = unsafe { variable.add(1) };
    }
    if let Ok(dir) = std::env::current_dir() {
        let _ = writeln!(out, "cwd {}", hex(dir.as_os_str().as_encoded_bytes()));
    }
    for (fd, flags) in descriptors {
        let file = ManuallyDrop::new(unsafe { File::from_raw_fd(fd) });
        let device = file.metadata().map_or(0, |m| m.rdev());
        let _ = writeln!(out, "fd {fd} {flags} {device}");
    }
    let mask = unsafe { umask(0) };
    unsafe { umask(mask) };
    let _ = writeln!(out, "umask {mask:03o}\nnice {}", unsafe { getpriority(0, 0) });
    for which in 0..16 {
        let mut limit = [0; 2];
        unsafe { getrlimit(which, &mut limit) };
        let _ = writeln!(out, "rlimit {which} {} {}", limit[0], limit[1]);
    }
    let (mut r, mut e, mut s) = (0, 0, 0);
    unsafe { getresuid(&mut r, &mut e, &mut s) };
    let _ = writeln!(out, "uid {r} {e} {s}");
    unsafe { getresgid(&mut r, &mut e, &mut s) };
    let _ = writeln!(out, "gid {r} {e} {s}");
    let mut groups = [0; 64];
    let count = unsafe { getgroups(64, groups.as_mut_ptr()) }.max(0);
    let _ = writeln!(
        out,
        "groups {}",
        groups[..count as usize].iter().map(|g| g.to_string()).collect::<Vec<_>>().join(" ")
    );
    let _ = writeln!(out, "no_new_privs {}", unsafe { prctl(39, 0, 0, 0, 0) });
    let (pid, parent) = unsafe { (getpid(), getppid()) };
    let (group, session) = unsafe { (getpgid(0), getsid(0)) };
    let _ = writeln!(out, "pid {pid}\nppid {parent}\npgid {group}\nsid {session}");
    let _ = writeln!(out, "init_pgid {}\ninit_sid {}", unsafe { getpgid(parent) }, unsafe {
        getsid(parent)
    });
    let ignored = (1..=64).filter(|s| handler(*s) == 1).fold(0u64, |set, s| set | 1 << (s - 1));
    let _ = writeln!(out, "blocked {:x}\nignored {ignored:x}", blocked());
    let tty = unsafe { open(c"/dev/tty".as_ptr(), 2 | 0x100 | 0o2000000) };
    let _ =
        writeln!(out, "stdin_foreground {}\ntty_foreground {}", unsafe { tcgetpgrp(0) }, unsafe {
            tcgetpgrp(tty)
        });
    unsafe { close(tty) };
    let temporary = format!("{path}.part");
    fs::write(&temporary, out)
        .and_then(|()| fs::rename(&temporary, path))
        .unwrap_or_else(|e| panic!("{path}: {e}"));
}
