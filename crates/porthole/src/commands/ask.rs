//! Whether something may be changed: a flag says so, or a person at the terminal.

use std::io::{self, BufRead, IsTerminal};

use porthole_render::error::note;

use crate::error::CommandError;
use crate::world::World;

/// What decides about a change.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ConsentArgs {
    /// Do it without asking
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Show what would be done, and do nothing
    #[arg(long, conflicts_with = "yes")]
    pub(crate) dry_run: bool,
}

/// Asks unless the flag is there.
pub(crate) fn may(consent: &ConsentArgs, question: &str, world: &World) -> Result<bool, CommandError> {
    if consent.yes {
        return Ok(true);
    }
    somebody_is_there().map_err(|refused| refused.hint("add --yes to do it, or --dry-run to see it"))?;
    agrees(question, world)
}

/// Without a terminal nobody can be asked.
pub(crate) fn somebody_is_there() -> Result<(), CommandError> {
    if io::stdin().is_terminal() {
        return Ok(());
    }
    Err(CommandError::new("this changes the host, and there is no terminal to ask at"))
}

/// Asks at the terminal; anything but a yes is a no.
pub(crate) fn agrees(question: &str, world: &World) -> Result<bool, CommandError> {
    world.printer.note(&note(&format!("{question} [y/N]")));
    let mut answer = String::new();
    io::stdin()
        .lock()
        .read_line(&mut answer)
        .map_err(|error| CommandError::caused_by("cannot read the answer", error))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}
