//! The fields of a pod that `fieldRef.fieldPath` may name: `metadata.name`, `metadata.labels['app']`.
//!
//! What is read here is given to a container as a variable or a file. The behaviour is that of
//! `pkg/fieldpath/fieldpath.go` (kubelet D2, D3), and what may be used where is what
//! `pkg/apis/core/validation/validation.go` says (kubelet V20).

use std::fmt;

use super::names::{self, NameError};

#[cfg(test)]
mod tests;

/// A field of the pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldPath {
    Name,
    Namespace,
    Uid,
    /// All labels, as a formatted map.
    Labels,
    /// All annotations, as a formatted map.
    Annotations,
    /// The value of the label of this key; empty if there is none.
    Label(String),
    /// The value of the annotation of this key, in the capitals it was written in; empty if there is none.
    Annotation(String),
    NodeName,
    ServiceAccountName,
    HostIp,
    HostIps,
    PodIp,
    PodIps,
}

/// What a field's value is for, which decides what fields there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Use {
    /// A container's `env`.
    Variable,
    /// A file of a downwardAPI volume.
    File,
}

/// Kubelet V20: each path, and whether it may be a variable and a file. With a subscript the two maps
/// may be both.
const FIELDS: [(&str, FieldPath, bool, bool); 11] = [
    ("metadata.annotations", FieldPath::Annotations, false, true),
    ("metadata.labels", FieldPath::Labels, false, true),
    ("metadata.name", FieldPath::Name, true, true),
    ("metadata.namespace", FieldPath::Namespace, true, true),
    ("metadata.uid", FieldPath::Uid, true, true),
    ("spec.nodeName", FieldPath::NodeName, true, false),
    ("spec.serviceAccountName", FieldPath::ServiceAccountName, true, false),
    ("status.hostIP", FieldPath::HostIp, true, false),
    ("status.hostIPs", FieldPath::HostIps, true, false),
    ("status.podIP", FieldPath::PodIp, true, false),
    ("status.podIPs", FieldPath::PodIps, true, false),
];

/// An old name, of `spec.nodeName`.
const ALIAS: &str = "spec.host";

/// Why a text names no field (kubelet D4), or none for its use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum FieldPathError {
    /// Only labels and annotations have keys.
    Subscript { path: String },
    /// No label or annotation can have this key.
    Key { path: String, error: NameError },
    /// There is no such field for this use.
    Unknown { path: String, purpose: Use },
}

impl fmt::Display for FieldPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldPathError::Subscript { path } => {
                write!(f, "fieldPath {path:?} does not support subscript")
            }
            FieldPathError::Key { path, error } => {
                write!(f, "invalid key subscript in {path}: {error}")
            }
            FieldPathError::Unknown { path, purpose } => {
                let known: Vec<&str> = FieldPath::known(*purpose).collect();
                write!(f, "unsupported fieldPath: {path}; write one of {}", known.join(", "))?;
                f.write_str(", metadata.labels['KEY'], metadata.annotations['KEY']")
            }
        }
    }
}

impl std::error::Error for FieldPathError {}

impl FieldPath {
    /// The field that `text` names.
    ///
    /// # Errors
    /// It names none, or none that is there for `purpose`.
    pub fn parse(text: &str, purpose: Use) -> Result<FieldPath, FieldPathError> {
        if let Some((path, key)) = split_subscript(text) {
            // An annotation's key is checked as if it were in lower case (kubelet D3).
            let (field, checked): (fn(String) -> FieldPath, String) = match path {
                "metadata.labels" => (FieldPath::Label, key.to_owned()),
                "metadata.annotations" => (FieldPath::Annotation, key.to_lowercase()),
                _ => return Err(FieldPathError::Subscript { path: path.to_owned() }),
            };
            return match names::qualified(&checked) {
                Ok(()) => Ok(field(key.to_owned())),
                Err(error) => Err(FieldPathError::Key { path: text.to_owned(), error }),
            };
        }
        let path = if text == ALIAS { "spec.nodeName" } else { text };
        FIELDS
            .into_iter()
            .find(|(name, _, variable, file)| *name == path && is_for(purpose, *variable, *file))
            .map(|(_, field, ..)| field)
            .ok_or_else(|| FieldPathError::Unknown { path: text.to_owned(), purpose })
    }

    /// The paths without subscript that are there for `purpose`, by name.
    pub fn known(purpose: Use) -> impl Iterator<Item = &'static str> {
        let fits =
            move |(_, _, variable, file): &(_, _, bool, bool)| is_for(purpose, *variable, *file);
        FIELDS.into_iter().filter(fits).map(|(name, ..)| name)
    }
}

fn is_for(purpose: Use, variable: bool, file: bool) -> bool {
    match purpose {
        Use::Variable => variable,
        Use::File => file,
    }
}

/// The path as the API writes it.
impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FieldPath::Label(key) => write!(f, "metadata.labels['{key}']"),
            FieldPath::Annotation(key) => write!(f, "metadata.annotations['{key}']"),
            field => {
                let row = FIELDS.iter().find(|(_, known, ..)| known == field);
                f.write_str(row.map_or("", |(name, ..)| name))
            }
        }
    }
}

/// The path and the key of `PATH['KEY']` (kubelet D2): the first `['` is where the key begins.
fn split_subscript(text: &str) -> Option<(&str, &str)> {
    let (path, key) = text.strip_suffix("']")?.split_once("['")?;
    (!path.is_empty()).then_some((path, key))
}
