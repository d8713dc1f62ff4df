//! The records of a network database.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ContainerId, MaskedText, NetworkId};

/// A key and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRecord {
    /// The key.
    pub key: String,
    /// The number of its last change.
    pub index: u64,
    /// What it means.
    pub stored: Stored,
    /// Fields that were not understood, as JSON.
    pub unknown_fields: BTreeMap<String, MaskedText>,
}

/// What a record means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stored {
    /// A network.
    Network(StoredNetwork),
    /// A container's place on a network.
    Endpoint(StoredEndpoint),
    /// How many endpoints a network has; newer engines count themselves and leave it at 0.
    EndpointCount {
        /// The network's id.
        network: String,
        /// The number.
        count: u64,
    },
    /// What a driver keeps of a network.
    DriverNetwork(DriverNetwork),
    /// What a driver keeps of an endpoint.
    DriverEndpoint(DriverEndpoint),
    /// A container's network namespace.
    Sandbox(StoredSandbox),
    /// A key without a value, which stands for those below it.
    Marker,
    /// Not understood; the value as text.
    Unknown(MaskedText),
}

/// A network.
#[expect(clippy::struct_excessive_bools, reason = "the switches are those of the engine's database")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredNetwork {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: String,
    /// `local`, `global`, `swarm`.
    pub scope: String,
    /// When it was made, as the engine wrote it.
    pub created: String,
    /// Whether it has no way out.
    pub internal: bool,
    /// Whether containers of a swarm's node may join it.
    pub attachable: bool,
    /// Whether it is a swarm's ingress network.
    pub ingress: bool,
    /// Whether IPv6 is on.
    pub ipv6: bool,
    /// Whether the engine was just removing it.
    pub in_delete: bool,
    /// The address management's driver.
    pub ipam_driver: String,
    /// Its address ranges.
    pub subnets: Vec<StoredSubnet>,
    /// The driver's options.
    pub options: BTreeMap<String, MaskedText>,
    /// Its labels.
    pub labels: BTreeMap<String, MaskedText>,
}

impl StoredNetwork {
    /// Its id.
    pub fn network_id(&self) -> NetworkId {
        NetworkId(self.id.clone())
    }
}

/// An address range of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSubnet {
    /// The range.
    pub pool: String,
    /// The gateway, with its prefix length.
    pub gateway: String,
}

/// A container's place on a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredEndpoint {
    /// Its id.
    pub id: String,
    /// The network's id.
    pub network: String,
    /// Its name: the container's.
    pub name: String,
    /// The sandbox's id; empty while it is in none.
    pub sandbox: String,
    /// The IPv4 address with its prefix length.
    pub ipv4: String,
    /// The IPv6 address with its prefix length.
    pub ipv6: String,
    /// The Ethernet address.
    pub mac: String,
    /// The container's end of the veth pair, as it was named before it was moved.
    pub interface: String,
    /// The names that it answers to.
    pub names: Vec<String>,
    /// Whether it is a swarm's own, for balancing load, and of no container.
    pub load_balancer: bool,
}

/// What a driver keeps of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverNetwork {
    /// The driver: `bridge`, `macvlan`, `ipvlan`.
    pub driver: String,
    /// The network's id.
    pub network: String,
    /// The bridge, or the interface that it is on.
    pub interface: String,
    /// The bridge's IPv4 address with its prefix length.
    pub ipv4: String,
    /// The bridge's IPv6 address with its prefix length.
    pub ipv6: String,
    /// The largest packet; 0 is the engine's default.
    pub mtu: u64,
    /// Every other field, as JSON.
    pub settings: BTreeMap<String, MaskedText>,
}

/// What a driver keeps of an endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DriverEndpoint {
    /// The driver.
    pub driver: String,
    /// The endpoint's id.
    pub id: String,
    /// The network's id.
    pub network: String,
    /// The IPv4 address with its prefix length.
    pub ipv4: String,
    /// The IPv6 address with its prefix length.
    pub ipv6: String,
    /// The Ethernet address.
    pub mac: String,
    /// The container's end of the veth pair, as it was named before it was moved.
    pub interface: String,
    /// The published ports.
    pub ports: Vec<ForwardedPort>,
}

/// A published port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ForwardedPort {
    /// The protocol's number: 6 is TCP, 17 UDP.
    pub protocol: u64,
    /// The host's address.
    pub host_address: String,
    /// The host's port.
    pub host_port: u64,
    /// The container's port.
    pub port: u64,
}

/// A container's network namespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredSandbox {
    /// Its id.
    pub id: String,
    /// The container.
    pub container: ContainerId,
    /// Its endpoints, each with its network: ids.
    pub endpoints: Vec<(String, String)>,
    /// Where the engine's DNS server sends what it does not know itself.
    pub forwarders: Vec<NameForwarder>,
}

/// A DNS server that the engine asks for a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameForwarder {
    /// Its address.
    pub address: String,
    /// Whether it is asked from the host's network, not from the container's.
    pub from_host: bool,
}
