//! An exchange as one line of JSON.

use std::time::Duration;

use porthole_model::{
    Carrier, Client, ClientAddress, ContainerId, ContainerNames, Exchange, ExchangeEnd, ExecCall, GrpcCall,
    MaskedText, MessageSize, Resource, ResourceKind,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::SCHEMA_VERSION;
use super::gap::{MissingFact, known};
use crate::moment;

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole tap")]
pub struct ExchangeDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The exchange.
    #[serde(flatten)]
    pub exchange: ExchangeItem,
    /// What the versions of client and engine have to do with how it went, in words; left out where there is nothing
    /// to say, and in a list of recorded calls, for which no body is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version_trouble: Option<String>,
}

/// One request and its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExchangeItem {
    /// Its number in the order of the requests, from 1.
    pub id: u64,
    /// The number of its connection, from 1.
    pub connection: u64,
    /// When the request's head was complete (RFC 3339).
    pub started: String,
    /// Who asked.
    pub client: ClientItem,
    /// The request's method.
    pub method: String,
    /// The request's path and query, credentials masked.
    pub target: String,
    /// The version in the path: `1.51`.
    pub api_version: Option<String>,
    /// The operation's name in the engine's API: `ContainerCreate`; of a gRPC call, its service and method.
    pub operation: Option<String>,
    /// What the call is about.
    pub resource: Option<ResourceItem>,
    /// The exec that the call creates, starts, resizes or asks about.
    pub exec: Option<ExecItem>,
    /// The exit code of the container that the call waited for.
    pub exit_code: Option<i64>,
    /// The answer's status; null when none came.
    pub status: Option<u16>,
    /// The size of the request.
    pub request: MessageItem,
    /// The size of the answer.
    pub answer: MessageItem,
    /// From the request's head to the answer's, in microseconds; null when none came.
    pub first_byte_us: Option<u64>,
    /// From the request's head to the end, in microseconds.
    pub duration_us: u64,
    /// Of a call within the stream of another one, where it passed.
    pub carrier: Option<CarrierItem>,
    /// Of a gRPC call, its messages and its status.
    pub grpc: Option<GrpcItem>,
    /// What the connection became: `tcp`, `h2c`, `websocket`, `hijacked`.
    pub upgraded: Option<String>,
    /// Why the operation failed although its status says success.
    pub failure: Option<String>,
    /// How it ended.
    pub end: EndWord,
    /// Whether the engine refused it, the operation failed, or it did not come to its end.
    pub failed: bool,
    /// What could not be read.
    pub gaps: Vec<MissingFact>,
}

/// The upgraded exchange that carried a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CarrierItem {
    /// Its number.
    pub exchange: u64,
    /// Whether the engine asked and the client answered.
    pub engine_asks: bool,
}

/// What a gRPC call adds to an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct GrpcItem {
    /// The messages of the request.
    pub request_messages: u64,
    /// The messages of the answer.
    pub answer_messages: u64,
    /// The status code, 0 for success; null when the call did not come to one.
    pub status: Option<u32>,
}

/// Who opened a connection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClientItem {
    /// The address of a TCP client; null of a unix one.
    pub address: Option<String>,
    /// The process of a unix client; null also when it is of another process namespace.
    pub pid: Option<u32>,
    /// Its user.
    pub uid: Option<u32>,
    /// Its group.
    pub gid: Option<u32>,
    /// The name of its user.
    pub user: Option<String>,
    /// The path of its program.
    pub executable: Option<String>,
    /// Its arguments, credentials masked.
    pub arguments: Option<Vec<String>>,
    /// The container that it runs in; null without a gap for a program of the host.
    pub container: Option<ContainerItem>,
    /// The name in the certificate that a TLS client proved to hold.
    pub certificate: Option<String>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ContainerItem {
    /// Its full id.
    pub id: String,
    /// Its name, where that is known.
    pub name: Option<String>,
}

/// The thing that a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResourceItem {
    /// Its kind.
    pub kind: ResourceWord,
    /// Its name as the client wrote it; the engine's where the client gave none.
    pub name: String,
    /// The id that the engine gave it in this exchange.
    pub id: Option<String>,
}

/// What is known of an exec when a call of it ends; null for what is not known yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExecItem {
    /// Its id, by which its calls belong together.
    pub id: String,
    /// The container as a client wrote it, or its name where that is known.
    pub container: Option<String>,
    /// The command, credentials masked.
    pub command: Option<Vec<String>>,
    /// Whether it has a terminal.
    pub tty: Option<bool>,
    /// Its exit code.
    pub exit_code: Option<i64>,
}

/// The kinds of things that calls are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResourceWord {
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

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EndWord {
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

/// The size of a request or an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MessageItem {
    /// The bytes of the head.
    pub head_bytes: u64,
    /// The bytes of the body, and of an upgraded stream.
    pub body_bytes: u64,
}

/// An exchange as one line of JSON, without the end of the line.
pub fn exchange(exchange: &Exchange, names: &ContainerNames, version_trouble: Option<String>) -> String {
    let exchange = ExchangeItem::new(exchange, names);
    super::compact(&ExchangeDocument { schema_version: SCHEMA_VERSION, exchange, version_trouble })
}

