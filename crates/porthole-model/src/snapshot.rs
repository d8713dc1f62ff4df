//! Everything that was read of a host and its engine, at one moment.

use serde::{Deserialize, Serialize};

use crate::{Engine, Gap, Host, NetworkDatabase, Observed};

/// A moment: milliseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// Everything that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version of porthole that read it.
    pub porthole_version: String,
    /// When it was read.
    pub observed_at: Timestamp,
    /// What the kernel showed; a gap when the engine's host is another machine.
    pub host: Observed<Host>,
    /// What the engine said; a gap when none answered.
    pub engine: Observed<Engine>,
    /// What the engine keeps of its networks on disk.
    #[serde(default = "without_network_database")]
    pub network_database: Observed<NetworkDatabase>,
}

/// A snapshot that was taken before there was this fact.
fn without_network_database() -> Observed<NetworkDatabase> {
    Observed::Missing(Gap::not_asked("network database"))
}
