//! Files and volumes of the engine's host that a sidecar sees.

use serde::Deserialize;
use serde_json::{Value, json};

use super::SessionError;
use crate::client::Client;
use crate::helper::{Creation, Leftover, encoded};
use crate::nouns;
use crate::request_error::RequestError;

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

/// Refuses what is not there: an engine would make a volume, and Podman a directory, too. `image` is any that lies there.
pub(super) async fn look_for_sources(
    client: &Client,
    image: &str,
    mounts: &[SidecarMount],
) -> Result<(), SessionError> {
    if mounts.is_empty() {
        return Ok(());
    }
    let unknown = |error| SessionError::Engine {
        step: "ask the engine what it is",
        source: RequestError::Unreachable(Box::new(error)),
    };
    let version = client.raw_version().await.map_err(unknown)?;
    let podman = nouns::podman(version).map(|podman| podman.details.min_api_version.as_str());
    for mount in mounts {
        match (&mount.source, podman) {
            (MountedFrom::Volume(name), _) => look_for_volume(client, name).await?,
            (MountedFrom::Path(path), Some(version)) => look_for_path(client, version, image, path).await?,
            (MountedFrom::Path(_), None) => {}
        }
    }
    Ok(())
}

async fn look_for_volume(client: &Client, name: &str) -> Result<(), SessionError> {
    #[derive(Deserialize)]
    struct Found {}
    match client.get::<Found>(&format!("/volumes/{}", encoded(name))).await {
        Ok(Found {}) => Ok(()),
        Err(error) if error.is_not_found() => Err(SessionError::NoVolume(name.to_owned())),
        Err(source) => Err(SessionError::Engine { step: "look for the volume", source }),
    }
}

/// Podman's own API, unlike its compatible one, makes no container with a path that is not there. One that is made is not
/// started, and removed at once.
async fn look_for_path(client: &Client, version: &str, image: &str, path: &str) -> Result<(), SessionError> {
    #[derive(Deserialize)]
    struct Created {}
    let step =
        |source| SessionError::Engine { step: "find what is to be shown on the engine's host", source };
    let leftover = Leftover::new(client.endpoint(), client.limit());
    let specification = json!({
        "name": leftover.container(),
        "image": image,
        "labels": Creation::Session.labels(),
        "mounts": [{ "type": "bind", "source": path, "destination": "/mounts" }],
    });
    let created = client.post_libpod::<Created>("/libpod/containers/create", version, &specification).await;
    leftover.remove(client).await.map_err(step)?;
    created.map(|Created {}| ()).map_err(step)
}
