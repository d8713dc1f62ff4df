//! What a relay tells of its connections.

use std::net::SocketAddr;
use std::time::Duration;

use porthole_model::{Client, ConnectionId, Exchange, ExchangeId, Timestamp};
use porthole_wire::http1::{Opaque, Side};

use crate::{HandshakeFault, Kept};

/// What a relay tells of its connections.
#[derive(Debug)]
pub enum Event {
    /// A client connected.
    Opened {
        /// Its connection.
        connection: ConnectionId,
        /// When.
        at: Timestamp,
        /// Who.
        client: Box<Client>,
    },
    /// A piece of an exchange that goes on; only when asked for, and dropped when there is no room.
    Part(Part),
    /// An exchange ended.
    Finished(Box<Finished>),
    /// From here on the bytes of a connection pass without being understood.
    Opaque {
        /// The connection.
        connection: ConnectionId,
        /// When.
        at: Timestamp,
        /// Why.
        reason: Opaque,
    },
    /// A connection ended; its last event.
    Closed(ConnectionClosed),
    /// A connection could not be taken, such as for want of file descriptors. The relay tries again.
    AcceptFailed {
        /// When.
        at: Timestamp,
        /// The system's words.
        cause: String,
    },
    /// A client was not let in over TLS. It has no connection, and nothing of it reached the engine.
    HandshakeFailed {
        /// When.
        at: Timestamp,
        /// Where it came from.
        address: SocketAddr,
        /// Why.
        fault: HandshakeFault,
    },
}

/// An exchange and what was kept of it.
#[derive(Debug)]
pub struct Finished {
    /// Its line.
    pub exchange: Exchange,
    /// What was kept of the request.
    pub request: Option<Message>,
    /// What was kept of the answer.
    pub answer: Option<Message>,
}

/// What was kept of a request or an answer.
#[derive(Debug)]
pub struct Message {
    /// The header lines, credentials masked.
    pub head: Kept,
    /// The body without the framing of chunks; of an upgraded exchange, the stream.
    pub body: Kept,
    /// Whether nothing of the body was kept because it carries credentials or is what somebody typed.
    pub withheld: bool,
}

/// A piece of an exchange.
#[derive(Debug)]
pub struct Part {
    /// The exchange; `None` on a connection that is relayed without being understood.
    pub exchange: Option<ExchangeId>,
    /// Its connection.
    pub connection: ConnectionId,
    /// When it passed.
    pub at: Timestamp,
    /// Who sent it.
    pub side: Side,
    /// How many bytes of the body or stream this side had sent before; more than were shown where parts were dropped.
    pub offset: u64,
    /// The piece.
    pub content: PartContent,
}

/// What a piece holds.
#[derive(Debug)]
pub enum PartContent {
    /// The beginning of a request or an answer. It comes before the message's bytes, unless it was dropped.
    Head {
        /// The call as far as it is known; the end and what follows from it are not.
        call: Box<Exchange>,
        /// The request or status line and the header lines, credentials masked.
        head: Kept,
    },
    /// Bytes of the body or, after an upgrade, of the stream.
    Body(Kept),
}

/// The end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectionClosed {
    /// The connection.
    pub connection: ConnectionId,
    /// When.
    pub at: Timestamp,
    /// How long it was open.
    pub duration: Duration,
    /// Bytes that the client sent.
    pub from_client: u64,
    /// Bytes that the engine sent.
    pub from_engine: u64,
    /// Parts that were not shown because there was no room.
    pub dropped_parts: u64,
    /// Why it ended.
    pub reason: CloseReason,
}

/// Why a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CloseReason {
    /// The client closed it first.
    ClientClosed,
    /// The engine closed it first.
    EngineClosed,
    /// The client was gone before all was delivered; the system's words.
    ClientLost(String),
    /// The engine was gone before all was delivered; the system's words.
    EngineLost(String),
    /// The engine could not be reached; the cause.
    EngineUnreachable(String),
    /// The relay was stopped.
    Stopped,
}
