//! Volumes, the files that are written into them, and where containers see them (kubelet V21, V22).

use std::collections::BTreeSet;

use super::{Around, Place, reference};
use crate::spec::field_path::Use;
use crate::spec::names;
use crate::spec::pod::{
    DownwardApiVolumeFile, KeyToPath, ProjectedVolumeSource, Volume, VolumeMount,
};
use crate::spec::volume_item::{self, ItemPath};

pub(super) fn volumes(volumes: &[Volume], at: &mut Place<'_>) {
    let mut taken = BTreeSet::new();
    for (index, volume) in volumes.iter().enumerate() {
        let at = &mut at.index(index);
        at.field("name").check(&volume.name, names::dns_label);
        at.field("name").unique(&volume.name, &mut taken);
        one_source(volume, at);
        source(volume, at);
    }
}

/// One without any is an emptyDir by default.
fn one_source(volume: &Volume, at: &mut Place<'_>) {
    const TOO_MANY: &str = "may not specify more than 1 volume type";
    let known = [
        ("emptyDir", volume.empty_dir.is_some()),
        ("hostPath", volume.host_path.is_some()),
        ("downwardAPI", volume.downward_api.is_some()),
        ("projected", volume.projected.is_some()),
        ("configMap", volume.config_map.is_some()),
        ("secret", volume.secret.is_some()),
    ];
    let mut found = known.into_iter().filter_map(|(field, set)| set.then_some(field));
    let first = found.next();
    for further in found {
        at.field(further).forbidden(TOO_MANY);
    }
    // Of those that podinit makes no use of, there may be one in its place.
    if let Some(first) = first
        && *volume != known_only(volume)
    {
        at.field(first).forbidden(TOO_MANY);
    }
}

fn known_only(volume: &Volume) -> Volume {
    Volume {
        name: volume.name.clone(),
        empty_dir: volume.empty_dir.clone(),
        host_path: volume.host_path.clone(),
        downward_api: volume.downward_api.clone(),
        projected: volume.projected.clone(),
        config_map: volume.config_map.clone(),
        secret: volume.secret.clone(),
        ..Volume::default()
    }
}

fn source(volume: &Volume, at: &mut Place<'_>) {
    if let Some(source) = &volume.host_path
        && source.path.is_empty()
    {
        at.field("hostPath").field("path").required("");
    }
    if let Some(source) = &volume.downward_api {
        let at = &mut at.field("downwardAPI");
        mode(source.default_mode, at.field("defaultMode"));
        for (index, file) in source.items.iter().enumerate() {
            downward_file(file, &mut at.field("items").index(index));
        }
    }
    if let Some(source) = &volume.projected {
        projected(source, &mut at.field("projected"));
    }
    if let Some(source) = &volume.config_map {
        let at = &mut at.field("configMap");
        at.field("name").check(&source.name, names::dns_subdomain);
        mode(source.default_mode, at.field("defaultMode"));
        keys(&source.items, &mut at.field("items"));
    }
    if let Some(source) = &volume.secret {
        let at = &mut at.field("secret");
        at.field("secretName").check(&source.secret_name, names::dns_subdomain);
        mode(source.default_mode, at.field("defaultMode"));
        keys(&source.items, &mut at.field("items"));
    }
}

fn projected(projected: &ProjectedVolumeSource, at: &mut Place<'_>) {
    mode(projected.default_mode, at.field("defaultMode"));
    let mut taken = BTreeSet::new();
    for (index, source) in projected.sources.iter().enumerate() {
        let at = &mut at.field("sources");
        let at = &mut at.index(index);
        let mut count = 0;
        if let Some(source) = &source.downward_api {
            count += 1;
            let at = &mut at.field("downwardAPI");
            let at = &mut at.field("items");
            for (index, file) in source.items.iter().enumerate() {
                downward_file(file, &mut at.index(index));
            }
            let paths = source.items.iter().map(|file| file.path.as_str());
            no_conflict(paths, &mut taken, at);
        }
        for (field, source) in [("configMap", &source.config_map), ("secret", &source.secret)] {
            if let Some(source) = source {
                count += 1;
                let at = &mut at.field(field);
                at.field("name").check(&source.name, names::dns_subdomain);
                let at = &mut at.field("items");
                keys(&source.items, at);
                no_conflict(source.items.iter().map(|item| item.path.as_str()), &mut taken, at);
            }
        }
        if count > 1 {
            at.forbidden("may not specify more than 1 volume type per source");
        }
    }
}

