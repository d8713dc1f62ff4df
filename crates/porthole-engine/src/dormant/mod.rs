//! Containers that do not run, and images: what their files are put together from, how they ended, and a replica that
//! runs in their place where the files cannot be reached otherwise.

mod archive;
mod changes;
mod ending;
mod layers;
mod program;
mod replica;
mod watch;

use std::path::PathBuf;

use porthole_model::{ContainerState, Mount};

use crate::client::Client;
use crate::nouns;
use crate::raw::RawDormant;
use crate::request_error::RequestError;

pub use changes::Carried;
pub use ending::ending;
pub use layers::{Layers, NoLayers};
pub use replica::{REPLICA_PROGRAM, REPLICA_READ_ONLY, Replica, ReplicaAccess, ReplicaError};
pub use watch::StartWatch;

/// A container or image, as far as its files are concerned.
#[derive(Clone, Debug)]
pub struct Dormant {
    /// What it is.
    pub kind: DormantKind,
    /// Its id.
    pub id: String,
    /// Its name, without the slash.
    pub name: String,
    /// The directories that its root is made of, on the engine's host.
    pub layers: Result<Layers, NoLayers>,
    /// Its environment, `NAME=value`, as it is.
    pub environment: Vec<String>,
    /// Where its command begins; may be empty.
    pub working_directory: String,
    /// The name of the host in it.
    pub hostname: String,
    /// What is mounted into it when it runs.
    pub mounts: Vec<Mount>,
    /// The engine's files that it finds in `/etc`: the name there, and the path on the engine's host. There are none
    /// before its first start.
    pub own_files: Vec<(&'static str, PathBuf)>,
}

/// What is dormant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DormantKind {
    /// A container.
    Container,
    /// An image.
    Image,
}

/// The container of that id or name, whether it runs or not.
pub async fn dormant_container(client: &Client, reference: &str) -> Result<Dormant, RequestError> {
    raw_container(client, reference).await.map(|raw| Dormant::of(DormantKind::Container, raw))
}

/// The image of that name or id; `None`, where there is none.
pub async fn dormant_image(client: &Client, reference: &str) -> Result<Option<Dormant>, RequestError> {
    // The slashes of a name stand in the path as they are.
    let parts: Vec<_> = reference.split('/').map(encoded).collect();
    match client.get::<RawDormant>(&format!("/images/{}/json", parts.join("/"))).await {
        Ok(mut raw) => {
            raw.name = raw.tags.first().map_or_else(|| reference.to_owned(), Clone::clone);
            Ok(Some(Dormant::of(DormantKind::Image, raw)))
        }
        // A text that can be no image's name is answered with 400.
        Err(RequestError::Status { status: 400 | 404, .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The state of a container at this moment.
pub async fn state_of(client: &Client, id: &str) -> Result<ContainerState, RequestError> {
    raw_container(client, id).await.map(|raw| nouns::state(&raw.state.status))
}

async fn raw_container(client: &Client, reference: &str) -> Result<RawDormant, RequestError> {
    client.get(&format!("/containers/{}/json", encoded(reference))).await
}

impl Dormant {
    fn of(kind: DormantKind, raw: RawDormant) -> Self {
        let own_files =
            [("resolv.conf", raw.resolv_conf), ("hosts", raw.hosts), ("hostname", raw.hostname_file)];
        let own_files = own_files.into_iter().filter(|(_, path)| !path.is_empty());
        Self {
            kind,
            name: raw.name.trim_start_matches('/').to_owned(),
            layers: layers::of(kind, &raw.driver),
            environment: raw.config.environment,
            working_directory: raw.config.working_directory,
            hostname: Some(raw.config.hostname).filter(|name| !name.is_empty()).unwrap_or("image".to_owned()),
            mounts: nouns::mounts(raw.mounts, &raw.host.tmpfs),
            own_files: own_files.map(|(name, path)| (name, path.into())).collect(),
            id: raw.id,
        }
    }
}

/// A part of a path, or a query value.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
