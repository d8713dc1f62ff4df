//! What came into the API with which version (moby, `api/docs/CHANGELOG.md`).

use super::places::Meaning::{Is, Present, Set, SetWithout};
use super::places::Place::{self, Field, Filter, Parameter};
use crate::version::ApiVersion;

/// Something that requests may hold since a version of the API.
#[derive(Clone, Copy, Debug)]
pub(super) struct Addition {
    pub(super) operations: &'static [&'static str],
    pub(super) place: Place,
    pub(super) since: ApiVersion,
    /// Whether a newer engine passes it over, too, when the request asks for an older version.
    pub(super) is_versioned: bool,
    /// Whether it only matters to a request that was refused.
    pub(super) if_refused: bool,
}

const fn came(minor: u32, operations: &'static [&'static str], place: Place) -> Addition {
    let since = ApiVersion::new(1, minor);
    Addition { operations, place, since, is_versioned: false, if_refused: false }
}

const fn versioned(minor: u32, operations: &'static [&'static str], place: Place) -> Addition {
    Addition { is_versioned: true, ..came(minor, operations, place) }
}

const fn if_refused(addition: Addition) -> Addition {
    Addition { if_refused: true, ..addition }
}

const CREATE: &[&str] = &["ContainerCreate"];
const UPDATE: &[&str] = &["ContainerUpdate"];
const EXEC: &[&str] = &["ContainerExec"];
const NETWORK: &[&str] = &["NetworkCreate"];
const CONNECT: &[&str] = &["NetworkConnect"];
const SERVICE: &[&str] = &["ServiceCreate", "ServiceUpdate"];
const BUILD: &[&str] = &["ImageBuild"];
const PRUNES: &[&str] = &["ContainerPrune", "ImagePrune", "NetworkPrune", "VolumePrune"];

