//! `porthole debug ls`: the sessions that are kept.

use porthole_model::KeptSession;
use porthole_render::error::note;

use super::found::Found;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// Lists them. What cannot be asked is told beside the list.
pub(super) fn run(output: Output, world: &World) -> Result<Exit, CommandError> {
    let (sessions, errors) = all(world)?;
    match output {
        Output::Text => world.printer.doc(&porthole_render::kept::list(&sessions))?,
        Output::Json => Printer::text(&porthole_render::json::kept_sessions(&sessions))?,
    }
    Ok(if errors.is_empty() { Exit::Success } else { Exit::Failure })
}

/// All of them, and why some are not known.
fn all(world: &World) -> Result<(Vec<KeptSession>, Vec<CommandError>), CommandError> {
    let (found, unasked) = Found::all(world)?;
    if let Some(error) = unasked {
        // On a host without an engine there are none beside containers.
        let reason =
            std::iter::once(error.message().to_owned()).chain(error.causes()).collect::<Vec<_>>().join(": ");
        world.printer.note(&note(&format!("sessions beside containers are not listed: {reason}")));
    }
    let (mut sessions, mut errors) = (Vec::new(), Vec::new());
    for each in found {
        match world.block_on(each.describe())? {
            Ok(described) => sessions.extend(described),
            Err(error) => {
                world.printer.error(&error);
                errors.push(error);
            }
        }
    }
    sessions.sort_by(|one, other| one.name.cmp(&other.name));
    Ok((sessions, errors))
}
