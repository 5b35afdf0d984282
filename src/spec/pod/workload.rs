//! The one pod that a manifest file is about: a Pod, or what has a template for one, among other objects.

use std::collections::BTreeSet;
use std::fmt;

use super::Pod;
use crate::spec::document::{DecodeError, Decoded, Node, Place, Value, closest, decode};
use crate::spec::quote::shorten;

/// A kind that bears a pod.
pub(super) struct Kind {
    pub(super) name: &'static str,
    pub(super) api_version: &'static str,
    /// The fields that lead to the template; a Pod has none.
    pub(super) template: &'static [&'static str],
}

const fn kind(
    name: &'static str,
    api_version: &'static str,
    template: &'static [&'static str],
) -> Kind {
    Kind { name, api_version, template }
}

pub(super) const KINDS: [Kind; 9] = [
    kind("Pod", "v1", &[]),
    kind("PodTemplate", "v1", &["template"]),
    kind("ReplicationController", "v1", &["spec", "template"]),
    kind("ReplicaSet", "apps/v1", &["spec", "template"]),
    kind("Deployment", "apps/v1", &["spec", "template"]),
    kind("StatefulSet", "apps/v1", &["spec", "template"]),
    kind("DaemonSet", "apps/v1", &["spec", "template"]),
    kind("Job", "batch/v1", &["spec", "template"]),
    kind("CronJob", "batch/v1", &["spec", "jobTemplate", "spec", "template"]),
];

/// What is looked through for its `items`.
const LIST: Kind = kind("List", "v1", &[]);

/// So many objects an error names.
const NAMED: usize = 10;

/// So many characters of a text.
const LONGEST: usize = 64;

/// An object that bears a pod.
#[derive(Clone, PartialEq, Debug)]
pub struct Bearer<'a> {
    pub kind: &'static str,
    /// Empty if it has none.
    pub name: &'a str,
    pub namespace: &'a str,
    /// How the pod is reached from its document, such as `spec.template`; empty for the document itself.
    pub path: String,
    /// The object itself, or its template.
    pod: &'a Node,
}

impl Bearer<'_> {
    /// The pod. One from a template has its own labels and annotations, but the workload's name and namespace. Its
    /// restart policy is what the template says: that a Job's may not be the default is for validation.
    ///
    /// # Errors
    /// The first field whose value cannot be what is written. Its path, and that of each warning, begins with the
    /// document.
    pub fn read(&self) -> Result<Decoded<Pod>, DecodeError> {
        let mut decoded: Decoded<Pod> = decode(self.pod)
            .map_err(|error| DecodeError { path: join(&self.path, &error.path), ..error })?;
        for warning in &mut decoded.warnings {
            warning.path = join(&self.path, &warning.path);
        }
        if self.kind != "Pod" {
            let pod = &mut decoded.value;
            pod.api_version = "v1".to_owned();
            pod.kind = "Pod".to_owned();
            pod.metadata.name = self.name.to_owned();
            pod.metadata.namespace = self.namespace.to_owned();
        }
        Ok(decoded)
    }
}

/// The only object among those of a file that bears a pod, `items` of a `List` included. Objects of other kinds count
/// for nothing.
///
/// # Errors
/// None or several of them do, or it cannot be told; see [`WorkloadError`].
pub fn bearer(documents: &[Node]) -> Result<Bearer<'_>, WorkloadError> {
    let mut search = Search::default();
    documents.iter().try_for_each(|document| search.look_at(document, ""))?;
    if search.count > 1 {
        let name = |of: &Bearer<'_>| format!("{}/{}", of.kind, shown(of.name));
        let first = search.bearers.iter().map(name).collect();
        return Err(WorkloadError::Several { first, count: search.count });
    }
    let count = search.others.len();
    let first = || search.others.into_iter().take(NAMED).map(shown).collect();
    search.bearers.pop().ok_or_else(|| WorkloadError::None { first: first(), count })
}

#[derive(Default)]
struct Search<'a> {
    /// The first [`NAMED`].
    bearers: Vec<Bearer<'a>>,
    count: usize,
    /// The kinds that bear no pod.
    others: BTreeSet<&'a str>,
}

