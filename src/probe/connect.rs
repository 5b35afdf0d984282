//! A connection to a host and port: its addresses are tried as Go's dialer does it, which is the
//! kubelet's (RFC 8305: the next one starts when the one before has failed, or after 300 ms beside it).

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr, SocketAddrV6, TcpStream};
use std::os::fd::AsFd;
use std::time::Duration;

use super::names::{self, LookupError};
use super::patience::{Cut, Patience, Wire};
use super::{host, host_port, reason};
use crate::spec::action::Address;
use crate::sys::Errno;
use crate::sys::poll::PollFlags;
use crate::sys::socket::{self, Connecting};

/// How long one address is tried alone.
const HEAD_START: Duration = Duration::from_millis(300);

/// A name with more addresses has its first tried.
const MOST: usize = 16;

/// kubelet P10.
const LINGER: Duration = Duration::from_secs(1);

/// Why there is no connection.
#[derive(Debug)]
pub enum ConnectError {
    Cut(Cut, String),
    Lookup(LookupError),
    /// Of the address that was tried first.
    Refused(SocketAddr, Errno),
}

impl ConnectError {
    /// The end of patience, if that was the reason.
    pub fn cut(&self) -> Option<Cut> {
        match self {
            ConnectError::Cut(cut, _) => Some(*cut),
            ConnectError::Lookup(error) => error.cut(),
            ConnectError::Refused(..) => None,
        }
    }
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ConnectError::Cut(cut, to) => write!(f, "dial tcp {to}: {cut}"),
            ConnectError::Lookup(error) => write!(f, "dial tcp: {error}"),
            ConnectError::Refused(to, errno) => {
                write!(f, "dial tcp {to}: connect: {}", reason(*errno))
            }
        }
    }
}

/// Connects; the connection lingers as the kubelet's do, until it is closed.
pub fn connect<'a>(address: &Address, patience: &Patience<'a>) -> Result<Wire<'a>, ConnectError> {
    let mut rest = addresses(address, patience)?.into_iter().take(MOST);
    let mut running = Vec::new();
    let mut first_failure = None;
    loop {
        let mut failed = |failure| _ = first_failure.get_or_insert(failure);
        if let Some(to) = rest.next() {
            match Connecting::begin(to) {
                Ok(connecting) => running.push((to, connecting)),
                Err(errno) => failed((to, errno)),
            }
        }
        let more = rest.len() > 0;
        if running.is_empty() {
            match first_failure {
                Some((to, errno)) if !more => return Err(ConnectError::Refused(to, errno)),
                _ => continue,
            }
        }
        let turn = if more { patience.at_most(HEAD_START) } else { *patience };
        match first_of(&mut running, &turn) {
            Ok(Ok(stream)) => {
                // A sandbox that refuses it does not make the target any worse.
                let _ = socket::set_linger(&stream, Some(LINGER));
                return Ok(Wire { stream, patience: *patience });
            }
            Ok(Err(failure)) => failed(failure),
            // The next one's turn, beside those that are on their way.
            Err(Cut::TimedOut) if patience.left().is_ok() => {}
            Err(cut) => return Err(ConnectError::Cut(cut, host_port(address))),
        }
    }
}

/// Waits until one of those on their way has arrived or failed, and takes it out.
fn first_of(
    running: &mut Vec<(SocketAddr, Connecting)>,
    turn: &Patience<'_>,
) -> Result<Result<TcpStream, (SocketAddr, Errno)>, Cut> {
    loop {
        let watched: Vec<_> = running
            .iter()
            .map(|(_, connecting)| (connecting.as_fd(), PollFlags::POLLOUT))
            .collect();
        let ready = turn.wait(&watched)?;
        if let Some(at) = ready.into_iter().position(|ready| ready) {
            let (to, connecting) = running.remove(at);
            return Ok(connecting.finish().map_err(|errno| (to, errno)));
        }
    }
}

/// What an address may mean, in the order in which to try; never nothing.
fn addresses(address: &Address, patience: &Patience<'_>) -> Result<Vec<SocketAddr>, ConnectError> {
    let (name, port) = (host(address), address.port);
    if let Some(scoped) = scoped(name, port) {
        return Ok(vec![scoped]);
    }
    let found = names::resolve(name, patience).map_err(ConnectError::Lookup)?;
    Ok(by_turns(found).into_iter().map(|ip| SocketAddr::from((ip, port))).collect())
}

/// One of each family in turn, beginning with that of the first: where a family is dead, however many addresses it has,
/// the other must not come too late (RFC 8305, 4).
fn by_turns(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let is_first = |ip: &IpAddr| found.first().is_some_and(|first| first.is_ipv4() == ip.is_ipv4());
    let (first, other): (Vec<IpAddr>, Vec<IpAddr>) = found.iter().partition(|ip| is_first(ip));
    let (mut first, mut other) = (first.into_iter(), other.into_iter());
    let mut turns = Vec::new();
    while first.len() + other.len() > 0 {
        turns.extend(first.next());
        turns.extend(other.next());
    }
    turns
}

/// `fe80::1%eth0`, an address that means something on one interface only.
fn scoped(name: &str, port: u16) -> Option<SocketAddr> {
    let (ip, zone) = name.split_once('%')?;
    let ip = ip.parse::<Ipv6Addr>().ok()?;
    Some(SocketAddrV6::new(ip, port, 0, socket::interface(zone)?).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    // kubelet P37: as in Go's dialer a dead family does not use up the time of the other.
    #[test]
    fn p37_families_are_tried_by_turns() {
        let ips =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<_>>();
        let turns = |texts: &[&str]| by_turns(ips(texts));
        let (a, b, c, x, y) = ("192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1", "2001:db8::2");
        assert_eq!(turns(&[a, b, c, x, y]), ips(&[a, x, b, y, c]));
        assert_eq!(turns(&[x, a, b, y]), ips(&[x, a, y, b]));
        assert_eq!(turns(&[c, a, b]), ips(&[c, a, b]));
        assert_eq!(turns(&[x]), ips(&[x]));
    }
}
