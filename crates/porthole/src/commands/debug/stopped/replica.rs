//! By a replica on the engine, where the layers are not to be had here: another host's, containerd's, or another user's.

use porthole_engine::{Carried, Client, Creation, Dormant, DormantKind, Replica, ReplicaAccess};
use porthole_model::ContainerState;

use super::{Access, Double, state};
use crate::collect::{own_program, tidy_up};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Makes a replica, enters it, carries its changes back where that was asked for, and removes it.
pub(super) fn run(
    world: &World,
    client: &Client,
    dormant: Dormant,
    access: Access,
    enter: impl FnOnce(&Double) -> Result<Exit, CommandError>,
) -> Result<Exit, CommandError> {
    let original = dormant.clone();
    let replica = start(world, client, dormant, access)?;
    let entered = enter(&Double::Container(replica.container().to_owned()));
    let carried = match access {
        Access::WriteBack if entered.is_ok() => carry_back(world, client, &replica, &original),
        _ => Ok(()),
    };
    let removed = world
        .block_on(replica.remove(client))?
        .map_err(|error| CommandError::caused_by("cannot remove the replica", error));
    let exit = entered?;
    carried.and(removed).map(|()| exit)
}

fn start(world: &World, client: &Client, dormant: Dormant, access: Access) -> Result<Replica, CommandError> {
    let program = own_program()?;
    world.block_on(tidy_up(client, Creation::Replica))??;
    let name = dormant.name.clone();
    if access == Access::ThrowAway && dormant.kind == DormantKind::Container && !dormant.mounts.is_empty() {
        let words = "its volumes are read-only here: of them there is no throw-away copy";
        world.printer.note(&porthole_render::error::note(words));
    }
    let access = match access {
        Access::ReadOnly => ReplicaAccess::ReadOnly,
        Access::ThrowAway => ReplicaAccess::ThrowAway,
        Access::WriteBack => ReplicaAccess::WriteBack,
    };
    world
        .block_on(Replica::start(client, dormant, &program, access))?
        .map_err(|error| CommandError::caused_by(format!("cannot make a replica of {name}"), error))
}

fn carry_back(
    world: &World,
    client: &Client,
    replica: &Replica,
    original: &Dormant,
) -> Result<(), CommandError> {
    let name = &original.name;
    if matches!(state(world, client, original)?, ContainerState::Running | ContainerState::Paused) {
        let words = format!("somebody started {name} meanwhile: its files change while it runs");
        world.printer.note(&porthole_render::error::warning(&words));
    }
    let carried = world
        .block_on(replica.carry_back(client))?
        .map_err(|error| CommandError::caused_by(format!("not everything was written to {name}"), error))?;
    tell(world, name, &carried);
    Ok(())
}

fn tell(world: &World, name: &str, carried: &Carried) {
    for path in &carried.written {
        world.printer.note(&porthole_render::error::note(&format!("written to {name}: {path}")));
    }
    for path in &carried.not_removed {
        let words =
            format!("still in {name}: {path}, for the engine's API removes no files from a container");
        world.printer.note(&porthole_render::error::warning(&words));
    }
}
