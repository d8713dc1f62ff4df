//! Files and volumes of the engine's host that a sidecar sees.

use serde::Deserialize;
use serde_json::{Value, json};

use super::SessionError;
use crate::client::Client;
use crate::helper::encoded;

/// What a sidecar sees of the engine's host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SidecarMount {
    /// What it is there.
    pub source: MountedFrom,
    /// Where the sidecar sees it.
    pub target: String,
    /// Whether nothing can be written there.
    pub read_only: bool,
}

/// What is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MountedFrom {
    /// A file or directory, which must be there.
    Path(String),
    /// A volume, by its name, which must be there, too.
    Volume(String),
}

impl SidecarMount {
    /// As an entry of `HostConfig.Mounts`: of a bind mount there, unlike in `Binds`, the engine makes no source that is
    /// missing.
    pub(super) fn specification(&self) -> Value {
        let (kind, source) = match &self.source {
            MountedFrom::Path(path) => ("bind", path),
            MountedFrom::Volume(name) => ("volume", name),
        };
        json!({ "Type": kind, "Source": source, "Target": self.target, "ReadOnly": self.read_only })
    }
}

/// An engine makes a volume that is not there; a session must not.
pub(super) async fn look_for_volumes(client: &Client, mounts: &[SidecarMount]) -> Result<(), SessionError> {
    #[derive(Deserialize)]
    struct Found {}
    for mount in mounts {
        let MountedFrom::Volume(name) = &mount.source else { continue };
        match client.get::<Found>(&format!("/volumes/{}", encoded(name))).await {
            Ok(Found {}) => {}
            Err(error) if error.is_not_found() => return Err(SessionError::NoVolume(name.clone())),
            Err(source) => return Err(SessionError::Engine { step: "look for the volume", source }),
        }
    }
    Ok(())
}
