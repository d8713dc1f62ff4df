//! How two recordings of the same command differ.

use std::path::{Path, PathBuf};

use porthole_analysis::{CallBodies, DiffOf, Filter, traffic_diff};
use porthole_model::{Exchange, ExchangeId, TrafficDiff};
use porthole_render::{exchange, json};
use porthole_tap::record::{BodyState, Recording};
use porthole_wire::http1::Side;

use super::{filter, open, recorded, refused};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs};
use crate::printer::Printer;
use crate::world::World;

/// How many calls of each recording are compared: time grows with their product where nothing fits. A call is some
/// kilobytes in memory, its bodies are read one by one.
const MOST_CALLS: usize = 5_000;

/// `porthole traffic diff`.
#[derive(Debug, clap::Args)]
pub(super) struct DiffArgs {
    /// The first recording that porthole tap --record wrote
    #[arg(value_name = "A")]
    left: PathBuf,
    /// The second one, of the same command
    #[arg(value_name = "B")]
    right: PathBuf,
    /// Only the calls that match, such as: operation ~ "^Container"
    #[arg(short, long, value_name = "EXPRESSION")]
    filter: Option<String>,
    #[command(flatten)]
    output: OutputArgs,
}

/// The calls of a recording that are compared.
struct Compared {
    recording: Recording,
    calls: Vec<Exchange>,
    has_more: bool,
}

/// Compares two recordings. Differences are findings: the exit code tells.
pub(super) fn run(args: &DiffArgs, world: &World) -> Result<Exit, CommandError> {
    let filter = filter(args.filter.as_deref())?;
    let [left, right] = [&args.left, &args.right].map(|file| read(file, filter.as_ref()));
    let (left, right) = (left?, right?);
    let diff = compare(&left, &right)?;
    let titles = [&args.left, &args.right].map(|file| file.display().to_string());
    let titles = [titles[0].as_str(), titles[1].as_str()];
    match args.output.output {
        Output::Text => world.printer.doc(&exchange::traffic_diff(&diff, titles))?,
        Output::Json => Printer::text(&json::traffic_diff(&diff, titles))?,
    }
    Ok(if diff.is_same() { Exit::Success } else { Exit::Findings })
}

fn read(file: &Path, filter: Option<&Filter>) -> Result<Compared, CommandError> {
    let recording = open(file)?;
    let (calls, has_more) = recorded::first(&recording, filter, MOST_CALLS)?;
    Ok(Compared { recording, calls, has_more })
}

fn compare(left: &Compared, right: &Compared) -> Result<TrafficDiff, CommandError> {
    let mut diff = traffic_diff(&left.calls, &right.calls, |side, id| {
        bodies(&if side == DiffOf::Left { left } else { right }.recording, id)
    })?;
    for (side, of) in diff.sides.iter_mut().zip([left, right]) {
        side.has_more = of.has_more;
    }
    Ok(diff)
}

fn bodies(recording: &Recording, id: ExchangeId) -> Result<CallBodies, CommandError> {
    let request_head = recording.head(id, Side::Client).map_err(refused)?.unwrap_or_default();
    let [request, answer] = [Side::Client, Side::Engine].map(|side| whole(recording, id, side));
    Ok(CallBodies { request_head, request: request?, answer: answer? })
}

fn whole(recording: &Recording, id: ExchangeId, side: Side) -> Result<Option<Vec<u8>>, CommandError> {
    let body = recording.body(id, side).map_err(refused)?;
    Ok(body.filter(|body| body.state == BodyState::Whole).map(|body| body.bytes))
}
