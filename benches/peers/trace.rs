//! ptrace, as far as it is needed to count: system calls and instructions.

use std::ffi::c_int;
use std::io;
use std::mem::MaybeUninit;

pub enum Stop {
    /// Exited or killed.
    Gone,
    /// At the entry to or the way out of a system call.
    Syscall,
    /// A signal is about to be delivered, or (SIGTRAP) a step or an event has happened.
    Signal(c_int),
}

/// A system call as it is entered.
pub struct Entry {
    pub number: i64,
    pub arguments: [u64; 6],
    /// Where the program goes on after the call.
    pub after: u64,
}

#[derive(Clone, Copy)]
pub enum Resume {
    Freely,
    ToSyscall,
    OneInstruction,
}

/// Wait for `pid` (-1: any) to stop. With `block` false, None if nothing has happened.
pub fn wait(pid: i32, block: bool) -> Result<Option<(i32, Stop)>, String> {
    let mut status = 0;
    let flags = libc::__WALL | if block { 0 } else { libc::WNOHANG };
    // SAFETY: a valid out-pointer.
    let who = unsafe { libc::waitpid(pid, &mut status, flags) };
    match who {
        0 => return Ok(None),
        -1 => {
            return Err(format!("waiting for the traced init: {}", io::Error::last_os_error()));
        }
        _ => {}
    }
    let stop = match libc::WIFSTOPPED(status).then(|| libc::WSTOPSIG(status)) {
        None => Stop::Gone,
        Some(number) if number == libc::SIGTRAP | 0x80 => Stop::Syscall,
        Some(number) => Stop::Signal(number),
    };
    Ok(Some((who, stop)))
}

/// From the first stop (the exec): tell system-call stops from others, and with `tree` trace every
/// descendant as well. None outlives the bench.
pub fn prepare(pid: i32, tree: bool) -> Result<(), String> {
    let descendants =
        libc::PTRACE_O_TRACEFORK | libc::PTRACE_O_TRACEVFORK | libc::PTRACE_O_TRACECLONE;
    let options = libc::PTRACE_O_TRACESYSGOOD
        | libc::PTRACE_O_EXITKILL
        | libc::PTRACE_O_TRACEEXEC
        | if tree { descendants } else { 0 };
    // SAFETY: options are passed by value.
    checked("set options", unsafe {
        libc::ptrace(libc::PTRACE_SETOPTIONS, pid, 0, options as usize)
    })
}

pub fn resume(pid: i32, how: Resume, signal: c_int) -> Result<(), String> {
    let request = match how {
        Resume::Freely => libc::PTRACE_CONT,
        Resume::ToSyscall => libc::PTRACE_SYSCALL,
        Resume::OneInstruction => libc::PTRACE_SINGLESTEP,
    };
    // SAFETY: the signal is passed by value.
    checked("resume", unsafe { libc::ptrace(request, pid, 0, signal as usize) })
}

/// The system call being entered, or None on the way out of one.
pub fn entry(pid: i32) -> Result<Option<Entry>, String> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    // SAFETY: the kernel writes no more than the size it is given; zero is a value for what it leaves.
    let info = unsafe {
        let size = size_of::<libc::ptrace_syscall_info>();
        checked(
            "read the system call",
            libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, pid, size, info.as_mut_ptr()),
        )?;
        info.assume_init()
    };
    if info.op != libc::PTRACE_SYSCALL_INFO_ENTRY {
        return Ok(None);
    }
    // SAFETY: `op` says that this is the member in use.
    let call = unsafe { info.u.entry };
    Ok(Some(Entry {
        number: call.nr as i64,
        arguments: call.args,
        after: info.instruction_pointer,
    }))
}

/// A word of the traced program's memory.
pub fn peek(pid: i32, address: u64) -> u64 {
    // SAFETY: glibc and musl hand the word back as the result; a bad address gives -1.
    unsafe { libc::ptrace(libc::PTRACE_PEEKDATA, pid, address as usize, 0) as u64 }
}

/// The address of the next instruction.
#[cfg(target_arch = "x86_64")]
pub fn program_counter(pid: i32) -> Result<u64, String> {
    let offset =
        std::mem::offset_of!(libc::user, regs) + std::mem::offset_of!(libc::user_regs_struct, rip);
    let counter = peek_user(pid, offset);
    if counter == -1 { Err(failed("read the program counter")) } else { Ok(counter as u64) }
}

#[cfg(target_arch = "x86_64")]
fn peek_user(pid: i32, offset: usize) -> i64 {
    // SAFETY: reads a register of a stopped tracee.
    unsafe { libc::ptrace(libc::PTRACE_PEEKUSER, pid, offset, 0) }
}

/// Stop (SIGTRAP) whenever the instruction at `address` is about to run; it need not be mapped yet.
#[cfg(target_arch = "x86_64")]
pub fn break_at(pid: i32, address: u64) -> Result<(), String> {
    let registers = std::mem::offset_of!(libc::user, u_debugreg);
    // Register 7 switches breakpoint 0 on, for execution, in this process.
    for (register, value) in [(0, address), (7, 1)] {
        let offset = registers + register * size_of::<u64>();
        // SAFETY: writes a debug register of a stopped tracee; the kernel checks the value.
        checked("set a breakpoint", unsafe {
            libc::ptrace(libc::PTRACE_POKEUSER, pid, offset, value as usize)
        })?;
    }
    Ok(())
}

/// The length of the instruction that enters the kernel.
#[cfg(target_arch = "x86_64")]
pub const SYSCALL_INSTRUCTION: u64 = 2;

fn checked(what: &str, result: libc::c_long) -> Result<(), String> {
    if result == -1 { Err(failed(what)) } else { Ok(()) }
}

fn failed(what: &str) -> String {
    format!("ptrace cannot {what}: {}", io::Error::last_os_error())
}

/// While it lives, a blocking wait ends with an error once the time is over.
pub struct Watchdog;

impl Watchdog {
    pub fn new(seconds: i64) -> Self {
        extern "C" fn interrupt(_: c_int) {}
        // SAFETY: sigaction is plain data; the handler does nothing, it only makes waitpid return.
        unsafe {
            let mut action: libc::sigaction = std::mem::zeroed();
            action.sa_sigaction = interrupt as extern "C" fn(c_int) as usize;
            libc::sigaction(libc::SIGALRM, &action, std::ptr::null_mut());
        }
        Watchdog::set(seconds);
        Watchdog
    }

    /// Repeats each second, lest the one alarm falls between two waits.
    fn set(seconds: i64) {
        let time = |tv_sec| libc::timeval { tv_sec, tv_usec: 0 };
        let timer = libc::itimerval { it_interval: time(seconds.min(1)), it_value: time(seconds) };
        // SAFETY: a filled timer; the old one is not wanted.
        unsafe { libc::setitimer(libc::ITIMER_REAL, &timer, std::ptr::null_mut()) };
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        Watchdog::set(0);
    }
}
