//! `porthole events`: what happens at an engine, as it happens.

mod moment;
mod printed;

use std::collections::BTreeMap;

use porthole_engine::{EventMoment, EventQuery, EventStream, RequestError};

use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::OutputArgs;
use crate::world::World;
use printed::Printed;

/// `porthole events`.
#[derive(Debug, clap::Args)]
pub(crate) struct EventsArgs {
    /// Only events that fit, as docker events takes it: type=container, event=die, container=web, label=tier=web
    ///
    /// May be given several times: values of one name are alternatives, different names must all fit.
    #[arg(short, long = "filter", value_name = "NAME=VALUE", value_parser = filter)]
    filters: Vec<(String, String)>,
    /// Begin with what happened since then: 10m, 2026-03-01T12:00:00Z, or seconds since the Unix epoch
    ///
    /// Engines remember their last 256 events, and none from before they were started.
    #[arg(long, value_name = "WHEN", value_parser = moment::parse)]
    since: Option<EventMoment>,
    /// End with what happened until then, written in the same way; 0s is now
    #[arg(long, value_name = "WHEN", value_parser = moment::parse)]
    until: Option<EventMoment>,
    #[command(flatten)]
    output: OutputArgs,
}

fn filter(text: &str) -> Result<(String, String), String> {
    let parts = text.split_once('=').filter(|(name, value)| !name.is_empty() && !value.is_empty());
    let (name, value) = parts.ok_or("a filter is NAME=VALUE, such as type=container or event=die")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Follows the engine until Ctrl-C, `--until`, or until nobody reads.
pub(crate) fn run(args: &EventsArgs, world: &World) -> Result<Exit, CommandError> {
    let endpoint = world.settings.endpoint()?;
    let (limit, secrets) = (world.settings.timeout, world.settings.secrets);
    let begun = world.block_on(EventStream::begin(endpoint, limit, query(args), secrets))?;
    let mut stream = begun.map_err(failed)?;
    let mut printed = Printed::begin(world.printer, args.output.output)?;
    let followed = world.serve(async {
        tokio::select! {
            followed = follow(&mut stream, &mut printed) => followed,
            () = interrupt::asked_to_stop() => Ok(Exit::Interrupted),
        }
    });
    printed.finish(matches!(followed, Ok(Exit::Interrupted)))?;
    followed
}

fn query(args: &EventsArgs) -> EventQuery {
    let mut filters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &args.filters {
        filters.entry(name.clone()).or_default().push(value.clone());
    }
    EventQuery { filters, since: args.since, until: args.until }
}

async fn follow(stream: &mut EventStream, printed: &mut Printed) -> Result<Exit, CommandError> {
    while let Some(news) = stream.next().await.map_err(failed)? {
        if !printed.tell(news) {
            break;
        }
    }
    Ok(Exit::Success)
}

fn failed(error: RequestError) -> CommandError {
    match error {
        RequestError::Unreachable(error) => CommandError::from(porthole_model::Gap::from(*error)),
        RequestError::Status { status: 400, .. } => {
            CommandError::caused_by("the engine does not take this query", error).hint(
                "filters are container, event, image, label, network, scope, type, volume and a few more",
            )
        }
        _ => CommandError::caused_by("cannot follow the engine's events", error),
    }
}
