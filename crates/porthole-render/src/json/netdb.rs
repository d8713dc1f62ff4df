//! The network database and what is done about it, as JSON.

use std::collections::BTreeMap;

use porthole_model::{MaskedText, NetworkDatabase, Observed, Stored, StoredRecord};
use schemars::JsonSchema;
use serde::Serialize;

use super::gap::MissingFact;
use super::{SCHEMA_VERSION, pretty};
use crate::netdb::{CleanItem, Names, StepOutcome};

/// What stands in a network database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole netdb show")]
pub struct NetworkDatabaseDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The file.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// The size of its pages; null where no page says so.
    pub page_size: Option<u32>,
    /// The number of its last transaction; null where it is not to be read.
    pub transaction: Option<u64>,
    /// What is damaged.
    pub faults: Vec<FaultItem>,
    /// Who holds its lock; null where that could not be read.
    pub lock_holders: Option<Vec<LockHolderItem>>,
    /// Every key, in the order of the file.
    pub records: Vec<RecordItem>,
    /// What could not be read.
    pub gaps: Vec<MissingFact>,
}

/// Something that is damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FaultItem {
    /// The page's number.
    pub page: Option<u64>,
    /// Where it begins in the file.
    pub offset: Option<u64>,
    /// What is wrong.
    pub problem: String,
}

/// A process that holds the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LockHolderItem {
    /// Its number; null where it is not to be seen here.
    pub pid: Option<u32>,
    /// Its name.
    pub name: Option<String>,
    /// Whether nobody else may hold the lock beside it.
    pub exclusive: bool,
}

/// A key and what stands under it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RecordItem {
    /// The key.
    pub key: String,
    /// The number of its last change.
    pub index: u64,
    /// What it is.
    #[serde(flatten)]
    pub content: RecordContent,
    /// Fields that were not understood: texts as they are, all else as JSON.
    pub unknown_fields: BTreeMap<String, String>,
}

/// What stands under a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RecordContent {
    /// A network.
    Network {
        /// Its id.
        id: String,
        /// Its name.
        name: String,
        /// Its driver.
        driver: String,
        /// `local`, `global`, `swarm`.
        scope: String,
        /// When it was made.
        created: String,
        /// Whether it has no way out.
        internal: bool,
        /// Whether containers of a swarm's node may join it.
        attachable: bool,
        /// Whether IPv6 is on.
        ipv6: bool,
        /// Its address ranges, each with its gateway.
        subnets: Vec<SubnetItem>,
        /// The driver's options.
        options: BTreeMap<String, String>,
        /// Its labels.
        labels: BTreeMap<String, String>,
    },
    /// A container's place on a network.
    Endpoint {
        /// Its id.
        id: String,
        /// The network's id.
        network: String,
        /// Its name: the container's.
        name: String,
        /// The sandbox's id.
        sandbox: String,
        /// The IPv4 address.
        ipv4: String,
        /// The IPv6 address.
        ipv6: String,
        /// The Ethernet address.
        mac: String,
        /// The names it answers to.
        names: Vec<String>,
    },
    /// How many endpoints older engines count.
    EndpointCount {
        /// The network's id.
        network: String,
        /// The number.
        count: u64,
    },
    /// What a driver keeps of a network.
    DriverNetwork {
        /// The driver.
        driver: String,
        /// The network's id.
        network: String,
        /// The bridge, or the interface that it is on.
        interface: String,
        /// The bridge's IPv4 address.
        ipv4: String,
        /// The bridge's IPv6 address.
        ipv6: String,
        /// The largest packet.
        mtu: u64,
        /// Every other field.
        settings: BTreeMap<String, String>,
    },
    /// What a driver keeps of an endpoint.
    DriverEndpoint {
        /// The driver.
        driver: String,
        /// The endpoint's id.
        id: String,
        /// The network's id.
        network: String,
        /// The IPv4 address.
        ipv4: String,
        /// The IPv6 address.
        ipv6: String,
        /// The Ethernet address.
        mac: String,
        /// The published ports.
        ports: Vec<ForwardedPortItem>,
    },
    /// A container's network namespace.
    Sandbox {
        /// Its id.
        id: String,
        /// The container's id.
        container: String,
        /// The container's name, where the engine told it.
        container_name: Option<String>,
        /// Its endpoints: the ids of each and of its network.
        endpoints: Vec<(String, String)>,
        /// Where names are asked that the engine does not know.
        forwarders: Vec<ForwarderItem>,
    },
    /// A key without a value.
    Marker,
    /// Not understood.
    Unknown {
        /// The value.
        value: String,
    },
}

