//! A container's environment, command and args, from what its manifest says.
//!
//! The behaviour is the kubelet's: `makeEnvironmentVariables` in `pkg/kubelet/kubelet_pods.go`, and
//! `ExpandContainerCommandAndArgs` and `ExpandContainerCommandOnlyStatic` in
//! `pkg/kubelet/container/helpers.go` (kubelet E9 to E21). Variables for a cluster's services (E12, E16)
//! are not made up here: there are those that podinit itself was given, see [`Environment::over`].

use std::collections::BTreeMap;
use std::fmt;

use super::expansion::{LONGEST, TooLong, expand};

/// The most bytes that the variables of an environment have together, and likewise the words of a
/// command: what Linux takes of both with its usual limit for the stack, 8 MiB.
pub const LARGEST: usize = 2 * 1024 * 1024;

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
pub enum Error<E> {
    /// A name that no process could be given (kubelet V19).
    Name {
        name: String,
    },
    /// The value of this variable cannot be had.
    Unresolved {
        name: String,
        error: E,
    },
    /// What this entry of `envFrom` names, counted from 0, cannot be had.
    Import {
        index: usize,
        error: E,
    },
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
        match self {
            Self::Name { name } => {
                write!(f, "{name:?} cannot be a variable's name: printable ASCII without '=' can")
            }
            Self::Unresolved { name, error } => write!(f, "variable {name:?}: {error}"),
            Self::Import { index, error } => write!(f, "envFrom[{index}]: {error}"),
            Self::TooLong { name } => {
                write!(f, "variable {name:?}: name and value are longer than {LONGEST} bytes")
            }
            Self::Nul { name } => write!(f, "variable {name:?}: its value has a NUL in it"),
            Self::TooLarge { name } => write!(
                f,
                "variable {name:?}: with it the environment is larger than {LARGEST} bytes"
            ),
        }
    }
}

impl<E: std::error::Error> std::error::Error for Error<E> {}

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
            match variables_of(&import.reference) {
                Ok(variables) => built.import(&import.prefix, variables)?,
                Err(Unresolved::Missing(_)) if import.optional => {}
                Err(Unresolved::Missing(error) | Unresolved::Failed(error)) => {
                    return Err(Error::Import { index, error });
                }
            }
        }
        for Entry { name, source } in entries {
            if !is_name(name) {
                return Err(Error::Name { name: name.clone() });
            }
            let value = match source {
                Source::Value(text) => expand(text.as_bytes(), |name| built.get(name))
                    .map_err(|TooLong| Error::TooLong { name: name.clone() })?,
                Source::From { reference, optional } => match value_of(reference) {
                    Ok(value) => value,
                    Err(Unresolved::Missing(_)) if *optional => continue,
                    Err(Unresolved::Missing(error) | Unresolved::Failed(error)) => {
                        return Err(Error::Unresolved { name: name.clone(), error });
                    }
                },
            };
            built.set(name, value)?;
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
    ) -> Result<(), Error<E>> {
        let mut skipped = Vec::new();
        for (key, value) in variables {
            let name = format!("{prefix}{key}");
            if is_name(&name) { self.set(&name, value)? } else { skipped.push(name) }
        }
        skipped.sort_unstable();
        self.skipped.append(&mut skipped);
        Ok(())
    }

    fn set<E>(&mut self, name: &str, value: Vec<u8>) -> Result<(), Error<E>> {
        // With the `=` between them and the NUL that exec puts behind.
        let size_of = |value: &[u8]| name.len() + 1 + value.len() + 1;
        let before = self.get(name).map_or(0, size_of);
        let size = (self.size - before).saturating_add(size_of(&value));
        let name = name.to_owned();
        if size_of(&value) - 1 > LONGEST {
            return Err(Error::TooLong { name });
        }
        if value.contains(&0) {
            return Err(Error::Nul { name });
        }
        if size > LARGEST {
            return Err(Error::TooLarge { name });
        }
        self.size = size;
        self.variables.insert(name, value);
        Ok(())
    }
}

/// Whether a variable may have this name: printable ASCII without `=`, a blank included (kubelet V19).
fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'=')
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
