//! `porthole dns`: the way of a name from a container, rung by rung, and which rung is broken.

mod reader;
mod reading;
mod subject;

use std::time::Duration;

use porthole_engine::{Client, Visitor};
use porthole_host::LinuxHost;
use porthole_model::{DnsLadder, DnsQuestion, DnsReading, DnsSubject, RecordKind};
use porthole_render::json;

pub(crate) use self::reader::{is_reader, run as play_reader};
use self::subject::Asked;
use crate::collect::own_program;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs};
use crate::printer::Printer;
use crate::world::World;

/// What gives what another user's process sees.
const WITHOUT_ROOT: &str = "or let the engine do it: porthole --through-engine dns";

/// `porthole dns`.
#[derive(Debug, clap::Args)]
pub(crate) struct DnsArgs {
    /// The container: a name, an id, a unique prefix of either, or pid:N; not with --from-network
    #[arg(value_name = "CONTAINER", required_unless_present = "from_network")]
    container: Option<String>,
    /// What to look up; without it, the name of a container on the same network, and example.com
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Ask from this network, by a container of porthole's own that is removed after
    #[arg(long, value_name = "NETWORK")]
    from_network: Option<String>,
    /// How long each server may take to answer, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1.5", value_parser = crate::args::seconds)]
    wait: Duration,
    #[command(flatten)]
    output: OutputArgs,
}

impl DnsArgs {
    /// Whose names, and which: with a network, every word is a name.
    fn asked(&self) -> (Asked<'_>, Vec<String>) {
        match (&self.from_network, &self.container) {
            (Some(network), first) => {
                (Asked::Network(network), first.iter().chain(&self.names).cloned().collect())
            }
            (None, Some(container)) => (Asked::Container(container), self.names.clone()),
            (None, None) => (Asked::Container(""), Vec::new()),
        }
    }
}

/// Reads, asks and prints; what is broken makes the exit code 1.
pub(super) fn run(args: &DnsArgs, world: &World) -> Result<Exit, CommandError> {
    world.printer.progress("asking name servers");
    let ladder = ladder(args, world);
    world.printer.progress_done();
    let ladder = ladder?;
    match args.output.output {
        Output::Text => world.printer.doc(&porthole_render::dns::doc(&ladder))?,
        Output::Json => Printer::text(&json::dns(&ladder))?,
    }
    Ok(if ladder.is_broken() { Exit::Findings } else { Exit::Success })
}

fn ladder(args: &DnsArgs, world: &World) -> Result<DnsLadder, CommandError> {
    let (asked, names) = args.asked();
    names.iter().try_for_each(|name| check_name(name))?;
    match (asked, names) {
        (Asked::Network(network), names) => on_network(args, world, network, names),
        (Asked::Container(text), names) => {
            let (subject, client) = subject::of_container(world, text, names)?;
            through(args, world, client.as_ref(), subject)
        }
    }
}

/// Refuses what no server can be asked for, before anything is read.
fn check_name(name: &str) -> Result<(), CommandError> {
    let is_empty = name.trim_end_matches('.').is_empty();
    let question = DnsQuestion { name: name.to_owned(), kind: RecordKind::A };
    let problem = match porthole_wire::dns::question(0, &question, false) {
        _ if is_empty => format!("{name:?} cannot be asked for: it is empty"),
        Err(error) => error.to_string(),
        Ok(_) => return Ok(()),
    };
    let rule = "a name is letters, digits, - and _ in parts of up to 63, with dots between, 253 in all";
    Err(CommandError::new(problem).hint(rule))
}

/// From a container of ours, which is removed on every way out.
fn on_network(
    args: &DnsArgs,
    world: &World,
    network: &str,
    names: Vec<String>,
) -> Result<DnsLadder, CommandError> {
    let client = world.engine()?;
    let program = own_program()?;
    let started = world.block_on(Visitor::start(&client, &program, network))?;
    let visitor = started.map_err(|error| {
        CommandError::caused_by(format!("cannot ask from network {network}"), error)
            .hint("docker network ls names the networks")
    })?;
    let subject = subject::of_visitor(world, &client, &visitor.container, (network, names));
    let ladder = subject.and_then(|subject| through(args, world, Some(&client), subject));
    let removed = world.serve(visitor.remove(&client));
    let ladder = ladder?;
    removed.map_err(|error| CommandError::caused_by("cannot remove porthole's container", error))?;
    Ok(ladder)
}

/// Reads here, or where the engine is.
fn through(
    args: &DnsArgs,
    world: &World,
    client: Option<&Client>,
    subject: DnsSubject,
) -> Result<DnsLadder, CommandError> {
    let subject = porthole_analysis::dns_subject(subject);
    let reading = match client {
        Some(client) if world.settings.through_engine => {
            reader::read_there(world, client, &subject, args.wait)?
        }
        _ => read_here(&world.host, &subject, args.wait)?,
    };
    Ok(porthole_analysis::dns_ladder(&subject, &reading))
}

/// Where not even the first file can be read, nothing can be said.
fn read_here(host: &LinuxHost, subject: &DnsSubject, wait: Duration) -> Result<DnsReading, CommandError> {
    let reading = reading::read(host, subject, wait);
    match (reading.resolver_file.gap(), reading.probes.iter().any(reading::was_asked)) {
        (Some(gap), false) => Err(CommandError::from(gap.clone()).hint(WITHOUT_ROOT)),
        _ => Ok(reading),
    }
}
