//! The variables of a container, and what they refer to.

use serde::Deserialize;

use crate::spec::quantity::Quantity;

/// One entry of `env`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVar {
    pub name: String,
    /// Absent and empty are the same (kubelet E13).
    pub value: String,
    pub value_from: Option<EnvVarSource>,
}

/// Exactly one of these (kubelet V20).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvVarSource {
    pub field_ref: Option<ObjectFieldSelector>,
    pub resource_field_ref: Option<ResourceFieldSelector>,
    pub config_map_key_ref: Option<KeySelector>,
    pub secret_key_ref: Option<KeySelector>,
    pub file_key_ref: Option<FileKeySelector>,
}

/// A field of the pod itself (kubelet D1 to D5).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectFieldSelector {
    pub api_version: String,
    pub field_path: String,
}

/// A limit or request of a container (kubelet D11 to D17).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ResourceFieldSelector {
    /// The own container where it is empty; in a volume it is required (kubelet D14).
    pub container_name: String,
    /// Such as `limits.cpu`.
    pub resource: String,
    /// Absent and 0 are 1.
    pub divisor: Option<Quantity>,
}

/// One key of a ConfigMap or Secret: the API's `ConfigMapKeySelector` and `SecretKeySelector`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct KeySelector {
    pub name: String,
    pub key: String,
    pub optional: Option<bool>,
}

/// One variable of a file in a volume (kubelet E23).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct FileKeySelector {
    pub volume_name: String,
    /// Relative to the volume.
    pub path: String,
    pub key: String,
    pub optional: Option<bool>,
}

/// One entry of `envFrom`: exactly one of the two.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFromSource {
    pub prefix: String,
    pub config_map_ref: Option<ObjectSource>,
    pub secret_ref: Option<ObjectSource>,
}

/// All keys of a ConfigMap or Secret: the API's `ConfigMapEnvSource` and `SecretEnvSource`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectSource {
    pub name: String,
    pub optional: Option<bool>,
}
