//! Names to addresses, without libc: getaddrinfo(3) of a static binary would load the image's own
//! modules, or fail.
//!
//! In this order, whatever an image's nsswitch.conf or host.conf says: an address is itself; the hosts
//! file; `localhost` and what is under it, also without a hosts file; DNS, as resolv.conf has it. Each step
//! is the C library's, so that a name means here what it means to the program beside.
//!
//! Reading what others wrote is public, so that it can be fuzzed from outside.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use super::patience::{Cut, Patience};
use crate::sys::{file, random, socket, this_process};

pub mod hosts;
pub mod message;
mod query;
pub mod resolv_conf;
mod stream;

use message::{Kind, Question};
use query::{Answer, Asking, Failure, Why};
use resolv_conf::{Config, Server};

/// So much of /etc/hosts is read, and of /etc/resolv.conf.
const HOSTS_LIMIT: usize = 1 << 20;
const RESOLV_CONF_LIMIT: usize = 64 << 10;

/// Where name servers listen.
const PORT: u16 = 53;

/// Why a name has no address.
#[derive(Debug)]
pub enum LookupError {
    Cut(Cut, String),
    /// There is none, as this server says; without one, nobody had to be asked.
    NotFound(String, Option<SocketAddr>),
    /// Nobody can say.
    Failed(String, Failure),
}

impl LookupError {
    /// The end of patience, if that was the reason.
    pub fn cut(&self) -> Option<Cut> {
        match self {
            LookupError::Cut(cut, _) => Some(*cut),
            LookupError::NotFound(..) | LookupError::Failed(..) => None,
        }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LookupError::Cut(cut, name) => write!(f, "lookup {name}: {cut}"),
            LookupError::NotFound(name, None) => write!(f, "lookup {name}: no such host"),
            LookupError::NotFound(name, Some(server)) => {
                write!(f, "lookup {name} on {server}: no such host")
            }
            LookupError::Failed(name, failure) => {
                write!(f, "lookup {name} on {}: {failure}", failure.server)
            }
        }
    }
}

/// The addresses of a name, or of an address itself; never none. DNS gives IPv4 before IPv6, the hosts file
/// has its own order.
pub fn resolve(name: &str, patience: &Patience<'_>) -> Result<Vec<IpAddr>, LookupError> {
    if let Ok(address) = name.parse() {
        return Ok(vec![address]);
    }
    patience.left().map_err(|cut| LookupError::Cut(cut, name.to_owned()))?;
    if Question::new(name, Kind::A, 0).is_none() {
        return Err(LookupError::NotFound(name.to_owned(), None));
    }
    // A file that cannot be read is one that is not there.
    let hosts = file::read_up_to(c"/etc/hosts", HOSTS_LIMIT).unwrap_or_default();
    let found = hosts::addresses(&hosts, name);
    if !found.is_empty() {
        return Ok(found);
    }
    if is_localhost(name) {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    drop(hosts);
    let text = file::read_up_to(c"/etc/resolv.conf", RESOLV_CONF_LIMIT).unwrap_or_default();
    look_up(name, &Config::read(&text, &this_process::host_name()), patience)
}

/// Asks for all that the name may stand for, one after the other. Where a server says that it cannot
/// answer, the next one is asked for all the same; where none says anything, the others would not be
/// heard of either. Both as glibc does it.
fn look_up(
    name: &str,
    config: &Config,
    patience: &Patience<'_>,
) -> Result<Vec<IpAddr>, LookupError> {
    let mut servers: Vec<SocketAddr> = config.servers.iter().map(address).collect();
    if config.rotate {
        let first = usize::from(random::number()) % servers.len().max(1);
        servers.rotate_left(first);
    }
    let (mut failed, mut not_found) = (None, None);
    for candidate in config.candidates(name) {
        match query::ask(&candidate, &servers, config, patience) {
            Ok(Answer::Addresses(found)) => return Ok(found),
            Ok(Answer::NotFound(server)) => not_found = not_found.or(server),
            Err(Asking::Failed(failure @ Failure { why: Why::Misbehaving, .. })) => {
                failed = failed.or(Some(failure));
            }
            Err(Asking::Failed(failure)) => {
                return Err(LookupError::Failed(name.to_owned(), failure));
            }
            Err(Asking::Cut(cut)) => return Err(LookupError::Cut(cut, name.to_owned())),
        }
    }
    Err(match failed {
        Some(failure) => LookupError::Failed(name.to_owned(), failure),
        None => LookupError::NotFound(name.to_owned(), not_found),
    })
}

fn address(server: &Server) -> SocketAddr {
    match (server.ip, &server.zone) {
        (IpAddr::V6(ip), Some(zone)) => {
            // An interface that is not there cannot be sent to, and the kernel says so.
            let scope = socket::interface(zone).unwrap_or_default();
            SocketAddrV6::new(ip, PORT, 0, scope).into()
        }
        (ip, _) => (ip, PORT).into(),
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    name.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case("localhost"))
}

/// Whether two names are one, whatever their case and whether or not they end in a dot.
fn same_name(one: &str, other: &str) -> bool {
    let bare = |name| str::strip_suffix(name, ".").unwrap_or(name);
    bare(one).eq_ignore_ascii_case(bare(other))
}
