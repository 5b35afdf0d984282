//! What a container, or the pod, asks for and may use.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::Unused;
use crate::spec::quantity::Quantity;

/// Amounts by the name of the resource, such as `cpu`.
pub type ResourceList = BTreeMap<String, Quantity>;

/// The API's `ResourceRequirements`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceRequirements {
    pub limits: ResourceList,
    pub requests: ResourceList,
    pub claims: Unused,
}
