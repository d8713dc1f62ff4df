//! Calls for people and programs: a line each, one in full, or counted.

use std::io::{self, BufWriter};

use porthole_analysis::{TrafficTally, version_trouble};
use porthole_model::{ContainerNames, ExchangeId};
use porthole_render::exchange::{self, LineWriter};
use porthole_render::json;

use super::recorded::Message;
use super::{SelectArgs, ShowArgs, filter, open, recorded, refused};
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
        Output::Json => writer.text(&json::exchange(exchange, &names)),
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

/// One call with its heads and bodies.
pub(super) fn one(args: &ShowArgs, world: &World) -> Result<(), CommandError> {
    let recording = open(&args.file)?;
    let id = ExchangeId(args.number);
    let found = recording.exchange(id).map_err(refused)?;
    let exchange = found.ok_or_else(|| {
        CommandError::new(format!("the recording has no call {id}"))
            .hint(format!("porthole traffic ls {} lists all", args.file.display()))
    })?;
    let names = ContainerNames::default();
    if args.output.output == Output::Json {
        return super::export::line(&recording, &exchange);
    }
    world.printer.doc(&exchange::detail(&exchange, &names, version_trouble(&exchange, None).as_deref()))?;
    for (title, message) in ["Request", "Answer"].into_iter().zip(recorded::messages(&recording, id)?) {
        world.printer.doc(&porthole_render::tap::message(title, message.as_ref().map(Message::content)))?;
    }
    Ok(())
}
