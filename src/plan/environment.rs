//! A container's environment, command and args, from what its manifest says.
//!
//! The behaviour is the kubelet's: `makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go`, and
//! `ExpandContainerCommandAndArgs` and `ExpandContainerCommandOnlyStatic` in
//! `pkg/kubelet/container/helpers.go` (kubelet E9 to E21). Variables for a cluster's services (E12, E16)
//! are not made up here: there are those that podinit itself was given, see [`Environment::over`].

use std::collections::BTreeMap;
use std::fmt;

use super::expansion::{LONGEST, TooLong, expand};
use crate::spec::names;
use crate::spec::quote::shorten;

/// The most bytes that the variables of an environment have together, and likewise the words of a
/// command: what Linux takes of both with its usual limit for the stack, 8 MiB.
pub const LARGEST: usize = 2 * 1024 * 1024;

/// So many characters of a name are told.
const TOLD: usize = 64;

/// One entry of a container's `env`; `R` refers to what a `valueFrom` names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry<R> {
    pub name: String,
    pub source: Source<R>,
}

/// Where a variable has its value from. A manifest's `value` is the source unless it is empty and there
/// is a `valueFrom`; with neither of them it is an empty value (kubelet E13).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source<R> {
    /// Expanded with the variables before it (kubelet E10).
    Value(String),
    /// Taken as it is (kubelet E11); where it is missing and `optional`, there is no variable (E14).
    From { reference: R, optional: bool },
}

/// One entry of a container's `envFrom`: all that `reference` holds, under names that begin with `prefix`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Import<R> {
    pub prefix: String,
    pub reference: R,
    /// Where it is missing it is passed over (kubelet E14).
    pub optional: bool,
}

/// Why a reference has no value; `E` says which, and what can be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unresolved<E> {
    /// There is no such object, or it has no such key.
    Missing(E),
    /// It could not be looked at, which no reference is so optional as to allow.
    Failed(E),
}

/// Why a container has no environment: the kubelet's `CreateContainerConfigError`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Error<E> {
    pub at: At,
    pub problem: Problem<E>,
}

/// An entry of one of the two lists, counted from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum At {
    EnvFrom(usize),
    Env(usize),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Problem<E> {
    /// A name that no process could be given (kubelet V19).
    Name(String),
    /// What is referred to cannot be had.
    Unresolved(E),
    /// `NAME=value` would be longer than [`LONGEST`].
    TooLong {
        name: String,
    },
    Nul {
        name: String,
    },
    /// With this variable all of them have more than [`LARGEST`] bytes.
    TooLarge {
        name: String,
    },
}

impl<E: fmt::Display> fmt::Display for Error<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.problem)
    }
}

impl<E: std::error::Error> std::error::Error for Error<E> {}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::EnvFrom(index) => write!(f, "envFrom[{index}]"),
            At::Env(index) => write!(f, "env[{index}]"),
        }
    }
}

impl<E: fmt::Display> fmt::Display for Problem<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A name may be of any length, and one that was not checked of any characters.
        let told = |name| shorten(name, TOLD);
        match self {
            Self::Name(name) => write!(
                f,
                "\"{}\" cannot be a variable's name: printable ASCII without '=' can",
                told(name)
            ),
            Self::Unresolved(error) => error.fmt(f),
            Self::TooLong { name } => write!(
                f,
                "variable \"{}\": name and value are longer than {LONGEST} bytes",
                told(name)
            ),
            Self::Nul { name } => {
                write!(f, "variable \"{}\": its value has a NUL in it", told(name))
            }
            Self::TooLarge { name } => write!(
                f,
                "variable \"{}\": with it the environment is larger than {LARGEST} bytes",
                told(name)
            ),
        }
    }
}

/// The variables that a manifest gives a container, each name once. What is kept is at most [`LARGEST`]
/// bytes, and no variable is longer than [`LONGEST`].
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, Vec<u8>>,
    size: usize,
    skipped: Vec<String>,
}

