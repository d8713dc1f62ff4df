//! Sockets of the running kernel, handed on as they are read.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use porthole_analysis::target::{Named, Target};
use porthole_engine::{Client, ContainerSummary, RequestError};
use porthole_host::{SocketFilter, SocketInventory};
use porthole_model::{Container, ContainerId, Gap, GapKind, NetnsId, Observed, Pid, Socket};

use super::filter::filter;
use super::{Sink, SocketsArgs, target};
use crate::error::CommandError;
use crate::world::World;

/// What gives the sockets of another user's process.
const WITHOUT_ROOT: &str = "or let the engine read them: porthole --through-engine sockets";

/// A network namespace to read, and what to show of it.
struct Place {
    label: Option<String>,
    pid: Pid,
    /// Of a container in the host's own namespace: only what its processes hold.
    only: Option<ContainerId>,
}

/// Hands over each socket that is asked for.
pub(super) fn each(args: &SocketsArgs, world: &World, sink: Sink<'_>) -> Result<Vec<Gap>, CommandError> {
    let (places, mut gaps) = places(args, world)?;
    let filter = filter(args);
    let mut inventory = world.host.socket_inventory()?;
    for place in &places {
        match read(world, &mut inventory, place, &filter, sink) {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => break,
            Err(gap) if args.all => gaps.push(gap),
            Err(gap) => return Err(refused(gap)),
        }
    }
    Ok(gaps)
}

fn read(
    world: &World,
    inventory: &mut SocketInventory<'_>,
    place: &Place,
    filter: &SocketFilter,
    sink: Sink<'_>,
) -> Result<ControlFlow<()>, Gap> {
    let mut flow = ControlFlow::Continue(());
    let mut belongs = belongs(world, place.only.as_ref());
    inventory.each_socket(place.pid, filter, &mut |socket| {
        if belongs(&socket) {
            flow = sink(place.label.as_deref(), socket);
        }
        flow
    })?;
    Ok(flow)
}

/// Whether a socket is of that container, by the control groups of the processes that hold it.
fn belongs<'a>(world: &'a World, only: Option<&'a ContainerId>) -> impl FnMut(&Socket) -> bool + 'a {
    let mut known: BTreeMap<Pid, bool> = BTreeMap::new();
    move |socket| {
        let Some(container) = only else { return true };
        let owners = socket.owners.value().into_iter().flatten();
        let mut is_of = |pid| {
            *known
                .entry(pid)
                .or_insert_with(|| world.host.container_of(pid).value() == Some(&Some(container.clone())))
        };
        owners.map(|owner| owner.pid).any(&mut is_of)
    }
}

fn places(args: &SocketsArgs, world: &World) -> Result<(Vec<Place>, Vec<Gap>), CommandError> {
    match &args.container {
        _ if args.all => every_container(world),
        Some(text) if target::is_process(text) => Ok((vec![of_target(world, None, text)?], Vec::new())),
        Some(text) => Ok((vec![of_target(world, Some(&world.engine()?), text)?], Vec::new())),
        None => Ok((vec![Place { label: None, pid: Pid(std::process::id()), only: None }], Vec::new())),
    }
}

fn of_target(world: &World, client: Option<&Client>, text: &str) -> Result<Place, CommandError> {
    let listed = match client {
        Some(client) => named(world, client)?,
        None => Vec::new(),
    };
    match (target::among(&listed, text)?, client) {
        (Target::Container(named), Some(client)) => {
            let container = inspected(world, client, &named.id)?.map_err(asked)?;
            Ok(of_container(world, &container, None)?)
        }
        (Target::Process(pid), _) => Ok(Place { label: None, pid, only: None }),
        (Target::Container(named), None) => {
            Err(CommandError::new(format!("no engine was asked for {}", named.name)))
        }
    }
}

/// Every running container, those that share a namespace together.
fn every_container(world: &World) -> Result<(Vec<Place>, Vec<Gap>), CommandError> {
    let client = world.engine()?;
    let mut places: BTreeMap<(Option<NetnsId>, Option<ContainerId>), Place> = BTreeMap::new();
    let mut gaps = Vec::new();
    for listed in named(world, &client)?.into_iter().filter(Named::is_alive) {
        let container = match inspected(world, &client, &listed.id)? {
            Ok(container) => container,
            Err(error) if error.is_not_found() => continue,
            Err(error) => {
                gaps.push(error.gap(format!("sockets of container '{}'", listed.name)));
                continue;
            }
        };
        if container.is_alive() {
            match of_container(world, &container, Some(container.name.clone())) {
                Ok(place) => add(world, &mut places, place),
                Err(gap) => gaps.push(gap),
            }
        }
    }
    Ok((places.into_values().collect(), gaps))
}

fn add(world: &World, places: &mut BTreeMap<(Option<NetnsId>, Option<ContainerId>), Place>, place: Place) {
    let namespace = world.host.network_namespace_of(place.pid).value().copied();
    let only = place.only.clone().or_else(|| namespace.is_none().then(|| ContainerId(place.pid.to_string())));
    let entry = places.entry((namespace, only));
    entry
        .and_modify(|shared| {
            let label = [shared.label.as_deref(), place.label.as_deref()];
            shared.label = Some(label.into_iter().flatten().collect::<Vec<_>>().join(","));
        })
        .or_insert(place);
}

fn of_container(world: &World, container: &Container, label: Option<String>) -> Result<Place, Gap> {
    let what = format!("sockets of container '{}'", container.name);
    let pid = container
        .pid
        .ok_or_else(|| Gap::new(GapKind::Vanished, what.as_str(), "it has no process any more"))?;
    let found = world.host.container_of(pid);
    if let Observed::Known(found) = &found
        && found.as_ref() != Some(&container.id)
    {
        let cause = format!("process {pid} of this host is not in it: the engine runs on another host");
        return Err(Gap::new(GapKind::Elsewhere, what, cause).with_remedy("use --through-engine"));
    }
    let own = world.host.network_namespace_of(Pid(std::process::id()));
    let shared = own.value().is_some() && own.value() == world.host.network_namespace_of(pid).value();
    Ok(Place { label, pid, only: shared.then(|| container.id.clone()) })
}

fn named(world: &World, client: &Client) -> Result<Vec<Named>, CommandError> {
    let listed = world.block_on(porthole_engine::containers_only(client))?.map_err(asked)?;
    let name = |summary: ContainerSummary| Named { name: summary.name, id: summary.id, state: summary.state };
    Ok(listed.into_iter().map(name).collect())
}

fn inspected(
    world: &World,
    client: &Client,
    id: &ContainerId,
) -> Result<Result<Container, RequestError>, CommandError> {
    world.block_on(porthole_engine::inspect(client, &id.0, world.settings.secrets))
}

fn asked(error: RequestError) -> CommandError {
    CommandError::caused_by("cannot ask the engine for its containers", error)
}

fn refused(gap: Gap) -> CommandError {
    let permission = gap.kind == GapKind::Permission;
    let error = CommandError::from(gap);
    if permission { error.hint(WITHOUT_ROOT) } else { error }
}
