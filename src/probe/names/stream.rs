//! A question over TCP (RFC 1035 section 4.2.2): for answers that do not fit a datagram.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd;

use super::super::patience::{Patience, Wire, cut_of};
use super::message::{Question, Reply};
use super::query::{Broken, Network, Trouble, Why};
use crate::sys::errno_of;
use crate::sys::poll::PollFlags;
use crate::sys::socket::Connecting;

/// Asks on a connection of its own. What comes there is the server's, so if it is no answer to this, none
/// will come.
pub fn ask(question: &Question, server: SocketAddr, turn: &Patience<'_>) -> Result<Reply, Trouble> {
    let stream = connect(server, turn)?;
    let local = stream.local_addr().ok();
    let mut wire = Wire { stream, patience: *turn };
    let bytes = exchange(&mut wire, &question.message()).map_err(|error| {
        let why = |broken| Why::Read(Network::Tcp, local, broken);
        match cut_of(&error) {
            Some(cut) => Trouble::Cut(cut, why(Broken::TimedOut)),
            None if error.raw_os_error().is_none() => Trouble::Why(why(Broken::Ended)),
            None => Trouble::Why(why(Broken::Errno(errno_of(&error)))),
        }
    })?;
    match question.read(&bytes) {
        None | Some(Reply::Truncated) => Err(Trouble::Why(Why::Misbehaving)),
        Some(reply) => Ok(reply),
    }
}

fn exchange(wire: &mut Wire<'_>, message: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::from((message.len() as u16).to_be_bytes());
    bytes.extend(message);
    wire.write_all(&bytes)?;
    let mut length = [0; 2];
    wire.read_exact(&mut length)?;
    bytes.clear();
    bytes.resize(usize::from(u16::from_be_bytes(length)), 0);
    wire.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn connect(server: SocketAddr, turn: &Patience<'_>) -> Result<TcpStream, Trouble> {
    let dial = |errno| Trouble::Why(Why::Dial(Network::Tcp, errno));
    let connecting = Connecting::begin(server).map_err(dial)?;
    loop {
        let cut = |cut| Trouble::Cut(cut, Why::Read(Network::Tcp, None, Broken::TimedOut));
        let ready = turn.wait(&[(connecting.as_fd(), PollFlags::POLLOUT)]).map_err(cut)?;
        if ready.first() == Some(&true) {
            return connecting.finish().map_err(dial);
        }
    }
}
