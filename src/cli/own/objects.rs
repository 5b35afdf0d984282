//! `--env-from`: ConfigMaps and Secrets as folders, one file for each key, as Kubernetes mounts them; or as files of
//! `KEY=VALUE` lines, as `kubectl create configmap --from-env-file` reads them (`HandleFromEnvFile` in
//! `k8s.io/kubectl/pkg/generate/versioned`).

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::plan::pod::{Object, Objects};
use crate::spec::document::MAX_BYTES;
use crate::sys::errno_of;

/// Names and where they are; of one given twice the last counts.
pub struct Offered<'f>(pub Vec<(&'f str, &'f Path)>);

impl Objects for Offered<'_> {
    fn contents(&self, object: &Object) -> Result<Option<Contents>, String> {
        let (Object::ConfigMap(wanted) | Object::Secret(wanted)) = object;
        let offered = self.0.iter().rfind(|(name, _)| name == wanted);
        let Some((_, path)) = offered else { return Ok(None) };
        let contents = if path.is_file() { read_lines(path) } else { read(path) };
        contents.map(Some).map_err(|(path, error)| {
            let why = if error.raw_os_error().is_some() {
                errno_of(&error).desc().to_owned()
            } else {
                error.to_string()
            };
            format!("{}: {why}", path.display())
        })
    }
}

type Contents = BTreeMap<String, Vec<u8>>;

/// The lines of a file: blanks before a key do not count, nor do empty lines and those that begin with `#`.
fn read_lines(path: &Path) -> Result<Contents, (PathBuf, io::Error)> {
    let told = |error| (path.to_owned(), error);
    let mut text = String::new();
    let file = File::open(path).map_err(told)?;
    file.take(MAX_BYTES as u64 + 1).read_to_string(&mut text).map_err(told)?;
    if text.len() > MAX_BYTES {
        return Err(told(too_large()));
    }
    let mut contents = Contents::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((key, value)) = line.split_once('=').filter(|(key, _)| !key.is_empty()) else {
            // What stands there may be a secret.
            let problem = format!("line {} is not KEY=VALUE", index + 1);
            return Err(told(io::Error::other(problem)));
        };
        contents.insert(key.to_owned(), value.as_bytes().to_vec());
    }
    Ok(contents)
}

fn too_large() -> io::Error {
    io::Error::other(format!("larger than {MAX_BYTES} bytes, which is the most"))
}

/// All files of a folder, those that Kubernetes itself needs to exchange them apart: they begin with two dots. No
/// object is larger than etcd takes it.
fn read(folder: &Path) -> Result<Contents, (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let mut contents = Contents::new();
    let mut room = MAX_BYTES;
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let path = entry.path();
        let Ok(key) = entry.file_name().into_string() else { continue };
        let kind = fs::metadata(&path).map_err(at(&path))?;
        if key.starts_with("..") || !kind.is_file() {
            continue;
        }
        let mut value = Vec::new();
        let file = File::open(&path).map_err(at(&path))?;
        let count = file.take(room as u64 + 1).read_to_end(&mut value).map_err(at(&path))?;
        // A key takes room too.
        let left = room.checked_sub(count + key.len());
        room = left.ok_or_else(|| (folder.to_owned(), too_large()))?;
        contents.insert(key, value);
    }
    Ok(contents)
}
