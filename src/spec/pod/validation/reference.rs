//! What a variable or a file refers to: fields of the pod, amounts of a container, keys, files (kubelet V14, V20).

use super::{Around, Place};
use crate::spec::field_path::{FieldPath, FieldPathError, Use};
use crate::spec::names;
use crate::spec::pod::{FileKeySelector, KeySelector, ObjectFieldSelector, ResourceFieldSelector};
use crate::spec::resource_field::{self, ResourceField};

/// Kubelet V20, D2 to D4.
pub(super) fn field(selector: &ObjectFieldSelector, purpose: Use, at: &mut Place<'_>) {
    at.field("apiVersion").word(&selector.api_version, &["v1"]);
    let path = selector.field_path.as_str();
    let mut at = at.field("fieldPath");
    if path.is_empty() {
        return at.required("");
    }
    match FieldPath::parse(path, purpose) {
        Ok(_) => {}
        Err(FieldPathError::Unknown { .. }) => at.not_supported(path, FieldPath::known(purpose)),
        Err(FieldPathError::Subscript { path }) => {
            at.invalid(path.as_str(), "does not support subscript")
        }
        Err(FieldPathError::Key { error, .. }) => at.invalid(path, error),
    }
}

/// Kubelet V14. Whether there is such a container is not asked.
pub(super) fn resource(selector: &ResourceFieldSelector, purpose: Use, at: &mut Place<'_>) {
    if purpose == Use::File && selector.container_name.is_empty() {
        at.field("containerName").required("");
    }
    if selector.resource.is_empty() {
        return at.field("resource").required("");
    }
    let Some(resource) = ResourceField::parse(&selector.resource) else {
        return at
            .field("resource")
            .not_supported(selector.resource.as_str(), resource_field::KNOWN);
    };
    if let Some(divisor) = &selector.divisor
        && let Err(error) = resource.check_divisor(divisor)
    {
        at.field("divisor").invalid(divisor.to_string().as_str(), error);
    }
}

/// A key of a ConfigMap or Secret.
pub(super) fn key(selector: &KeySelector, at: &mut Place<'_>) {
    at.field("name").check(&selector.name, names::dns_subdomain);
    at.field("key").check(&selector.key, names::key);
}

/// A variable in a file of an emptyDir volume.
pub(super) fn file_key(selector: &FileKeySelector, around: &Around<'_>, at: &mut Place<'_>) {
    at.field("key").check(&selector.key, names::variable);
    at.field("path").check(&selector.path, |path| {
        if path.split('/').any(|name| name == "..") { Err("must not contain '..'") } else { Ok(()) }
    });
    let name = selector.volume_name.as_str();
    let mut at = at.field("volumeName");
    match around.volumes.get(name) {
        _ if name.is_empty() => at.required(""),
        None => at.not_found(name),
        Some(volume) if volume.empty_dir.is_none() => {
            at.invalid(name, "referenced volume must be of type emptyDir");
        }
        Some(_) => {}
    }
}
