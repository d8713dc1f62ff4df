//! Into a container of this host, by the namespaces of its process.

use std::ffi::OsString;

use porthole_host::{Admission, EntryFailure, EntryPlan, Placement};
use porthole_model::ContainerState;
use porthole_render::debug;

use super::args::{DebugArgs, Variable};
use super::frozen::Frozen;
use super::kept::Order;
use super::mode::Inspected;
use super::session;
use super::volume;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Runs the command beside the process, and gives its exit code, or why there was no way in.
pub(super) fn run(
    args: &DebugArgs,
    admission: Admission,
    container: Option<&Inspected>,
    world: &World,
) -> Result<Result<Exit, EntryFailure>, CommandError> {
    let name = container.map(|inspected| inspected.container.name.as_str());
    let process = format!("pid:{}", admission.process);
    let mut plan = plan(args, (name, admission), world);
    plan.mounts = volume::of_this_host(&args.volumes)?;
    if let Some(kept) = &args.keeping.keep {
        let order = Order { name: kept, target: name.unwrap_or(&process), args };
        return order.start_here(plan, world).map(Ok);
    }
    let frozen = freeze(args, container, world)?;
    let exit = session::run(plan, world);
    frozen.map_or(Ok(()), Frozen::thaw).and(exit)
}

/// What the arguments ask for, but for volumes, in that process's namespaces, which a prompt calls by that name.
pub(super) fn plan(
    args: &DebugArgs,
    (name, admission): (Option<&str>, Admission),
    world: &World,
) -> EntryPlan {
    EntryPlan {
        started: Some(admission.started),
        command: args.shell.iter().map(OsString::from).chain(args.command.iter().cloned()).collect(),
        user: args.user.clone(),
        capabilities: args.capabilities.iter().fold(0, |all, one| all | one),
        directory: args.workdir.clone(),
        environment: environment(args, name, world),
        placement: args.placement.map(Placement::from).unwrap_or_default(),
        ..EntryPlan::new(admission.process, tools())
    }
}

/// A variable that is passed on and is not set here is left as it is there.
fn environment(args: &DebugArgs, name: Option<&str>, world: &World) -> Vec<(OsString, OsString)> {
    let here = |name: &String| world.settings.variable(name).map(|value| (name.into(), value.into()));
    let asked = args.environment.iter().filter_map(|variable| match variable {
        Variable::Set(name, value) => Some((name.into(), value.into())),
        Variable::PassedOn(name) => here(name),
    });
    let prompt = name.map(|name| ("PORTHOLE_TARGET".into(), name.into()));
    here(&"TERM".to_owned()).into_iter().chain(prompt).chain(asked).collect()
}

#[cfg(feature = "toolbox")]
pub(super) fn tools() -> Vec<String> {
    porthole_toolbox::applets().map(|applet| applet.name.to_owned()).collect()
}

/// Without the toolbox, a session has the programs of the container alone.
#[cfg(not(feature = "toolbox"))]
pub(super) fn tools() -> Vec<String> {
    Vec::new()
}

/// Freezes the container, where that is asked for and it is not frozen by somebody else.
pub(super) fn freeze(
    args: &DebugArgs,
    container: Option<&Inspected>,
    world: &World,
) -> Result<Option<Frozen>, CommandError> {
    if !args.pause {
        return Ok(None);
    }
    let Some(Inspected { container, .. }) = container else {
        let error = CommandError::new("cannot freeze a process that was named by its number");
        return Err(error.hint("name the container of the process, whose engine can freeze it"));
    };
    if container.state == ContainerState::Paused {
        world.printer.note(&debug::was_frozen(&container.name));
        return Ok(None);
    }
    Frozen::begin(container, &world.settings.engine_arguments()).map(Some)
}
