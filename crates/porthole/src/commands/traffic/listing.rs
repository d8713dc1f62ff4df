//! Calls for people and programs: a line each, or counted.

use std::io::{self, BufWriter};

use porthole_analysis::TrafficTally;
use porthole_model::ContainerNames;
use porthole_render::exchange::{self, LineWriter};
use porthole_render::json;

use super::{SelectArgs, filter, open, recorded};
use crate::error::CommandError;
use crate::output::Output;
use crate::printer::Printer;
use crate::world::World;

/// How many of the slowest and of the failed calls are shown.
const SHOWN: usize = 10;

/// A line for each call.
pub(super) fn calls(args: &SelectArgs, world: &World) -> Result<(), CommandError> {
    let (recording, filter) = (open(&args.file)?, filter(args.filter.as_deref())?);
    let names = ContainerNames::default();
    let mut writer = LineWriter::new(BufWriter::new(io::stdout()), world.printer.text_settings());
    recorded::each(&recording, filter.as_ref(), |exchange| match args.output.output {
        Output::Text => writer.exchange(exchange, &names),
        Output::Json => writer.text(&json::exchange(exchange, &names, None)),
    })
}

/// What all of them come to.
pub(super) fn statistics(args: &SelectArgs, world: &World) -> Result<(), CommandError> {
    let (recording, filter) = (open(&args.file)?, filter(args.filter.as_deref())?);
    let mut tally = TrafficTally::new(SHOWN);
    recorded::each(&recording, filter.as_ref(), |exchange| {
        tally.add(exchange);
        Ok(())
    })?;
    let (summary, names) = (tally.summary(), ContainerNames::default());
    match args.output.output {
        Output::Text => world.printer.doc(&exchange::summary(&summary, &names)),
        Output::Json => Printer::text(&json::traffic_summary(&summary, &names)),
    }
}
