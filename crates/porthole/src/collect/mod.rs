//! From the outside worlds to one snapshot: live, through the engine, or from a file.

mod engine_settings;
mod file;
mod live;
mod network_database;
mod probes;
mod through_engine;

use porthole_model::{Scope, Snapshot};

use crate::error::CommandError;
use crate::output::SourceArgs;
use crate::world::World;

pub(crate) use live::{daemon, engine};
pub(crate) use network_database::DatabasePlace;
pub(crate) use probes::probe;
pub(crate) use through_engine::{AT_WORK, own_program, tidy_up};

/// What a command reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    /// The topics of the kernel.
    pub(crate) scope: &'a Scope,
    /// Whether an engine is asked.
    pub(crate) engine: bool,
}

/// Everything that was asked for, from wherever the arguments say.
pub(crate) fn snapshot(
    world: &World,
    source: &SourceArgs,
    request: Request<'_>,
) -> Result<Snapshot, CommandError> {
    if let Some(path) = &source.from {
        return file::read(path);
    }
    world.printer.progress("reading the host and its engine");
    let snapshot = if world.settings.through_engine {
        through_engine::read(world, request)
    } else {
        live::read(world, request)
    };
    world.printer.progress_done();
    snapshot
}