/// An address range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubnetItem {
    /// The range.
    pub pool: String,
    /// Its gateway.
    pub gateway: String,
}

/// A published port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ForwardedPortItem {
    /// The protocol's number.
    pub protocol: u64,
    /// The host's address.
    pub host_address: String,
    /// The host's port.
    pub host_port: u64,
    /// The container's port.
    pub port: u64,
}

/// A DNS server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ForwarderItem {
    /// Its address.
    pub address: String,
    /// Whether it is asked from the host's network.
    pub from_host: bool,
}

/// The database as JSON.
pub fn network_database(database: &NetworkDatabase, names: &Names) -> String {
    let mut gaps = Vec::new();
    let lock_holders = match &database.lock_holders {
        Observed::Known(holders) => Some(holders.iter().map(holder).collect()),
        Observed::Missing(gap) => {
            gaps.push(MissingFact::at("lock_holders".to_owned(), gap));
            None
        }
    };
    let fault = |fault: &porthole_model::DatabaseFault| FaultItem {
        page: fault.page,
        offset: fault.offset,
        problem: fault.problem.clone(),
    };
    pretty(&NetworkDatabaseDocument {
        schema_version: SCHEMA_VERSION,
        path: database.path.clone(),
        size: database.size,
        page_size: database.page_size,
        transaction: database.transaction,
        faults: database.faults.iter().map(fault).collect(),
        lock_holders,
        records: database.records.iter().map(|record| item(record, names)).collect(),
        gaps,
    })
}

fn holder(holder: &porthole_model::LockHolder) -> LockHolderItem {
    LockHolderItem {
        pid: holder.pid.map(|pid| pid.0),
        name: holder.name.clone(),
        exclusive: holder.exclusive,
    }
}

fn item(record: &StoredRecord, names: &Names) -> RecordItem {
    RecordItem {
        key: record.key.clone(),
        index: record.index,
        content: content(&record.stored, names),
        unknown_fields: texts(&record.unknown_fields),
    }
}

fn content(stored: &Stored, names: &Names) -> RecordContent {
    match stored.clone() {
        Stored::Network(network) => RecordContent::Network {
            id: network.id,
            name: network.name,
            driver: network.driver,
            scope: network.scope,
            created: network.created,
            internal: network.internal,
            attachable: network.attachable,
            ipv6: network.ipv6,
            subnets: network
                .subnets
                .into_iter()
                .map(|subnet| SubnetItem { pool: subnet.pool, gateway: subnet.gateway })
                .collect(),
            options: texts(&network.options),
            labels: texts(&network.labels),
        },
        Stored::Endpoint(endpoint) => RecordContent::Endpoint {
            id: endpoint.id,
            network: endpoint.network,
            name: endpoint.name,
            sandbox: endpoint.sandbox,
            ipv4: endpoint.ipv4,
            ipv6: endpoint.ipv6,
            mac: endpoint.mac,
            names: endpoint.names,
        },
        Stored::EndpointCount { network, count } => RecordContent::EndpointCount { network, count },
        Stored::DriverNetwork(network) => RecordContent::DriverNetwork {
            driver: network.driver,
            network: network.network,
            interface: network.interface,
            ipv4: network.ipv4,
            ipv6: network.ipv6,
            mtu: network.mtu,
            settings: texts(&network.settings),
        },
        Stored::DriverEndpoint(endpoint) => driver_endpoint(endpoint),
        Stored::Sandbox(sandbox) => RecordContent::Sandbox {
            container_name: names.get(&sandbox.container).cloned(),
            id: sandbox.id,
            container: sandbox.container.0,
            endpoints: sandbox.endpoints,
            forwarders: sandbox
                .forwarders
                .into_iter()
                .map(|server| ForwarderItem { address: server.address, from_host: server.from_host })
                .collect(),
        },
        Stored::Marker => RecordContent::Marker,
        Stored::Unknown(value) => RecordContent::Unknown { value: value.as_str().to_owned() },
    }
}

