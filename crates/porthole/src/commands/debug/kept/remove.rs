//! `porthole debug rm`: the end of kept sessions, with all that runs in them.

use porthole_render::gc::Collected;

use super::args::RemoveArgs;
use super::found::Found;
use super::unknown;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// Ends them, each whatever becomes of the others.
pub(super) fn run(args: &RemoveArgs, world: &World) -> Result<Exit, CommandError> {
    let mut errors = Vec::new();
    let mut removed = Vec::new();
    for found in meant(args, world, &mut errors)? {
        match world.block_on(remove(&found, args.force))? {
            Ok(()) => removed.push(found.name().to_owned()),
            Err(error) => errors.push(error),
        }
    }
    for error in &errors {
        world.printer.error(error);
    }
    match args.output.output {
        Output::Text => world.printer.doc(&porthole_render::kept::removed(&removed))?,
        Output::Json => {
            let collected = Collected { sessions: &removed, ..Collected::default() };
            Printer::text(&porthole_render::json::removed(&collected))?;
        }
    }
    Ok(if errors.is_empty() { Exit::Success } else { Exit::Failure })
}

fn meant(
    args: &RemoveArgs,
    world: &World,
    errors: &mut Vec<CommandError>,
) -> Result<Vec<Found>, CommandError> {
    if args.all {
        let (all, error) = Found::all(world)?;
        errors.extend(error);
        return Ok(all);
    }
    let mut meant = Vec::new();
    for name in &args.names {
        match Found::named(name, world)? {
            Some(found) => meant.push(found),
            None if args.force => {}
            None => errors.push(unknown(name)),
        }
    }
    Ok(meant)
}

/// One that somebody is at is not ended behind his or her back.
async fn remove(found: &Found, by_force: bool) -> Result<(), CommandError> {
    if by_force {
        return match found.end().await {
            Err(_) => found.kill().await,
            ended => ended,
        };
    }
    let attached = found.describe().await?.and_then(|session| session.attached);
    if let Some(attached) = attached {
        let name = found.name();
        return Err(CommandError::new(format!("user {} is attached to {name}", attached.user.0))
            .hint(format!("porthole debug rm -f {name} ends it nevertheless")));
    }
    found.end().await
}
