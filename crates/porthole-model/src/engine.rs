//! What an engine says of itself, its containers and its networks.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{
    ContainerId, DnsSettings, IpPrefix, MacAddress, MaskedText, NameServer, NetworkId, Observed, Pid, Port,
    Timestamp,
};

/// An engine that answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// Where it was asked: `unix:///var/run/docker.sock`.
    pub endpoint: String,
    /// What said so: `--host`, `DOCKER_HOST`, `context "x"`, `default`.
    pub endpoint_origin: String,
    /// What it is.
    pub version: EngineVersion,
    /// `GET /info`.
    pub info: Observed<EngineInfo>,
    /// Every container, stopped ones too.
    pub containers: Observed<Vec<Container>>,
    /// Every network.
    pub networks: Observed<Vec<Network>>,
    /// The engine's process on the host that was read, found by its socket; a gap when the engine is elsewhere.
    pub daemon: Observed<Pid>,
    /// How it was told to work.
    #[serde(default = "Observed::not_recorded")]
    pub settings: Observed<EngineSettings>,
}

/// What Docker's arguments and its settings file say; what they leave out is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EngineSettings {
    /// The name servers of containers; what is no address among them, dockerd would not start with.
    pub name_servers: Vec<NameServer>,
    /// Where it keeps its data, unless that is the default.
    pub data_root: Option<String>,
    /// Whether it lays rules for IPv4; it does unless it is told not to.
    pub iptables: Option<bool>,
    /// Whether it lays rules for IPv6; from 27.0 on it does unless it is told not to.
    pub ip6tables: Option<bool>,
    /// Whether it starts docker-proxy; it does unless it is told not to.
    pub userland_proxy: Option<bool>,
    /// What keeps its rules, from Docker 29 on: `iptables` unless it is told `nftables`.
    pub firewall_backend: Option<String>,
    /// Whether it sees to forwarding; it does unless it is told not to.
    pub ip_forward: Option<bool>,
    /// The bridge of the default network: `none` for no such network.
    pub bridge: Option<String>,
}

/// `GET /version`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineVersion {
    /// Which engine.
    pub kind: EngineKind,
    /// Its version: `28.5.2+dfsg1`.
    pub version: String,
    /// The newest API it speaks: `1.51`.
    pub api_version: String,
    /// The oldest API it speaks, where it says so.
    pub minimum_api_version: Option<String>,
    /// The API version that porthole speaks with it.
    pub negotiated_api_version: String,
    /// Its operating system.
    pub operating_system: String,
    /// Its architecture, in Go's words: `amd64`.
    pub architecture: String,
    /// The release of its kernel.
    pub kernel_release: Option<String>,
}

/// The engines that speak the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineKind {
    /// Docker Engine.
    Docker,
    /// Podman's compatible service.
    Podman,
}

impl EngineKind {
    /// The name of its process.
    pub fn process_name(self) -> &'static str {
        match self {
            Self::Docker => "dockerd",
            Self::Podman => "podman",
        }
    }
}

/// `GET /info`, as far as porthole uses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineInfo {
    /// The engine's id.
    pub id: String,
    /// The host's name.
    pub name: String,
    /// The host's operating system.
    pub operating_system: String,
    /// The storage driver.
    pub storage_driver: String,
    /// Where it keeps its data.
    pub data_root: String,
    /// `none`, `name=apparmor`, `name=seccomp,profile=builtin`, `name=rootless`, `name=userns`, ….
    pub security_options: Vec<String>,
    /// Whether containers live on without the daemon.
    pub live_restore: bool,
    /// `inactive`, `active`, ….
    pub swarm_state: String,
    /// What the engine itself warns about.
    pub warnings: Vec<String>,
    /// What lays its firewall rules, where it says so: `iptables`, `iptables+firewalld`, `nftables`.
    #[serde(default = "Observed::not_recorded")]
    pub firewall_backend: Observed<Option<String>>,
    /// Where it takes subnets for networks from; none stands for its built-in ones.
    #[serde(default = "Observed::not_recorded")]
    pub address_pools: Observed<Vec<DefaultPool>>,
}

/// A range that an engine cuts subnets from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefaultPool {
    /// The range.
    pub base: IpPrefix,
    /// The length of each subnet's prefix.
    pub size: u8,
}

