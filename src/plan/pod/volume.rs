//! A volume of the pod's own facts: its files and what is in them (kubelet D1, D6, D14, D16, D26 to D29).

use std::collections::BTreeMap;

use super::error::{PlanError, Problem};
use super::{Allocatable, LARGEST, fields, security};
use crate::spec::field_path::{FieldPath, Use};
use crate::spec::pod::{DownwardApiVolumeFile, Pod};
use crate::spec::resource_field::ResourceField;
use crate::spec::volume_item::ItemPath;

/// What counts for [`LARGEST`] besides the content of a file: about what a node takes in memory.
const NODE: usize = 512;

/// The mode of a file for which nothing says another (kubelet V6).
const DEFAULT_MODE: i32 = 0o644;

/// So many volumes are named where there is not the one that is wanted.
const TOLD: usize = 8;

/// What a volume is to hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Volume {
    pub files: Tree,
    /// Whose group everything in it gets (kubelet D32).
    pub group: Option<u32>,
}

/// What is in a folder, by name.
pub type Tree = BTreeMap<String, Node>;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Node {
    File(File),
    Folder(Tree),
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    pub content: Vec<u8>,
    /// Permission bits.
    pub mode: u32,
}

/// What the volume `name` of a pod holds: a `downwardAPI` volume, or a `projected` one of nothing else.
///
/// # Errors
/// The first item that has no value: then there is no volume (kubelet D29).
pub fn volume(pod: &Pod, name: &str, allocatable: &Allocatable) -> Result<Volume, PlanError> {
    let mut volumes = pod.spec.volumes.iter().enumerate();
    let Some((index, volume)) = volumes.find(|(_, volume)| volume.name == name) else {
        let known = pod.spec.volumes.iter().map(|volume| volume.name.clone()).take(TOLD).collect();
        let problem = Problem::NoVolume { name: name.to_owned(), known };
        return Err(PlanError::new("spec.volumes", problem));
    };
    let path = format!("spec.volumes[{index}]");
    let mut filling = Filling { pod, allocatable, files: Tree::new(), size: 0 };
    if let Some(source) = &volume.downward_api {
        filling.add(&source.items, source.default_mode, &format!("{path}.downwardAPI"))?;
    } else if let Some(projected) = &volume.projected {
        for (index, source) in projected.sources.iter().enumerate() {
            let path = format!("{path}.projected.sources[{index}]");
            let Some(source) = &source.downward_api else {
                return Err(PlanError::new(path, Problem::NotDownward));
            };
            filling.add(&source.items, projected.default_mode, &format!("{path}.downwardAPI"))?;
        }
    } else {
        return Err(PlanError::new(path, Problem::NotDownward));
    }
    let group = pod.spec.security_context.as_ref().and_then(|context| context.fs_group);
    let group =
        group.map(|group| security::id(group, || "spec.securityContext.fsGroup".to_owned()));
    Ok(Volume { files: filling.files, group: group.transpose()? })
}

/// A volume that is being put together.
struct Filling<'f> {
    pod: &'f Pod,
    allocatable: &'f Allocatable,
    files: Tree,
    size: usize,
}

impl Filling<'_> {
    fn add(
        &mut self,
        items: &[DownwardApiVolumeFile],
        default_mode: Option<i32>,
        path: &str,
    ) -> Result<(), PlanError> {
        for (index, item) in items.iter().enumerate() {
            self.add_item(item, default_mode).map_err(|(field, problem)| {
                PlanError::new(format!("{path}.items[{index}]{field}"), problem)
            })?;
        }
        Ok(())
    }

    /// Or which field below the item is wrong.
    fn add_item(
        &mut self,
        item: &DownwardApiVolumeFile,
        default_mode: Option<i32>,
    ) -> Result<(), (&'static str, Problem)> {
        let path = ItemPath::parse(&item.path);
        let path = path.map_err(|error| (".path", Problem::ItemPath(error)))?;
        let content = self.content(item)?;
        let mode = item.mode.or(default_mode).unwrap_or(DEFAULT_MODE);
        let file = File { content, mode: mode.cast_unsigned() & 0o777 };
        self.insert(path.as_str(), file).map_err(|problem| (".path", problem))
    }

    fn content(&self, item: &DownwardApiVolumeFile) -> Result<Vec<u8>, (&'static str, Problem)> {
        if let Some(selector) = &item.field_ref {
            let field = FieldPath::parse(&selector.field_path, Use::File);
            let field =
                field.map_err(|error| (".fieldRef.fieldPath", Problem::FieldPath(error)))?;
            return Ok(fields::value(self.pod, &field).into_bytes());
        }
        let Some(selector) = &item.resource_field_ref else { return Err(("", Problem::NoSource)) };
        let Some(field) = ResourceField::parse(&selector.resource) else {
            let problem = Problem::UnknownResource(selector.resource.clone());
            return Err((".resourceFieldRef.resource", problem));
        };
        let Some(container) = fields::named(self.pod, &selector.container_name) else {
            let problem = Problem::UnknownContainer(selector.container_name.clone());
            return Err((".resourceFieldRef.containerName", problem));
        };
        // Of every container, and whatever the pod as a whole may use (kubelet D15, D16).
        let default = self.allocatable.of(&field.resource);
        let amount = fields::amount(container, &field, default, selector.divisor.as_ref());
        Ok(amount.to_string().into_bytes())
    }

    /// Of two files of one path the later counts (kubelet D27).
    fn insert(&mut self, path: &str, file: File) -> Result<(), Problem> {
        self.size = self.size.saturating_add(NODE + file.content.len());
        let occupied = || Problem::Occupied(path.to_owned());
        let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut tree = &mut self.files;
        for folder in folders.split('/').filter(|folder| !folder.is_empty()) {
            let node = tree.entry(folder.to_owned()).or_insert_with(|| {
                self.size = self.size.saturating_add(NODE);
                Node::Folder(Tree::new())
            });
            let Node::Folder(below) = node else { return Err(occupied()) };
            tree = below;
        }
        if self.size > LARGEST {
            return Err(Problem::VolumeTooLarge);
        }
        match tree.insert(name.to_owned(), Node::File(file)) {
            Some(Node::Folder(_)) => Err(occupied()),
            _ => Ok(()),
        }
    }
}
