//! Init asks for no memory once it has started: its loop runs here under an allocator that counts.
//!
//! A program of its own, as init wants a process with one thread.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::{CString, c_char};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use podinit::init::report::{Level, Log, Style};
use podinit::init::{Init, Program};
use podinit::plan::{self, OwnOptions};
use podinit::sys::signals;
use podinit::sys::words::{Environment, Words};

struct Counting;

static COUNTS: AtomicBool = AtomicBool::new(false);
static ASKED: AtomicUsize = AtomicUsize::new(0);

// SAFETY: it only counts, and leaves the work to the system's.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTS.load(Ordering::Relaxed) {
            ASKED.fetch_add(1, Ordering::Relaxed);
        }
        // SAFETY: passed on as it came.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: passed on as it came.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Signals, orphans, a child that ignores TERM and has to be killed, one that forks while it ends.
const LIFE: &str = "
    trap : USR1
    i=0; while [ $i -lt 50 ]; do (sleep 0 &) ; kill -USR1 $PPID; i=$((i+1)); done
    setsid sh -c 'trap \"\" TERM; sleep 90' &
    setsid sh -c 'trap \"sleep 90 & exit\" TERM; while :; do sleep 0.05; done' &
    sleep 0.3
    exit 7";

fn main() -> ExitCode {
    let mask = signals::block_all();
    let words = ["podinit", "/bin/sh", "-c", LIFE];
    let vector = |words: &[&str]| -> &'static mut [*const c_char] {
        let pointers =
            words.iter().map(|word| CString::new(*word).unwrap().into_raw().cast_const());
        pointers.chain([std::ptr::null()]).collect::<Vec<_>>().leak()
    };
    // SAFETY: vectors as the kernel would give them, for this alone.
    let (words, environment) = unsafe {
        let count = words.len() as i32;
        (
            Words::from_main(count, vector(&words).as_mut_ptr()),
            Environment::from_main(vector(&["PATH=/usr/bin:/bin"]).as_mut_ptr()),
        )
    };
    let options =
        OwnOptions { grace: Some(std::time::Duration::from_millis(500)), ..OwnOptions::default() };
    let plan = plan::own(&options);
    let argv = words.into_program(1).unwrap();
    let program = Program { argv, environment, directory: None, credentials: None, mask };
    let init = Init::start(&plan, program, Log::new(Style::Json, Level::Debug));
    let init = init.unwrap_or_else(|code| panic!("it does not start: {code}"));
    COUNTS.store(true, Ordering::Relaxed);
    let code = init.run();
    COUNTS.store(false, Ordering::Relaxed);
    let asked = ASKED.load(Ordering::Relaxed);
    assert_eq!((code, asked), (7, 0), "the exit code, and how often memory was asked for");
    println!("1 passed, 0 failed");
    ExitCode::SUCCESS
}
