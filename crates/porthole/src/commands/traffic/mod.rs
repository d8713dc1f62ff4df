//! `porthole traffic`: what a tap recorded, looked through, counted, compared and exported.

mod diff;
mod export;
mod listing;
mod recorded;
mod show;
mod verify;

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use porthole_analysis::{Filter, FilterError};
use porthole_tap::record::{RecordError, Recording};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::OutputArgs;
use crate::world::World;

/// `porthole traffic`.
#[derive(Debug, clap::Args)]
pub(crate) struct TrafficArgs {
    #[command(subcommand)]
    action: Action,
}

/// What is done with a recording.
#[derive(Debug, Subcommand)]
enum Action {
    /// List the calls
    #[command(after_long_help = "\
Examples:
  porthole traffic ls calls.db
  porthole traffic ls calls.db --filter 'failed and operation ~ \"^Image\"'")]
    Ls(SelectArgs),
    /// Show one call with its heads and bodies
    #[command(after_long_help = "\
Examples:
  porthole traffic show calls.db 17
  porthole traffic show calls.db 17 --hex")]
    Show(ShowArgs),
    /// Count calls, failures, times and bytes, by operation and by client
    #[command(after_long_help = "\
Examples:
  porthole traffic stats calls.db
  porthole traffic stats calls.db --filter 'client.container = \"ci\"' --output json")]
    Stats(SelectArgs),
    /// Compare two recordings of the same command, such as by two versions of docker
    #[command(after_long_help = "\
Ids, times of day and the version in the path are no differences. Exit code: 0 where nothing but times
differs, 1 where something else does, 2 when the recordings cannot be read.

Examples:
  porthole traffic diff old.db new.db
  porthole traffic diff old.db new.db --filter 'operation = ContainerCreate' --output json")]
    Diff(diff::DiffArgs),
    /// Write the calls in a format of other tools
    #[command(after_long_help = "\
Examples:
  porthole traffic export calls.db --format har > calls.har
  porthole traffic export calls.db --format curl --filter 'id = 17'")]
    Export(ExportArgs),
    /// Check that an audit is what was written: no line altered, none missing
    ///
    /// Ends with 0 when it is, 1 when it is not, 2 when a file cannot be read.
    #[command(after_long_help = "\
Examples:
  porthole traffic verify /var/log/porthole/audit.log
  porthole traffic verify /var/log/porthole/audit.log*
  zcat audit.log.2.gz | porthole traffic verify -")]
    Verify(verify::VerifyArgs),
}

/// Which calls of which recording.
#[derive(Debug, clap::Args)]
struct SelectArgs {
    /// The recording that porthole tap --record wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only the calls that match, such as: status >= 400 and operation ~ "^Container"
    #[arg(short, long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// `porthole traffic show`.
#[derive(Debug, clap::Args)]
struct ShowArgs {
    /// The recording that porthole tap --record wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The call's number
    #[arg(value_name = "NUMBER")]
    number: u64,
    /// Show the bodies byte by byte, as they were recorded
    #[arg(short = 'x', long)]
    hex: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// `porthole traffic export`.
#[derive(Debug, clap::Args)]
struct ExportArgs {
    /// The recording that porthole tap --record wrote
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only the calls that match, such as: status >= 400 and operation ~ "^Container"
    #[arg(short, long, value_name = "EXPRESSION")]
    filter: Option<String>,
    /// The format
    #[arg(long, value_name = "FORMAT")]
    format: Format,
}

/// The formats of other tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// HTTP Archive 1.2, for browsers and mitmproxy.
    Har,
    /// A JSON object a line, with heads and bodies.
    Jsonl,
    /// A curl command for each call.
    Curl,
}

/// Does what was asked with the recording.
pub(super) fn run(args: &TrafficArgs, world: &World) -> Result<Exit, CommandError> {
    match &args.action {
        Action::Ls(select) => listing::calls(select, world)?,
        Action::Show(call) => show::run(call, world)?,
        Action::Stats(select) => listing::statistics(select, world)?,
        Action::Diff(diff) => return diff::run(diff, world),
        Action::Export(export) => export::run(export)?,
        Action::Verify(files) => return verify::run(files, world),
    }
    Ok(Exit::Success)
}

/// The filter that was typed.
pub(crate) fn filter(expression: Option<&str>) -> Result<Option<Filter>, CommandError> {
    let refused = |error: FilterError| {
        let fields: Vec<_> = Filter::fields().collect();
        CommandError::new(format!("the filter is not understood\n{error}"))
            .hint(format!("fields: {}", fields.join(", ")))
    };
    expression.map(|text| Filter::parse(text).map_err(refused)).transpose()
}

fn open(file: &std::path::Path) -> Result<Recording, CommandError> {
    Recording::open(file).map_err(refused)
}

fn refused(error: RecordError) -> CommandError {
    CommandError::caused_by("cannot read the recording", error)
        .hint("make one with porthole tap --record FILE")
}
