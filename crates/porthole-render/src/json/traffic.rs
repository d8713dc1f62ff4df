//! What many exchanges come to, as JSON.

use porthole_model::{
    CallCount, Caller, ClientStatistics, ContainerNames, OperationStatistics, TrafficSummary,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::exchange::{ContainerItem, ExchangeItem, container, microseconds};
use super::{SCHEMA_VERSION, pretty};
use crate::moment;

/// What many exchanges come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole traffic stats")]
pub struct TrafficSummaryDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// All of them.
    pub total: CallCountItem,
    /// When the first of them began (RFC 3339); null where there is none.
    pub first_started: Option<String>,
    /// When the last of them began (RFC 3339).
    pub last_started: Option<String>,
    /// By operation, most calls first.
    pub operations: Vec<OperationItem>,
    /// By client, most calls first.
    pub clients: Vec<CallerItem>,
    /// Those whose answer took longest, slowest first.
    pub slowest: Vec<ExchangeItem>,
    /// The last that failed, in the order they came.
    pub failures: Vec<ExchangeItem>,
}

/// How many calls, and what they carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallCountItem {
    /// The exchanges.
    pub calls: u64,
    /// Those that failed.
    pub failed: u64,
    /// The bytes of the requests' bodies.
    pub request_bytes: u64,
    /// The bytes of the answers' bodies.
    pub answer_bytes: u64,
}

/// The calls of one operation. Times are those of the whole exchange, or to the first byte of a stream that lasts as
/// long as somebody wishes; quantiles are within one percent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OperationItem {
    /// Its name; null for routes that no engine has.
    pub operation: Option<String>,
    /// Its calls.
    #[serde(flatten)]
    pub count: CallCountItem,
    /// Half took no longer, in microseconds.
    pub p50_us: u64,
    /// 95 in 100 took no longer.
    pub p95_us: u64,
    /// 99 in 100 took no longer.
    pub p99_us: u64,
    /// None took longer.
    pub longest_us: u64,
}

/// The calls of one client, named by the most telling thing that is known of it; all are null for those beyond a
/// sensible number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CallerItem {
    /// The container.
    pub container: Option<ContainerItem>,
    /// The path of a program of the host.
    pub executable: Option<String>,
    /// The user of programs of which nothing more is known.
    pub uid: Option<u32>,
    /// The name in the certificate of a TLS client.
    pub certificate: Option<String>,
    /// The address of a machine.
    pub address: Option<String>,
    /// Its calls.
    #[serde(flatten)]
    pub count: CallCountItem,
}

/// What many exchanges come to, as JSON.
pub fn traffic_summary(summary: &TrafficSummary, names: &ContainerNames) -> String {
    let exchanges =
        |kept: &[porthole_model::Exchange]| kept.iter().map(|one| ExchangeItem::new(one, names)).collect();
    pretty(&TrafficSummaryDocument {
        schema_version: SCHEMA_VERSION,
        total: summary.total.into(),
        first_started: summary.first.map(moment::rfc3339),
        last_started: summary.last.map(moment::rfc3339),
        operations: summary.operations.iter().map(OperationItem::from).collect(),
        clients: summary.clients.iter().map(|of| caller(of, names)).collect(),
        slowest: exchanges(&summary.slowest),
        failures: exchanges(&summary.failures),
    })
}

impl From<CallCount> for CallCountItem {
    fn from(count: CallCount) -> Self {
        let CallCount { calls, failed, request_bytes, answer_bytes } = count;
        Self { calls, failed, request_bytes, answer_bytes }
    }
}

impl From<&OperationStatistics> for OperationItem {
    fn from(of: &OperationStatistics) -> Self {
        Self {
            operation: of.operation.clone(),
            count: of.count.into(),
            p50_us: microseconds(of.times.p50),
            p95_us: microseconds(of.times.p95),
            p99_us: microseconds(of.times.p99),
            longest_us: microseconds(of.times.longest),
        }
    }
}

fn caller(of: &ClientStatistics, names: &ContainerNames) -> CallerItem {
    let unknown = CallerItem {
        container: None,
        executable: None,
        uid: None,
        certificate: None,
        address: None,
        count: of.count.into(),
    };
    match &of.caller {
        Caller::Container(id) => CallerItem { container: Some(container(id, names)), ..unknown },
        Caller::Program(path) => CallerItem { executable: Some(path.clone()), ..unknown },
        Caller::User(uid) => CallerItem { uid: Some(uid.0), ..unknown },
        Caller::Certificate(name) => CallerItem { certificate: Some(name.clone()), ..unknown },
        Caller::Address(address) => CallerItem { address: Some(address.to_string()), ..unknown },
        Caller::Others => unknown,
    }
}
