//! `porthole debug`: inside any container, with the toolbox, and nothing left behind.

pub(crate) mod agent;
mod as_target;
mod conversation;
pub(crate) mod graft;
mod image;
mod local;
mod sidecar;
mod wanted;
mod way;

use std::ffi::OsString;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// `porthole debug`.
#[derive(Debug, clap::Args)]
pub(crate) struct DebugArgs {
    /// The container: a name, an id, a unique prefix of either, or pid:N; or an image
    #[arg(value_name = "CONTAINER")]
    pub(crate) target: String,
    #[command(flatten)]
    way: way::WayArgs,
    /// What to run there instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Runs the command in the container.
pub(crate) fn run(args: &DebugArgs, world: &World) -> Result<Exit, CommandError> {
    if args.way.mode == way::Way::Sidecar {
        let client = world.engine()?;
        let container = world
            .block_on(porthole_engine::inspect(&client, &args.target, world.settings.secrets))?
            .map_err(|error| CommandError::caused_by("x", error))?;
        let wanted = wanted::Wanted {
            container: container.id.0,
            command: args.command.clone(),
            detach_keys: args.way.detach_keys.clone(),
            ..wanted::Wanted::default()
        };
        if let Some(image) = &args.way.image {
            return image::run(&wanted, image, args.way.pull.into(), &client, world);
        }
        if args.way.as_target {
            return as_target::run(&wanted, &client, world);
        }
        return sidecar::run(&wanted, &client, world);
    }
    local::run(args, world)
}
