//! `--env-from`: ConfigMaps and Secrets as folders, one file for each key, as Kubernetes mounts them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::plan::pod::{Object, Objects};
use crate::spec::document::MAX_BYTES;
use crate::sys::errno_of;

/// Names and their folders; of one given twice the last counts.
pub struct Folders<'f>(pub Vec<(&'f str, &'f Path)>);

impl Objects for Folders<'_> {
    fn contents(&self, object: &Object) -> Result<Option<BTreeMap<String, Vec<u8>>>, String> {
        let (Object::ConfigMap(wanted) | Object::Secret(wanted)) = object;
        let folder = self.0.iter().rfind(|(name, _)| name == wanted);
        let Some((_, folder)) = folder else { return Ok(None) };
        let contents = read(folder);
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

/// All files of a folder, those that Kubernetes itself needs to exchange them apart: they begin with two dots. No
/// object is larger than etcd takes it.
fn read(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, (PathBuf, io::Error)> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |error| (path, error)
    };
    let mut contents = BTreeMap::new();
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
        room = room.checked_sub(count + key.len()).ok_or_else(|| {
            let problem = format!("larger than {MAX_BYTES} bytes, which is the most");
            (folder.to_owned(), io::Error::other(problem))
        })?;
        contents.insert(key, value);
    }
    Ok(contents)
}
