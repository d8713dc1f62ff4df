//! A topology as JSON.

use porthole_model::{
    FdbEntry, NetworkId, Topology, TopologyBridge, TopologyEnd, TopologyRow, TopologyUplink,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::gap::{MissingFact, known};
use super::{SCHEMA_VERSION, pretty};
use crate::topology::neighbour_word;

/// Which veth belongs to which container, which bridge, which network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole topology")]
pub struct TopologyDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// One row per interface of a container or of another namespace, loopback left out.
    pub rows: Vec<TopologyItem>,
    /// The bridges of the engine's host.
    pub bridges: Vec<BridgeItem>,
    /// The other interfaces of the engine's host, loopback and veth left out.
    pub uplinks: Vec<UplinkItem>,
    /// What could not be read.
    pub gaps: Vec<MissingFact>,
}

/// One interface in a namespace and its other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TopologyItem {
    /// The containers in the namespace; empty outside any engine.
    pub containers: Vec<NamedItem>,
    /// The inode number of the namespace.
    pub namespace: Option<u64>,
    /// A process in it.
    pub pid: Option<u32>,
    /// That process's name, for namespaces outside any engine.
    pub process: Option<String>,
    /// The end in the namespace.
    pub inside: Option<EndItem>,
    /// The end in the host's namespace; null without a gap when it has none there.
    pub outside: Option<EndItem>,
    /// The bridge that `outside` is a port of.
    pub bridge: Option<String>,
    /// The network.
    pub network: Option<NamedItem>,
    /// The entries of the bridge's forwarding database for the MAC of `inside`.
    pub fdb: Option<Vec<FdbItem>>,
}

/// A container or a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct NamedItem {
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EndItem {
    /// Its name.
    pub name: String,
    /// Its index in its namespace.
    pub index: u32,
    /// Its MAC.
    pub mac: Option<String>,
    /// Its MTU.
    pub mtu: u32,
    /// Whether it is up and has a carrier.
    pub up: bool,
    /// Its addresses with their prefix lengths.
    pub addresses: Vec<String>,
}

/// An entry of a forwarding database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FdbItem {
    /// The address.
    pub mac: String,
    /// The index of the port frames to it leave by.
    pub port: u32,
    /// The VLAN.
    pub vlan: Option<u16>,
    /// The state of the entry.
    pub state: String,
}

/// A bridge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BridgeItem {
    /// The bridge itself.
    pub interface: EndItem,
    /// The network it carries.
    pub network: Option<NamedItem>,
    /// The names of its ports.
    pub ports: Vec<String>,
}

/// An interface of the host that leads out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UplinkItem {
    /// The interface.
    pub interface: EndItem,
    /// Whether a default route leaves by it.
    pub default_route: bool,
}

/// A topology as JSON.
pub fn topology(topology: &Topology) -> String {
    pretty(&TopologyDocument::from(topology))
}

impl From<&Topology> for TopologyDocument {
    fn from(topology: &Topology) -> Self {
        let mut gaps: Vec<_> = topology.gaps.iter().map(|gap| MissingFact::at(None, gap)).collect();
        let rows = topology.rows.iter().enumerate().map(|(place, row)| item(row, place, &mut gaps)).collect();
        Self {
            schema_version: SCHEMA_VERSION,
            rows,
            bridges: topology.bridges.iter().map(BridgeItem::from).collect(),
            uplinks: topology.uplinks.iter().map(UplinkItem::from).collect(),
            gaps,
        }
    }
}

fn item(row: &TopologyRow, place: usize, gaps: &mut Vec<MissingFact>) -> TopologyItem {
    let path = |field: &str| format!("rows[{place}].{field}");
    let named = |name: &String, id: &dyn ToString| NamedItem { name: name.clone(), id: id.to_string() };
    TopologyItem {
        containers: row.containers.iter().map(|(name, id)| named(name, id)).collect(),
        namespace: known(&row.namespace, || path("namespace"), gaps).map(|id| id.0),
        pid: row.pid.map(|pid| pid.0),
        process: row.process.clone(),
        inside: known(&row.inside, || path("inside"), gaps).map(EndItem::from),
        outside: known(&row.outside, || path("outside"), gaps).and_then(Option::as_ref).map(EndItem::from),
        bridge: row.bridge.clone(),
        network: row.network.as_ref().map(network),
        fdb: known(&row.fdb, || path("fdb"), gaps).map(|entries| entries.iter().map(FdbItem::from).collect()),
    }
}

fn network((name, id): &(String, NetworkId)) -> NamedItem {
    NamedItem { name: name.clone(), id: id.to_string() }
}

impl From<&TopologyEnd> for EndItem {
    fn from(end: &TopologyEnd) -> Self {
        Self {
            name: end.name.clone(),
            index: end.index.0,
            mac: end.mac.map(|mac| mac.to_string()),
            mtu: end.mtu,
            up: end.up,
            addresses: end.addresses.iter().map(ToString::to_string).collect(),
        }
    }
}

impl From<&FdbEntry> for FdbItem {
    fn from(entry: &FdbEntry) -> Self {
        Self {
            mac: entry.mac.to_string(),
            port: entry.port.0,
            vlan: entry.vlan,
            state: neighbour_word(entry.state).to_owned(),
        }
    }
}

impl From<&TopologyBridge> for BridgeItem {
    fn from(bridge: &TopologyBridge) -> Self {
        Self {
            interface: EndItem::from(&bridge.end),
            network: bridge.network.as_ref().map(network),
            ports: bridge.ports.clone(),
        }
    }
}

impl From<&TopologyUplink> for UplinkItem {
    fn from(uplink: &TopologyUplink) -> Self {
        Self { interface: EndItem::from(&uplink.end), default_route: uplink.default_route }
    }
}
