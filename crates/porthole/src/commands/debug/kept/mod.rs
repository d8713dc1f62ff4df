//! Sessions that are kept: they go on without a client, and clients come and go.

mod args;
mod attach;
mod door;
mod found;
mod guest;
mod list;
mod name;
pub(crate) mod place;
pub(crate) mod process;
pub(crate) mod relay;
mod remove;
mod shown;
mod start;

pub(crate) use self::args::{KeepArgs, KeptCommand};
pub(crate) use self::found::Found;
use self::name::SessionName;
pub(super) use self::start::Order;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Lists sessions, comes back to one, or ends some.
pub(super) fn run(command: &KeptCommand, world: &World) -> Result<Exit, CommandError> {
    match command {
        KeptCommand::Ls(output) => list::run(output.output, world),
        KeptCommand::Attach(args) => attach::run(args, world),
        KeptCommand::Rm(args) => remove::run(args, world),
    }
}

fn unknown(name: &SessionName) -> CommandError {
    CommandError::new(format!("there is no session {name}"))
        .hint("porthole debug ls lists those that are kept")
        .hint(format!("porthole debug --keep {name} CONTAINER begins one"))
}
