//! The witness that makes orphans by the thousand and sees when the init has reaped the last of them.
//!
//! `dead`: a middle process makes children that exit at once, reaps none and dies; the init inherits all
//! of them as zombies in one moment, and what is timed is reaping alone.
//! `alive`: the middle process is gone first, then one kill(-1, SIGKILL) ends all orphans; the init reaps
//! while they die beside it.

use std::ffi::{c_int, c_void};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

use crate::clock::Instant;

/// Of each orphan's stack: it calls one function that makes one system call.
const STACK: usize = 4096;
const DEADLINE: Duration = Duration::from_secs(20);

/// Says `r` when the orphans are ready, waits for a byte, ends them, then says how long reaping took
/// (nanoseconds) and how many were left at the deadline, as two native u64.
pub fn run(mut link: UnixStream, state: &str, count: usize) -> Result<(), String> {
    let stay = match state {
        "dead" => true,
        "alive" => false,
        _ => return Err(format!("orphans: neither dead nor alive: {state}")),
    };
    let before = processes();
    let mut making = Making { count, stay, stacks: vec![[0; STACK]; count + 1] };
    let middle = start_middle(&mut making)?;
    let limit = Instant::now() + DEADLINE;
    while STARTED.load(Relaxed) < count {
        if Instant::now() > limit {
            return Err(format!("only {} of {count} orphans could be made", STARTED.load(Relaxed)));
        }
        pause(Duration::from_millis(1));
    }
    if !stay {
        reap(middle);
    }
    // Let the last of the dead be dead, or the init finish with the middle process.
    pause(Duration::from_millis(50));
    let io = |result: std::io::Result<()>| result.map_err(|error| format!("link: {error}"));
    io(link.write_all(b"r"))?;
    io(link.read_exact(&mut [0]))?;

    let start = Instant::now();
    everyone(libc::SIGKILL);
    if stay {
        reap(middle);
    }
    let left = wait_for_none(before, start + DEADLINE);
    let took = start.elapsed().as_nanos() as u64;
    io(link.write_all(&[took.to_ne_bytes(), left.to_ne_bytes()].concat()))?;
    loop {
        pause(Duration::from_secs(60));
    }
}

/// kill(-1, 0) says exactly whether anyone but the init and us is left in this namespace, but walks over
/// all processes; the system's number of them costs nothing, but moves with strangers. So the latter says
/// when to ask the former, which is asked now and then in any case.
fn wait_for_none(before: u64, deadline: Instant) -> u64 {
    for turn in 1_u32.. {
        if (processes() <= before + 200 || turn.is_multiple_of(500)) && !everyone(0) {
            break;
        }
        if Instant::now() > deadline {
            return processes().saturating_sub(before).max(1);
        }
        pause(Duration::from_micros(100));
    }
    0
}

/// Signal everyone in this PID namespace but the init and us; false if there is nobody.
fn everyone(signal: c_int) -> bool {
    // SAFETY: a plain system call; the bench starts us in a PID namespace of our own.
    unsafe { libc::kill(-1, signal) == 0 }
}

fn processes() -> u64 {
    // SAFETY: sysinfo is plain numbers that the call fills.
    unsafe {
        let mut info: libc::sysinfo = std::mem::zeroed();
        libc::sysinfo(&mut info);
        u64::from(info.procs)
    }
}

/// What the middle process is to do. All share this process's memory: it is their owner and outlives
/// them, so that their ends cost the kernel as little as may be.
struct Making {
    count: usize,
    /// The children end at once, and their parent lives on to keep them unreaped; else it is the other
    /// way round.
    stay: bool,
    /// One for each, the first for the middle process.
    stacks: Vec<[u8; STACK]>,
}

/// Counted by the orphans themselves, in the memory they share.
static STARTED: AtomicUsize = AtomicUsize::new(0);

const SHARED: c_int = libc::CLONE_VM | libc::CLONE_FILES | libc::CLONE_FS | libc::SIGCHLD;

fn start_middle(making: &mut Making) -> Result<i32, String> {
    let making: *mut Making = making;
    // SAFETY: the caller keeps `making` until all who run on its stacks are gone, and leaves it alone.
    let pid = unsafe {
        let top = (*making).stacks.as_mut_ptr().add(1).cast();
        libc::clone(middle, top, SHARED, making.cast())
    };
    if pid == -1 { Err(format!("clone: {}", std::io::Error::last_os_error())) } else { Ok(pid) }
}

extern "C" fn middle(making: *mut c_void) -> c_int {
    // SAFETY: see start_middle. Nothing but system calls here: the memory has another's thread in it.
    unsafe {
        let making = making.cast::<Making>();
        let life = if (*making).stay { end_at_once } else { sleep };
        let mut top = (*making).stacks.as_mut_ptr().add(1);
        for _ in 0..(*making).count {
            top = top.add(1);
            libc::clone(life, top.cast(), SHARED, std::ptr::null_mut());
        }
        if (*making).stay {
            loop {
                libc::pause();
            }
        }
        libc::_exit(0)
    }
}

extern "C" fn end_at_once(_: *mut c_void) -> c_int {
    STARTED.fetch_add(1, Relaxed);
    // SAFETY: does not return.
    unsafe { libc::_exit(0) }
}

extern "C" fn sleep(_: *mut c_void) -> c_int {
    STARTED.fetch_add(1, Relaxed);
    loop {
        // SAFETY: a plain system call.
        unsafe { libc::pause() };
    }
}

fn reap(pid: i32) {
    // SAFETY: no status wanted.
    unsafe { libc::waitpid(pid, std::ptr::null_mut(), 0) };
}

fn pause(time: Duration) {
    std::thread::sleep(time);
}
