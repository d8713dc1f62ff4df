//! `porthole events`: what happens at an engine, as it happens.

mod moment;
mod printed;
mod render;
mod runner;
mod running;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use porthole_engine::{EventMoment, EventQuery, EventStream, RequestError};
use porthole_model::EventNews;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::output::OutputArgs;
use crate::world::World;
use printed::Printed;
use render::{NotifyOrder, Rendering};
use runner::{Order, Runner};

/// What events can be filtered by, in Docker (moby, `daemon/events/filter.go`) and Podman.
const FILTERS: [&str; 15] = [
    "config",
    "container",
    "daemon",
    "event",
    "image",
    "label",
    "network",
    "node",
    "plugin",
    "pod",
    "scope",
    "secret",
    "service",
    "type",
    "volume",
];

/// `porthole events`.
#[expect(clippy::doc_markdown, reason = "the text is the help of the command line")]
#[derive(Debug, clap::Args)]
pub(crate) struct EventsArgs {
    /// Only events that fit, as docker events takes it: type=container, event=die, container=web, label=tier=web
    ///
    /// May be given several times: values of one name are alternatives, different names must all fit. With --render it
    /// chooses the containers that the templates are given, as docker ps takes it: label=tier=web, network=shop,
    /// status=running.
    #[arg(short, long = "filter", value_name = "NAME=VALUE", value_parser = filter)]
    filters: Vec<(String, String)>,
    /// Begin with what happened since then: 10m, 2026-03-01T12:00:00Z, or seconds since the Unix epoch
    ///
    /// Docker remembers its last 256 events, and none from before it was started; Podman what its log has.
    #[arg(long, value_name = "WHEN", value_parser = moment::parse)]
    since: Option<EventMoment>,
    /// End with what happened until then, written in the same way; 0s is now
    #[arg(long, value_name = "WHEN", value_parser = moment::parse)]
    until: Option<EventMoment>,
    /// Run a command for each event instead of showing it: it gets the event as JSON on its standard input, and in
    /// PORTHOLE_TYPE, PORTHOLE_ACTION, PORTHOLE_ID and PORTHOLE_NAME
    ///
    /// It is given to sh. One that fails or takes too long is reported, and the next one runs; the exit code is then 1.
    #[arg(long, value_name = "COMMAND", conflicts_with = "output")]
    exec: Option<String>,
    /// How long each command may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = crate::args::seconds, requires = "exec")]
    exec_timeout: Duration,
    /// How many commands run at once; with one they run in the order of the events
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u16).range(1..=256), requires = "exec")]
    at_once: u16,
    /// Keep FILE as TEMPLATE makes it of the engine's containers, instead of showing events; may be given several times
    ///
    /// The template is written in the language of Jinja; docs/templates.md tells what it is given. After each burst of
    /// events the containers are read anew, and FILE is replaced in one step where it changes. An error in the template is
    /// told with its line, and FILE stays as it was.
    #[arg(long = "render", value_name = "TEMPLATE:FILE", value_parser = Rendering::parse, conflicts_with_all = ["exec", "output", "since", "until"])]
    renderings: Vec<Rendering>,
    /// Run a command after files were written, such as one that has a load balancer read them
    ///
    /// It is given to sh. One runs at a time, and once more when a file changed meanwhile. One that fails or takes too long
    /// is reported, and is run again after the next events.
    #[arg(long, value_name = "COMMAND", requires = "renderings")]
    notify: Option<String>,
    /// How long that command may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = crate::args::seconds, requires = "notify")]
    notify_timeout: Duration,
    /// How long nothing must happen before the files are made anew, in seconds; a burst is waited for ten times as long
    #[arg(long, value_name = "SECONDS", default_value = "0.2", value_parser = crate::args::seconds, requires = "renderings")]
    debounce: Duration,
    /// Make the files once, run the command of --notify where one changed, and end
    #[arg(long, requires = "renderings")]
    once: bool,
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
    if !args.renderings.is_empty() {
        return render::run(rendering(args), world);
    }
    check_filters(&args.filters)?;
    let endpoint = world.settings.endpoint()?;
    let (limit, secrets) = (world.settings.timeout, world.settings.secrets);
    let begun = world.block_on(EventStream::begin(endpoint, limit, query(args), secrets))?;
    let mut stream = begun.map_err(failed)?;
    match &args.exec {
        None => show(args, world, &mut stream),
        Some(command) => {
            let (limit, at_once) = (args.exec_timeout, usize::from(args.at_once));
            execute(&Order { command: command.clone(), limit, at_once }, world, &mut stream)
        }
    }
}

/// Engines take a name that they do not know for one that everything fits.
fn check_filters(filters: &[(String, String)]) -> Result<(), CommandError> {
    match filters.iter().find(|(name, _)| !FILTERS.contains(&name.as_str())) {
        None => Ok(()),
        Some((name, _)) => {
            let words = format!("events are not filtered by {name}; filters are {}", FILTERS.join(", "));
            Err(CommandError::new(words))
        }
    }
}

fn rendering(args: &EventsArgs) -> render::Order {
    let notify = |command: &String| NotifyOrder { command: command.clone(), limit: args.notify_timeout };
    render::Order {
        renderings: args.renderings.clone(),
        filters: args.filters.clone(),
        notify: args.notify.as_ref().map(notify),
        quiet: args.debounce,
        once: args.once,
    }
}

fn show(args: &EventsArgs, world: &World, stream: &mut EventStream) -> Result<Exit, CommandError> {
    let mut printed = Printed::begin(world.printer, args.output.output)?;
    let followed = world.serve(follow(stream, |news| printed.tell(news)));
    printed.finish(matches!(followed, Ok(Exit::Interrupted)))?;
    followed
}

fn execute(order: &Order, world: &World, stream: &mut EventStream) -> Result<Exit, CommandError> {
    world.serve(async {
        let mut runner = Runner::begin(world.printer, order);
        let followed = follow(stream, |news| {
            runner.tell(news);
            true
        });
        let followed = followed.await;
        let went_well = runner.finish(matches!(followed, Ok(Exit::Interrupted))).await;
        followed.map(|exit| if exit == Exit::Success && !went_well { Exit::Findings } else { exit })
    })
}

fn query(args: &EventsArgs) -> EventQuery {
    let mut filters: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (name, value) in &args.filters {
        filters.entry(name.clone()).or_default().push(value.clone());
    }
    EventQuery { filters, since: args.since, until: args.until }
}

/// Tells everything, until the end, a signal, or until nobody wants to know.
async fn follow(
    stream: &mut EventStream,
    mut tell: impl FnMut(EventNews) -> bool,
) -> Result<Exit, CommandError> {
    let mut stop = pin!(interrupt::asked_to_stop());
    loop {
        let news = tokio::select! {
            news = stream.next() => news.map_err(failed)?,
            () = &mut stop => return Ok(Exit::Interrupted),
        };
        if !news.is_some_and(&mut tell) {
            return Ok(Exit::Success);
        }
    }
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