impl Environment {
    /// The environment that `imports` (`envFrom`) and then `entries` (`env`) add up to, each list in its
    /// order; what comes later replaces what has the same name (kubelet E9).
    ///
    /// `variables_of` gives all that an import refers to, and `value_of` what an entry refers to. They
    /// are asked in that order, once for each.
    pub fn build<I, R, E>(
        imports: &[Import<I>],
        entries: &[Entry<R>],
        mut variables_of: impl FnMut(&I) -> Result<Vec<(String, Vec<u8>)>, Unresolved<E>>,
        mut value_of: impl FnMut(&R) -> Result<Vec<u8>, Unresolved<E>>,
    ) -> Result<Self, Error<E>> {
        let mut built = Self::default();
        for (index, import) in imports.iter().enumerate() {
            let at = |problem| Error { at: At::EnvFrom(index), problem };
            match variables_of(&import.reference) {
                Ok(variables) => built.import(&import.prefix, variables).map_err(at)?,
                Err(Unresolved::Missing(_)) if import.optional => {}
                Err(Unresolved::Missing(error) | Unresolved::Failed(error)) => {
                    return Err(at(Problem::Unresolved(error)));
                }
            }
        }
        for (index, Entry { name, source }) in entries.iter().enumerate() {
            let at = |problem| Error { at: At::Env(index), problem };
            if names::variable(name).is_err() {
                return Err(at(Problem::Name(name.clone())));
            }
            let value = match source {
                Source::Value(text) => expand(text.as_bytes(), |name| built.get(name))
                    .map_err(|TooLong| at(Problem::TooLong { name: name.clone() }))?,
                Source::From { reference, optional } => match value_of(reference) {
                    Ok(value) => value,
                    Err(Unresolved::Missing(_)) if *optional => continue,
                    Err(Unresolved::Missing(error) | Unresolved::Failed(error)) => {
                        return Err(at(Problem::Unresolved(error)));
                    }
                },
            };
            built.set(name, value).map_err(at)?;
        }
        Ok(built)
    }

    /// The value of a variable, if there is one of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.variables.get(name).map(Vec::as_slice)
    }

    /// All variables, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value.as_slice()))
    }

    /// The bytes of all variables as exec counts them, with the `=` and the NUL of each.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The names, with their prefixes, that `envFrom` would have given but that no variable can have, in
    /// the order of `envFrom` and there by name. The kubelet's event for them is
    /// `InvalidEnvironmentVariableNames`.
    pub fn skipped(&self) -> &[String] {
        &self.skipped
    }

    /// These variables over `inherited` ones: those of the image, of a container engine (`HOSTNAME`) and
    /// of the cluster around it, which podinit was started with. Where both have a name the manifest
    /// wins (kubelet E16).
    pub fn over<I>(&self, inherited: I) -> BTreeMap<Vec<u8>, Vec<u8>>
    where
        I: IntoIterator<Item = (Vec<u8>, Vec<u8>)>,
    {
        let mut all: BTreeMap<_, _> = inherited.into_iter().collect();
        let own = self.iter().map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()));
        all.extend(own);
        all
    }

    fn import<E>(
        &mut self,
        prefix: &str,
        variables: Vec<(String, Vec<u8>)>,
    ) -> Result<(), Problem<E>> {
        let mut skipped = Vec::new();
        for (key, value) in variables {
            let name = format!("{prefix}{key}");
            if names::variable(&name).is_ok() {
                self.set(&name, value)?
            } else {
                skipped.push(name)
            }
        }
        skipped.sort_unstable();
        self.skipped.append(&mut skipped);
        Ok(())
    }

    fn set<E>(&mut self, name: &str, value: Vec<u8>) -> Result<(), Problem<E>> {
        // With the `=` between them and the NUL that exec puts behind.
        let size_of = |value: &[u8]| name.len() + 1 + value.len() + 1;
        let before = self.get(name).map_or(0, size_of);
        let size = (self.size - before).saturating_add(size_of(&value));
        let name = name.to_owned();
        if size_of(&value) - 1 > LONGEST {
            return Err(Problem::TooLong { name });
        }
        if value.contains(&0) {
            return Err(Problem::Nul { name });
        }
        if size > LARGEST {
            return Err(Problem::TooLarge { name });
        }
        self.size = size;
        self.variables.insert(name, value);
        Ok(())
    }
}

