//! Which fields of a spec podinit does nothing about, by path, so that it can be said. Metadata and a status ask for
//! nothing.

use super::{
    Container, PodSecurityContext, PodSpec, ResourceRequirements, SecurityContext, Unused, Volume,
    VolumeMount, VolumeProjection,
};

/// The API's names of the fields that are [`Unused`].
macro_rules! names {
    ($($type:ident { $($field:ident = $name:literal,)+ })+) => {$(
        impl $type {
            fn own_unused(&self, at: &str, found: &mut Vec<String>) {
                $(if self.$field == Unused(true) {
                    found.push(format!("{at}.{}", $name));
                })+
            }
        }
    )+};
}

names! {
    PodSpec {
        affinity = "affinity",
        automount_service_account_token = "automountServiceAccountToken",
        dns_config = "dnsConfig",
        dns_policy = "dnsPolicy",
        ephemeral_containers = "ephemeralContainers",
        host_aliases = "hostAliases",
        host_ipc = "hostIPC",
        host_pid = "hostPID",
        host_users = "hostUsers",
        hostname_override = "hostnameOverride",
        image_pull_secrets = "imagePullSecrets",
        node_selector = "nodeSelector",
        overhead = "overhead",
        preemption_policy = "preemptionPolicy",
        priority = "priority",
        priority_class_name = "priorityClassName",
        resource_claims = "resourceClaims",
        runtime_class_name = "runtimeClassName",
        scheduler_name = "schedulerName",
        scheduling_gates = "schedulingGates",
        scheduling_group = "schedulingGroup",
        service_account = "serviceAccount",
        set_hostname_as_fqdn = "setHostnameAsFQDN",
        subdomain = "subdomain",
        tolerations = "tolerations",
        topology_spread_constraints = "topologySpreadConstraints",
    }
    Container {
        resize_policy = "resizePolicy",
        volume_devices = "volumeDevices",
    }
    VolumeMount {
        mount_propagation = "mountPropagation",
        recursive_read_only = "recursiveReadOnly",
    }
    PodSecurityContext {
        app_armor_profile = "appArmorProfile",
        fs_group_change_policy = "fsGroupChangePolicy",
        se_linux_change_policy = "seLinuxChangePolicy",
        se_linux_options = "seLinuxOptions",
        seccomp_profile = "seccompProfile",
        supplemental_groups_policy = "supplementalGroupsPolicy",
        sysctls = "sysctls",
        windows_options = "windowsOptions",
    }
    SecurityContext {
        app_armor_profile = "appArmorProfile",
        privileged = "privileged",
        proc_mount = "procMount",
        read_only_root_filesystem = "readOnlyRootFilesystem",
        se_linux_options = "seLinuxOptions",
        seccomp_profile = "seccompProfile",
        windows_options = "windowsOptions",
    }
    ResourceRequirements {
        claims = "claims",
    }
    Volume {
        aws_elastic_block_store = "awsElasticBlockStore",
        azure_disk = "azureDisk",
        azure_file = "azureFile",
        cephfs = "cephfs",
        cinder = "cinder",
        csi = "csi",
        ephemeral = "ephemeral",
        fc = "fc",
        flex_volume = "flexVolume",
        flocker = "flocker",
        gce_persistent_disk = "gcePersistentDisk",
        git_repo = "gitRepo",
        glusterfs = "glusterfs",
        image = "image",
        iscsi = "iscsi",
        nfs = "nfs",
        persistent_volume_claim = "persistentVolumeClaim",
        photon_persistent_disk = "photonPersistentDisk",
        portworx_volume = "portworxVolume",
        quobyte = "quobyte",
        rbd = "rbd",
        scale_io = "scaleIO",
        storageos = "storageos",
        vsphere_volume = "vsphereVolume",
    }
    VolumeProjection {
        cluster_trust_bundle = "clusterTrustBundle",
        pod_certificate = "podCertificate",
        service_account_token = "serviceAccountToken",
    }
}

impl PodSpec {
    /// The paths, from the pod on, of all fields that are there and that podinit does nothing about, such as
    /// `spec.containers[0].resizePolicy`.
    pub fn unused(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.own_unused("spec", &mut found);
        if let Some(context) = &self.security_context {
            context.own_unused("spec.securityContext", &mut found);
        }
        if let Some(resources) = &self.resources {
            resources.own_unused("spec.resources", &mut found);
        }
        for (list, containers) in
            [("initContainers", &self.init_containers), ("containers", &self.containers)]
        {
            for (index, container) in containers.iter().enumerate() {
                container.unused(&format!("spec.{list}[{index}]"), &mut found);
            }
        }
        for (index, volume) in self.volumes.iter().enumerate() {
            volume.unused(&format!("spec.volumes[{index}]"), &mut found);
        }
        found
    }
}

impl Container {
    fn unused(&self, at: &str, found: &mut Vec<String>) {
        self.own_unused(at, found);
        self.resources.own_unused(&format!("{at}.resources"), found);
        if let Some(context) = &self.security_context {
            context.own_unused(&format!("{at}.securityContext"), found);
        }
        for (index, mount) in self.volume_mounts.iter().enumerate() {
            mount.own_unused(&format!("{at}.volumeMounts[{index}]"), found);
        }
    }
}

impl Volume {
    fn unused(&self, at: &str, found: &mut Vec<String>) {
        self.own_unused(at, found);
        let sources = self.projected.iter().flat_map(|projected| &projected.sources);
        for (index, source) in sources.enumerate() {
            source.own_unused(&format!("{at}.projected.sources[{index}]"), found);
        }
    }
}
