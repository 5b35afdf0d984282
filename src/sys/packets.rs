//! Packets between two processes of podinit: a pair of sockets that keeps their bounds and their order, and tells of
//! the other's end (`SOCK_SEQPACKET`, unix(7)).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType};

use super::poll::{self, PollFd, PollFlags};
use super::{Errno, ancillary, descriptors};

/// Two ends that belong together; programs inherit neither.
///
/// # Errors
/// EMFILE, ENFILE (socketpair(2)).
pub fn pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let (one, other) = socket::socketpair(AddressFamily::Unix, SockType::SeqPacket, None, flags)?;
    Ok((descriptors::move_up(one)?, descriptors::move_up(other)?))
}

/// Sends one packet, and waits while there is no room for it.
///
/// # Errors
/// EPIPE, ECONNRESET when the other end is gone (send(2)).
pub fn send(link: &OwnedFd, packet: &[u8]) -> Result<(), Errno> {
    loop {
        match socket::send(link.as_raw_fd(), packet, MsgFlags::MSG_NOSIGNAL) {
            Ok(_) => return Ok(()),
            Err(Errno::EAGAIN) => {
                poll::poll(&mut [PollFd::new(link.as_fd(), PollFlags::POLLOUT)], None);
            }
            Err(Errno::EINTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Sends one packet if there is room for it.
///
/// # Errors
/// EAGAIN if there is none; EPIPE, ECONNRESET when the other end is gone (send(2)).
pub fn offer(link: &OwnedFd, packet: &[u8]) -> Result<(), Errno> {
    let flags = MsgFlags::MSG_NOSIGNAL | MsgFlags::MSG_DONTWAIT;
    socket::send(link.as_raw_fd(), packet, flags).map(drop)
}

/// The same with a descriptor beside it.
///
/// # Errors
/// Those of [`offer`], and ETOOMANYREFS.
pub fn offer_with(link: &OwnedFd, packet: &[u8], descriptor: BorrowedFd<'_>) -> Result<(), Errno> {
    ancillary::offer(link.as_fd(), packet, descriptor)
}

/// What [`receive`] found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Received<'a> {
    Packet(&'a [u8]),
    /// There is none now.
    Nothing,
    /// The other end is gone, and all it had sent was received.
    Closed,
}

/// Takes the next packet, without waiting; what the buffer has no room for is cut off.
pub fn receive<'a>(link: &OwnedFd, buffer: &'a mut [u8]) -> Received<'a> {
    loop {
        match socket::recv(link.as_raw_fd(), buffer, MsgFlags::MSG_DONTWAIT) {
            Ok(0) => return Received::Closed,
            Ok(length) => return Received::Packet(buffer.get(..length).unwrap_or_default()),
            Err(Errno::EINTR) => {}
            Err(Errno::EAGAIN) => return Received::Nothing,
            Err(_) => return Received::Closed,
        }
    }
}

/// The same, and the descriptor that came with it, if there was room for one.
pub fn receive_with<'a>(link: &OwnedFd, buffer: &'a mut [u8]) -> (Received<'a>, Option<OwnedFd>) {
    match ancillary::take(link.as_fd(), buffer) {
        Err(Errno::EAGAIN) => (Received::Nothing, None),
        Ok((0, _)) | Err(_) => (Received::Closed, None),
        Ok((length, descriptor)) => {
            (Received::Packet(buffer.get(..length).unwrap_or_default()), descriptor)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_stay_whole_and_in_order_until_the_end() {
        let (one, other) = pair().unwrap();
        let mut buffer = [0; 8];
        assert_eq!(receive(&other, &mut buffer), Received::Nothing);
        send(&one, b"ab").unwrap();
        send(&one, b"c").unwrap();
        drop(one);
        assert_eq!(receive(&other, &mut buffer), Received::Packet(b"ab"));
        assert_eq!(receive(&other, &mut buffer), Received::Packet(b"c"));
        assert_eq!(receive(&other, &mut buffer), Received::Closed);
        assert_eq!(send(&other, b"d"), Err(Errno::EPIPE));
    }

    #[test]
    fn what_is_only_offered_waits_for_nobody() {
        let (one, _other) = pair().unwrap();
        let full = (0..100_000).find_map(|_| offer(&one, &[0; 64]).err());
        assert_eq!(full, Some(Errno::EAGAIN));
    }
    #[test]
    fn a_descriptor_goes_with_its_packet_alone() {
        let (one, other) = pair().unwrap();
        let (reading, writing) = descriptors::pipe().unwrap();
        offer_with(&one, b"a", writing.as_fd()).unwrap();
        offer(&one, b"b").unwrap();
        drop((one, writing));
        let mut buffer = [0; 8];
        let (packet, writing) = receive_with(&other, &mut buffer);
        assert_eq!(packet, Received::Packet(b"a"));
        descriptors::write_byte(writing.unwrap().as_fd(), 7);
        assert_eq!(descriptors::read_byte(reading.as_fd()), Ok(Some(7)));
        let (packet, nothing) = receive_with(&other, &mut buffer);
        assert_eq!((packet, nothing.is_none()), (Received::Packet(b"b"), true));
        assert_eq!(receive_with(&other, &mut buffer).0, Received::Closed);
    }
}
