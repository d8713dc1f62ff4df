//! The engine's network database (`local-kv.db` of libnetwork): what it holds, and networks as they can be made again.

mod saved;
mod stored;

use serde::{Deserialize, Serialize};

use crate::{Observed, Pid};

pub use saved::{AddressPool, Membership, NetworkBackup, NetworkStep, NetworksNow, SavedNetwork};
pub use stored::{
    DriverEndpoint, DriverNetwork, ForwardedPort, NameForwarder, Stored, StoredEndpoint, StoredNetwork,
    StoredRecord, StoredSandbox, StoredSubnet,
};

/// What was read of a network database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkDatabase {
    /// The file, as a path of the engine's own files.
    pub path: String,
    /// The file's size in bytes.
    pub size: u64,
    /// The size of its pages; `None` where no page says so.
    pub page_size: Option<u32>,
    /// The number of the last transaction; `None` where neither of the two pages that name it is whole.
    pub transaction: Option<u64>,
    /// What it holds, by key.
    pub records: Vec<StoredRecord>,
    /// What is damaged in it.
    pub faults: Vec<DatabaseFault>,
    /// Who holds the file's lock.
    pub lock_holders: Observed<Vec<LockHolder>>,
}

impl NetworkDatabase {
    /// The networks, with the fields of each.
    pub fn networks(&self) -> impl Iterator<Item = &StoredNetwork> {
        self.records.iter().filter_map(|record| match &record.stored {
            Stored::Network(network) => Some(network),
            _ => None,
        })
    }

    /// The endpoints: containers' places on networks.
    pub fn endpoints(&self) -> impl Iterator<Item = &StoredEndpoint> {
        self.records.iter().filter_map(|record| match &record.stored {
            Stored::Endpoint(endpoint) => Some(endpoint),
            _ => None,
        })
    }

    /// What drivers keep of networks.
    pub fn driver_networks(&self) -> impl Iterator<Item = &DriverNetwork> {
        self.records.iter().filter_map(|record| match &record.stored {
            Stored::DriverNetwork(network) => Some(network),
            _ => None,
        })
    }

    /// What drivers keep of endpoints.
    pub fn driver_endpoints(&self) -> impl Iterator<Item = &DriverEndpoint> {
        self.records.iter().filter_map(|record| match &record.stored {
            Stored::DriverEndpoint(endpoint) => Some(endpoint),
            _ => None,
        })
    }

    /// The sandboxes: containers' network namespaces.
    pub fn sandboxes(&self) -> impl Iterator<Item = &StoredSandbox> {
        self.records.iter().filter_map(|record| match &record.stored {
            Stored::Sandbox(sandbox) => Some(sandbox),
            _ => None,
        })
    }

    /// How many endpoints older engines count on a network.
    pub fn endpoint_count(&self, network: &str) -> Option<u64> {
        self.records.iter().find_map(|record| match &record.stored {
            Stored::EndpointCount { network: of, count } if of == network => Some(*count),
            _ => None,
        })
    }
}

/// Something that is damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatabaseFault {
    /// The number of the page.
    pub page: Option<u64>,
    /// Where the page begins in the file.
    pub offset: Option<u64>,
    /// What is wrong with it.
    pub problem: String,
}

/// A process that holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockHolder {
    /// The process; `None` where it is in a pid namespace that is not to be seen here.
    pub pid: Option<Pid>,
    /// Its name in the kernel.
    pub name: Option<String>,
    /// Whether nobody else may hold the lock beside it.
    pub exclusive: bool,
}