/// Everything that came since API 1.25, as far as its loss can be seen in a request.
#[rustfmt::skip]
pub(super) const ADDITIONS: &[Addition] = &[
    // Fields of containers.
    came(25, CREATE, Field("StopTimeout", Set)),
    came(25, CREATE, Field("HostConfig.AutoRemove", Set)),
    came(25, CREATE, Field("HostConfig.Mounts", Set)),
    came(25, CREATE, Field("HostConfig.NanoCpus", Set)),
    came(28, CREATE, Field("HostConfig.DeviceCgroupRules", Set)),
    came(29, CREATE, Field("Healthcheck.StartPeriod", Set)),
    came(40, CREATE, Field("HostConfig.DeviceRequests", Set)),
    versioned(40, CREATE, Field("HostConfig.Mounts[].BindOptions.NonRecursive", Set)),
    came(41, CREATE, Field("HostConfig.CgroupnsMode", Set)),
    if_refused(versioned(42, CREATE, Field("HostConfig.Mounts[].BindOptions.CreateMountpoint", Set))),
    versioned(43, CREATE, Field("HostConfig.Annotations", Set)),
    versioned(44, CREATE, Field("Healthcheck.StartInterval", Set)),
    versioned(44, CREATE, Field("NetworkingConfig.EndpointsConfig.*.MacAddress", SetWithout("MacAddress"))),
    came(44, CREATE, Field("HostConfig.Mounts[].BindOptions.ReadOnlyNonRecursive", Set)),
    versioned(44, CREATE, Field("HostConfig.Mounts[].BindOptions.ReadOnlyForceRecursive", Set)),
    versioned(45, CREATE, Field("HostConfig.Mounts[].VolumeOptions.Subpath", Set)),
    came(46, CREATE, Field("HostConfig.Mounts[].TmpfsOptions.Options", Set)),
    came(48, CREATE, Field("HostConfig.Mounts[].Type", Is("image"))),
    versioned(48, CREATE, Field("NetworkingConfig.EndpointsConfig.*.GwPriority", Set)),
    came(56, CREATE, Field("HostConfig.Umask", Set)),
    versioned(41, CREATE, Parameter("platform")),
    came(28, UPDATE, Field("NanoCpus", Set)),
    versioned(40, UPDATE, Field("PidsLimit", Set)),
    came(55, UPDATE, Field("BlkioWeightDevice", Present)),
    came(55, UPDATE, Field("BlkioDeviceReadBps", Present)),
    came(55, UPDATE, Field("BlkioDeviceWriteBps", Present)),
    came(55, UPDATE, Field("BlkioDeviceReadIOps", Present)),
    came(55, UPDATE, Field("BlkioDeviceWriteIOps", Present)),
    came(25, EXEC, Field("Env", Set)),
    came(35, EXEC, Field("WorkingDir", Set)),
    versioned(42, &["ContainerStop", "ContainerRestart"], Parameter("signal")),
    versioned(30, &["ContainerWait"], Parameter("condition")),
    came(35, &["ContainerLogs"], Parameter("until")),
    came(30, &["PutContainerArchive"], Parameter("copyUIDGID")),
    came(56, &["ContainerList"], Filter("annotation")),

    // Networks and volumes.
    came(29, NETWORK, Field("Ingress", Set)),
    versioned(48, NETWORK, Field("EnableIPv4", Is("false"))),
    came(44, CONNECT, Field("EndpointConfig.MacAddress", Set)),
    came(48, CONNECT, Field("EndpointConfig.GwPriority", Set)),
    came(28, &["NetworkInspect"], Parameter("verbose")),
    came(31, &["NetworkInspect"], Parameter("scope")),
    came(29, &["NetworkList"], Filter("scope")),
    came(40, &["NetworkList"], Filter("dangling")),
    came(42, &["VolumeCreate"], Field("ClusterVolumeSpec", Set)),
    came(25, &["VolumeDelete"], Parameter("force")),
    versioned(42, &["VolumePrune"], Filter("all")),
    came(29, PRUNES, Filter("label")),

    // Images and builds.
    versioned(32, &["ImageCreate"], Parameter("platform")),
    versioned(42, &["ImageList"], Parameter("shared-size")),
    versioned(47, &["ImageList"], Parameter("manifests")),
    came(54, &["ImageList"], Parameter("identity")),
    came(44, &["ImageList"], Filter("until")),
    versioned(46, &["ImagePush"], Parameter("platform")),
    versioned(48, &["ImageInspect"], Parameter("manifests")),
    versioned(49, &["ImageInspect"], Parameter("platform")),
    versioned(48, &["ImageHistory", "ImageLoad", "ImageGet", "ImageGetAll"], Parameter("platform")),
    versioned(50, &["ImageDelete"], Parameter("platforms")),
    came(25, BUILD, Parameter("networkmode")),
    came(25, BUILD, Parameter("cachefrom")),
    came(28, BUILD, Parameter("extrahosts")),
    versioned(32, BUILD, Parameter("platform")),
    versioned(40, BUILD, Parameter("outputs")),
    versioned(48, &["BuildPrune"], Parameter("reserved-space")),
    versioned(48, &["BuildPrune"], Parameter("max-used-space")),
    versioned(48, &["BuildPrune"], Parameter("min-free-space")),

    // The engine and its plugins.
    versioned(42, &["SystemDataUsage"], Parameter("type")),
    versioned(52, &["SystemDataUsage"], Parameter("verbose")),
    came(28, &["PluginDisable"], Parameter("force")),

    // Swarm.
    came(25, SERVICE, Field("TaskTemplate.ContainerSpec.TTY", Set)),
    came(25, SERVICE, Field("TaskTemplate.ContainerSpec.DNSConfig", Set)),
    came(25, SERVICE, Field("TaskTemplate.ForceUpdate", Set)),
    came(28, SERVICE, Field("TaskTemplate.ContainerSpec.ReadOnly", Set)),
    came(28, SERVICE, Field("RollbackConfig", Set)),
    came(29, SERVICE, Field("TaskTemplate.ContainerSpec.Privileges", Set)),
    came(29, SERVICE, Field("TaskTemplate.ContainerSpec.Healthcheck.StartPeriod", Set)),
    came(35, SERVICE, Field("TaskTemplate.ContainerSpec.Isolation", Set)),
    versioned(40, SERVICE, Field("TaskTemplate.ContainerSpec.Sysctls", Set)),
    versioned(40, SERVICE, Field("TaskTemplate.ContainerSpec.Privileges.CredentialSpec.Config", Set)),
    versioned(40, SERVICE, Field("TaskTemplate.Placement.MaxReplicas", Set)),
    versioned(41, SERVICE, Field("TaskTemplate.ContainerSpec.CapabilityAdd", Set)),
    versioned(41, SERVICE, Field("TaskTemplate.ContainerSpec.CapabilityDrop", Set)),
    versioned(41, SERVICE, Field("TaskTemplate.ContainerSpec.Ulimits", Set)),
    came(41, SERVICE, Field("TaskTemplate.ContainerSpec.Mounts[].BindOptions.NonRecursive", Set)),
    versioned(41, SERVICE, Field("TaskTemplate.Resources.Limits.Pids", Set)),
    versioned(41, SERVICE, Field("Mode.ReplicatedJob", Present)),
    versioned(41, SERVICE, Field("Mode.GlobalJob", Present)),
    versioned(44, SERVICE, Field("TaskTemplate.ContainerSpec.Privileges.Seccomp", Set)),
    versioned(44, SERVICE, Field("TaskTemplate.ContainerSpec.Privileges.AppArmor", Set)),
    versioned(44, SERVICE, Field("TaskTemplate.ContainerSpec.Privileges.NoNewPrivileges", Set)),
    came(44, SERVICE, Field("TaskTemplate.ContainerSpec.Healthcheck.StartInterval", Set)),
    came(46, SERVICE, Field("TaskTemplate.ContainerSpec.OomScoreAdj", Set)),
    came(46, SERVICE, Field("TaskTemplate.ContainerSpec.Mounts[].TmpfsOptions.Options", Set)),
    came(52, SERVICE, Field("TaskTemplate.Resources.SwapBytes", Set)),
    came(52, SERVICE, Field("TaskTemplate.Resources.MemorySwappiness", Set)),
    versioned(41, &["ServiceList"], Parameter("status")),
    came(28, &["ServiceList"], Filter("mode")),
    came(29, &["ServiceInspect"], Parameter("insertDefaults")),
    came(40, &["NodeList"], Filter("node.label")),
    came(37, &["ConfigCreate"], Field("Templating", Set)),
];