impl EngineInfo {
    /// Whether the engine runs without root.
    pub fn is_rootless(&self) -> bool {
        self.security_options.iter().any(|option| option.contains("name=rootless"))
    }

    /// Whether it says that it keeps its rules in tables of nftables (`nftables`, or `nftables+firewalld`).
    pub fn keeps_rules_by_nftables(&self) -> bool {
        let backend = self.firewall_backend.value().and_then(Option::as_deref);
        backend.is_some_and(|backend| backend.starts_with("nftables"))
    }
}

/// A container, from the list and from its inspection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// Its name, without the slash.
    pub name: String,
    /// The image as it was named when the container was made.
    pub image: String,
    /// Its state.
    pub state: ContainerState,
    /// The first process, in the pid namespace of the engine's host.
    pub pid: Option<Pid>,
    /// The exit code, once it ran.
    pub exit_code: Option<i64>,
    /// Whether the kernel killed it for memory.
    pub out_of_memory: bool,
    /// `State.Error`: why the engine could not start it.
    pub error: Option<String>,
    /// How often its restart policy started it.
    pub restart_count: u64,
    /// The restart policy: `no`, `always`, `unless-stopped`, `on-failure`.
    pub restart_policy: String,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was last started.
    pub started: Option<Timestamp>,
    /// When it last ended.
    #[serde(default)]
    pub finished: Option<Timestamp>,
    /// What is left of its last run, where that ended in a way that wants an explanation.
    #[serde(default = "Observed::not_recorded")]
    pub aftermath: Observed<Aftermath>,
    /// Where what it writes is kept.
    #[serde(default)]
    pub log: ContainerLog,
    /// Its health check.
    pub health: Option<Health>,
    /// `HostConfig.NetworkMode`: `bridge`, `host`, `none`, `container:ID`, a network's name.
    pub network_mode: String,
    /// `HostConfig.PidMode`.
    pub pid_mode: String,
    /// `HostConfig.Runtime`: `runc`, `crun`, `runsc`, …; empty where it is not known.
    #[serde(default)]
    pub runtime: String,
    /// Whether it runs privileged.
    pub privileged: bool,
    /// The networks it is attached to, or will be when it starts.
    pub attachments: Vec<NetworkAttachment>,
    /// Where its ports are published now (`NetworkSettings.Ports`); of a stopped container, as it was made.
    pub published_ports: Vec<PortBinding>,
    /// Ports its image or its creator declares (`Config.ExposedPorts`).
    pub exposed_ports: Vec<(Port, TransportProtocol)>,
    /// What is mounted into it.
    pub mounts: Vec<Mount>,
    /// Its labels.
    pub labels: BTreeMap<String, MaskedText>,
    /// Its command: path and arguments.
    pub command: Vec<MaskedText>,
    /// Its environment, `NAME=value`, credentials masked.
    pub environment: Vec<MaskedText>,
    /// What it was told of DNS.
    #[serde(default)]
    pub dns: DnsSettings,
}

impl Container {
    /// Whether it has processes: running or paused.
    pub fn is_alive(&self) -> bool {
        self.state.is_alive()
    }

    /// Whether it runs and, where it has a health check, is healthy.
    pub fn is_ready(&self) -> bool {
        let is_well = self.health.as_ref().is_none_or(|health| health.status == HealthStatus::Healthy);
        self.state == ContainerState::Running && is_well
    }
}

/// `State.Status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Made, never started, or its start failed.
    Created,
    /// Running.
    Running,
    /// Its processes are frozen.
    Paused,
    /// Between two runs.
    Restarting,
    /// Being removed.
    Removing,
    /// Ended.
    Exited,
    /// Could not be removed.
    Dead,
    /// Any other word of the engine.
    Other(String),
}

impl ContainerState {
    /// Whether a container in it has processes: running or paused.
    pub fn is_alive(&self) -> bool {
        matches!(self, Self::Running | Self::Paused)
    }
}

impl fmt::Display for ContainerState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Created => "created",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Restarting => "restarting",
            Self::Removing => "removing",
            Self::Exited => "exited",
            Self::Dead => "dead",
            Self::Other(word) => word,
        })
    }
}

