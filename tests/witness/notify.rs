//! sd_notify(3) and sd_notify_barrier(3), as a program has them from libsystemd.

use std::ffi::{c_int, c_short, c_void};
use std::io::{PipeReader, pipe};
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};

unsafe extern "C" {
    fn sendmsg(socket: c_int, message: *const Message, flags: c_int) -> isize;
    fn poll(descriptors: *mut Poll, count: u64, milliseconds: c_int) -> c_int;
}

#[repr(C)]
struct Part(*const c_void, usize);

/// `struct msghdr` of a 64-bit Linux.
#[repr(C)]
struct Message {
    name: *const c_void,
    name_length: u32,
    parts: *const Part,
    part_count: usize,
    control: *const Control,
    control_length: usize,
    flags: c_int,
}

#[repr(C)]
struct Control {
    length: usize,
    level: c_int,
    kind: c_int,
    descriptor: c_int,
}

#[repr(C)]
struct Poll {
    descriptor: c_int,
    events: c_short,
    found: c_short,
}

/// Connected to `NOTIFY_SOCKET`. Whoever has none, or cannot reach it, goes on: so do programs.
fn connect() -> Option<UnixDatagram> {
    let name = std::env::var("NOTIFY_SOCKET").ok()?;
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name),
        None => SocketAddr::from_pathname(&name),
    };
    let socket = UnixDatagram::unbound().ok()?;
    socket.connect_addr(&address.ok()?).ok()?;
    Some(socket)
}

pub fn send(text: &str, count: i32) {
    let Some(socket) = connect() else { return };
    for _ in 0..count {
        let _ = socket.send(text.as_bytes());
    }
}

/// Sends the writing end of a pipe and waits until nobody has it any more.
pub fn barrier() {
    let (Some(socket), Ok((reading, writing))) = (connect(), pipe()) else { return };
    const TEXT: &[u8] = b"BARRIER=1";
    const RIGHTS: c_int = 1;
    let part = Part(TEXT.as_ptr().cast(), TEXT.len());
    let control = Control { length: 20, level: 1, kind: RIGHTS, descriptor: writing.as_raw_fd() };
    let message = Message {
        name: std::ptr::null(),
        name_length: 0,
        parts: &part,
        part_count: 1,
        control: &control,
        control_length: 24,
        flags: 0,
    };
    let sent = unsafe { sendmsg(socket.as_raw_fd(), &message, 0) };
    assert!(sent > 0, "sendmsg: {}", std::io::Error::last_os_error());
    drop(writing);
    wait_for_end(&reading);
}

fn wait_for_end(pipe: &PipeReader) {
    let milliseconds = super::LIFETIME as c_int * 1000;
    let mut poll_one = Poll { descriptor: pipe.as_raw_fd(), events: 0, found: 0 };
    if unsafe { poll(&mut poll_one, 1, milliseconds) } != 1 {
        super::leave(95);
    }
}
