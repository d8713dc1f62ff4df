//! Sockets of a snapshot: from a file, or from the engine's own host.

use porthole_analysis::target::Target;
use porthole_analysis::{SocketPlace, engine_namespace, namespace_of, socket_container, socket_places};
use porthole_model::{ContainerId, Gap, GapKind, NetworkNamespace, Scope, Snapshot, Socket, Topic};

use super::filter::filter;
use super::{Sink, SocketsArgs, target};
use crate::collect::{self, Request};
use crate::error::CommandError;
use crate::world::World;

/// A network namespace to show, and what to show of it.
struct Place<'a> {
    label: Option<String>,
    namespace: &'a NetworkNamespace,
    /// Of a container in the host's own namespace: only what its processes hold.
    only: Option<ContainerId>,
}

/// Hands over each socket that is asked for.
pub(super) fn each(args: &SocketsArgs, world: &World, sink: Sink<'_>) -> Result<Vec<Gap>, CommandError> {
    let scope = Scope::of(&[Topic::Links, Topic::Sockets]);
    let snapshot = collect::snapshot(world, &args.source, Request { scope: &scope, engine: true })?;
    let filter = filter(args);
    let mut gaps = Vec::new();
    for place in places(args, &snapshot)? {
        let sockets = match place.namespace.stack.known().and_then(|stack| stack.sockets.known()) {
            Ok(sockets) => sockets,
            Err(gap) => {
                gaps.push(gap);
                continue;
            }
        };
        let mut wanted =
            sockets.iter().filter(|socket| filter.matches(socket) && place.shows(&snapshot, socket));
        if wanted.try_for_each(|socket| sink(place.label.as_deref(), socket.clone())).is_break() {
            break;
        }
    }
    Ok(gaps)
}

impl Place<'_> {
    fn shows(&self, snapshot: &Snapshot, socket: &Socket) -> bool {
        let Some(only) = &self.only else { return true };
        let mut owners = socket.owners.value().into_iter().flatten();
        owners.any(|owner| socket_container(snapshot, owner.pid).is_some_and(|(_, id)| id == *only))
    }
}

fn places<'a>(args: &SocketsArgs, snapshot: &'a Snapshot) -> Result<Vec<Place<'a>>, CommandError> {
    match &args.container {
        _ if args.all => every_container(snapshot),
        Some(text) => Ok(vec![of_target(snapshot, &target::in_snapshot(snapshot, text)?)?]),
        None => Ok(vec![Place { label: None, namespace: own_namespace(snapshot)?, only: None }]),
    }
}

fn of_target<'a>(snapshot: &'a Snapshot, target: &Target) -> Result<Place<'a>, Gap> {
    let namespace = namespace_of(snapshot, target)?;
    let shared = engine_namespace(snapshot).is_ok_and(|engine| engine.id == namespace.id);
    let only = match target {
        Target::Container(named) if shared => Some(named.id.clone()),
        _ => None,
    };
    Ok(Place { label: None, namespace, only })
}

fn every_container(snapshot: &Snapshot) -> Result<Vec<Place<'_>>, CommandError> {
    let host = snapshot.host.known()?;
    let mut places = Vec::new();
    for found in socket_places(snapshot)? {
        if let Some(namespace) = host.namespace(found.namespace) {
            places.extend(labelled(found, namespace));
        }
    }
    Ok(places)
}

/// Containers that share a namespace share a place, but in the host's own each shows what it holds.
fn labelled(found: SocketPlace, namespace: &NetworkNamespace) -> Vec<Place<'_>> {
    if found.is_engine_host {
        let place = |(name, id)| Place { label: Some(name), namespace, only: Some(id) };
        return found.containers.into_iter().map(place).collect();
    }
    let names: Vec<_> = found.containers.into_iter().map(|(name, _)| name).collect();
    let place = |label| Place { label: Some(label), namespace, only: None };
    if names.is_empty() { Vec::new() } else { vec![place(names.join(","))] }
}

fn own_namespace(snapshot: &Snapshot) -> Result<&NetworkNamespace, Gap> {
    let host = snapshot.host.known()?;
    let id = *host.own_network_namespace.known()?;
    host.namespace(id).ok_or_else(|| {
        Gap::new(GapKind::Failed, "sockets of the host", format!("network namespace {id} was not read"))
    })
}
