//! An exchange as public JSON, the same in every export.

use std::time::Duration;

use porthole_model::{Client, ClientAddress, Exchange, ExchangeEnd, MaskedText, Observed};
use schemars::JsonSchema;
use serde::Serialize;

use crate::json::{GapWord, MissingFact};
use crate::moment;

/// An exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ExchangeItem<'a> {
    /// Its number in the recording.
    pub id: u64,
    /// The number of its connection.
    pub connection: u64,
    /// When the request's head was complete.
    pub started: String,
    /// Who asked.
    pub client: ClientItem<'a>,
    /// The request's method.
    pub method: &'a str,
    /// The request's path and query.
    pub target: &'a str,
    /// The version in the path.
    pub api_version: Option<&'a str>,
    /// The operation's name in the engine's API.
    pub operation: Option<&'a str>,
    /// What the call is about.
    pub resource: Option<ResourceItem<'a>>,
    /// The answer's status.
    pub status: Option<u16>,
    /// Bytes of the request's body; of an upgraded exchange, with what the client sent afterwards.
    pub request_bytes: u64,
    /// Bytes of the answer's body; of an upgraded exchange, with what the engine sent afterwards.
    pub answer_bytes: u64,
    /// Microseconds from the request's head to the answer's.
    pub first_byte_us: Option<u64>,
    /// Microseconds from the request's head to the end.
    pub duration_us: u64,
    /// The protocol that the connection changed to, or `hijacked`.
    pub upgraded: Option<String>,
    /// Why the operation failed although its status says success.
    pub failure: Option<&'a str>,
    /// `complete`, `client_left`, `engine_left`, `opaque` or `stopped`.
    pub outcome: &'static str,
    /// What could not be read of the client.
    pub gaps: Vec<MissingFact>,
}

/// Who asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ClientItem<'a> {
    /// `unix`, or the address.
    pub address: String,
    /// The process.
    pub pid: Option<u32>,
    /// Its user's id.
    pub uid: Option<u32>,
    /// Its group's id.
    pub gid: Option<u32>,
    /// Its user's name.
    pub user: Option<&'a str>,
    /// Its program.
    pub executable: Option<&'a str>,
    /// Its arguments, credentials masked.
    pub arguments: Option<Vec<&'a str>>,
    /// The container it runs in.
    pub container: Option<&'a str>,
}

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ResourceItem<'a> {
    /// Its kind: `container`, `image`, ….
    pub kind: String,
    /// Its name, id or reference.
    pub name: &'a str,
    /// The id that the engine gave it.
    pub id: Option<&'a str>,
}

impl<'a> From<&'a Exchange> for ExchangeItem<'a> {
    fn from(exchange: &'a Exchange) -> Self {
        Self {
            id: exchange.id.0,
            connection: exchange.connection.0,
            started: moment::rfc3339(exchange.started),
            client: ClientItem::from(&exchange.client),
            method: &exchange.method,
            target: &exchange.target,
            api_version: exchange.api_version.as_deref(),
            operation: exchange.operation.as_deref(),
            resource: exchange.resource.as_ref().map(|resource| ResourceItem {
                kind: resource.kind.to_string(),
                name: &resource.name,
                id: resource.id.as_deref(),
            }),
            status: exchange.status,
            request_bytes: exchange.request.body,
            answer_bytes: exchange.answer.body,
            first_byte_us: exchange.first_byte.map(microseconds),
            duration_us: microseconds(exchange.duration),
            upgraded: exchange.upgraded.as_ref().map(ToString::to_string),
            failure: exchange.failure.as_deref(),
            outcome: outcome(exchange.end),
            gaps: gaps(&exchange.client),
        }
    }
}

impl<'a> From<&'a Client> for ClientItem<'a> {
    fn from(client: &'a Client) -> Self {
        let (address, pid, uid, gid) = match client.address {
            ClientAddress::Unix { pid, uid, gid } => {
                ("unix".to_owned(), pid.map(|pid| pid.0), Some(uid.0), Some(gid.0))
            }
            ClientAddress::Tcp(address) => (address.to_string(), None, None, None),
        };
        let words = |words: &'a Vec<MaskedText>| words.iter().map(MaskedText::as_str).collect();
        Self {
            address,
            pid,
            uid,
            gid,
            user: client.user.value().map(String::as_str),
            executable: client.executable.value().map(String::as_str),
            arguments: client.arguments.value().map(words),
            container: client
                .container
                .value()
                .and_then(Option::as_ref)
                .map(|container| container.0.as_str()),
        }
    }
}

fn gaps(client: &Client) -> Vec<MissingFact> {
    [
        missing("client.user", &client.user),
        missing("client.executable", &client.executable),
        missing("client.arguments", &client.arguments),
        missing("client.container", &client.container),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn missing<T>(path: &str, fact: &Observed<T>) -> Option<MissingFact> {
    fact.gap().map(|gap| MissingFact {
        path: Some(path.to_owned()),
        kind: GapWord::from(gap.kind),
        what: gap.what.clone(),
        cause: gap.cause.clone(),
        remedy: gap.remedy.clone(),
    })
}

fn microseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

fn outcome(end: ExchangeEnd) -> &'static str {
    match end {
        ExchangeEnd::Complete => "complete",
        ExchangeEnd::ClientLeft => "client_left",
        ExchangeEnd::EngineLeft => "engine_left",
        ExchangeEnd::Opaque => "opaque",
        ExchangeEnd::Stopped => "stopped",
    }
}
