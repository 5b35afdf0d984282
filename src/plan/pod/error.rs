//! What stands in the way of a plan.

use std::fmt;

use super::variables::Object;
use crate::plan::environment::{self, WordError};
use crate::spec::action::{HeaderError, HostProblem};
use crate::spec::field_path::FieldPathError;
use crate::spec::quote::shorten;
use crate::spec::volume_item::ItemPathError;

/// So many characters of a text that validation lets be of any length.
const LONGEST: usize = 64;

/// Something that a manifest asks for and that cannot be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanError {
    /// Of the field, such as `spec.containers[0].livenessProbe.httpGet.port`.
    pub path: String,
    pub problem: Problem,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem {
    NoContainer(String),
    /// Neither the manifest nor the command line says what to start.
    NoCommand,
    /// No port of the container has this name; the first of those that there are.
    NoPort {
        name: String,
        known: Vec<String>,
    },
    /// No port has this number.
    Port(i64),
    NoHandler,
    /// A hook cannot connect only (kubelet H1).
    TcpHook,
    Host(HostProblem),
    Header(HeaderError),
    Word(WordError),
    Environment(Box<environment::Problem<Problem>>),
    /// Nobody offers it.
    NoObject(Object),
    NoKey {
        object: Object,
        key: String,
    },
    Unreadable {
        object: Object,
        why: String,
    },
    /// `fileKeyRef` is not honoured.
    FileKey,
    /// A `valueFrom` of nothing.
    NoSource,
    FieldPath(FieldPathError),
    /// A container that a `resourceFieldRef` names and nobody has.
    UnknownContainer(String),
    /// A `resourceFieldRef` that names no resource.
    UnknownResource(String),
    /// It is no user's or group's number.
    Id(i64),
    /// With this container the pod has more than [`super::LARGEST`].
    TooLarge,
    /// Linux has none of this name; the one that may be meant.
    Capability {
        name: String,
        meant: Option<&'static str>,
    },
    /// The pod has none of this name; the first of those that it has.
    NoVolume {
        name: String,
        known: Vec<String>,
    },
    /// A volume, or a source of one, that is made of something else.
    NotDownward,
    ItemPath(ItemPathError),
    /// A file where there is a folder, or the other way round.
    Occupied(String),
    /// With this file the volume has more than [`super::LARGEST`].
    VolumeTooLarge,
}

impl PlanError {
    pub(super) fn new(path: impl Into<String>, problem: Problem) -> PlanError {
        PlanError { path: path.into(), problem }
    }

    /// The same error, of a field below `path`: what leads to the pod of a workload, for one.
    pub fn within(self, path: &str) -> PlanError {
        let dot = if self.path.is_empty() || path.is_empty() { "" } else { "." };
        PlanError { path: format!("{path}{dot}{}", self.path), ..self }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.problem)
    }
}

impl std::error::Error for PlanError {}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::NoContainer(name) => write!(f, "there is no container {name:?}"),
            Problem::NoCommand => f.write_str(
                "there is nothing to start: images are not pulled here, so write the command",
            ),
            Problem::NoPort { name, known } if known.is_empty() => {
                write!(
                    f,
                    "the container has no port named {name:?}, nor any other (name one in ports)"
                )
            }
            Problem::NoPort { name, known } => {
                write!(f, "the container has no port named {name:?} (it has {})", known.join(", "))
            }
            Problem::Port(number) => write!(f, "{number} is not a port (1 to 65535)"),
            Problem::NoHandler => f.write_str("it says nothing to do (exec, httpGet …)"),
            Problem::TcpHook => f.write_str("a hook cannot be a tcpSocket (use exec or httpGet)"),
            Problem::Host(problem) => problem.fmt(f),
            Problem::Header(error) => error.fmt(f),
            Problem::Word(error) => error.fmt(f),
            Problem::Environment(error) => error.fmt(f),
            Problem::NoObject(object) => {
                write!(
                    f,
                    "there is no {object} (offer a folder with a file for each key, or a file of KEY=VALUE lines: --env-from NAME=PATH)"
                )
            }
            Problem::NoKey { object, key } => write!(f, "the {object} has no key {key:?}"),
            Problem::Unreadable { object, why } => write!(f, "the {object} cannot be read: {why}"),
            Problem::FileKey => f.write_str("fileKeyRef is not supported (use value, or a Secret)"),
            Problem::NoSource => f.write_str("it says nothing to take the value from (fieldRef …)"),
            Problem::FieldPath(error) => error.fmt(f),
            Problem::UnknownContainer(name) => {
                write!(f, "container {} not found", shorten(name, LONGEST))
            }
            Problem::UnknownResource(name) => {
                write!(
                    f,
                    "\"{}\" is not a resource (try limits.cpu or requests.memory)",
                    shorten(name, LONGEST)
                )
            }
            Problem::Id(number) => write!(f, "{number} is not a user or group (0 to 4294967294)"),
            Problem::TooLarge => write!(
                f,
                "with it words, variables and groups of all containers take more than {} MiB once expanded",
                super::LARGEST >> 20
            ),
            Problem::Capability { name, meant } => {
                let name = shorten(name, LONGEST);
                match meant {
                    Some(meant) => {
                        write!(f, "\"{name}\" is not a capability: did you mean {meant}?")
                    }
                    None => write!(f, "\"{name}\" is not a capability (try NET_BIND_SERVICE)"),
                }
            }
            Problem::NoVolume { name, known } => {
                let name = shorten(name, LONGEST);
                write!(f, "there is no volume \"{name}\" (there are: {})", known.join(", "))
            }
            Problem::NotDownward => f.write_str("only downwardAPI can be rendered"),
            Problem::ItemPath(error) => error.fmt(f),
            Problem::Occupied(path) => {
                write!(f, "\"{}\" would be a file and a folder", shorten(path, LONGEST))
            }
            Problem::VolumeTooLarge => {
                write!(f, "with it the volume is larger than {} MiB", super::LARGEST >> 20)
            }
        }
    }
}

impl std::error::Error for Problem {}
