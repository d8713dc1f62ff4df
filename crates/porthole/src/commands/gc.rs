//! `porthole gc`: removes what killed runs left behind.

use porthole_model::Timestamp;
use porthole_render::gc::Collected;

use super::debug::{self, collect_sessions};
use super::tap::recover;
use crate::args::GcArgs;
use crate::collect::AT_WORK;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// Removes and says what was removed.
pub(super) fn run(args: &GcArgs, world: &World) -> Result<Exit, CommandError> {
    // First, for the engine cannot be asked through a socket that nobody listens on.
    let sockets = recover(world)?;
    let sessions = collect_sessions(args.sessions, world)?;
    let client = world.engine()?;
    let swept = debug::sweep(&client, world)?;
    let made_before = Timestamp(World::now().0 - AT_WORK);
    let removed = world
        .block_on(porthole_engine::collect_garbage(&client, made_before))?
        .map_err(|error| CommandError::caused_by("cannot remove what was left behind", error))?;
    let collected = Collected {
        containers: &removed.containers,
        images: &removed.images,
        sockets: &sockets,
        swept: &swept,
        sessions: &sessions.ended,
        kept_sessions: &sessions.going_on,
    };
    match args.output.output {
        Output::Text => world.printer.doc(&porthole_render::gc::doc(&collected))?,
        Output::Json => Printer::text(&porthole_render::json::removed(&collected))?,
    }
    Ok(Exit::Success)
}
