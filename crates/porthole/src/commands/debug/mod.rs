//! `porthole debug`: inside any container, with the toolbox, and nothing left behind.

pub(crate) mod agent;
mod args;
mod as_target;
pub(crate) mod conversation;
mod failure;
mod frozen;
pub(crate) mod graft;
mod image;
pub(crate) mod kept;
mod local;
pub(crate) mod many;
mod mode;
mod plain;
mod session;
pub(crate) mod sidecar;
mod stopped;
mod sweep;
mod volume;
mod wanted;
mod way;

use porthole_engine::{Client, Dormant};
use porthole_host::Admission;
use porthole_model::{Container, ContainerState, EngineKind};
use porthole_render::debug;

pub(crate) use self::args::DebugArgs;
pub(crate) use self::frozen::{thaw, thawed};
use self::kept::{Found, Order};
use self::mode::{Inspected, Mode};
use self::stopped::Double;
pub(crate) use self::stopped::held;
pub(crate) use self::sweep::sweep;
use self::wanted::Wanted;
use self::way::Way;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::world::World;

/// Runs the command in the container, or in each of many.
pub(crate) fn run(args: &DebugArgs, world: &World) -> Result<Exit, CommandError> {
    if let Some(command) = &args.kept {
        return kept::run(command, world);
    }
    let Some(target) = &args.target else { return many::run(args, world) };
    match mode::choose(target, args.way.mode, world)? {
        Mode::Stopped { container: Inspected { client, container } } => {
            stopped(args, &client, dormant(&client, &container, world)?, world)
        }
        Mode::Image { client, image } => stopped(args, &client, image, world),
        alive => {
            args.stopped.allow_running(target)?;
            running(args, alive, world)
        }
    }
}

/// Goes in where there is a process.
fn running(args: &DebugArgs, mode: Mode, world: &World) -> Result<Exit, CommandError> {
    match mode {
        Mode::Stopped { container } => Err(failure::ended(&container.container.name)),
        Mode::Image { image, .. } => Err(failure::ended(&image.name)),
        Mode::Local { container: Some(container), .. } | Mode::Sidecar { container, .. }
            if args.needs_engine() =>
        {
            through_engine(args, &container, world)
        }
        Mode::Local { container: None, .. } if args.needs_engine() => {
            Err(CommandError::new("cannot ask an engine about a process that was named by its number")
                .hint("name the container of the process"))
        }
        Mode::Local { admission, container } => from_here(args, admission, container.as_ref(), world),
        Mode::Sidecar { container, reason } if args.way.mode == Way::Local => {
            Err(failure::no_local_way(&container.container.name, reason))
        }
        Mode::Sidecar { container, reason } => {
            if args.way.mode == Way::Auto {
                world
                    .printer
                    .note_to_person(&debug::through_engine(&container.container.name, &reason.cause));
            }
            through_engine(args, &container, world)
        }
    }
}

/// By the namespaces of this host. What a security module or a filter forbids is seen only now, and the engine may have
/// another way.
fn from_here(
    args: &DebugArgs,
    admission: Admission,
    container: Option<&Inspected>,
    world: &World,
) -> Result<Exit, CommandError> {
    match (local::run(args, admission, container, world)?, container) {
        (Err(failure), Some(container)) if failure.is_refusal() && args.way.mode == Way::Auto => {
            let name = &container.container.name;
            world.printer.note_to_person(&debug::through_engine(name, &failure.to_string()));
            through_engine(args, container, world)
        }
        (ran, _) => ran.map_err(failure::not_entered),
    }
}

fn through_engine(args: &DebugArgs, inspected: &Inspected, world: &World) -> Result<Exit, CommandError> {
    let client = &inspected.client;
    let is_beside = !is_frozen_podman(args, inspected, world)?;
    let wanted = Wanted::new(args, &inspected.container, is_beside, world)?;
    let frozen = local::freeze(args, Some(inspected), world)?;
    let exit = match &args.way.image {
        Some(_) if args.keeping.keep.is_some() => {
            Err(CommandError::new("a session with a tool image is not kept")
                .hint("leave --image out: porthole's own tools can be kept at"))
        }
        Some(image) => image::run(&wanted, image, args.way.pull.into(), client, world),
        None if args.way.as_target => as_target::run(&wanted, client, world),
        None => sidecar::run(&wanted, args.way.mode, client, order(args, &inspected.container.name), world),
    };
    frozen.map_or(Ok(()), frozen::Frozen::thaw).and(exit)
}

/// Podman starts no container beside one that is paused.
fn is_frozen_podman(args: &DebugArgs, inspected: &Inspected, world: &World) -> Result<bool, CommandError> {
    let is_frozen = args.pause || inspected.container.state == ContainerState::Paused;
    Ok(is_frozen && world.version(&inspected.client)?.kind == EngineKind::Podman)
}

fn stopped(args: &DebugArgs, client: &Client, dormant: Dormant, world: &World) -> Result<Exit, CommandError> {
    if args.keeping.keep.is_some() {
        return Err(CommandError::new(format!(
            "'{}' does not run, and its double is not kept",
            dormant.name
        ))
        .hint("without --keep it is entered for as long as the terminal lasts")
        .hint("a container that runs can be kept at: porthole testbox, or docker start, then --keep"));
    }
    if args.pause {
        return Err(CommandError::new(format!(
            "'{}' does not run: there is nothing to freeze",
            dormant.name
        )));
    }
    let is_interactive = args.command.is_empty();
    stopped::run(args.stopped, world, client, dormant, is_interactive, |double| match double {
        Double::Process(pid) => from_here(args, world.host.admission(*pid)?, None, world),
        Double::Container(name) => running(args, mode::choose(name, args.way.mode, world)?, world),
    })
}

/// What is to be kept, where that is asked for.
fn order<'a>(args: &'a DebugArgs, target: &'a str) -> Option<Order<'a>> {
    args.keeping.keep.as_ref().map(|name| Order { name, target, args })
}

/// What became of kept sessions.
#[derive(Debug, Default)]
pub(crate) struct CollectedSessions {
    /// The names of those that were ended.
    pub(crate) ended: Vec<String>,
    /// The names of the others.
    pub(crate) going_on: Vec<String>,
}

/// Removes the sockets of killed sessions, and ends the others where that is asked for.
pub(crate) fn collect_sessions(are_ended: bool, world: &World) -> Result<CollectedSessions, CommandError> {
    let mut collected = CollectedSessions::default();
    for found in Found::all(world)?.0 {
        let name = found.name().to_owned();
        if are_ended {
            world.block_on(found.end())??;
            collected.ended.push(name);
        } else if world.block_on(found.describe())??.is_some() {
            collected.going_on.push(name);
        }
    }
    Ok(collected)
}

fn dormant(client: &Client, container: &Container, world: &World) -> Result<Dormant, CommandError> {
    world.block_on(porthole_engine::dormant_container(client, &container.id.0))?.map_err(mode::asked)
}
