//! What happens on a forward, each as one line of JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::exchange::microseconds;
use super::{SCHEMA_VERSION, compact};
use crate::forward::{Ends, Passed};
use crate::moment;

/// Something that happened on a forward.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole forward")]
pub struct ForwardDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// Where clients connect: an address with a port, with `/udp` behind it for UDP, or a path.
    pub from: String,
    /// Where they come out: the container and its port or path.
    pub to: String,
    /// What happened.
    #[serde(flatten)]
    pub event: ForwardEvent,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum ForwardEvent {
    /// Clients can connect.
    Listening,
    /// A connection ended, or a client sent nothing by UDP for a while.
    Closed {
        /// When (RFC 3339).
        at: String,
        /// The client's address.
        client: String,
        /// How long it was open, in microseconds.
        duration_us: u64,
        /// Bytes that the client sent.
        from_client: u64,
        /// Bytes that the container sent.
        from_container: u64,
        /// What went wrong.
        cause: Option<String>,
    },
}

/// It listens.
pub fn forward_listening(ends: Ends<'_>) -> String {
    document(ends, ForwardEvent::Listening)
}

/// A connection ended.
pub fn forward_passed(passed: &Passed<'_>) -> String {
    let event = ForwardEvent::Closed {
        at: moment::rfc3339(passed.at),
        client: passed.client.to_owned(),
        duration_us: microseconds(passed.duration),
        from_client: passed.from_client,
        from_container: passed.from_container,
        cause: passed.cause.map(str::to_owned),
    };
    document(passed.ends, event)
}

fn document(ends: Ends<'_>, event: ForwardEvent) -> String {
    let (from, to) = (ends.from.to_owned(), ends.to.to_owned());
    compact(&ForwardDocument { schema_version: SCHEMA_VERSION, from, to, event })
}
