//! What is read of names without asking anyone: the files of a host, of its engine, and of each container.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ContainerId, NameServer, Observed, ResolverFile};

/// The files by which names are found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameFiles {
    /// Those of the engine's side.
    pub host: HostNames,
    /// The resolv.conf of each container that a process belongs to; `None` where it has none.
    pub containers: BTreeMap<ContainerId, Observed<Option<ResolverFile>>>,
}

/// Whom an engine and its host ask for names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostNames {
    /// The resolv.conf that the engine sees.
    pub resolver_file: Observed<Option<ResolverFile>>,
    /// What systemd-resolved itself asks (`/run/systemd/resolve/resolv.conf`).
    pub resolved_file: Observed<Option<ResolverFile>>,
    /// The name servers that the engine's own settings name (daemon.json, `dockerd --dns`).
    pub engine_servers: Observed<Vec<NameServer>>,
}