impl ExchangeItem {
    pub(crate) fn new(exchange: &Exchange, names: &ContainerNames) -> Self {
        let mut gaps = Vec::new();
        Self {
            id: exchange.id.0,
            connection: exchange.connection.0,
            started: moment::rfc3339(exchange.started),
            client: client_item(&exchange.client, names, &mut gaps),
            method: exchange.method.clone(),
            target: exchange.target.clone(),
            api_version: exchange.api_version.clone(),
            operation: exchange.operation.clone(),
            resource: exchange.resource.as_ref().map(ResourceItem::from),
            exec: exchange.exec.as_ref().map(|of| exec(of, names)),
            exit_code: exchange.exit_code,
            status: exchange.status,
            request: exchange.request.into(),
            answer: exchange.answer.into(),
            first_byte_us: exchange.first_byte.map(microseconds),
            duration_us: microseconds(exchange.duration),
            carrier: exchange.carrier.map(CarrierItem::from),
            grpc: exchange.grpc.map(GrpcItem::from),
            upgraded: exchange.upgraded.as_ref().map(ToString::to_string),
            failure: exchange.failure.clone(),
            end: exchange.end.into(),
            failed: exchange.has_failed(),
            gaps,
        }
    }
}

pub(super) fn microseconds(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn container(id: &ContainerId, names: &ContainerNames) -> ContainerItem {
    ContainerItem { id: id.0.clone(), name: names.name(id).map(str::to_owned) }
}

pub(super) fn client_item(
    client: &Client,
    names: &ContainerNames,
    gaps: &mut Vec<MissingFact>,
) -> ClientItem {
    let place = |field: &'static str| move || format!("client.{field}");
    let user = known(&client.user, place("user"), gaps).cloned();
    let executable = known(&client.executable, place("executable"), gaps).cloned();
    let arguments = known(&client.arguments, place("arguments"), gaps);
    let in_container = known(&client.container, place("container"), gaps);
    let (address, pid, ids) = match client.address {
        ClientAddress::Tcp(address) => (Some(address.to_string()), None, None),
        ClientAddress::Unix { pid, uid, gid } => (None, pid.map(|pid| pid.0), Some((uid.0, gid.0))),
    };
    ClientItem {
        address,
        pid,
        uid: ids.map(|(uid, _)| uid),
        gid: ids.map(|(_, gid)| gid),
        user,
        executable,
        arguments: arguments.map(|all| all.iter().map(MaskedText::to_string).collect()),
        container: in_container.and_then(Option::as_ref).map(|id| container(id, names)),
        certificate: client.certificate.clone(),
    }
}

fn exec(exec: &ExecCall, names: &ContainerNames) -> ExecItem {
    let command = exec.command.as_ref();
    ExecItem {
        id: exec.id.clone(),
        container: exec.container.as_deref().map(|written| names.called(written).to_owned()),
        command: command.map(|words| words.iter().map(MaskedText::to_string).collect()),
        tty: exec.tty,
        exit_code: exec.exit_code,
    }
}

impl From<&Resource> for ResourceItem {
    fn from(resource: &Resource) -> Self {
        Self { kind: resource.kind.into(), name: resource.name.clone(), id: resource.id.clone() }
    }
}

impl From<Carrier> for CarrierItem {
    fn from(carrier: Carrier) -> Self {
        Self { exchange: carrier.exchange.0, engine_asks: carrier.engine_asks }
    }
}

impl From<GrpcCall> for GrpcItem {
    fn from(call: GrpcCall) -> Self {
        let GrpcCall { request_messages, answer_messages, status } = call;
        Self { request_messages, answer_messages, status }
    }
}

impl From<MessageSize> for MessageItem {
    fn from(size: MessageSize) -> Self {
        Self { head_bytes: size.head, body_bytes: size.body }
    }
}

impl From<ResourceKind> for ResourceWord {
    fn from(kind: ResourceKind) -> Self {
        match kind {
            ResourceKind::Container => Self::Container,
            ResourceKind::Exec => Self::Exec,
            ResourceKind::Image => Self::Image,
            ResourceKind::Network => Self::Network,
            ResourceKind::Volume => Self::Volume,
            ResourceKind::Plugin => Self::Plugin,
            ResourceKind::Node => Self::Node,
            ResourceKind::Service => Self::Service,
            ResourceKind::Task => Self::Task,
            ResourceKind::Secret => Self::Secret,
            ResourceKind::Config => Self::Config,
        }
    }
}

impl From<ExchangeEnd> for EndWord {
    fn from(end: ExchangeEnd) -> Self {
        match end {
            ExchangeEnd::Complete => Self::Complete,
            ExchangeEnd::ClientLeft => Self::ClientLeft,
            ExchangeEnd::EngineLeft => Self::EngineLeft,
            ExchangeEnd::Opaque => Self::Opaque,
            ExchangeEnd::Stopped => Self::Stopped,
        }
    }
}