impl<'a> Search<'a> {
    fn look_at(&mut self, object: &'a Node, path: &str) -> Result<(), WorkloadError> {
        let place = object.place;
        if !matches!(object.value, Value::Mapping(_)) {
            return Err(WorkloadError::NoObject(place));
        }
        let Some(name) = text(object, &["kind"]) else {
            return Err(WorkloadError::NoKind(place));
        };
        let Some(kind) = KINDS.iter().chain([&LIST]).find(|kind| kind.name == name) else {
            self.others.insert(name);
            return Ok(());
        };
        let api_version = match object.get("apiVersion").map(|version| &version.value) {
            Some(Value::String(text)) => text,
            Some(Value::Number(number)) => number.as_str(),
            _ => "",
        };
        if api_version != kind.api_version {
            return Err(WorkloadError::ApiVersion {
                place,
                kind: kind.name,
                written: shown(api_version),
                expected: kind.api_version,
            });
        }
        if kind.name == LIST.name {
            let items = match object.get("items").map(|items| &items.value) {
                Some(Value::Sequence(items)) => items.as_slice(),
                _ => &[],
            };
            let path = |item: usize| join(path, &format!("items[{item}]"));
            return items.iter().enumerate().try_for_each(|(n, item)| self.look_at(item, &path(n)));
        }
        let template = kind.template.join(".");
        let Some(pod) = follow(object, kind.template).filter(|pod| !pod.is_null()) else {
            return Err(WorkloadError::NoTemplate { place, kind: kind.name, template });
        };
        self.count += 1;
        if self.bearers.len() == NAMED {
            return Ok(());
        }
        self.bearers.push(Bearer {
            kind: kind.name,
            name: text(object, &["metadata", "name"]).unwrap_or_default(),
            namespace: text(object, &["metadata", "namespace"]).unwrap_or_default(),
            path: join(path, &template),
            pod,
        });
        Ok(())
    }
}

fn join(path: &str, field: &str) -> String {
    let dot = if path.is_empty() || field.is_empty() { "" } else { "." };
    format!("{path}{dot}{field}")
}

fn follow<'a>(object: &'a Node, path: &[&str]) -> Option<&'a Node> {
    path.iter().try_fold(object, |of, field| of.get(field))
}

fn text<'a>(object: &'a Node, path: &[&str]) -> Option<&'a str> {
    follow(object, path)?.as_str()
}

/// Why a file is not about one pod.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum WorkloadError {
    /// What stands in place of an object is no mapping.
    NoObject(Place),
    /// An object does not say what it is.
    NoKind(Place),
    /// A kind that bears a pod, of an API in which it does not, or not like this.
    ApiVersion {
        place: Place,
        kind: &'static str,
        /// Empty if there is none.
        written: String,
        expected: &'static str,
    },
    /// A workload without a pod.
    NoTemplate { place: Place, kind: &'static str, template: String },
    /// The objects are of so many kinds, these among them, and none bears a pod.
    None { first: Vec<String>, count: usize },
    /// So many objects bear a pod, these among them, as `KIND/NAME`.
    Several { first: Vec<String>, count: usize },
}

impl fmt::Display for WorkloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WorkloadError::NoObject(place) => {
                write!(f, "{place}: no object; write apiVersion, kind and what belongs to it")
            }
            WorkloadError::NoKind(place) => {
                write!(f, "{place}: no kind; write what it is, such as kind: Pod")
            }
            WorkloadError::ApiVersion { place, kind, written, expected } => {
                if written.is_empty() {
                    return write!(f, "{place}: no apiVersion; write apiVersion: {expected}");
                }
                write!(f, "{place}: apiVersion of a {kind} is {expected}, not {written}")
            }
            WorkloadError::NoTemplate { place, kind, template } => {
                write!(f, "{place}: a {kind} needs {template}")
            }
            WorkloadError::None { first, count } => {
                let pods = KINDS.map(|kind| kind.name);
                write!(f, "no pod in it; write one of {}", pods.join(", "))?;
                if *count > 0 {
                    write!(f, " instead of, or beside, {}", list(first, *count))?;
                }
                match first.iter().find_map(|kind| closest(kind, &pods)) {
                    Some(name) => write!(f, ": did you mean {name}?"),
                    None => Ok(()),
                }
            }
            WorkloadError::Several { first, count } => {
                write!(f, "more than one pod in it, leave one of {}", list(first, *count))
            }
        }
    }
}

impl std::error::Error for WorkloadError {}

/// The first of so many names, and how many there are beyond them.
fn list(first: &[String], count: usize) -> String {
    match count.saturating_sub(first.len()) {
        0 => first.join(", "),
        more => format!("{}, {more} more", first.join(", ")),
    }
}

fn shown(text: &str) -> String {
    shorten(text, LONGEST).to_string()
}
