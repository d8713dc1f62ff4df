//! Networks and containers' places on them, as they can be made again, and the steps that do so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ContainerId, NetworkId, Timestamp};

/// Everything that a backup tells of an engine's networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkBackup {
    /// When it was made.
    pub made_at: Timestamp,
    /// The version of porthole that made it.
    pub porthole_version: String,
    /// The engine's own id.
    pub engine_id: String,
    /// The engine's host.
    pub host_name: String,
    /// The engine's version.
    pub engine_version: String,
    /// The database's path on the engine's host.
    pub database_path: String,
    /// The SHA-256 digest of the database that lies beside this, in hexadecimal digits; `None` where it could not be read.
    pub database_sha256: Option<String>,
    /// The number of the database's last transaction.
    pub transaction: Option<u64>,
    /// The networks.
    pub networks: Vec<SavedNetwork>,
    /// The containers' places on them.
    pub memberships: Vec<Membership>,
}

/// What an engine says of its networks now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NetworksNow {
    /// The networks.
    pub networks: Vec<SavedNetwork>,
    /// The containers' places on them.
    pub memberships: Vec<Membership>,
    /// Every container by its name, and whether it runs; one that is on no network has no membership.
    pub containers: BTreeMap<String, bool>,
}

/// A network, with everything that it takes to make it again.
#[expect(clippy::struct_excessive_bools, reason = "the switches are those of the engine's API")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedNetwork {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its driver.
    pub driver: String,
    /// `local`, `global`, `swarm`.
    pub scope: String,
    /// Whether it has no way out.
    pub internal: bool,
    /// Whether containers of a swarm's node may join it.
    pub attachable: bool,
    /// Whether it is a swarm's ingress network.
    pub ingress: bool,
    /// Whether IPv4 is on; `None` of engines that cannot turn it off.
    pub ipv4: Option<bool>,
    /// Whether IPv6 is on.
    pub ipv6: bool,
    /// Whether it only holds settings for others.
    pub config_only: bool,
    /// The network that it takes its settings from.
    pub config_from: Option<String>,
    /// The address management's driver.
    pub ipam_driver: String,
    /// The address management's options.
    pub ipam_options: BTreeMap<String, String>,
    /// The address ranges.
    pub pools: Vec<AddressPool>,
    /// The driver's options.
    pub options: BTreeMap<String, String>,
    /// The labels.
    pub labels: BTreeMap<String, String>,
}

impl SavedNetwork {
    /// Whether every engine makes it itself.
    pub fn is_predefined(&self) -> bool {
        ["bridge", "host", "none"].contains(&self.name.as_str())
    }

    /// Whether it is this engine's own, and not a swarm's.
    pub fn is_local(&self) -> bool {
        self.scope == "local"
    }

    /// Its id.
    pub fn network_id(&self) -> NetworkId {
        NetworkId(self.id.clone())
    }
}

/// An address range of a network.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AddressPool {
    /// The range.
    pub subnet: String,
    /// The part of it that containers get addresses of.
    pub ip_range: String,
    /// The gateway.
    pub gateway: String,
    /// Addresses that no container gets, by name.
    pub auxiliary: BTreeMap<String, String>,
}

/// A container's place on a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Membership {
    /// The container.
    pub container_id: ContainerId,
    /// Its name.
    pub container_name: String,
    /// Whether it ran.
    pub was_running: bool,
    /// The network's name.
    pub network_name: String,
    /// The network's id; `None` before the container's first start.
    pub network_id: Option<NetworkId>,
    /// The IPv4 address, without its prefix length.
    pub ipv4: Option<String>,
    /// The IPv6 address, without its prefix length.
    pub ipv6: Option<String>,
    /// Whether the user chose the addresses.
    pub is_fixed: bool,
    /// The Ethernet address.
    pub mac: Option<String>,
    /// Names it answers to, without those that the engine adds.
    pub aliases: Vec<String>,
    /// Links to other containers, of old.
    pub links: Vec<String>,
    /// The driver's options of this place.
    pub driver_options: BTreeMap<String, String>,
    /// The priority as the way out; higher goes first.
    pub gateway_priority: i64,
}

/// One thing to do on the engine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkStep {
    /// Makes a network.
    Create(Box<SavedNetwork>),
    /// Stops a container.
    Stop {
        /// Its name.
        container: String,
    },
    /// Takes a container off a network, whether that exists or not.
    Disconnect {
        /// The network's name.
        network: String,
        /// The container's name.
        container: String,
    },
    /// Puts a container on a network.
    Connect(Box<Membership>),
    /// Starts a container.
    Start {
        /// Its name.
        container: String,
    },
}

impl NetworkStep {
    /// What it works on, in words.
    pub fn subject(&self) -> String {
        match self {
            Self::Create(network) => format!("network '{}'", network.name),
            Self::Stop { container } | Self::Start { container } => format!("container '{container}'"),
            Self::Disconnect { network, container } => {
                format!("container '{container}' on network '{network}'")
            }
            Self::Connect(place) => {
                format!("container '{}' on network '{}'", place.container_name, place.network_name)
            }
        }
    }
}
