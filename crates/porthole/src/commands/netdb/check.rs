//! `porthole netdb check`: the checks of doctor that are about the network database.

use std::path::PathBuf;
use std::thread;

use porthole_model::{Report, Snapshot};
use porthole_render::{json, report};

use crate::args::FailOn;
use crate::collect::{self, DatabasePlace, Request};
use crate::commands::doctor;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs, SourceArgs};
use crate::printer::Printer;
use crate::world::World;

/// `porthole netdb check`.
#[derive(Debug, clap::Args)]
pub(super) struct CheckArgs {
    /// A copy of the file, instead of the engine's own
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
    #[command(flatten)]
    source: SourceArgs,
    /// The least severity that makes the exit code 1
    #[arg(long, value_name = "SEVERITY", default_value = "warning")]
    fail_on: FailOn,
    #[command(flatten)]
    output: OutputArgs,
}

pub(super) fn run(args: &CheckArgs, world: &World) -> Result<Exit, CommandError> {
    let report = diagnose(args, world)?;
    match args.output.output {
        Output::Text => world.printer.doc(&report::doc(&report))?,
        Output::Json => Printer::text(&json::report(&report))?,
    }
    Ok(if doctor::counts(args.fail_on, report.worst()) { Exit::Findings } else { Exit::Success })
}

/// What seems wrong is read a second time, as doctor does.
fn diagnose(args: &CheckArgs, world: &World) -> Result<Report, CommandError> {
    let first = porthole_analysis::diagnose_networks(&snapshot(args, world)?);
    if first.findings.is_empty() || args.source.from.is_some() {
        return Ok(first);
    }
    thread::sleep(doctor::SETTLE);
    let second = porthole_analysis::diagnose_networks(&snapshot(args, world)?);
    Ok(porthole_analysis::confirm(&first, second))
}

fn snapshot(args: &CheckArgs, world: &World) -> Result<Snapshot, CommandError> {
    let scope = porthole_analysis::networks_scope();
    let mut snapshot = collect::snapshot(world, &args.source, Request { scope: &scope, engine: true })?;
    if let Some(path) = &args.file {
        // A file that was named and cannot be read is an error, not a gap.
        snapshot.network_database = porthole_model::Observed::Known(DatabasePlace::named(path).read(world)?);
    }
    Ok(snapshot)
}
