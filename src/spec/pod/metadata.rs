//! Who a pod is.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Unused;

/// The API's `ObjectMeta` (`apimachinery/pkg/apis/meta/v1/types.go`).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectMeta {
    pub name: String,
    /// An API server would append five random characters to it where there is no name.
    pub generate_name: String,
    pub namespace: String,
    pub uid: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub creation_timestamp: Unused,
    pub deletion_grace_period_seconds: Unused,
    pub deletion_timestamp: Unused,
    pub finalizers: Unused,
    pub generation: Unused,
    pub managed_fields: Unused,
    pub owner_references: Unused,
    pub resource_version: Unused,
    pub self_link: Unused,
}
