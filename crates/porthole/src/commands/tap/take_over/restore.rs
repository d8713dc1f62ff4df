//! Giving a place back: by the tap in its end, by its guardian, or by a later run after both were killed.

use std::thread;
use std::time::Duration;

use porthole_host::{LinuxHost, Mounted, SocketPlace};
use porthole_model::Gap;

use super::journal::Journal;
use crate::error::CommandError;
use crate::world::World;

/// How long clients and containers that came through the path before it was given back may take to arrive.
const LAST_ARRIVALS: Duration = Duration::from_millis(100);

/// How often it is tried, and the pause before it is tried again: what stands in the way on a busy host may be gone.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// Gives the place back: mounts and path, then what lay beside. Can be done again after any kill. What is given are the
/// mounts that now are of the engine's socket.
///
/// Where a mount could not be given back, the room stays for the next try, and that is the error.
pub(super) fn restore(host: &LinuxHost, place: &SocketPlace) -> Result<Vec<Mounted>, CommandError> {
    for _ in 1..TRIES {
        if let Ok(changed) = try_to_restore(host, place) {
            return Ok(changed);
        }
        thread::sleep(PAUSE);
    }
    try_to_restore(host, place)
}

fn try_to_restore(host: &LinuxHost, place: &SocketPlace) -> Result<Vec<Mounted>, CommandError> {
    if !place.has_room() {
        return Ok(Vec::new());
    }
    let failed = |error| {
        CommandError::caused_by(format!("cannot give {} back to the engine", place.path().display()), error)
    };
    let mut changed = host.uncover(place)?;
    place.give_back().map_err(failed)?;
    changed.extend(host.replace(place)?);
    thread::sleep(LAST_ARRIVALS);
    changed.extend(host.replace(place)?);
    if let Some((holder, gap)) = changed.iter().find_map(failure) {
        let point = holder.point.display();
        let failed = format!("cannot give process {} the engine's socket back at {point}", holder.pid);
        return Err(CommandError::caused_by(failed, gap.cause.clone())
            .hint("restart the container of that process, then run porthole gc"));
    }
    place.clear().map_err(failed)?;
    Ok(changed)
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
