//! `porthole debug`: inside any container, with the toolbox, and nothing left behind.

mod args;
mod failure;
mod frozen;
mod local;
mod many;
mod mode;
mod session;
mod stopped;

use porthole_engine::{Client, Dormant};
use porthole_model::Container;

pub(crate) use self::args::DebugArgs;
pub(crate) use self::frozen::{thaw, thawed};
use self::mode::{Inspected, Mode};
use self::stopped::Double;
pub(crate) use self::stopped::held;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Runs the command in the container, or in each of many.
pub(crate) fn run(args: &DebugArgs, world: &World) -> Result<Exit, CommandError> {
    let Some(target) = &args.target else { return many::run(args, world) };
    match mode::choose(target, world)? {
        Mode::Stopped { container: Inspected { client, container } } => {
            stopped(args, &client, dormant(&client, &container, world)?, world)
        }
        Mode::Image { client, image } => stopped(args, &client, image, world),
        alive => {
            args.stopped.allow_running(target)?;
            running(args, alive, world)
        }
    }
}

/// Goes in where there is a process.
fn running(args: &DebugArgs, mode: Mode, world: &World) -> Result<Exit, CommandError> {
    match mode {
        Mode::Local { doorway, container } => local::run(args, doorway, container.as_ref(), world),
        Mode::Sidecar { container, reason } => Err(failure::no_local_way(&container.container.name, reason)),
        Mode::Stopped { container } => Err(failure::ended(&container.container.name)),
        Mode::Image { image, .. } => Err(failure::ended(&image.name)),
    }
}

fn stopped(args: &DebugArgs, client: &Client, dormant: Dormant, world: &World) -> Result<Exit, CommandError> {
    if args.pause {
        return Err(CommandError::new(format!(
            "'{}' does not run: there is nothing to freeze",
            dormant.name
        )));
    }
    let is_interactive = args.command.is_empty();
    stopped::run(args.stopped, world, client, dormant, is_interactive, |double| match double {
        Double::Process(pid) => local::run(args, world.host.doorway(*pid)?, None, world),
        Double::Container(name) => running(args, mode::choose(name, world)?, world),
    })
}

fn dormant(client: &Client, container: &Container, world: &World) -> Result<Dormant, CommandError> {
    world.block_on(porthole_engine::dormant_container(client, &container.id.0))?.map_err(mode::asked)
}
