//! `porthole netdb show`.

use std::path::PathBuf;

use porthole_model::{Engine, Observed, Scope, Topic};
use porthole_render::netdb::{self, Names};

use crate::collect::{self, DatabasePlace};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs};
use crate::printer::Printer;
use crate::world::World;

/// `porthole netdb show`.
#[derive(Debug, clap::Args)]
pub(super) struct ShowArgs {
    /// A copy of the file, instead of the engine's own
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    /// Every key, with the fields that were not understood
    #[arg(long)]
    keys: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &ShowArgs, world: &World) -> Result<Exit, CommandError> {
    let (place, names) = if let Some(path) = &args.file {
        (DatabasePlace::named(path), Names::new())
    } else {
        let engine = collect::engine(world, &Scope::of(&[Topic::EngineInfo]))?;
        (DatabasePlace::of(world, &engine)?, names(&engine))
    };
    let database = place.read(world)?;
    if database.transaction.is_none() {
        let cause = database.faults.first().map(|fault| fault.problem.clone()).unwrap_or_default();
        let failed = format!("{} is not a network database that can be read", database.path);
        return Err(CommandError::caused_by(failed, cause)
            .hint("porthole netdb reset saves it and lets the engine make a new one"));
    }
    match args.output.output {
        Output::Text if args.keys => world.printer.doc(&netdb::keys(&database))?,
        Output::Text => world.printer.doc(&netdb::show(&database, &names))?,
        Output::Json => Printer::text(&porthole_render::json::network_database(&database, &names))?,
    }
    Ok(Exit::Success)
}

fn names(engine: &Observed<Engine>) -> Names {
    let containers = engine.value().and_then(|engine| engine.containers.value());
    let named = containers.into_iter().flatten();
    named.map(|container| (container.id.clone(), container.name.clone())).collect()
}
