//! The child that costs nothing: static, no libc, no start-up code, so that what is measured is the init.
//! Compiled by the bench with rustc. Without an argument it exits with 42, so that an init cannot seem fast
//! by not running it; with one it writes a byte to descriptor 3 ("I run") and sleeps until a signal ends it.
#![no_std]
#![no_main]

use core::arch::{asm, global_asm};

#[cfg(target_arch = "x86_64")]
global_asm!(".globl _start", "_start:", "mov rdi, [rsp]", "and rsp, -16", "call run");
#[cfg(target_arch = "aarch64")]
global_asm!(".globl _start", "_start:", "ldr x0, [sp]", "bl run");

#[unsafe(no_mangle)]
extern "C" fn run(words: usize) -> ! {
    if words > 1 {
        let byte = 0_u8;
        call(WRITE, 3, &raw const byte as usize, 1, 0);
        loop {
            call(PPOLL, 0, 0, 0, 0);
        }
    }
    loop {
        call(EXIT, 42, 0, 0, 0);
    }
}

#[cfg(target_arch = "x86_64")]
const WRITE: usize = 1;
#[cfg(target_arch = "x86_64")]
const PPOLL: usize = 271;
#[cfg(target_arch = "x86_64")]
const EXIT: usize = 231;
#[cfg(target_arch = "x86_64")]
fn call(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result;
    // SAFETY: the kernel's calling convention; only `write` is handed memory, and that is borrowed.
    unsafe {
        asm!("syscall", inlateout("rax") number => result, in("rdi") a, in("rsi") b, in("rdx") c,
             in("r10") d, lateout("rcx") _, lateout("r11") _);
    }
    result
}

#[cfg(target_arch = "aarch64")]
const WRITE: usize = 64;
#[cfg(target_arch = "aarch64")]
const PPOLL: usize = 73;
#[cfg(target_arch = "aarch64")]
const EXIT: usize = 94;
#[cfg(target_arch = "aarch64")]
fn call(number: usize, a: usize, b: usize, c: usize, d: usize) -> isize {
    let result;
    // SAFETY: as above.
    unsafe {
        asm!("svc 0", in("x8") number, inlateout("x0") a => result, in("x1") b, in("x2") c, in("x3") d);
    }
    result
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    loop {}
}
