//! The sockets of sd_notify(3): datagrams from a program to who manages it. Podinit is on both sides.

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use nix::sys::socket::{self, AddressFamily, MsgFlags, SockFlag, SockType, UnixAddr, sockopt};
use nix::unistd::Pid;

use super::text::Text;
use super::{Errno, ancillary, descriptors};

/// What a program is told in this variable.
pub const VARIABLE: &str = "NOTIFY_SOCKET";

/// The name of a socket as a program is told it, ended by a zero.
pub type Name = Text<112>;

/// A socket for what a program has to say, and its name, which the kernel chooses: one of no file system, so that it
/// works for every user and with a read-only root.
///
/// # Errors
/// EMFILE, ENFILE, and what a sandbox answers (socket(2), bind(2)).
pub fn open() -> Result<(OwnedFd, Name), Errno> {
    let socket = datagrams()?;
    socket::setsockopt(&socket, sockopt::PassCred, &true)?;
    socket::bind(socket.as_raw_fd(), &UnixAddr::new_unnamed())?;
    let address: UnixAddr = socket::getsockname(socket.as_raw_fd())?;
    let mut name = Name::default();
    name.push_bytes(b"@");
    name.push_bytes(address.as_abstract().ok_or(Errno::EADDRNOTAVAIL)?);
    name.push_bytes(b"\0");
    Ok((socket, name))
}

/// A datagram that was sent to such a socket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message<'a> {
    pub text: &'a [u8],
    /// It was no longer than there is room for.
    pub is_whole: bool,
    /// `None` if it comes from another PID namespace.
    pub sender: Option<Pid>,
}

/// The oldest one there is, which stays there, without waiting.
pub fn peek<'a>(socket: BorrowedFd<'_>, buffer: &'a mut [u8]) -> Option<Message<'a>> {
    let (length, is_whole, sender) = ancillary::peek(socket, buffer).ok()?;
    let text = buffer.get(..length).unwrap_or_default();
    let sender = sender.filter(|pid| *pid > 0).map(Pid::from_raw);
    Some(Message { text, is_whole, sender })
}

/// Throws the oldest one away, and with it what else was sent with it: descriptors are closed.
pub fn discard(socket: BorrowedFd<'_>) {
    // If there was none there is none.
    let _ = socket::recv(socket.as_raw_fd(), &mut [], MsgFlags::MSG_DONTWAIT);
}

/// Where podinit was told to say something itself.
#[derive(Clone, Copy)]
pub struct Address(UnixAddr);

impl Address {
    /// A path from the root or `@` and a name; what else systemd knows (`vsock:`) is not for containers.
    pub fn parse(text: &CStr) -> Option<Address> {
        let address = match text.to_bytes() {
            path @ [b'/', ..] => UnixAddr::new(path),
            [b'@', name @ ..] => UnixAddr::new_abstract(name),
            _ => return None,
        };
        address.ok().map(Address)
    }

    /// Sends this, if whoever listens has room for it; that nobody does is no concern of who sends it. Asks for no memory.
    pub fn send(&self, text: &[u8]) {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let _ =
            datagrams().and_then(|socket| socket::sendto(socket.as_raw_fd(), text, &self.0, flags));
    }
}

fn datagrams() -> Result<OwnedFd, Errno> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let socket = socket::socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
    descriptors::move_up(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::poll;
    use std::os::fd::AsFd;
    use std::time::Duration;

    fn address(name: &Name) -> Address {
        Address::parse(name.as_c_str().unwrap()).unwrap()
    }

    #[test]
    fn what_is_sent_is_looked_at_until_it_is_thrown_away() {
        let (socket, name) = open().unwrap();
        let (socket, mut buffer) = (socket.as_fd(), [0; 8]);
        assert_eq!(peek(socket, &mut buffer), None);
        for text in ["READY=1", "too long for it", ""] {
            address(&name).send(text.as_bytes());
        }
        let sender = Some(Pid::this());
        for (text, is_whole) in [(&b"READY=1"[..], true), (b"too long", false), (b"", true)] {
            for _ in 0..2 {
                assert_eq!(peek(socket, &mut buffer), Some(Message { text, is_whole, sender }));
            }
            discard(socket);
        }
        assert_eq!(peek(socket, &mut buffer), None);
    }

    /// sd_notify_barrier(3) waits for that.
    #[test]
    fn a_descriptor_that_comes_along_is_closed_with_its_message() {
        let (socket, name) = open().unwrap();
        let sender = datagrams().unwrap();
        socket::connect(sender.as_raw_fd(), &address(&name).0).unwrap();
        let (reading, writing) = descriptors::pipe().unwrap();
        ancillary::offer(sender.as_fd(), b"BARRIER=1", writing.as_fd()).unwrap();
        drop(writing);
        let is_closed = || poll::readable([Some(reading.as_fd())], Some(Duration::ZERO)) == [true];
        let before = std::fs::read_dir("/proc/self/fd").map(Iterator::count).ok();
        let mut buffer = [0; 16];
        for _ in 0..100 {
            let message = peek(socket.as_fd(), &mut buffer).unwrap();
            assert_eq!((message.text, message.sender), (&b"BARRIER=1"[..], Some(Pid::this())));
        }
        assert!(!is_closed());
        discard(socket.as_fd());
        assert!(is_closed());
        // Other tests open and close some meanwhile, though no hundred.
        let after = std::fs::read_dir("/proc/self/fd").map(Iterator::count).ok();
        assert!(after.unwrap() < before.unwrap() + 50);
    }

    #[test]
    fn nobody_who_does_not_listen_holds_up_who_speaks() {
        let (socket, name) = open().unwrap();
        (0..10_000).for_each(|_| address(&name).send(b"WATCHDOG=1"));
        drop(socket);
        address(&name).send(b"READY=1");
    }

    #[test]
    fn an_address_is_a_path_or_a_name() {
        for (text, is_one) in [
            (c"/run/notify", true),
            (c"@name", true),
            (c"vsock:2:1234", false),
            (c"run/notify", false),
            (c"", false),
        ] {
            assert_eq!(Address::parse(text).is_some(), is_one, "{text:?}");
        }
        let long = std::ffi::CString::new(format!("/{}", "x".repeat(200))).unwrap();
        assert!(Address::parse(&long).is_none());
    }
}
