//! Which veth belongs to which container, which bridge, which network.

use serde::{Deserialize, Serialize};

use crate::{
    ContainerId, FdbEntry, Gap, InterfaceIndex, IpPrefix, MacAddress, NetnsId, NetworkId, Observed, Pid,
};

/// The links of a host as containers use them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// One row per interface of a container or of a namespace outside any engine, loopback left out.
    pub rows: Vec<TopologyRow>,
    /// The bridges of the engine's host, also those without a port.
    pub bridges: Vec<TopologyBridge>,
    /// The other interfaces of the engine's host, loopback and veth left out, but for a veth that a default
    /// route leaves by.
    pub uplinks: Vec<TopologyUplink>,
    /// What could not be seen.
    pub gaps: Vec<Gap>,
}

/// One interface in a namespace and its other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyRow {
    /// The container, when an engine runs it: its name and id. Containers that share a namespace share the row.
    pub containers: Vec<(String, ContainerId)>,
    /// The namespace it lies in.
    pub namespace: Observed<NetnsId>,
    /// A process in that namespace: the container's first, or the lowest.
    pub pid: Option<Pid>,
    /// That process's name, for namespaces outside any engine.
    pub process: Option<String>,
    /// The end in that namespace; a gap when the namespace could not be read.
    pub inside: Observed<TopologyEnd>,
    /// The end in the engine's host namespace; `None` when the interface has none there (macvlan).
    pub outside: Observed<Option<TopologyEnd>>,
    /// The bridge that `outside` is a port of.
    pub bridge: Option<String>,
    /// The network whose bridge that is, or whose address the interface has.
    pub network: Option<(String, NetworkId)>,
    /// The entries of the bridge's forwarding database for the MAC of `inside`.
    pub fdb: Observed<Vec<FdbEntry>>,
}

/// An interface, as a row shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyEnd {
    /// Its name.
    pub name: String,
    /// Its index.
    pub index: InterfaceIndex,
    /// Its MAC.
    pub mac: Option<MacAddress>,
    /// Its MTU.
    pub mtu: u32,
    /// Whether it is up and has a carrier.
    pub up: bool,
    /// Its addresses.
    pub addresses: Vec<IpPrefix>,
}

/// A bridge of the engine's host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyBridge {
    /// The bridge itself.
    pub end: TopologyEnd,
    /// The network it carries, when an engine knows it.
    pub network: Option<(String, NetworkId)>,
    /// The names of its ports.
    pub ports: Vec<String>,
}

/// An interface of the engine's host that leads out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TopologyUplink {
    /// The interface.
    pub end: TopologyEnd,
    /// Whether a default route leaves by it.
    pub default_route: bool,
}
