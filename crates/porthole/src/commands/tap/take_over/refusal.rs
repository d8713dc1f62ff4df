//! Why a place cannot be taken, or could not be promised to be given back.

use std::fs;
use std::io;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use porthole_engine::Endpoint;
use porthole_host::SocketPlace;
use porthole_model::Uid;

use super::journal;
use crate::error::CommandError;
use crate::world::World;

/// What it needs to look into processes, to go into their mount namespaces, and to mount there.
const RIGHTS: [&str; 3] = ["CAP_SYS_PTRACE", "CAP_SYS_CHROOT", "CAP_SYS_ADMIN"];

/// The place of the endpoint's socket, if it can be taken as far as can be told without trying.
pub(super) fn checked(world: &World, endpoint: &Endpoint) -> Result<SocketPlace, CommandError> {
    let Some(path) = endpoint.socket_path() else {
        return Err(CommandError::new(format!(
            "cannot take over {}: it is no unix socket of this host",
            endpoint.url()
        ))
        .hint("run porthole tap --take-over on the engine's host, or leave --take-over out"));
    };
    let refused = |reason: &str| CommandError::new(format!("cannot take over {}: {reason}", path.display()));
    let privilege = world.host.privilege();
    if privilege.uid != Uid(0)
        || !RIGHTS.iter().all(|right| privilege.capabilities.iter().any(|held| held == right))
    {
        return Err(refused("only root with its capabilities can").hint("run it with sudo"));
    }
    let place = journal::place(path)?;
    if !is_socket(place.path()).map_err(|error| cannot(&place, error))? {
        return Err(refused("it is no socket"));
    }
    if !place.is_live().map_err(|error| cannot(&place, error))? {
        return Err(refused("nobody listens on it").hint("start the engine first"));
    }
    if let Some(directory) = place.open_to_others().map_err(|error| cannot(&place, error))? {
        let reason = format!("others than root can change {}", directory.display());
        return Err(
            refused(&reason).hint("use porthole tap --listen and send clients there with DOCKER_HOST")
        );
    }
    Ok(place)
}

/// What the system refused, with what that means here.
pub(super) fn cannot(place: &SocketPlace, error: io::Error) -> CommandError {
    use io::ErrorKind::{CrossesDevices, InvalidInput, PermissionDenied, ReadOnlyFilesystem, ResourceBusy};
    let hint = match error.kind() {
        InvalidInput => "the filesystem of the socket cannot exchange two files: use porthole tap --listen",
        ResourceBusy | CrossesDevices => {
            "the socket is mounted there from elsewhere: run porthole on the host, where the engine made it"
        }
        PermissionDenied | ReadOnlyFilesystem => {
            "the directory of the socket cannot be written: use porthole tap --listen"
        }
        _ => "use porthole tap --listen and send clients there with DOCKER_HOST",
    };
    CommandError::caused_by(format!("cannot take over {}", place.path().display()), error).hint(hint)
}

fn is_socket(path: &Path) -> io::Result<bool> {
    Ok(fs::symlink_metadata(path)?.file_type().is_socket())
}
