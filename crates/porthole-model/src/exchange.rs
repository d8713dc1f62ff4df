//! What a client and an engine said to each other: connections, the calls on them, and how each ended.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{ContainerId, Gap, Gid, MaskedText, Observed, Pid, Timestamp, Uid};

/// A connection of one run, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ConnectionId(pub u64);

/// An exchange of one run, counted from 1 in the order of the requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExchangeId(pub u64);

impl fmt::Display for ConnectionId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Who opened a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// What the socket itself says.
    pub address: ClientAddress,
    /// The name of the user.
    pub user: Observed<String>,
    /// The path of the program.
    pub executable: Observed<String>,
    /// Its arguments, with what looks like a credential masked.
    pub arguments: Observed<Vec<MaskedText>>,
    /// The container that the program runs in; `None` for a program of the host.
    pub container: Observed<Option<ContainerId>>,
    /// The name in the certificate that a TLS client proved to hold.
    #[serde(default)]
    pub certificate: Option<String>,
}

impl Client {
    /// A client of which nothing is known but its address, because of `gap`.
    pub fn unresolved(address: ClientAddress, gap: &Gap) -> Self {
        Self {
            address,
            user: Observed::Missing(gap.clone()),
            executable: Observed::Missing(gap.clone()),
            arguments: Observed::Missing(gap.clone()),
            container: Observed::Missing(gap.clone()),
            certificate: None,
        }
    }
}

/// Where a connection came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAddress {
    /// A unix socket: the credentials at the time of connect(2), which a later holder of the socket inherits.
    Unix {
        /// The process; `None` when it is not visible from this process namespace.
        pid: Option<Pid>,
        /// Its user.
        uid: Uid,
        /// Its group.
        gid: Gid,
    },
    /// TCP.
    Tcp(SocketAddr),
}

/// One request and its answer, or what there was of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its number.
    pub id: ExchangeId,
    /// The connection that carried it.
    pub connection: ConnectionId,
    /// The upgraded exchange whose stream carried it; `None` for a call on the connection itself.
    #[serde(default)]
    pub carrier: Option<Carrier>,
    /// Who asked.
    pub client: Client,
    /// When the request's head was complete.
    pub started: Timestamp,
    /// The request's method.
    pub method: String,
    /// The request's path and query as sent, without the credentials it may have carried.
    pub target: String,
    /// The version in the path: `1.51`.
    pub api_version: Option<String>,
    /// The operation's name in the engine's API: `ContainerCreate`.
    pub operation: Option<String>,
    /// What the call is about.
    pub resource: Option<Resource>,
    /// The answer's status.
    pub status: Option<u16>,
    /// The command in a container that the call creates, starts, resizes or asks about.
    #[serde(default)]
    pub exec: Option<ExecCall>,
    /// The exit code of the container that the call waited for.
    #[serde(default)]
    pub exit_code: Option<i64>,
    /// The size of the request; of an upgraded one, with what the client sent afterwards.
    pub request: MessageSize,
    /// The size of the answer; of an upgraded one, with what the engine sent afterwards.
    pub answer: MessageSize,
    /// From the request's head to the answer's.
    pub first_byte: Option<Duration>,
    /// From the request's head to the end of the exchange.
    pub duration: Duration,
    /// What the connection became with this exchange.
    pub upgraded: Option<Upgrade>,
    /// Why the operation failed although its status says success: the error inside a pull's or build's progress.
    pub failure: Option<String>,
    /// How it ended.
    pub end: ExchangeEnd,
}

/// The exchange that carries others, such as the HTTP/2 calls of a build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// The upgraded exchange.
    pub exchange: ExchangeId,
    /// Whether the engine asks and the client answers, as in a build's session.
    pub engine_asks: bool,
}

/// What is known of an exec when a call of it ends: what belongs together is joined by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecCall {
    /// The exec's id.
    pub id: String,
    /// The container, as the client that created the exec wrote it; its id where only the engine told it.
    pub container: Option<String>,
    /// The command, with what looks like a credential masked.
    pub command: Option<Vec<MaskedText>>,
    /// Whether it has a terminal.
    pub tty: Option<bool>,
    /// Its exit code, once the engine told it.
    pub exit_code: Option<i64>,
}

/// The size of a request or an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageSize {
    /// The bytes of the head, its empty line included.
    pub head: u64,
    /// The bytes of the body, without the framing of chunks.
    pub body: u64,
}

/// What a connection became after an upgraded exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Upgrade {
    /// The protocol that the 101 answer named: `tcp`, `h2c`, `websocket`.
    Protocol(String),
    /// A raw stream in both directions after a 200 without a length, as the engine gives old clients.
    Hijacked,
}

impl fmt::Display for Upgrade {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Protocol(name) => formatter.pad(name),
            Self::Hijacked => formatter.pad("hijacked"),
        }
    }
}

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExchangeEnd {
    /// The answer was delivered to its end.
    Complete,
    /// The client went away before that.
    ClientLeft,
    /// The engine went away before that.
    EngineLeft,
    /// The bytes could no longer be told apart; they passed all the same.
    Opaque,
    /// The relay was stopped before that.
    Stopped,
}

impl ExchangeEnd {
    /// Its word in filters and recordings.
    pub fn word(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::ClientLeft => "client_left",
            Self::EngineLeft => "engine_left",
            Self::Opaque => "opaque",
            Self::Stopped => "stopped",
        }
    }
}

/// The thing that a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Its kind.
    pub kind: ResourceKind,
    /// Its name, id or reference as the client wrote it; the engine's where the client gave none.
    pub name: String,
    /// The id that the engine gave it in this exchange.
    pub id: Option<String>,
}

/// The kinds of things that the engine's API is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResourceKind {
    /// A container.
    Container,
    /// A command run in a container.
    Exec,
    /// An image.
    Image,
    /// A network.
    Network,
    /// A volume.
    Volume,
    /// A plugin.
    Plugin,
    /// A swarm node.
    Node,
    /// A swarm service.
    Service,
    /// A swarm task.
    Task,
    /// A swarm secret.
    Secret,
    /// A swarm config.
    Config,
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Container => "container",
            Self::Exec => "exec",
            Self::Image => "image",
            Self::Network => "network",
            Self::Volume => "volume",
            Self::Plugin => "plugin",
            Self::Node => "node",
            Self::Service => "service",
            Self::Task => "task",
            Self::Secret => "secret",
            Self::Config => "config",
        })
    }
}
