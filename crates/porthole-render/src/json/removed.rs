//! What `porthole gc` removed, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};

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
}

/// What was removed, as JSON.
pub fn removed(containers: &[String], images: &[String], sockets: &[String]) -> String {
    pretty(&RemovedDocument {
        schema_version: SCHEMA_VERSION,
        containers: containers.to_vec(),
        images: images.to_vec(),
        sockets: sockets.to_vec(),
    })
}
