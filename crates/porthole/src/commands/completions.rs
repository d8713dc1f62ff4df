//! `porthole completions`: what a shell needs to complete porthole's arguments.

use crate::args::CompletionsArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::printer::Printer;

/// Prints the completions of one shell.
pub(super) fn run(args: &CompletionsArgs) -> Result<Exit, CommandError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut crate::cli(), "porthole", &mut script);
    Printer::write(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}
