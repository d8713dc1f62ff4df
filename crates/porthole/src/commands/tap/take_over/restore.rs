//! Giving a place back: by the tap in its end, by its guardian, or by a later run after both were killed.

use porthole_host::{LinuxHost, Mounted, MountedChange, SocketPlace};
use porthole_model::Gap;

use super::journal::Journal;
use crate::error::CommandError;
use crate::world::World;

/// Gives the place back: the path first, then the mounts, then what lay beside. Can be done again after any kill.
///
/// Where a mount could not be given back, the room stays for the next try, and that is the error.
pub(super) fn restore(host: &LinuxHost, place: &SocketPlace) -> Result<Vec<Mounted>, CommandError> {
    let path = place.path().display();
    let failed = |error| CommandError::caused_by(format!("cannot give {path} back to the engine"), error);
    place.give_back().map_err(failed)?;
    let mounted = host.uncover(place)?;
    if let Some((holder, gap)) = mounted.iter().find_map(failure) {
        let failed = format!(
            "cannot give process {} the engine's socket back at {}",
            holder.pid,
            holder.point.display()
        );
        return Err(CommandError::caused_by(failed, gap.cause.clone())
            .hint("restart the container of that process, then run porthole gc"));
    }
    place.clear().map_err(failed)?;
    Ok(mounted.into_iter().filter(|mounted| mounted.change == Ok(MountedChange::Replaced)).collect())
}

fn failure(mounted: &Mounted) -> Option<(&Mounted, &Gap)> {
    Some((mounted, mounted.change.as_ref().err()?))
}

/// Gives back what a killed run left at this place, of which there need not be a journal any more.
pub(super) fn leftovers(host: &LinuxHost, place: &SocketPlace) -> Result<(), CommandError> {
    restore(host, place).map(drop)
}

/// Gives back whatever killed runs have taken; gives the paths.
pub(crate) fn recover(world: &World) -> Result<Vec<String>, CommandError> {
    let mut recovered = Vec::new();
    for journal in Journal::left()? {
        let place = journal.place()?;
        restore(&world.host, &place)?;
        journal.remove();
        recovered.push(place.path().display().to_string());
    }
    Ok(recovered)
}