/// A health check's outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// The state.
    pub status: HealthStatus,
    /// Failures in a row.
    pub failing_streak: u64,
    /// The last time that it was tried.
    #[serde(default)]
    pub last_probe: Option<HealthProbe>,
}

/// One of `State.Health.Log`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthProbe {
    /// The exit code of its command; -1 where the engine could not run it.
    pub exit_code: i64,
    /// What it wrote, credentials masked.
    pub output: MaskedText,
}

/// `HostConfig.LogConfig` and `LogPath`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerLog {
    /// The driver: `json-file`, `local`, `journald`, ….
    pub driver: String,
    /// The file on the engine's host, of drivers that write one.
    pub path: Option<String>,
    /// The size at which the driver begins a new file, as it was set; `None` where it never does.
    pub max_size: Option<String>,
}

/// What is left of a run that did not end well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aftermath {
    /// The last lines of its log, credentials masked.
    pub last_lines: Observed<Vec<MaskedText>>,
    /// What its image was made for.
    pub platform: Observed<Platform>,
}

/// What a program is made for, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Platform {
    /// The system: `linux`.
    pub operating_system: String,
    /// The architecture: `amd64`.
    pub architecture: String,
}

/// `State.Health.Status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HealthStatus {
    /// Not decided yet.
    Starting,
    /// Healthy.
    Healthy,
    /// Unhealthy.
    Unhealthy,
}

/// A container's place on a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAttachment {
    /// The network's name, as the container has it.
    pub network_name: String,
    /// The network's id, as the container has it; `None` before the first start.
    pub network_id: Option<NetworkId>,
    /// The IPv4 address.
    pub ipv4: Option<IpPrefix>,
    /// The IPv6 address.
    pub ipv6: Option<IpPrefix>,
    /// The gateways, IPv4 first.
    pub gateways: Vec<IpAddr>,
    /// The Ethernet address.
    pub mac: Option<MacAddress>,
    /// Names it answers to on this network.
    pub aliases: Vec<String>,
}

/// A port of a container that is published on the host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PortBinding {
    /// The port in the container.
    pub container_port: Port,
    /// Its protocol.
    pub protocol: TransportProtocol,
    /// The host's address; unspecified for all of a family.
    pub host_address: IpAddr,
    /// The host's port; 0 where the engine chooses one when the container starts.
    pub host_port: Port,
}

/// The protocols a port can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransportProtocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl fmt::Display for TransportProtocol {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
            Self::Sctp => "sctp",
        })
    }
}

/// Something mounted into a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Its kind.
    pub kind: MountKind,
    /// Where it comes from on the engine's host; empty for a tmpfs.
    pub source: String,
    /// Where it is in the container.
    pub destination: String,
    /// Whether it is read-only.
    pub read_only: bool,
}

/// `Mounts[].Type`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MountKind {
    /// A path of the host.
    Bind,
    /// A volume.
    Volume,
    /// A tmpfs.
    Tmpfs,
    /// Any other type.
    Other(String),
}

/// A network of an engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// Its name.
    pub name: String,
    /// Its driver: `bridge`, `host`, `null`, `overlay`, `macvlan`, `ipvlan`.
    pub driver: String,
    /// `local`, `swarm`, `global`.
    pub scope: String,
    /// Whether it is made without a way out.
    pub internal: bool,
    /// Whether IPv6 is on.
    pub ipv6: bool,
    /// Its address ranges.
    pub subnets: Vec<Subnet>,
    /// The driver's options.
    pub options: BTreeMap<String, String>,
    /// Its labels.
    pub labels: BTreeMap<String, MaskedText>,
}

impl Network {
    /// The bridge's interface, for a network of the bridge driver: its option, or `br-` and the short id.
    ///
    /// Follows `getBridgeName` of moby's libnetwork; Podman names it in the option `network_interface`.
    pub fn bridge_name(&self) -> Option<String> {
        if self.driver != "bridge" {
            return None;
        }
        let named = ["com.docker.network.bridge.name", "network_interface"];
        let option = named.iter().find_map(|key| self.options.get(*key)).filter(|name| !name.is_empty());
        Some(option.cloned().unwrap_or_else(|| format!("br-{}", self.id.short())))
    }
}

/// An address range of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// The range.
    pub prefix: IpPrefix,
    /// The gateway, where IPAM reports one.
    pub gateway: Option<IpAddr>,
}
