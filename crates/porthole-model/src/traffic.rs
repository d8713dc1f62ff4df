//! What many exchanges come to: calls, failures, bytes and times, by operation and by client.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::{
    Carrier, Client, ClientAddress, ContainerId, Exchange, ExchangeEnd, Resource, ResourceKind, Timestamp,
    Uid,
};

/// Operations that last as long as the client, the container or the other side wishes.
const OPEN_ENDED: [&str; 11] = [
    "ContainerAttach",
    "ContainerAttachWebsocket",
    "ContainerLogs",
    "ContainerStats",
    "ContainerWait",
    "ExecStart",
    "Grpc",
    "ServiceLogs",
    "Session",
    "SystemEvents",
    "TaskLogs",
];

/// What many exchanges come to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrafficSummary {
    /// All of them.
    pub total: CallCount,
    /// When the first of them began.
    pub first: Option<Timestamp>,
    /// When the last of them began.
    pub last: Option<Timestamp>,
    /// By operation, most calls first.
    pub operations: Vec<OperationStatistics>,
    /// By client, most calls first.
    pub clients: Vec<ClientStatistics>,
    /// Those whose answer took longest, slowest first; no more than were asked for.
    pub slowest: Vec<Exchange>,
    /// The last that failed, in the order they came; no more than were asked for.
    pub failures: Vec<Exchange>,
}

/// How many calls, and what they carried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallCount {
    /// The exchanges.
    pub calls: u64,
    /// Those that failed; see [`Exchange::has_failed`].
    pub failed: u64,
    /// The bytes of the requests' bodies.
    pub request_bytes: u64,
    /// The bytes of the answers' bodies.
    pub answer_bytes: u64,
}

/// The calls of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperationStatistics {
    /// Its name; `None` for routes that no engine has, and for names beyond a sensible number.
    pub operation: Option<String>,
    /// Its calls.
    pub count: CallCount,
    /// How long the engine took.
    pub times: AnswerTimes,
}

/// Quantiles of [`Exchange::answer_time`], each within one percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnswerTimes {
    /// Half took no longer.
    pub p50: Duration,
    /// 95 in 100 took no longer.
    pub p95: Duration,
    /// 99 in 100 took no longer.
    pub p99: Duration,
    /// None took longer.
    pub longest: Duration,
}

/// The calls of one client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientStatistics {
    /// Who.
    pub caller: Caller,
    /// Its calls.
    pub count: CallCount,
}

/// Whose calls are counted together: the most telling thing that is known of a client.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caller {
    /// A container.
    Container(ContainerId),
    /// A program, by its path.
    Program(String),
    /// A user's programs of which nothing more is known.
    User(Uid),
    /// Whoever holds a certificate, by the name in it.
    Certificate(String),
    /// A machine.
    Address(IpAddr),
    /// All those beyond a sensible number.
    Others,
}

impl From<&Client> for Caller {
    fn from(client: &Client) -> Self {
        match (client.container.value(), client.executable.value(), client.address) {
            (Some(Some(container)), _, _) => Self::Container(container.clone()),
            (_, Some(executable), _) => Self::Program(executable.clone()),
            (_, None, ClientAddress::Unix { uid, .. }) => Self::User(uid),
            (_, None, ClientAddress::Tcp(address)) => match &client.certificate {
                Some(name) => Self::Certificate(name.clone()),
                None => Self::Address(address.ip().to_canonical()),
            },
        }
    }
}

/// The names of containers, which an exchange does not carry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContainerNames(HashMap<ContainerId, String>);

impl ContainerNames {
    /// The name of a container, without the slash.
    pub fn name(&self, container: &ContainerId) -> Option<&str> {
        self.0.get(container).map(String::as_str)
    }

    /// What a person calls the container that a client wrote as `written`: its name where that is an id with a known
    /// one, an id in its short form, anything else as it is.
    pub fn called<'a>(&'a self, written: &'a str) -> &'a str {
        let is_id = written.len() == 64 && written.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !is_id {
            return written;
        }
        self.name(&ContainerId(written.to_owned())).unwrap_or(&written[..12])
    }

    /// Learns the name of a container that the call made.
    pub fn learn(&mut self, exchange: &Exchange) {
        if let Some(Resource { kind: ResourceKind::Container, name, id: Some(id) }) = &exchange.resource
            && exchange.operation.as_deref() == Some("ContainerCreate")
        {
            self.insert(ContainerId(id.clone()), name.clone());
        }
    }

    /// Learns a name.
    pub fn insert(&mut self, container: ContainerId, name: String) {
        self.0.insert(container, name);
    }
}

impl FromIterator<(ContainerId, String)> for ContainerNames {
    fn from_iter<I: IntoIterator<Item = (ContainerId, String)>>(names: I) -> Self {
        Self(names.into_iter().collect())
    }
}

impl Exchange {
    /// Whether it was refused, the operation failed inside a 200, or the exchange did not come to its end. A stream
    /// that lasts as long as the one who asks wishes has come to its end when that one leaves.
    pub fn has_failed(&self) -> bool {
        let answerer_left = match self.carrier {
            Some(Carrier { engine_asks: true, .. }) => ExchangeEnd::ClientLeft,
            _ => ExchangeEnd::EngineLeft,
        };
        let was_cut = match self.end {
            end if end == answerer_left => true,
            ExchangeEnd::ClientLeft | ExchangeEnd::EngineLeft | ExchangeEnd::Stopped => {
                self.status.is_none() || !self.is_open_ended()
            }
            // What could not be told apart is not known to have failed.
            ExchangeEnd::Complete | ExchangeEnd::Opaque => false,
        };
        was_cut || self.failure.is_some() || self.status.is_some_and(|status| status >= 400)
    }

    /// How long the engine took: the whole exchange, or the time to the first byte of a stream that lasts as long as
    /// somebody wishes.
    pub fn answer_time(&self) -> Duration {
        if self.is_open_ended() { self.first_byte.unwrap_or(self.duration) } else { self.duration }
    }

    /// Whether it lasts as long as the client, the container or the other side wishes. Of a gRPC call nobody can tell:
    /// its messages may come for as long as it likes.
    pub fn is_open_ended(&self) -> bool {
        self.upgraded.is_some()
            || self.grpc.is_some()
            || self.operation.as_deref().is_some_and(|operation| OPEN_ENDED.contains(&operation))
    }

    /// The path of the target.
    pub fn path(&self) -> &str {
        self.target.split_once('?').map_or(&self.target, |(path, _)| path)
    }

    /// The query of the target, without its question mark.
    pub fn query(&self) -> Option<&str> {
        self.target.split_once('?').map(|(_, query)| query)
    }
}
