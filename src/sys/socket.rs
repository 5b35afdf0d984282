//! TCP connections that are begun and finished without waiting, and UDP.

use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage, sockopt};

use super::{Errno, descriptors};

/// A connection on its way. Once it can be written to, [`Connecting::finish`] says what came of it.
pub struct Connecting(OwnedFd);

impl Connecting {
    /// Begins to connect.
    ///
    /// # Errors
    /// What is known at once: ENETUNREACH, EMFILE, at times ECONNREFUSED (connect(2)).
    pub fn begin(to: SocketAddr) -> Result<Connecting, Errno> {
        let socket = open(to, SockType::Stream)?;
        match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(to)) {
            Ok(()) | Err(Errno::EINPROGRESS | Errno::EINTR) => Ok(Connecting(socket)),
            Err(errno) => Err(errno),
        }
    }

    /// The connection, which does not block.
    ///
    /// # Errors
    /// Why there is none.
    pub fn finish(self) -> Result<TcpStream, Errno> {
        match socket::getsockopt(&self.0, sockopt::SocketError)? {
            0 => Ok(TcpStream::from(self.0)),
            number => Err(Errno::from_raw(number)),
        }
    }
}

impl AsFd for Connecting {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// A socket that does not block, of the address's family.
fn open(to: SocketAddr, kind: SockType) -> Result<OwnedFd, Errno> {
    let family = if to.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    descriptors::move_up(socket::socket(family, kind, flags, None)?)
}

/// UDP from a port of its own to this address alone, without blocking: what others send does not arrive,
/// and the peer's refusals do, as errors.
///
/// # Errors
/// ENETUNREACH, EMFILE (connect(2)).
pub fn datagrams(to: SocketAddr) -> Result<UdpSocket, Errno> {
    let socket = open(to, SockType::Datagram)?;
    socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(to))?;
    Ok(UdpSocket::from(socket))
}

/// Makes close(2) wait for what was sent to be confirmed, so long at most, in whole seconds; `None`: not at all
/// (SO_LINGER, socket(7)).
pub fn set_linger(stream: &TcpStream, time: Option<Duration>) -> Result<(), Errno> {
    let seconds = time.map_or(0, |time| i32::try_from(time.as_secs()).unwrap_or(i32::MAX));
    let linger = libc::linger { l_onoff: i32::from(time.is_some()), l_linger: seconds };
    socket::setsockopt(stream, sockopt::Linger, &linger)
}

/// The number of an interface, by its name or written as a number.
pub fn interface(name: &str) -> Option<u32> {
    name.parse().ok().or_else(|| nix::net::if_::if_nametoindex(name).ok())
}
