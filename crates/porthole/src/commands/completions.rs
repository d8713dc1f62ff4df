//! `porthole completions`: what a shell needs to complete porthole's arguments.

use crate::args::CompletionsArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Prints the completions of one shell.
pub(super) fn run(args: &CompletionsArgs, world: &World) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli(), "porthole", &mut script);
    world.printer.write(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}
