//! What `porthole gc` removed, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};
use crate::gc::Collected;

/// What was removed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole gc")]
pub struct RemovedDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The containers that were removed.
    pub containers: Vec<String>,
    /// The images that were removed.
    pub images: Vec<String>,
    /// The sockets that killed runs had taken over, and that were given back to their engines.
    pub sockets: Vec<String>,
    /// The containers that tools were taken out of, which a killed `porthole debug --as-target` had left attached there.
    pub swept: Vec<String>,
    /// The kept sessions that were ended.
    pub sessions: Vec<String>,
    /// The kept sessions that go on.
    pub kept_sessions: Vec<String>,
}

/// What was removed, as JSON.
pub fn removed(collected: &Collected<'_>) -> String {
    pretty(&RemovedDocument {
        schema_version: SCHEMA_VERSION,
        containers: collected.containers.to_vec(),
        images: collected.images.to_vec(),
        sockets: collected.sockets.to_vec(),
        swept: collected.swept.to_vec(),
        sessions: collected.sessions.to_vec(),
        kept_sessions: collected.kept_sessions.to_vec(),
    })
}
