//! Volumes. Modes are permission bits: a JSON 420 is YAML's 0644 (kubelet D26).

use serde::Deserialize;

use super::{ObjectFieldSelector, ResourceFieldSelector, Unused};
use crate::spec::quantity::Quantity;

/// The API's `Volume`: a name and one source, an empty folder if there is none.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    pub name: String,
    pub empty_dir: Option<EmptyDirVolumeSource>,
    pub host_path: Option<HostPathVolumeSource>,
    #[serde(rename = "downwardAPI")]
    pub downward_api: Option<DownwardApiVolumeSource>,
    pub projected: Option<ProjectedVolumeSource>,
    pub config_map: Option<ConfigMapVolumeSource>,
    pub secret: Option<SecretVolumeSource>,
    pub aws_elastic_block_store: Unused,
    pub azure_disk: Unused,
    pub azure_file: Unused,
    pub cephfs: Unused,
    pub cinder: Unused,
    pub csi: Unused,
    pub ephemeral: Unused,
    pub fc: Unused,
    pub flex_volume: Unused,
    pub flocker: Unused,
    pub gce_persistent_disk: Unused,
    pub git_repo: Unused,
    pub glusterfs: Unused,
    pub image: Unused,
    pub iscsi: Unused,
    pub nfs: Unused,
    pub persistent_volume_claim: Unused,
    pub photon_persistent_disk: Unused,
    pub portworx_volume: Unused,
    pub quobyte: Unused,
    pub rbd: Unused,
    #[serde(rename = "scaleIO")]
    pub scale_io: Unused,
    pub storageos: Unused,
    pub vsphere_volume: Unused,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct EmptyDirVolumeSource {
    /// Empty, or `Memory`, or `HugePages` with or without a size.
    pub medium: String,
    pub size_limit: Option<Quantity>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct HostPathVolumeSource {
    pub path: String,
    /// What has to be there, or be made: such as `DirectoryOrCreate`. Empty asks for nothing.
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardApiVolumeSource {
    pub items: Vec<DownwardApiVolumeFile>,
    pub default_mode: Option<i32>,
}

/// A file with one fact: exactly one of the two references (kubelet V21).
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardApiVolumeFile {
    pub path: String,
    pub field_ref: Option<ObjectFieldSelector>,
    pub resource_field_ref: Option<ResourceFieldSelector>,
    /// The volume's where it is absent.
    pub mode: Option<i32>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ConfigMapVolumeSource {
    pub name: String,
    /// All keys where it is empty.
    pub items: Vec<KeyToPath>,
    pub default_mode: Option<i32>,
    pub optional: Option<bool>,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolumeSource {
    pub secret_name: String,
    /// All keys where it is empty.
    pub items: Vec<KeyToPath>,
    pub default_mode: Option<i32>,
    pub optional: Option<bool>,
}

/// A key of a ConfigMap or Secret as a file.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct KeyToPath {
    pub key: String,
    pub path: String,
    /// The volume's where it is absent.
    pub mode: Option<i32>,
}

/// Several sources in one folder.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectedVolumeSource {
    pub sources: Vec<VolumeProjection>,
    pub default_mode: Option<i32>,
}

/// Exactly one of these.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeProjection {
    #[serde(rename = "downwardAPI")]
    pub downward_api: Option<DownwardApiProjection>,
    pub config_map: Option<ObjectProjection>,
    pub secret: Option<ObjectProjection>,
    pub cluster_trust_bundle: Unused,
    pub pod_certificate: Unused,
    pub service_account_token: Unused,
}

#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct DownwardApiProjection {
    pub items: Vec<DownwardApiVolumeFile>,
}

/// A ConfigMap or Secret: the API's `ConfigMapProjection` and `SecretProjection`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct ObjectProjection {
    pub name: String,
    /// All keys where it is empty.
    pub items: Vec<KeyToPath>,
    pub optional: Option<bool>,
}
