//! Who a container runs as, and what it may do.

use serde::Deserialize;

use super::Unused;

/// What holds for all containers, unless one says otherwise.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSecurityContext {
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub run_as_non_root: Option<bool>,
    pub supplemental_groups: Vec<i64>,
    /// Whose group the files of volumes get (kubelet D32).
    pub fs_group: Option<i64>,
    pub app_armor_profile: Unused,
    pub fs_group_change_policy: Unused,
    pub se_linux_change_policy: Unused,
    pub se_linux_options: Unused,
    pub seccomp_profile: Unused,
    pub supplemental_groups_policy: Unused,
    pub sysctls: Unused,
    pub windows_options: Unused,
}

/// What one container says.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityContext {
    pub run_as_user: Option<i64>,
    pub run_as_group: Option<i64>,
    pub run_as_non_root: Option<bool>,
    pub allow_privilege_escalation: Option<bool>,
    pub capabilities: Option<Capabilities>,
    pub app_armor_profile: Unused,
    pub privileged: Unused,
    pub proc_mount: Unused,
    pub read_only_root_filesystem: Unused,
    pub se_linux_options: Unused,
    pub seccomp_profile: Unused,
    pub windows_options: Unused,
}

/// Names without `CAP_`, or `ALL`.
#[derive(Deserialize, Clone, PartialEq, Debug, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Capabilities {
    pub add: Vec<String>,
    pub drop: Vec<String>,
}
