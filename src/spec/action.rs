//! The ACTION grammar: one for probes, hooks and conditions.
//!
//! | written | |
//! | --- | --- |
//! | `exec:CMD ARG...` | a command; words as a shell would split them, but no shell |
//! | `http://[HOST][:PORT]/PATH`, `https://…` | a request |
//! | `tcp://[HOST]:PORT` | a connection |
//! | `grpc://[HOST]:PORT[/SERVICE]` | a gRPC health check |
//! | `sleep:DURATION` | nothing, for so long |
//! | `dns://NAME` | a name that resolves |
//! | `file:PATH` | something that is there |
//!
//! An empty host is for whoever carries the action out to fill in. IPv6 addresses stand in brackets.

use core::net::Ipv6Addr;
use std::time::Duration;

use crate::duration;

mod error;
#[cfg(test)]
mod tests;

pub use error::{ActionError, HeaderError, HostProblem, Problem};

/// What to do.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Action {
    /// The program and its arguments: at least one word, none with a NUL in it.
    Exec(Vec<String>),
    Http(HttpGet),
    Tcp(Address),
    Grpc {
        address: Address,
        /// Empty asks for the server as a whole (kubelet P39).
        service: String,
    },
    Sleep(Duration),
    Dns(String),
    File(String),
}

/// A request, as a manifest's `httpGet` has it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct HttpGet {
    pub scheme: Scheme,
    pub address: Address,
    /// As written, query included: how it goes on the wire is the client's affair (kubelet P24).
    pub path: String,
    pub method: Method,
    /// In the order given; names as given.
    pub headers: Vec<Header>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub const fn name(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub enum Method {
    #[default]
    Get,
    Head,
}

impl Method {
    pub const fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Head => "HEAD",
        }
    }
}

/// A header line of a request, which can be sent as it is.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Header {
    name: String,
    value: String,
}

impl Header {
    /// `NAME: VALUE`.
    ///
    /// # Errors
    /// There is no colon, or what [`Header::new`] finds.
    pub fn parse(text: &str) -> Result<Header, HeaderError> {
        let (name, value) = text.split_once(':').ok_or(HeaderError::NoColon)?;
        Header::new(name, value)
    }

    /// Blanks around the value do not count.
    ///
    /// # Errors
    /// The name is no token (RFC 9110, 5.6.2), or the value has a control character in it.
    pub fn new(name: &str, value: &str) -> Result<Header, HeaderError> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        if name.is_empty() || !name.chars().all(is_token) {
            return Err(HeaderError::Name(name.to_owned()));
        }
        let value = value.trim_matches([' ', '\t']);
        if value.chars().any(|c| c.is_control() && c != '\t') {
            return Err(HeaderError::Value(name.to_owned()));
        }
        Ok(Header { name: name.to_owned(), value: value.to_owned() })
    }

    /// As given.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn value(&self) -> &str {
        &self.value
    }
}

/// Where to connect to.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "probe", derive(serde::Serialize, serde::Deserialize))]
pub struct Address {
    /// A name or an IP address without brackets; `None` for this very container.
    pub host: Option<String>,
    /// From 1 up.
    pub port: u16,
}

impl Address {
    /// # Errors
    /// The host can be none; an IPv6 address stands without brackets.
    pub fn new(host: Option<&str>, port: u16) -> Result<Address, HostProblem> {
        let host = host.map(check_host).transpose()?;
        Ok(Address { host, port })
    }
}

/// What an action is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// A probe or a sidecar's check.
    Probe,
    /// postStart, preStop, postStop.
    Hook,
    /// A condition of `wait`.
    Condition,
}

/// What an action does, without its particulars.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Exec,
    Http,
    Tcp,
    Grpc,
    Sleep,
    Dns,
    File,
}

impl Kind {
    /// The table of what is legal where. A hook that connects always fails (kubelet H1).
    pub const fn suits(self, role: Role) -> bool {
        match self {
            Kind::Exec | Kind::Http => true,
            Kind::Tcp | Kind::Grpc | Kind::Dns | Kind::File => !matches!(role, Role::Hook),
            Kind::Sleep => matches!(role, Role::Hook),
        }
    }
}

impl Action {
    pub const fn kind(&self) -> Kind {
        match self {
            Action::Exec(_) => Kind::Exec,
            Action::Http(_) => Kind::Http,
            Action::Tcp(_) => Kind::Tcp,
            Action::Grpc { .. } => Kind::Grpc,
            Action::Sleep(_) => Kind::Sleep,
            Action::Dns(_) => Kind::Dns,
            Action::File(_) => Kind::File,
        }
    }

    /// Where it connects to, if it does.
    pub fn address_mut(&mut self) -> Option<&mut Address> {
        match self {
            Action::Http(HttpGet { address, .. })
            | Action::Tcp(address)
            | Action::Grpc { address, .. } => Some(address),
            Action::Exec(_) | Action::Sleep(_) | Action::Dns(_) | Action::File(_) => None,
        }
    }

