//! `porthole debug`: inside any container, with the toolbox, and nothing left behind.

mod args;
mod failure;
mod frozen;
mod local;
mod many;
mod mode;
mod session;

use porthole_analysis::target::{Named, TargetError};

pub(crate) use self::args::DebugArgs;
pub(crate) use self::frozen::{thaw, thawed};
use self::mode::Mode;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Runs the command in the container, or in each of many.
pub(crate) fn run(args: &DebugArgs, world: &World) -> Result<Exit, CommandError> {
    let Some(target) = &args.target else { return many::run(args, world) };
    match mode::choose(target, world)? {
        Mode::Local { doorway, container } => local::run(args, doorway, container.as_ref(), world),
        Mode::Sidecar { container, reason } => Err(failure::no_local_way(&container.container.name, reason)),
        Mode::Stopped { container } => {
            Err(TargetError::NotRunning { container: Named::from(&container) }.into())
        }
    }
}