fn driver_endpoint(endpoint: porthole_model::DriverEndpoint) -> RecordContent {
    let port = |port: porthole_model::ForwardedPort| ForwardedPortItem {
        protocol: port.protocol,
        host_address: port.host_address,
        host_port: port.host_port,
        port: port.port,
    };
    RecordContent::DriverEndpoint {
        driver: endpoint.driver,
        id: endpoint.id,
        network: endpoint.network,
        ipv4: endpoint.ipv4,
        ipv6: endpoint.ipv6,
        mac: endpoint.mac,
        ports: endpoint.ports.into_iter().map(port).collect(),
    }
}

fn texts(masked: &BTreeMap<String, MaskedText>) -> BTreeMap<String, String> {
    masked.iter().map(|(name, value)| (name.clone(), value.as_str().to_owned())).collect()
}

/// What is done, or would be, about networks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole netdb restore, repair, clean, backup and reset")]
pub struct NetworkStepsDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// Whether nothing was done, since that was asked for.
    pub dry_run: bool,
    /// The steps, in order.
    pub steps: Vec<StepItem>,
    /// What should be known beside them, a sentence each.
    pub notes: Vec<String>,
    /// The backup that was written.
    pub backup: Option<String>,
    /// The name that the old database has now.
    pub moved_to: Option<String>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StepItem {
    /// What it works on.
    pub subject: String,
    /// The command that does the same.
    pub command: String,
    /// What came of it.
    pub outcome: StepWord,
    /// Why it failed.
    pub error: Option<String>,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StepWord {
    /// It was done.
    Done,
    /// It failed.
    Failed,
    /// It was not tried.
    Planned,
}

impl NetworkStepsDocument {
    /// Steps that are only planned: subject and command of each.
    pub fn planned(steps: &[(String, String)], notes: &[String]) -> Self {
        let item = |(subject, command): &(String, String)| StepItem {
            subject: subject.clone(),
            command: command.clone(),
            outcome: StepWord::Planned,
            error: None,
        };
        Self { dry_run: true, ..Self::of(steps.iter().map(item).collect(), notes) }
    }

    /// Steps that were tried.
    pub fn done(outcomes: &[StepOutcome], notes: &[String]) -> Self {
        let item = |outcome: &StepOutcome| StepItem {
            subject: outcome.subject.clone(),
            command: outcome.command.clone(),
            outcome: if outcome.result.is_ok() { StepWord::Done } else { StepWord::Failed },
            error: outcome.result.clone().err(),
        };
        Self::of(outcomes.iter().map(item).collect(), notes)
    }

    fn of(steps: Vec<StepItem>, notes: &[String]) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            dry_run: false,
            steps,
            notes: notes.to_vec(),
            backup: None,
            moved_to: None,
        }
    }

    /// As JSON.
    pub fn text(&self) -> String {
        pretty(self)
    }
}

/// Links that would be removed, as planned steps.
pub fn clean_steps(items: &[CleanItem]) -> Vec<(String, String)> {
    let removed = items.iter().filter(|item| item.used_by.is_empty());
    removed
        .map(|item| (format!("{} {}", item.kind, item.name), format!("ip link del {}", item.name)))
        .collect()
}