    /// The feature that this podinit lacks for it: its name for people, and Cargo's.
    const fn missing(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Action::Http(HttpGet { scheme: Scheme::Https, .. }) if !cfg!(feature = "tls") => {
                Some(("TLS", "tls"))
            }
            Action::Grpc { .. } if !cfg!(feature = "grpc") => Some(("gRPC", "grpc")),
            _ => None,
        }
    }

    /// Reads an action that is to serve as `role`.
    ///
    /// # Errors
    /// What is wrong with which part.
    pub fn parse(text: &str, role: Role) -> Result<Action, ActionError> {
        let wrong = |problem| ActionError { text: text.to_owned(), problem };
        let action = read(text).map_err(wrong)?;
        if !action.kind().suits(role) {
            return Err(wrong(Problem::NotFor(role)));
        }
        match action.missing() {
            Some((name, feature)) => Err(wrong(Problem::NotBuilt { name, feature })),
            None => Ok(action),
        }
    }
}

fn read(text: &str) -> Result<Action, Problem> {
    if text.contains('\0') {
        return Err(Problem::Nul);
    }
    let (scheme, rest) = text.split_once(':').ok_or(Problem::NoScheme)?;
    let url = rest.strip_prefix("//");
    match (scheme, url) {
        ("exec", _) => exec(rest),
        ("sleep", None) => {
            let time = duration::parse(rest).ok_or_else(|| Problem::Duration(rest.to_owned()))?;
            Ok(Action::Sleep(time))
        }
        ("file", _) if rest.is_empty() => Err(Problem::NoPath),
        ("file", _) => Ok(Action::File(rest.to_owned())),
        ("http", Some(url)) => http(Scheme::Http, url),
        ("https", Some(url)) => http(Scheme::Https, url),
        ("tcp", Some(url)) => match split_authority(url) {
            (authority, "" | "/") => Ok(Action::Tcp(address(authority, None)?)),
            (_, more) => Err(Problem::Behind(more.to_owned())),
        },
        ("grpc", Some(url)) => {
            let (authority, service) = split_authority(url);
            let service = service.strip_prefix('/').unwrap_or(service).to_owned();
            Ok(Action::Grpc { address: address(authority, None)?, service })
        }
        ("dns", Some("")) => Err(Problem::Host(HostProblem::Empty)),
        ("dns", Some(name)) => Ok(Action::Dns(host(name)?)),
        ("http" | "https" | "tcp" | "grpc" | "dns", None) => Err(Problem::NoSlashes),
        _ => Err(Problem::Scheme(scheme.to_owned())),
    }
}

fn exec(words: &str) -> Result<Action, Problem> {
    let words = shlex::split(words).ok_or(Problem::Quotes)?;
    match words.first() {
        None => Err(Problem::NoCommand),
        Some(program) if program.is_empty() => Err(Problem::NoCommand),
        Some(_) => Ok(Action::Exec(words)),
    }
}

fn http(scheme: Scheme, url: &str) -> Result<Action, Problem> {
    let (authority, path) = split_authority(url);
    let usual = match scheme {
        Scheme::Http => 80,
        Scheme::Https => 443,
    };
    Ok(Action::Http(HttpGet {
        scheme,
        address: address(authority, Some(usual))?,
        path: path.to_owned(),
        method: Method::Get,
        headers: Vec::new(),
    }))
}

/// What stands before the path, and the path, query and fragment.
fn split_authority(url: &str) -> (&str, &str) {
    url.split_at(url.find(['/', '?', '#']).unwrap_or(url.len()))
}

/// `[HOST]:PORT`, with a port that need not be written if there is a usual one.
fn address(authority: &str, usual: Option<u16>) -> Result<Address, Problem> {
    if authority.contains('@') {
        return Err(Problem::User);
    }
    let (name, digits) = match authority.strip_prefix('[') {
        Some(bracketed) => {
            let (name, behind) =
                bracketed.split_once(']').ok_or(Problem::Host(HostProblem::Bracket))?;
            if name.parse::<Ipv6Addr>().is_err() && !is_scoped(name) {
                return Err(Problem::Host(HostProblem::Ipv6(name.to_owned())));
            }
            (Some(name.to_owned()), behind)
        }
        None => {
            let (name, digits) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
            (if name.is_empty() { None } else { Some(host(name)?) }, digits)
        }
    };
    let port = match (digits.strip_prefix(':'), usual) {
        (Some(digits), _) => port(digits)?,
        (None, Some(usual)) if digits.is_empty() => usual,
        (None, _) => return Err(Problem::NoPort),
    };
    Ok(Address { host: name, port })
}

/// An address with an interface, `fe80::1%eth0`.
fn is_scoped(text: &str) -> bool {
    text.split_once('%')
        .is_some_and(|(address, zone)| address.parse::<Ipv6Addr>().is_ok() && !zone.is_empty())
}

fn port(digits: &str) -> Result<u16, Problem> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| is_number && *port > 0);
    port.ok_or_else(|| {
        if digits.contains(':') {
            Problem::Host(HostProblem::Bracket)
        } else {
            Problem::Port(digits.to_owned())
        }
    })
}

/// The longest name DNS can hold, with its last dot.
const LONGEST_NAME: usize = 254;

fn host(name: &str) -> Result<String, Problem> {
    check_host(name).map_err(Problem::Host)
}

fn check_host(name: &str) -> Result<String, HostProblem> {
    if name.is_empty() {
        Err(HostProblem::Empty)
    } else if name.len() > LONGEST_NAME {
        Err(HostProblem::Long)
    } else if name.contains(|c: char| !c.is_ascii_graphic() || "/?#@[]\\\"'<>".contains(c)) {
        Err(HostProblem::Character(name.to_owned()))
    } else {
        Ok(name.to_owned())
    }
}
