//! A container that runs in the place of one that does not, or of an image: with its files, and porthole's own program
//! doing nothing but being there.

use serde::Deserialize;
use serde_json::{Value, json};

use super::changes::{self, Carried};
use super::{Dormant, DormantKind, archive};
use crate::client::{Client, HijackedStream};
use crate::helper::{Creation, Leftover};
use crate::request_error::RequestError;
use porthole_wire::tar::{self, TarError};

/// The name of porthole's program in the replica, by which it knows that it is to hold one.
pub const REPLICA_PROGRAM: &str = ".porthole-replica";
/// The word by which the program knows that it is to make the root read-only.
pub const REPLICA_READ_ONLY: &str = "--read-only";
/// Under which name the image is that a container is kept in meanwhile.
const REPOSITORY: &str = "porthole-replica";

/// What may be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplicaAccess {
    /// Nothing.
    ReadOnly,
    /// The replica, but no volume.
    ThrowAway,
    /// The replica, whose changes are then carried to the container, and its volumes.
    WriteBack,
}

/// Why there is no replica.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    /// The engine refused a step.
    #[error("failed to {step}: {source}")]
    Engine {
        /// The step.
        step: &'static str,
        /// Why it failed.
        source: RequestError,
    },
    /// The program does not fit into an archive.
    #[error("failed to pack porthole's program: {0}")]
    Pack(#[from] TarError),
}

/// A replica that runs. It ends when this is dropped or porthole is gone, and the engine removes its container then.
pub struct Replica {
    leftover: Leftover,
    original: Dormant,
    /// The replica's program lives until the other end of its standard input is gone.
    _lifeline: HijackedStream,
}

impl Replica {
    /// Makes and starts one; `program` is a static binary that, called [`REPLICA_PROGRAM`], lives until its standard
    /// input ends, and with [`REPLICA_READ_ONLY`] makes its root so first.
    pub async fn start(
        client: &Client,
        original: Dormant,
        program: &[u8],
        access: ReplicaAccess,
    ) -> Result<Self, ReplicaError> {
        let mut leftover = Leftover::new(client.endpoint(), client.limit());
        match start(client, &mut leftover, &original, program, access).await {
            Ok(lifeline) => Ok(Self { leftover, original, _lifeline: lifeline }),
            Err(error) => {
                // The first error tells more than that its traces could not be removed, which gc can do.
                let _kept_for_gc = leftover.remove(client).await;
                Err(error)
            }
        }
    }

    /// The name of its container.
    pub fn container(&self) -> &str {
        self.leftover.container()
    }

    /// Writes what was changed in it to the container that it stands for.
    pub async fn carry_back(&self, client: &Client) -> Result<Carried, ReplicaError> {
        let own = format!("/{REPLICA_PROGRAM}");
        let carried = changes::carry(client, self.container(), &self.original.id, &own).await;
        carried.map_err(step("carry the changes to the container"))
    }

    /// Removes it and its image.
    pub async fn remove(self, client: &Client) -> Result<(), ReplicaError> {
        self.leftover.remove(client).await.map_err(step("remove the replica"))
    }
}

async fn start(
    client: &Client,
    leftover: &mut Leftover,
    original: &Dormant,
    program: &[u8],
    access: ReplicaAccess,
) -> Result<HijackedStream, ReplicaError> {
    #[derive(Deserialize)]
    struct Created {}
    let image = match original.kind {
        DormantKind::Container => {
            commit(client, leftover, original).await.map_err(step("copy the container"))?
        }
        DormantKind::Image => original.id.clone(),
    };
    let name = leftover.container().to_owned();
    let body = specification(original, &image, access);
    let created = client.post::<Created>(&format!("/containers/create?name={name}"), &body).await;
    created.map_err(step("make the replica"))?;
    let packed = tar::of_program(REPLICA_PROGRAM, program)?;
    archive::write(client, &name, "/", packed)
        .await
        .map_err(step("put porthole's program into the replica"))?;
    let attach = format!("/containers/{name}/attach?stream=1&stdin=1");
    let lifeline = client.hijack(&attach).await.map_err(step("attach to the replica"))?;
    client.command(&format!("/containers/{name}/start")).await.map_err(step("start the replica"))?;
    Ok(lifeline)
}

/// Makes an image of the container as it is.
async fn commit(
    client: &Client,
    leftover: &mut Leftover,
    original: &Dormant,
) -> Result<String, RequestError> {
    #[derive(Deserialize)]
    struct Committed {}
    let tag = leftover.container().to_owned();
    let image = format!("{REPOSITORY}:{tag}");
    leftover.with_image(&image);
    let path = format!("/commit?container={}&repo={REPOSITORY}&tag={tag}&pause=0", original.id);
    client.post::<Committed>(&path, &json!({ "Labels": Creation::Replica.labels() })).await?;
    Ok(image)
}

fn specification(original: &Dormant, image: &str, access: ReplicaAccess) -> Value {
    let volumes = match (original.kind, access) {
        (DormantKind::Image, _) => Vec::new(),
        (DormantKind::Container, ReplicaAccess::WriteBack) => vec![original.id.clone()],
        (DormantKind::Container, _) => vec![format!("{}:ro", original.id)],
    };
    let is_read_only = access == ReplicaAccess::ReadOnly;
    let words: &[&str] = if is_read_only { &[REPLICA_READ_ONLY] } else { &[] };
    json!({
        "Image": image,
        "Entrypoint": [format!("/{REPLICA_PROGRAM}")],
        "Cmd": words,
        "Hostname": original.hostname,
        "User": "0:0",
        "Healthcheck": { "Test": ["NONE"] },
        "AttachStdin": true,
        "OpenStdin": true,
        "StdinOnce": true,
        "Tty": false,
        "Labels": Creation::Replica.labels(),
        "HostConfig": {
            "VolumesFrom": volumes,
            // To mount its own root read-only; the engine would let nothing be put into such a root.
            "CapAdd": if is_read_only { vec!["SYS_ADMIN"] } else { Vec::new() },
            "SecurityOpt": if is_read_only { vec!["apparmor=unconfined", "label=disable"] } else { Vec::new() },
            "NetworkMode": "none",
            "LogConfig": { "Type": "none" },
            "RestartPolicy": { "Name": "no" },
            "AutoRemove": true,
        },
    })
}

fn step(step: &'static str) -> impl Fn(RequestError) -> ReplicaError {
    move |source| ReplicaError::Engine { step, source }
}
