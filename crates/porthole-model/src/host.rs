//! What the kernel of a host shows: who runs in which network namespace, and what is in each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ConnectionTracking, ContainerResources, DockerProxy, FdbEntry, Firewall, InterfaceAddress, Link,
    Neighbour, NetnsId, Observed, PathMtu, Pid, Process, Route, RoutingRule, Socket, Uid,
};

/// A host as its kernel shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// The name the kernel has for itself.
    pub hostname: Observed<String>,
    /// `uname -r`.
    pub kernel_release: Observed<String>,
    /// `uname -m`.
    pub architecture: Observed<String>,
    /// `PRETTY_NAME` of os-release.
    pub operating_system: Observed<String>,
    /// The boot: two readings of the same host between two boots have the same.
    pub boot_id: Observed<String>,
    /// With which rights it was read.
    pub privilege: Privilege,
    /// The network namespace that porthole itself ran in.
    pub own_network_namespace: Observed<NetnsId>,
    /// Every process of user space.
    pub processes: Observed<Vec<Process>>,
    /// Every network namespace that a process lives in or that has a name.
    pub network_namespaces: Observed<Vec<NetworkNamespace>>,
    /// The docker-proxy processes.
    pub docker_proxies: Observed<Vec<DockerProxy>>,
    /// What each container uses that a process belongs to.
    #[serde(default = "Observed::not_recorded")]
    pub resources: Observed<Vec<ContainerResources>>,
    /// The kernel's modules on disk.
    #[serde(default = "Observed::not_recorded")]
    pub kernel_modules: Observed<KernelModules>,
}

impl Host {
    /// The namespace of that id, if it was seen.
    pub fn namespace(&self, id: NetnsId) -> Option<&NetworkNamespace> {
        self.network_namespaces.value()?.iter().find(|namespace| namespace.id == id)
    }

    /// The process of that id, if it was seen.
    pub fn process(&self, pid: Pid) -> Option<&Process> {
        self.processes.value()?.iter().find(|process| process.pid == pid)
    }
}

/// What of kernels is below `/lib/modules`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KernelModules {
    /// Whether the modules of the kernel that runs are there.
    pub has_running: bool,
    /// The releases whose modules are there.
    pub releases: Vec<String>,
}

/// With which rights a host was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Privilege {
    /// The effective user.
    pub uid: Uid,
    /// The names of the effective capabilities, as in capabilities(7): `CAP_NET_ADMIN`.
    pub capabilities: Vec<String>,
}

/// A network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkNamespace {
    /// Its id.
    pub id: NetnsId,
    /// The processes in it, lowest id first.
    pub processes: Vec<Pid>,
    /// Files it is bound to, as `ip netns` and engines make them.
    pub names: Vec<String>,
    /// What is in it.
    pub stack: Observed<NetworkStack>,
}

/// What a network namespace holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkStack {
    /// Its interfaces.
    pub links: Observed<Vec<Link>>,
    /// Their addresses.
    pub addresses: Observed<Vec<InterfaceAddress>>,
    /// All routing tables, IPv4 and IPv6.
    pub routes: Observed<Vec<Route>>,
    /// Which packets look in which of them, first one first of each family.
    #[serde(default = "not_in_this_snapshot")]
    pub routing_rules: Observed<Vec<RoutingRule>>,
    /// Paths of which a router said that they carry less than this host sends.
    #[serde(default = "Observed::not_recorded")]
    pub path_mtus: Observed<Vec<PathMtu>>,
    /// The neighbour tables.
    pub neighbours: Observed<Vec<Neighbour>>,
    /// The forwarding databases of its bridges.
    pub forwarding_database: Observed<Vec<FdbEntry>>,
    /// Values of `/proc/sys`, by name: `net.ipv4.ip_forward`. What this kernel lacks is a gap of its own.
    pub sysctls: BTreeMap<String, Observed<String>>,
    /// Its sockets.
    pub sockets: Observed<Vec<Socket>>,
    /// Its firewall.
    #[serde(default = "crate::firewall::not_in_this_snapshot")]
    pub firewall: Observed<Firewall>,
    /// Its connection tracking.
    #[serde(default = "Observed::not_recorded")]
    pub connection_tracking: Observed<ConnectionTracking>,
}

impl NetworkStack {
    /// The link of that name, if links were read.
    pub fn link(&self, name: &str) -> Option<&Link> {
        self.links.value()?.iter().find(|link| link.name == name)
    }

    /// The value of a sysctl, or why there is none.
    pub fn sysctl(&self, name: &str) -> Observed<String> {
        match self.sysctls.get(name) {
            Some(value) => value.clone(),
            None => Observed::Missing(crate::Gap::not_asked(format!("sysctl {name}"))),
        }
    }
}

/// What stands for routing rules in a snapshot that an older porthole wrote.
fn not_in_this_snapshot() -> Observed<Vec<RoutingRule>> {
    Observed::Missing(crate::Gap::not_asked(
        "routing rules, which the porthole that wrote this snapshot did not read",
    ))
}
