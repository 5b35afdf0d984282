//! TCP connections that are begun, taken and finished without waiting, and UDP.

use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::time::Duration;

use nix::sys::socket::{
    self, AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, sockopt,
};

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

/// A socket at which connections arrive, and wait to be taken: as many as the kernel has room for. With `both` one for
/// an address of IPv6 takes IPv4 too. An address that a connection before it has left behind is free (SO_REUSEADDR).
///
/// # Errors
/// EADDRINUSE, EADDRNOTAVAIL, EACCES (bind(2)); EAFNOSUPPORT where there is no such family.
pub fn listen(at: SocketAddr, both: bool) -> Result<OwnedFd, Errno> {
    let socket = open(at, SockType::Stream)?;
    socket::setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    if at.is_ipv6() {
        socket::setsockopt(&socket, sockopt::Ipv6V6Only, &!both)?;
    }
    socket::bind(socket.as_raw_fd(), &SockaddrStorage::from(at))?;
    socket::listen(&socket, Backlog::MAXALLOWABLE)?;
    Ok(socket)
}

/// Where it listens; `None` if it is no socket of TCP.
pub fn local_address(listener: &OwnedFd) -> Option<SocketAddr> {
    let address: SockaddrStorage = socket::getsockname(listener.as_raw_fd()).ok()?;
    let four = address.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    four.or_else(|| address.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
}

/// Takes the next connection, which does not block.
///
/// # Errors
/// EAGAIN if there is none; EMFILE, ENFILE, ENOBUFS, ENOMEM; what has happened to the connection (accept(2)).
pub fn accept(listener: &OwnedFd) -> Result<TcpStream, Errno> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let number = socket::accept4(listener.as_raw_fd(), flags)?;
    // SAFETY: new, and nobody else's.
    let connection = unsafe { OwnedFd::from_raw_fd(number) };
    descriptors::move_up(connection).map(TcpStream::from)
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
