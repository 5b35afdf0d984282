//! What is wrong with an action or a header, in words.

use std::fmt;

use super::{LONGEST_NAME, Role};

/// Why a text is no header.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HeaderError {
    /// What was written is not shown: it may be a secret.
    NoColon,
    Name(String),
    Value(String),
}

impl std::error::Error for HeaderError {}

impl fmt::Display for HeaderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HeaderError::NoColon => {
                write!(f, "there is no colon behind the name (try 'Host: example.org')")
            }
            HeaderError::Name(name) => write!(f, "{name:?} is not a header name"),
            HeaderError::Value(name) => {
                write!(f, "{name}: its value has a control character in it")
            }
        }
    }
}

/// Why a text is no action, or not one for this role.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ActionError {
    pub text: String,
    pub problem: Problem,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    NoScheme,
    Scheme(String),
    NoSlashes,
    NotFor(Role),
    /// It is one for a podinit that was built with this.
    NotBuilt {
        name: &'static str,
        feature: &'static str,
    },
    NoCommand,
    Quotes,
    Duration(String),
    NoPath,
    NoPort,
    Port(String),
    Host(HostProblem),
    User,
    Behind(String),
    Nul,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum HostProblem {
    Empty,
    Bracket,
    Ipv6(String),
    Long,
    Character(String),
}

impl std::error::Error for ActionError {}

impl fmt::Display for ActionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.text, self.problem)
    }
}

const EXAMPLES: &str = "try http://:8080/healthz, tcp://:5432, grpc://:9090, dns://db, file:/run/ready or exec:CMD ARG";

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoScheme => write!(f, "not an action ({EXAMPLES})"),
            Problem::Scheme(scheme) => write!(f, "{scheme:?} is not a kind of action ({EXAMPLES})"),
            Problem::NoSlashes => write!(f, "\"//\" is missing behind the colon (try tcp://:5432)"),
            Problem::NotFor(Role::Hook) => {
                write!(f, "a hook can be exec:, http://, https:// or sleep: only")
            }
            Problem::NotFor(Role::Probe | Role::Condition) => {
                write!(f, "sleep: is for hooks (to sleep: podinit sleep 5s)")
            }
            Problem::NotBuilt { name, feature } => {
                write!(f, "this podinit was built without {name} (feature {feature})")
            }
            Problem::NoCommand => write!(f, "the command is missing (try exec:pg_isready -q)"),
            Problem::Quotes => write!(f, "a quote or a backslash at the end is not closed"),
            Problem::Duration(text) => write!(f, "{text:?} is not a duration (try sleep:5s)"),
            Problem::NoPath => write!(f, "the path is missing (try file:/run/ready)"),
            Problem::NoPort => write!(f, "the port is missing (try tcp://:5432)"),
            Problem::Port(text) => write!(f, "{text:?} is not a port (1 to 65535)"),
            Problem::Host(problem) => problem.fmt(f),
            Problem::User => {
                write!(f, "a user has no place there (try --header 'Authorization: Basic …')")
            }
            Problem::Behind(text) => write!(f, "{text:?} has no place behind the port"),
            Problem::Nul => write!(f, "it has a NUL in it"),
        }
    }
}

impl fmt::Display for HostProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostProblem::Empty => write!(f, "the name is missing"),
            HostProblem::Bracket => {
                write!(f, "an IPv6 address stands in brackets (try tcp://[::1]:5432)")
            }
            HostProblem::Ipv6(text) => write!(f, "{text:?} is not an IPv6 address"),
            HostProblem::Long => {
                write!(f, "no host name has more than {} characters", LONGEST_NAME - 1)
            }
            HostProblem::Character(name) => write!(f, "{name:?} is not a host name"),
        }
    }
}
