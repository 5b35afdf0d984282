//! Messages of Unix sockets with something beside their bytes: a descriptor, or who sent them (unix(7)). Asks for no
//! memory.

use std::mem;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

use super::Errno;

/// What may come beside a message: its kind to the kernel.
trait Ancillary: Copy {
    const KIND: libc::c_int;
}

impl Ancillary for RawFd {
    const KIND: libc::c_int = libc::SCM_RIGHTS;
}

impl Ancillary for libc::ucred {
    const KIND: libc::c_int = libc::SCM_CREDENTIALS;
}

/// One of them as the kernel lays it out, and no room for a second.
#[repr(C)]
#[derive(Clone, Copy)]
struct Control<T> {
    header: libc::cmsghdr,
    content: T,
}

impl<T: Ancillary> Control<T> {
    /// Without the padding at the end.
    const LENGTH: usize = size_of::<libc::cmsghdr>() + size_of::<T>();
}

/// What [`receive`] found.
struct Found<T> {
    length: usize,
    /// There were more bytes than the buffer has room for.
    is_cut: bool,
    beside: Option<T>,
}

/// Sends a packet and a descriptor if there is room for them.
///
/// # Errors
/// EAGAIN if there is none; EPIPE, ECONNRESET when the other end is gone; ETOOMANYREFS (sendmsg(2)).
pub(super) fn offer(
    link: BorrowedFd<'_>,
    packet: &[u8],
    descriptor: BorrowedFd<'_>,
) -> Result<(), Errno> {
    // SAFETY: integers, for which zero is a value.
    let mut header: libc::cmsghdr = unsafe { mem::zeroed() };
    header.cmsg_len = Control::<RawFd>::LENGTH as _;
    header.cmsg_level = libc::SOL_SOCKET;
    header.cmsg_type = RawFd::KIND;
    let mut control = Control { header, content: descriptor.as_raw_fd() };
    let mut part =
        libc::iovec { iov_base: packet.as_ptr().cast_mut().cast(), iov_len: packet.len() };
    let message = message(&mut part, &mut control);
    let flags = libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
    // SAFETY: the message names the part and what is beside it, which live through the call and are only read.
    Errno::result(unsafe { libc::sendmsg(link.as_raw_fd(), &message, flags) }).map(drop)
}

/// The next packet, its length, and the descriptor that came with it; programs do not inherit that.
///
/// # Errors
/// EAGAIN if there is none now; what recvmsg(2) says.
pub(super) fn take(
    link: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> Result<(usize, Option<OwnedFd>), Errno> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC;
    let Found { length, beside, .. } = receive::<RawFd>(link, buffer, flags)?;
    // SAFETY: the kernel has just made it, for this process.
    Ok((length, beside.map(|number| unsafe { OwnedFd::from_raw_fd(number) })))
}

/// Looks at the next datagram and leaves it where it is: its length, whether that is all of it, and the sender's pid, 0
/// for one in another PID namespace. Descriptors that come with it find no room here, so the kernel does not pass them on.
///
/// # Errors
/// EAGAIN if there is none now; what recvmsg(2) says.
pub(super) fn peek(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
) -> Result<(usize, bool, Option<libc::pid_t>), Errno> {
    let flags = libc::MSG_DONTWAIT | libc::MSG_PEEK;
    let Found { length, is_cut, beside } = receive::<libc::ucred>(socket, buffer, flags)?;
    Ok((length, !is_cut, beside.map(|sender| sender.pid)))
}

fn receive<T: Ancillary>(
    socket: BorrowedFd<'_>,
    buffer: &mut [u8],
    flags: libc::c_int,
) -> Result<Found<T>, Errno> {
    let mut part = libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() };
    // SAFETY: integers throughout, for which zero is a value.
    let mut control: Control<T> = unsafe { mem::zeroed() };
    let mut message = message(&mut part, &mut control);
    let length = loop {
        // SAFETY: the message names the buffer and the room beside it, with their lengths; both live through the call.
        match Errno::result(unsafe { libc::recvmsg(socket.as_raw_fd(), &mut message, flags) }) {
            Err(Errno::EINTR) => {}
            length => break length?,
        }
    };
    let Control { header, content } = control;
    let is_it = message.msg_controllen as usize >= Control::<T>::LENGTH
        && (header.cmsg_level, header.cmsg_type) == (libc::SOL_SOCKET, T::KIND);
    Ok(Found {
        length: usize::try_from(length).unwrap_or(0),
        is_cut: message.msg_flags & libc::MSG_TRUNC != 0,
        beside: is_it.then_some(content),
    })
}

fn message<T>(part: &mut libc::iovec, control: &mut Control<T>) -> libc::msghdr {
    // SAFETY: integers and pointers, which may be null.
    let mut message: libc::msghdr = unsafe { mem::zeroed() };
    message.msg_iov = part;
    message.msg_iovlen = 1;
    message.msg_control = ptr::from_mut(control).cast();
    message.msg_controllen = size_of::<Control<T>>() as _;
    message
}
