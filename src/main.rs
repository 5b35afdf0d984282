//! The first instructions of podinit.
//!
//! PID 1 has only default dispositions when it begins, and the kernel drops a TERM sent to it then.
//! So the program's entry point is not libc's but a few instructions of ours that block every signal:
//! from there on it waits in the kernel until it is taken. And `main` is C's: std's own start-up would
//! change dispositions and touch pages for nothing (design 3.1).

#![no_main]

use std::ffi::{c_char, c_int};

use podinit::cli::{self, Start};
use podinit::signal::SignalSet;
use podinit::sys::words::{Environment, Words};
use podinit::sys::{signals, this_process};

/// The blocked set podinit was started with, every bit turned round, put here by the entry point. As
/// nobody has KILL and STOP blocked, it is zero only where that was not used.
#[unsafe(no_mangle)]
static mut PODINIT_UNBLOCKED: u64 = 0;

// rt_sigprocmask(SIG_SETMASK, all, &PODINIT_UNBLOCKED, 8), then libc's own entry point with the
// registers it looks at as they were: the stack pointer, and the one that holds a function for atexit.
#[cfg(target_arch = "x86_64")]
core::arch::global_asm!(
    ".globl podinit_entry",
    "podinit_entry:",
    "mov r12, rdx",
    "mov eax, 14",
    "mov edi, 2",
    "lea rsi, [rip + podinit_all_signals]",
    "lea rdx, [rip + PODINIT_UNBLOCKED]",
    "mov r10d, 8",
    "syscall",
    "not qword ptr [rip + PODINIT_UNBLOCKED]",
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
    "adrp x2, PODINIT_UNBLOCKED",
    "add x2, x2, :lo12:PODINIT_UNBLOCKED",
    "mov x3, #8",
    "svc #0",
    "ldr x3, [x2]",
    "mvn x3, x3",
    "str x3, [x2]",
    "mov x0, x19",
    "b _start",
    ".balign 8",
    "podinit_all_signals: .quad -1",
);

/// What libc calls when it has set itself up.
#[unsafe(no_mangle)]
extern "C" fn main(argc: c_int, argv: *mut *const c_char, envp: *mut *const c_char) -> c_int {
    // SAFETY: written before any of this ran, never after.
    let inherited =
        SignalSet::from_bits(!unsafe { (&raw const PODINIT_UNBLOCKED).read_volatile() });
    // Where the entry point is libc's own, this is the first moment to block.
    let mask = if inherited == SignalSet::ALL { signals::block_all() } else { inherited };
    // SAFETY: these are the vectors libc was given by the kernel, and nobody else uses them.
    let (words, environment) =
        unsafe { (Words::from_main(argc, argv), Environment::from_main(envp)) };
    this_process::exit(cli::run(Start { words, environment, mask }))
}
