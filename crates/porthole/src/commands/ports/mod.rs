//! `porthole ports`: published ports, stage by stage.

use std::time::Duration;

use porthole_analysis::target::{self as resolution, Named, Target};
use porthole_model::{ContainerId, Gap, GapKind, Pid, PublishedPorts, Scope, Snapshot, Topic};
use porthole_render::{json, ports};

use crate::collect::{self, Request};
use crate::commands::sockets::target;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::{Output, OutputArgs, SourceArgs};
use crate::printer::Printer;
use crate::world::World;

/// `porthole ports`.
#[derive(Debug, clap::Args)]
pub(crate) struct PortsArgs {
    /// The container: a name, an id, or a unique prefix of either; without it, all that publish ports
    #[arg(value_name = "CONTAINER")]
    container: Option<String>,
    /// Read only, and send nothing
    #[arg(long)]
    no_probe: bool,
    /// How long each probe may take, in seconds
    #[arg(long, value_name = "SECONDS", default_value = "1.5", value_parser = crate::args::seconds)]
    wait: Duration,
    /// Show them again and again, every 2 seconds or as often as it says, with what counters gained
    #[arg(short, long, value_name = "SECONDS", num_args = 0..=1, require_equals = true, default_missing_value = "2",
          value_parser = crate::args::seconds, conflicts_with = "from")]
    watch: Option<Duration>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Reads and prints, once or again and again; what is broken makes the exit code 1.
pub(super) fn run(args: &PortsArgs, world: &World) -> Result<Exit, CommandError> {
    match args.watch {
        None => {
            let ports = read(args, world)?;
            print(args, &ports, world)?;
            Ok(if ports.is_broken() { Exit::Findings } else { Exit::Success })
        }
        Some(pause) => watch(args, pause, world),
    }
}

/// A page for each reading, or a line of JSON; until it is interrupted.
fn watch(args: &PortsArgs, pause: Duration, world: &World) -> Result<Exit, CommandError> {
    let mut before: Option<PublishedPorts> = None;
    loop {
        let mut ports = read(args, world)?;
        if let Some(before) = &before {
            porthole_analysis::ports_since(&mut ports, before);
        }
        if args.output.output == Output::Json {
            Printer::text(&json::ports_line(&ports))?;
        } else {
            Printer::start_over()?;
            print(args, &ports, world)?;
        }
        before = Some(ports);
        world.block_on(async { tokio::time::sleep(pause).await })?;
    }
}

fn read(args: &PortsArgs, world: &World) -> Result<PublishedPorts, CommandError> {
    // The words of iptables-save are shown with the stages alone.
    let scope = porthole_analysis::ports_scope(args.container.is_some());
    let snapshot = collect::snapshot(world, &args.source, Request { scope: &scope, engine: true })?;
    let only = args.container.as_deref().map(|text| container(&snapshot, text)).transpose()?;
    let mut ports = porthole_analysis::published_ports(&snapshot, only.as_ref())?;
    if !args.no_probe && args.source.from.is_none() {
        probe(args, world, &snapshot, &mut ports);
    }
    Ok(ports)
}

/// Tries every stage at once; what could not be tried says so itself.
fn probe(args: &PortsArgs, world: &World, snapshot: &Snapshot, ports: &mut PublishedPorts) {
    let requests = ports.requests();
    if requests.is_empty() {
        return;
    }
    if world.settings.through_engine {
        let cause = "they are sent from this host alone, and what was read is of the engine's";
        let gap = Gap::new(GapKind::Elsewhere, "probes", cause);
        return ports.gaps.push(gap.with_remedy("run porthole ports there, as root"));
    }
    world.printer.progress("trying the ports");
    match porthole_analysis::probing_process(snapshot) {
        Ok(process) => {
            ports.take(&world.host.probe(process, &requests, args.wait));
            count(world, process, ports);
        }
        Err(gap) => ports.gaps.push(gap),
    }
    world.printer.progress_done();
}

/// Reads the counters once more, so that a person sees which rules the probes met.
fn count(world: &World, process: Pid, ports: &mut PublishedPorts) {
    let stack = world.host.stack_of(process, &Scope::of(&[Topic::Firewall]));
    match stack.as_ref().ok().and_then(|stack| stack.firewall.value()) {
        Some(firewall) => porthole_analysis::ports_counted(ports, firewall),
        None => ports.gaps.push(Gap::new(
            GapKind::Failed,
            "counters after the probes",
            "the firewall could not be read a second time, so they are those of before",
        )),
    }
}

/// The running container that `text` names.
fn container(snapshot: &Snapshot, text: &str) -> Result<ContainerId, CommandError> {
    if target::is_process(text) {
        return Err(CommandError::new(
            "ports are published by containers: name one, or none for all of them",
        ));
    }
    let containers = snapshot.engine.known()?.containers.known()?;
    let named: Vec<_> = containers.iter().map(Named::from).collect();
    match resolution::resolve_running(&named, text)? {
        Target::Container(named) => Ok(named.id),
        Target::Process(pid) => Err(CommandError::new(format!("process {pid} is no container"))),
    }
}

fn print(args: &PortsArgs, published: &PublishedPorts, world: &World) -> Result<(), CommandError> {
    let detail = if args.container.is_some() { ports::Detail::Stages } else { ports::Detail::Rows };
    match args.output.output {
        Output::Text => world.printer.doc(&ports::doc(published, detail)),
        Output::Json => Printer::text(&json::ports(published)),
    }
}
