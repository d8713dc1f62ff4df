//! Beside a container, in its process and network namespaces alone, for engines and hosts that allow nothing more: a
//! container of the engine's usual rights, which has the target's files where the kernel lets it look into a process.

use porthole_engine::{Client, SidecarRequest};
use porthole_host::{EntryPlan, Extent};
use porthole_render::debug;

use super::sidecar;
use super::wanted::{self, Refusal, Wanted};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Says that nobody enters, and why: what is run sees less than it would.
pub(super) fn announce(wanted: &Wanted, refusal: &Refusal, world: &World) {
    world.printer.note(&debug::not_entered(&wanted.name, &refusal.0));
}

/// Runs what is wanted beside the container, with its files as the root if that is to be had.
pub(super) async fn run(
    wanted: &Wanted,
    client: &Client,
    program: &[u8],
    world: &World,
) -> Result<Exit, CommandError> {
    match attempt(wanted, Extent::Root, client, program, world).await? {
        Ok(exit) => Ok(exit),
        Err(refusal) => {
            world.printer.note(&debug::without_files(&wanted.name, &refusal.0));
            let ran = attempt(wanted, Extent::Client, client, program, world).await?;
            ran.map_err(|refusal| {
                CommandError::caused_by("cannot run the command beside the container", refusal.0)
            })
        }
    }
}

async fn attempt(
    wanted: &Wanted,
    extent: Extent,
    client: &Client,
    program: &[u8],
    world: &World,
) -> Result<Result<Exit, Refusal>, CommandError> {
    let request = SidecarRequest { may_enter: false, ..sidecar::entry(wanted, program) };
    let entry = EntryPlan { extent, ..wanted.entry.clone() };
    let plan = sidecar::entering(wanted, entry, wanted::terminal(world))?;
    let session = sidecar::begin(client, &request).await?;
    wanted.try_to_hold(client, session, plan).await
}
