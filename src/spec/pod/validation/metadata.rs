//! Who a pod is. Its labels and annotations have keys that are written into files as they are (kubelet D6), and its names
//! stand in messages.

use super::Place;
use crate::spec::names;
use crate::spec::pod::ObjectMeta;

/// The most bytes of a label's value.
const LABEL: usize = 63;

/// Those that there are: a pod that no API server has may be without.
pub(super) fn own_names(metadata: &ObjectMeta, at: &mut Place<'_>) {
    if !metadata.name.is_empty() {
        at.field("name").check(&metadata.name, names::dns_subdomain);
    }
    if !metadata.namespace.is_empty() {
        at.field("namespace").check(&metadata.namespace, names::dns_label);
    }
}

pub(super) fn labels_and_annotations(metadata: &ObjectMeta, at: &mut Place<'_>) {
    for (key, value) in &metadata.labels {
        if let Err(error) = names::qualified(key) {
            at.field("labels").invalid(key.as_str(), error);
        }
        // A value is the name in a qualified name, or empty.
        let fits = value.is_empty() || (names::qualified(value).is_ok() && !value.contains('/'));
        if !fits {
            let detail = format!(
                "must be at most {LABEL} letters, digits, '-', '_' and '.', a letter or digit first and last, or empty"
            );
            at.field("labels").invalid(value.as_str(), detail);
        }
    }
    for key in metadata.annotations.keys() {
        // As if it were in lower case.
        if let Err(error) = names::qualified(&key.to_lowercase()) {
            at.field("annotations").invalid(key.as_str(), error);
        }
    }
}
