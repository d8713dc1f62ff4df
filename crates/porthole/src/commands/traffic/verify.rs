//! Whether audit files are what was written.

use std::path::PathBuf;

use porthole_model::AuditFile;
use porthole_render::json;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs};
use crate::printer::Printer;
use crate::world::World;

/// `porthole traffic verify`.
#[derive(Debug, clap::Args)]
pub(super) struct VerifyArgs {
    /// The files that porthole tap --audit wrote, rotated ones with them in any order; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    #[command(flatten)]
    output: OutputArgs,
}

/// Checks them as one chain, and says so in the exit code.
pub(super) fn run(args: &VerifyArgs, world: &World) -> Result<Exit, CommandError> {
    let checked = porthole_tap::audit::verify(&args.files);
    let files = checked.map_err(|error| CommandError::caused_by("cannot verify the audit", error))?;
    match args.output.output {
        Output::Text => world.printer.doc(&porthole_render::audit::doc(&files))?,
        Output::Json => Printer::text(&json::audit_verdict(&files))?,
    }
    let is_intact = files.iter().all(AuditFile::is_intact);
    Ok(if is_intact { Exit::Success } else { Exit::Findings })
}
