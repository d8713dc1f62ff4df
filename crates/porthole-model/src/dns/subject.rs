//! Whose names are looked into, and what was read for it.

use serde::{Deserialize, Serialize};

use crate::{
    ContainerState, DnsProbe, EngineVersion, HostNames, HostsEntry, NetworkAttachment, Observed, Pid,
    ResolverFile, Socket,
};

/// What a container was told of DNS when it was made (`--dns`, `--dns-search`, `--dns-option`).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsSettings {
    /// The name servers, as they were given.
    pub servers: Vec<String>,
    /// The search domains.
    pub search: Vec<String>,
    /// The options.
    pub options: Vec<String>,
}

/// Whose names are looked into, as far as an engine knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsSubject {
    /// How a person calls it: `container web`, `network app`, `process 4711`.
    pub label: String,
    /// A process of it.
    pub pid: Pid,
    /// The engine's process, in whose network namespace it asks; `None` where the one that reads is to find it.
    pub daemon: Option<Pid>,
    /// The engine.
    pub engine: Option<EngineVersion>,
    /// The container's name; `None` of a process, and of a network.
    pub container: Option<String>,
    /// A name of its own that the engine's resolver answers to, without asking anyone.
    pub own_name: Option<String>,
    /// `HostConfig.NetworkMode`; empty of a process.
    pub network_mode: String,
    /// The networks it is attached to.
    pub attachments: Vec<NetworkAttachment>,
    /// The names of the engine's networks.
    pub networks: Vec<String>,
    /// Those of them that have no way out.
    pub internal_networks: Vec<String>,
    /// What it was told of DNS.
    pub settings: DnsSettings,
    /// The other containers.
    pub peers: Vec<DnsPeer>,
    /// What to look up; empty for what porthole chooses.
    pub names: Vec<String>,
}

impl DnsSubject {
    /// Whether it is attached to networks and none of them leads out.
    pub fn has_no_way_out(&self) -> bool {
        !self.attachments.is_empty()
            && self.attachments.iter().all(|at| self.internal_networks.contains(&at.network_name))
    }
}

/// Another container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsPeer {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: ContainerState,
    /// The exit code of its last run, once that ended.
    pub exit_code: Option<i64>,
    /// `HostConfig.NetworkMode`.
    pub network_mode: String,
    /// The networks it is attached to, with the names it has there.
    pub attachments: Vec<NetworkAttachment>,
}

impl DnsPeer {
    /// Whether it runs; an engine answers for no other.
    pub fn is_alive(&self) -> bool {
        self.state.is_alive()
    }
}

/// What was read and asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsReading {
    /// The container's resolv.conf; `None` where it has none.
    pub resolver_file: Observed<Option<ResolverFile>>,
    /// The container's hosts file.
    pub hosts_file: Observed<Vec<HostsEntry>>,
    /// The `hosts` line of the container's nsswitch.conf; `None` where it has none.
    pub name_services: Observed<Option<Vec<String>>>,
    /// Whom the engine and its host ask.
    pub host: HostNames,
    /// The sockets in the container's network namespace that are bound to 127.0.0.11.
    pub engine_sockets: Observed<Vec<Socket>>,
    /// What listens on port 53 of a loopback address in the engine's network namespace.
    pub host_stubs: Observed<Vec<Socket>>,
    /// Whether the container shares the engine's network namespace.
    pub shares_host_network: bool,
    /// What was asked, and what came of it.
    pub probes: Vec<DnsProbe>,
}
