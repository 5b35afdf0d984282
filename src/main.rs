//! The first instructions of podinit.
//!
//! PID 1 has only default dispositions when it begins, and the kernel drops a TERM sent to it then.
//! So the program's entry point is not libc's but six instructions of ours that block every signal:
//! from there on it waits in the kernel until it is taken. And `main` is C's: std's own start-up would
//! change dispositions and touch pages for nothing (design 3.1).

#![no_main]

use std::ffi::{c_char, c_int};

use podinit::cli::{self, Start};
use podinit::signal::SignalSet;
use podinit::sys::signals;
use podinit::sys::words::{Environment, Words};

/// The blocked set podinit was started with, put here by the entry point. No process has KILL and
/// STOP blocked: as long as all bits are set, it was not used.
#[unsafe(no_mangle)]
static mut PODINIT_INHERITED_MASK: u64 = SignalSet::ALL.0;

// rt_sigprocmask(SIG_SETMASK, all, &PODINIT_INHERITED_MASK, 8), then libc's own entry point with the
// registers it looks at as they were: the stack pointer, and the one that holds a function for atexit.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".globl podinit_entry",
    "podinit_entry:",
    "mov r12, rdx",
    "mov eax, 14",
    "mov edi, 2",
    "lea rsi, [rip + podinit_all_signals]",
    "lea rdx, [rip + PODINIT_INHERITED_MASK]",
    "mov r10d, 8",
    "syscall",
    "mov rdx, r12",
    "jmp _start",
    ".balign 8",
    "podinit_all_signals: .quad -1",
);

#[cfg(target_arch = "aarch64")]
core::arch::global_asm!(
    ".globl podinit_entry",
    "podinit_entry:",
    "mov x19, x0",
    "mov x8, #135",
    "mov x0, #2",
    "adr x1, podinit_all_signals",
    "adrp x2, PODINIT_INHERITED_MASK",
    "add x2, x2, :lo12:PODINIT_INHERITED_MASK",
    "mov x3, #8",
    "svc #0",
    "mov x0, x19",
    "b _start",
    ".balign 8",
    "podinit_all_signals: .quad -1",
);

/// What libc calls when it has set itself up.
#[unsafe(no_mangle)]
extern "C" fn main(argc: c_int, argv: *mut *const c_char, envp: *mut *const c_char) -> c_int {
    // Where the entry point is libc's own, this is the first moment; otherwise it changes nothing.
    let present = signals::block_all();
    // SAFETY: written before any of this ran, never after.
    let inherited = SignalSet(unsafe { PODINIT_INHERITED_MASK });
    let mask = if inherited == SignalSet::ALL { present } else { inherited };
    // SAFETY: these are the vectors libc was given by the kernel, and nobody else uses them.
    let (words, environment) =
        unsafe { (Words::from_main(argc, argv), Environment::from_main(envp)) };
    c_int::from(cli::run(Start { words, environment, mask }))
}