/// The `env` of a container as written: all that its probes' commands know of (kubelet E18). A name with
/// a `valueFrom` is there with an empty value; what comes from `envFrom` is not.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AsWritten<'e>(BTreeMap<&'e str, &'e str>);

impl<'e> AsWritten<'e> {
    /// Of these entries; the last of a name counts.
    pub fn of<R>(entries: &'e [Entry<R>]) -> Self {
        let written = |entry: &'e Entry<R>| match &entry.source {
            Source::Value(text) => (entry.name.as_str(), text.as_str()),
            Source::From { .. } => (entry.name.as_str(), ""),
        };
        Self(entries.iter().map(written).collect())
    }
}

/// Whose words are to be expanded, which decides what `$(NAME)` means in them.
#[derive(Clone, Copy, Debug)]
pub enum Words<'a> {
    /// A container's `command` and `args`: its complete environment (kubelet E17).
    Container(&'a Environment),
    /// The command of an exec probe (kubelet E18).
    Probe(&'a AsWritten<'a>),
    /// The command of a hook: nothing (kubelet H2, E20).
    Hook,
}

/// Why words cannot be a process's arguments; `index` counts them from 0.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WordError {
    /// It would be longer than [`LONGEST`].
    TooLong {
        index: usize,
    },
    Nul {
        index: usize,
    },
    /// With this one all of them have more than [`LARGEST`] bytes.
    TooLarge {
        index: usize,
    },
}

impl fmt::Display for WordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { index } => write!(f, "[{index}]: {TooLong}"),
            Self::Nul { index } => write!(f, "[{index}]: it has a NUL in it"),
            Self::TooLarge { index } => {
                write!(f, "[{index}]: with it the words are larger than {LARGEST} bytes")
            }
        }
    }
}

impl std::error::Error for WordError {}

impl Words<'_> {
    /// The words as the process gets them: as many as were written, an empty one included. Together they
    /// are at most [`LARGEST`] bytes.
    pub fn expand(self, words: &[String]) -> Result<Vec<Vec<u8>>, WordError> {
        let mut size: usize = 0;
        let one = |(index, word): (usize, &String)| {
            let word = match self {
                Words::Container(environment) => {
                    expand(word.as_bytes(), |name| environment.get(name))
                }
                Words::Probe(AsWritten(known)) => {
                    expand(word.as_bytes(), |name| known.get(name).map(|value| value.as_bytes()))
                }
                Words::Hook if word.len() > LONGEST => Err(TooLong),
                Words::Hook => Ok(word.clone().into_bytes()),
            };
            let word = word.map_err(|TooLong| WordError::TooLong { index })?;
            if word.contains(&0) {
                return Err(WordError::Nul { index });
            }
            // With the NUL that exec puts behind.
            size = size.saturating_add(word.len() + 1);
            if size > LARGEST { Err(WordError::TooLarge { index }) } else { Ok(word) }
        };
        words.iter().enumerate().map(one).collect()
    }
}

/// The words a container is started with, of the manifest's `command` and `args` and the image's
/// entrypoint and cmd: `command` replaces both of the image's, `args` its cmd (kubelet E21). None at all
/// is no command; that is for the caller to refuse. The image's words are never expanded.
pub fn arguments<W: Clone>(command: &[W], args: &[W], entrypoint: &[W], cmd: &[W]) -> Vec<W> {
    let (program, rest) = match (command.is_empty(), args.is_empty()) {
        (true, true) => (entrypoint, cmd),
        (true, false) => (entrypoint, args),
        (false, _) => (command, args),
    };
    [program, rest].concat()
}

#[cfg(test)]
mod tests;
