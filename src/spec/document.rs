//! Manifest files: from bytes to the values of serde types, as Kubernetes reads them.
//!
//! [`read`] makes a tree of [`Node`]s of each document, YAML or JSON; [`decode`] makes a type of a tree. What YAML means is
//! what `sigs.k8s.io/yaml` (`YAMLToJSON`, with its `goyaml.v2`) hands to Kubernetes' decoders: YAML 1.1 scalars, numbers as
//! Go writes them in JSON. Errors here and not there are a key that stands twice in a mapping, `!!binary`, UTF-16, a tab
//! behind a key's colon, and half of a surrogate pair in JSON.

mod build;
mod decode;
mod error;
mod json;
mod node;
mod path;
mod scalar;
#[cfg(test)]
mod tests;
mod yaml;

pub(super) use decode::closest;
pub use decode::{DecodeError, DecodeProblem, Decoded, MAX_WARNINGS, Warning, decode};
pub use error::{ReadError, ReadProblem};
pub use node::{Entry, Node, Number, Place, Value};

use build::Builder;

/// Of a file, in bytes: the most that etcd takes of one object (`--max-request-bytes`), so that no cluster has a longer one.
pub const MAX_BYTES: usize = 3 << 19;

/// Of collections within each other. A Pod has 12, a CRD that may stand in the same file some 50; the stack holds far more.
pub const MAX_DEPTH: usize = 100;

/// Of memory for all documents of a file, in bytes, what aliases repeat included, and again for the lists of the types that
/// one of them is decoded to; vectors may have twice that in reserve.
/// Manifests take up to twenty times their size, most of them a few times.
pub const MAX_MEMORY: usize = 32 << 20;

/// The documents of a file; those that are empty or null are left out.
///
/// A file whose first character that is not blank is `{` is JSON (apimachinery, `util/yaml`: `GuessJSONStream`), one object
/// after the other; anything else is YAML.
///
/// # Errors
/// What is wrong and where: with the text, its size, or what JSON could not hold.
pub fn read(bytes: &[u8]) -> Result<Vec<Node>, ReadError> {
    let whole = |problem| ReadError::new(Place { line: 1, column: 1 }, problem);
    if bytes.len() > MAX_BYTES {
        return Err(whole(ReadProblem::TooLong(bytes.len())));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(whole(ReadProblem::Utf16));
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let before = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let mut place = Place { line: 1, column: 1 };
        String::from_utf8_lossy(before).chars().for_each(|c| place.pass(c));
        ReadError::new(place, ReadProblem::NotUtf8)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::new(MAX_MEMORY);
    let read = if text.trim_start().starts_with('{') { json::read } else { yaml::read };
    read(text, &mut builder).map_err(|error| mend(error, text))?;
    Ok(builder.into_documents())
}

/// Two mistakes are so common that they are named: templates, and tabs where blanks belong, by the line in which the parser
/// lost its way. Before a tab that indents, that is the line before where a scalar could go on.
fn mend(error: ReadError, text: &str) -> ReadError {
    if !matches!(error.problem, ReadProblem::Syntax(_) | ReadProblem::Key(_)) {
        return error;
    }
    let Place { line, column } = error.place;
    let mut lines = text.lines().skip(line.saturating_sub(1));
    let (this, next) = (lines.next().unwrap_or_default(), lines.next().unwrap_or_default());
    let indents =
        |text: &str| text.chars().take_while(|c| " \t".contains(*c)).position(|c| c == '\t');
    let separates = |text: &str| text.split_once(":\t").map(|(key, _)| key.chars().count() + 1);
    let (line, column, problem) = if this.contains("{{") {
        (line, column, ReadProblem::Template)
    } else if let Some(before) = indents(this).or_else(|| separates(this)) {
        (line, before + 1, ReadProblem::Tab)
    } else if let Some(before) = indents(next) {
        (line + 1, before + 1, ReadProblem::Tab)
    } else {
        return error;
    };
    ReadError { place: Place { line, column }, problem, ..error }
}