/// Kubelet V22, of all sources. The API compares what is written; here `a` and `./a` are one file (kubelet D27).
fn no_conflict<'f>(
    paths: impl Iterator<Item = &'f str>,
    taken: &mut BTreeSet<ItemPath>,
    at: &mut Place<'_>,
) {
    for (index, text) in paths.enumerate() {
        if let Ok(path) = ItemPath::parse(text)
            && !taken.insert(path)
        {
            at.index(index).field("path").invalid(text, "conflicting duplicate paths");
        }
    }
}

/// Kubelet V21.
fn downward_file(file: &DownwardApiVolumeFile, at: &mut Place<'_>) {
    path(&file.path, at.field("path"));
    mode(file.mode, at.field("mode"));
    if let Some(selector) = &file.field_ref {
        reference::field(selector, Use::File, &mut at.field("fieldRef"));
    }
    if let Some(selector) = &file.resource_field_ref {
        reference::resource(selector, Use::File, &mut at.field("resourceFieldRef"));
    }
    match (&file.field_ref, &file.resource_field_ref) {
        (None, None) => at.required("one of fieldRef and resourceFieldRef is required"),
        (Some(_), Some(_)) => {
            at.invalid(
                "resource",
                "fieldRef and resourceFieldRef can not be specified simultaneously",
            );
        }
        _ => {}
    }
}

fn keys(items: &[KeyToPath], at: &mut Place<'_>) {
    for (index, item) in items.iter().enumerate() {
        let at = &mut at.index(index);
        if item.key.is_empty() {
            at.field("key").required("");
        }
        path(&item.path, at.field("path"));
        mode(item.mode, at.field("mode"));
    }
}

/// Kubelet V21, D28.
fn path(path: &str, mut at: Place<'_>) {
    at.check(path, |path| ItemPath::parse(path).map(drop));
}

/// Kubelet V21.
fn mode(mode: Option<i32>, mut at: Place<'_>) {
    if let Some(mode) = mode
        && !volume_item::is_mode(mode)
    {
        at.invalid(mode, "must be from 0 to 0777 (octal, which in YAML begins with a 0)");
    }
}

pub(super) fn mounts(mounts: &[VolumeMount], around: &Around<'_>, at: &mut Place<'_>) {
    let mut taken = BTreeSet::new();
    for (index, mount) in mounts.iter().enumerate() {
        let at = &mut at.index(index);
        if mount.name.is_empty() {
            at.field("name").required("");
        } else if !around.volumes.contains_key(mount.name.as_str()) {
            at.field("name").not_found(mount.name.as_str());
        }
        if mount.mount_path.is_empty() {
            at.field("mountPath").required("");
        } else if !taken.insert(mount.mount_path.as_str()) {
            at.field("mountPath").invalid(mount.mount_path.as_str(), "must be unique");
        }
        for (field, path) in [("subPath", &mount.sub_path), ("subPathExpr", &mount.sub_path_expr)] {
            if path.starts_with('/') {
                at.field(field).invalid(path.as_str(), "must be a relative path");
            }
            if path.split('/').any(|name| name == "..") {
                at.field(field).invalid(path.as_str(), "must not contain '..'");
            }
        }
        if !mount.sub_path.is_empty() && !mount.sub_path_expr.is_empty() {
            let detail = "subPathExpr and subPath are mutually exclusive";
            at.field("subPathExpr").invalid(mount.sub_path_expr.as_str(), detail);
        }
    }
}
