//! Everything that was read of a host and its engine, at one moment.

use serde::{Deserialize, Serialize};

use crate::{Engine, EngineSettings, Gap, Host, NameFiles, NetworkDatabase, Observed, Probes, Storage};

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
    /// What the settings file tells an engine that starts now; read where the one of this host does not answer.
    #[serde(default = "Snapshot::answered")]
    pub settings_of_silent_engine: Observed<EngineSettings>,
    /// The files that the engine names, on its host.
    #[serde(default = "Observed::not_recorded")]
    pub storage: Observed<Storage>,
    /// What the engine keeps of its networks on disk.
    #[serde(default = "Observed::not_recorded")]
    pub network_database: Observed<NetworkDatabase>,
    /// The files by which names are found.
    #[serde(default = "Observed::not_recorded")]
    pub names: Observed<NameFiles>,
    /// What was tried; a gap unless that was asked for.
    #[serde(default = "Snapshot::untried")]
    pub probes: Observed<Probes>,
}

impl Snapshot {
    /// The settings of a silent engine where there is none, or where nobody looked.
    pub fn answered() -> Observed<EngineSettings> {
        Observed::Missing(Gap::not_asked("settings of an engine that does not answer"))
    }

    /// The probes of a snapshot for which none were made: nothing is sent unasked.
    pub fn untried() -> Observed<Probes> {
        let remedy =
            "run porthole doctor --active, which sends packets to published ports, routers and name servers";
        Observed::Missing(Gap::not_asked("probes").with_remedy(remedy))
    }
}
