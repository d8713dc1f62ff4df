//! `porthole debug`: inside any container, with the toolbox, and nothing left behind.

mod local;
mod stopped;

use std::ffi::OsString;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

pub(crate) use stopped::held;

/// `porthole debug`.
#[derive(Debug, clap::Args)]
pub(crate) struct DebugArgs {
    /// The container: a name, an id, a unique prefix of either, or pid:N; or an image
    #[arg(value_name = "CONTAINER")]
    pub(crate) target: String,
    /// What to run there instead of a shell
    #[arg(last = true, value_name = "COMMAND")]
    pub(crate) command: Vec<OsString>,
}

/// Runs the command in the container.
pub(crate) fn run(args: &DebugArgs, world: &World) -> Result<Exit, CommandError> {
    local::run(args, world)
}
