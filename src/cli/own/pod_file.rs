//! What all who are given a Pod file do with it.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use crate::plan::pod::Allocatable;
use crate::spec::document::MAX_BYTES;
use crate::spec::manifest::Manifest;
use crate::spec::quantity::{Format, Quantity, Scale};
use crate::sys::{cgroup, errno_of, machine};

/// The content of a regular file or a pipe, which is waited for.
///
/// # Errors
/// It cannot be read, or is larger than a manifest may be.
pub fn content(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error: io::Error| errno_of(&error).desc().to_owned();
    let kind = std::fs::metadata(path).map_err(told)?.file_type();
    if !kind.is_file() && !kind.is_fifo() && !kind.is_dir() {
        return Err("neither a file nor a pipe".to_owned());
    }
    let file = File::open(path).map_err(told)?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() > MAX_BYTES {
        return Err(format!("larger than {MAX_BYTES} bytes, which is the most"));
    }
    Ok(bytes)
}

/// What is to be said of a manifest though it is valid, a line each.
pub fn warnings(manifest: &Manifest) -> impl Iterator<Item = String> {
    let more = (manifest.more_warnings > 0).then(|| format!("and {} more", manifest.more_warnings));
    manifest.warnings.iter().map(ToString::to_string).chain(more)
}

/// The path of a field of the pod from the document on.
pub fn within(manifest: &Manifest, field: &str) -> String {
    match manifest.path.as_str() {
        "" => field.to_owned(),
        path => format!("{path}.{field}"),
    }
}

/// What this machine has, or what of it the control groups allow, as far as one can tell from within a container.
pub fn allocatable() -> Allocatable {
    let bytes = |count| Quantity::new(count, Scale::One, Format::BinarySi);
    let cpu = machine::processors().saturating_mul(1000);
    let memory = machine::memory();
    Allocatable {
        cpu: Quantity::new(
            cgroup::processors().map_or(cpu, |allowed| allowed.min(cpu)),
            Scale::Milli,
            Format::DecimalSi,
        ),
        memory: bytes(cgroup::memory().map_or(memory, |allowed| allowed.min(memory))),
        ephemeral_storage: bytes(machine::storage()),
    }
}
