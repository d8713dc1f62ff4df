//! `porthole topology`: which veth belongs to which container, which bridge, which network.

use porthole_model::{Scope, Snapshot, Topic, Topology};
use porthole_render::{json, topology};

use crate::args::TopologyArgs;
use crate::collect::{self, Request};
use crate::commands::sockets::target;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::output::TopologyOutput;
use crate::printer::Printer;
use crate::world::World;

/// Reads the links and prints them.
pub(super) fn run(args: &TopologyArgs, world: &World) -> Result<Exit, CommandError> {
    let scope = Scope::of(&[Topic::Links, Topic::Routes, Topic::ForwardingDatabase]);
    let snapshot = collect::snapshot(world, &args.source, Request { scope: &scope, engine: true })?;
    let whole = porthole_analysis::topology(&snapshot)?;
    let shown = match &args.container {
        Some(container) => of_container(&snapshot, &whole, container)?,
        None => whole,
    };
    print(&shown, args.output, world)?;
    Ok(Exit::Success)
}

fn of_container(snapshot: &Snapshot, whole: &Topology, container: &str) -> Result<Topology, CommandError> {
    let target = target::in_snapshot(snapshot, container)?;
    let namespace = porthole_analysis::namespace_of(snapshot, &target)?.id;
    Ok(porthole_analysis::topology_of(whole, namespace))
}

fn print(topology: &Topology, output: TopologyOutput, world: &World) -> Result<(), CommandError> {
    let printer = &world.printer;
    match output {
        TopologyOutput::Text => printer.doc(&topology::table(topology)),
        TopologyOutput::Tree => printer.doc(&topology::tree(topology)),
        TopologyOutput::Svg => Printer::text(&topology::svg(topology)),
        TopologyOutput::Html => Printer::text(&topology::html(topology)),
        TopologyOutput::Json => Printer::text(&json::topology(topology)),
    }
}
