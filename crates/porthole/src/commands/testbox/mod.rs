//! `porthole testbox`: a known-good container to try a host's networks with.

mod publication;
mod serving;
mod trial;

use clap::Subcommand;
use porthole_engine::{Client, Publication, TestboxError};
use porthole_render::gc::Collected;
use serde::Deserialize;

use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs};
use crate::printer::Printer;
use crate::world::World;

/// `porthole testbox`.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct TestboxArgs {
    #[command(subcommand)]
    command: Option<TestboxCommand>,
    #[command(flatten)]
    start: StartArgs,
}

/// What can be done with testboxes that stay.
#[derive(Debug, Subcommand)]
enum TestboxCommand {
    /// List the testboxes of the engine
    Ls(OutputArgs),
    /// Remove testboxes
    Rm {
        /// Their names or ids
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        output: OutputArgs,
    },
}

/// A testbox to start.
#[derive(Debug, clap::Args)]
struct StartArgs {
    /// Its name; without it, one that is new
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// The network it joins, as docker run takes it: a name, host, none, container:NAME
    #[arg(long, alias = "net", value_name = "NETWORK")]
    network: Option<String>,
    /// Publish a port: [ADDRESS:][HOST:]CONTAINER[/udp]; may be given several times
    ///
    /// TCP ports serve the page, UDP ports and TCP port 7 echo, whichever they are. Without HOST the engine chooses.
    #[arg(short, long = "publish", value_name = "PORT", value_parser = publication::parse)]
    published: Vec<Publication>,
    /// Let it stay when porthole ends
    #[arg(short, long)]
    detach: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// Starts, lists or removes testboxes.
pub(crate) fn run(args: &TestboxArgs, world: &World) -> Result<Exit, CommandError> {
    match &args.command {
        None => serving::run(&args.start, world),
        Some(TestboxCommand::Ls(output)) => list(output.output, world),
        Some(TestboxCommand::Rm { names, output }) => remove(names, output.output, world),
    }
}

fn list(output: Output, world: &World) -> Result<Exit, CommandError> {
    let client = world.engine()?;
    let found = world.block_on(porthole_engine::testboxes(&client))?;
    let found = found.map_err(|error| CommandError::caused_by("cannot list the testboxes", error))?;
    match output {
        Output::Text => world.printer.doc(&porthole_render::testbox::list(&found))?,
        Output::Json => Printer::text(&porthole_render::json::testboxes(&found))?,
    }
    Ok(Exit::Success)
}

fn remove(names: &[String], output: Output, world: &World) -> Result<Exit, CommandError> {
    let client = world.engine()?;
    for name in names {
        let removed = world.block_on(porthole_engine::remove_testbox(&client, name))?;
        removed.map_err(|error| not_removed(name, error))?;
    }
    match output {
        Output::Text => world.printer.doc(&porthole_render::testbox::removed(names))?,
        Output::Json => {
            let collected = Collected { containers: names, ..Collected::default() };
            Printer::text(&porthole_render::json::removed(&collected))?;
        }
    }
    Ok(Exit::Success)
}

fn not_removed(name: &str, error: TestboxError) -> CommandError {
    let is_unknown = matches!(&error, TestboxError::Engine { source, .. } if source.is_not_found());
    let failed = if is_unknown {
        CommandError::new(format!("there is no container {name}"))
    } else {
        CommandError::caused_by(format!("cannot remove {name}"), error)
    };
    failed.hint("porthole testbox ls lists the testboxes")
}

/// Why there is no testbox, and what the user can do.
fn not_started(error: TestboxError, client: &Client, world: &World) -> CommandError {
    let hint = match &error {
        TestboxError::NameTaken { name } => Some(format!(
            "choose another name, or remove that one: porthole testbox rm {name}, or docker rm {name}"
        )),
        TestboxError::NameRefused { .. } => Some("letters, digits, _ . and - make a name".to_owned()),
        TestboxError::NoNetwork { .. } => networks(client, world),
        TestboxError::PortTaken { .. } => Some(
            "porthole sockets --listening shows who listens on the host; docker ps shows published ports; \
             -p CONTAINER alone lets the engine choose a free one"
                .to_owned(),
        ),
        _ => None,
    };
    let failed = CommandError::caused_by("cannot start the testbox", error);
    match hint {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

/// The networks there are.
fn networks(client: &Client, world: &World) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "Name")]
        name: String,
    }
    let networks = world.block_on(client.get::<Vec<Named>>("/networks")).ok()?.ok()?;
    let mut names: Vec<String> = networks.into_iter().map(|network| network.name).collect();
    names.sort();
    Some(format!("it has {}", names.join(", ")))
}
