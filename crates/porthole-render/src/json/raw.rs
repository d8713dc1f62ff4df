//! What happens on a raw relay, each as one line of JSON.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use porthole_model::{Client, ConnectionId, ContainerNames, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::exchange::{ClientItem, client_item, microseconds};
use super::gap::MissingFact;
use super::{SCHEMA_VERSION, compact};
use crate::raw::{Dump, Ending, Piece};
use crate::{bytes, moment};

/// Something that happened on a raw relay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole tap --raw")]
pub struct RawDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The number of the connection, from 1.
    pub connection: u64,
    /// When it happened (RFC 3339).
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub event: RawEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum RawEvent {
    /// A client connected.
    Opened {
        /// Who.
        client: Box<ClientItem>,
        /// What could not be read.
        gaps: Vec<MissingFact>,
    },
    /// Bytes passed; only with `--verbose` or `--hex`. One of `text`, `base64` and `hex` holds them.
    Data {
        /// Who sent them.
        side: SideWord,
        /// How many bytes this side had sent before. Where pieces came too fast to be shown, more than were shown.
        offset: u64,
        /// How many they are.
        bytes: u64,
        /// They, where they are UTF-8.
        #[serde(skip_serializing_if = "Option::is_none")]
        text: Option<String>,
        /// They in base64, where they are not.
        #[serde(skip_serializing_if = "Option::is_none")]
        base64: Option<String>,
        /// They in hex, with `--hex`.
        #[serde(skip_serializing_if = "Option::is_none")]
        hex: Option<String>,
    },
    /// The connection ended.
    Closed {
        /// How long it was open, in microseconds.
        duration_us: u64,
        /// Bytes that the client sent.
        from_client: u64,
        /// Bytes that the server sent.
        from_server: u64,
        /// Who ended it.
        reason: CloseWord,
        /// The system's words, where something went wrong.
        cause: Option<String>,
        /// Pieces that were not shown because they came too fast.
        dropped_pieces: u64,
    },
}

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideWord {
    /// The client.
    Client,
    /// The server.
    Server,
}

/// Who ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CloseWord {
    /// The client closed it first.
    ClientClosed,
    /// The server closed it first.
    ServerClosed,
    /// The client was gone before all was delivered.
    ClientLost,
    /// The server was gone before all was delivered.
    ServerLost,
    /// The server could not be reached.
    ServerUnreachable,
    /// The relay was stopped.
    Stopped,
}

/// A client connected.
pub fn raw_opened(
    connection: ConnectionId,
    at: Timestamp,
    client: &Client,
    names: &ContainerNames,
) -> String {
    let mut gaps = Vec::new();
    let client = Box::new(client_item(client, names, &mut gaps));
    document(connection, at, RawEvent::Opened { client, gaps })
}

/// Bytes passed.
pub fn raw_data(piece: &Piece<'_>, dump: Dump) -> String {
    let (text, base64, hex) = match (dump, std::str::from_utf8(piece.bytes)) {
        (Dump::Hex, _) => (None, None, Some(bytes::hex_digits(piece.bytes))),
        (Dump::Text, Ok(text)) => (Some(text.to_owned()), None, None),
        (Dump::Text, Err(_)) => (None, Some(STANDARD.encode(piece.bytes)), None),
    };
    let event = RawEvent::Data {
        side: piece.side,
        offset: piece.offset,
        bytes: piece.bytes.len() as u64,
        text,
        base64,
        hex,
    };
    document(piece.connection, piece.at, event)
}

/// A connection ended.
pub fn raw_closed(ending: &Ending<'_>) -> String {
    let event = RawEvent::Closed {
        duration_us: microseconds(ending.duration),
        from_client: ending.from_client,
        from_server: ending.from_server,
        reason: ending.reason,
        cause: ending.cause.map(str::to_owned),
        dropped_pieces: ending.dropped_pieces,
    };
    document(ending.connection, ending.at, event)
}

fn document(connection: ConnectionId, at: Timestamp, event: RawEvent) -> String {
    let at = moment::rfc3339(at);
    compact(&RawDocument { schema_version: SCHEMA_VERSION, connection: connection.0, at, event })
}
