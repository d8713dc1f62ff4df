//! To which container a socket belongs: by its network namespace, and by the process that holds it.

use std::collections::BTreeMap;

use porthole_model::{Container, ContainerId, Gap, NetnsId, Pid, Snapshot};

use crate::places::{container_namespace, engine_namespace};

/// A network namespace and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketPlace {
    /// The namespace.
    pub namespace: NetnsId,
    /// The containers that live in it, by name; several where they share it, none outside any engine.
    pub containers: Vec<(String, ContainerId)>,
    /// Whether it is the one of the engine's host.
    pub is_engine_host: bool,
}

/// Every network namespace that was read, with the containers in it.
///
/// Containers in the host's namespace are named there. Without an engine, control groups name them by id.
pub fn socket_places(snapshot: &Snapshot) -> Result<Vec<SocketPlace>, Gap> {
    let namespaces = snapshot.host.known()?.network_namespaces.known()?;
    let engine_host = engine_namespace(snapshot).map(|namespace| namespace.id);
    let mut occupants = occupants(snapshot);
    let place = |namespace: NetnsId| SocketPlace {
        namespace,
        containers: occupants.remove(&namespace).unwrap_or_default(),
        is_engine_host: engine_host.as_ref().is_ok_and(|id| *id == namespace),
    };
    Ok(namespaces.iter().map(|namespace| namespace.id).map(place).collect())
}

/// The container that a process belongs to, by its control group; `None` for a process of the host.
pub fn socket_container(snapshot: &Snapshot, pid: Pid) -> Option<(String, ContainerId)> {
    let process = snapshot.host.value()?.process(pid)?;
    let id = process.container.value()?.as_ref()?;
    let known = containers(snapshot).into_iter().flatten().find(|container| container.id == *id);
    Some(known.map_or_else(|| named_by_id(id), named))
}

/// The containers in each namespace, by name.
pub(crate) fn occupants(snapshot: &Snapshot) -> BTreeMap<NetnsId, Vec<(String, ContainerId)>> {
    let mut occupants: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let told = match containers(snapshot) {
        Some(containers) => told_by_engine(snapshot, containers),
        None => told_by_control_groups(snapshot),
    };
    for (namespace, container) in told {
        occupants.entry(namespace).or_default().push(container);
    }
    for containers in occupants.values_mut() {
        containers.sort();
        containers.dedup();
    }
    occupants
}

fn containers(snapshot: &Snapshot) -> Option<&Vec<Container>> {
    snapshot.engine.value()?.containers.value()
}

fn told_by_engine(snapshot: &Snapshot, containers: &[Container]) -> Vec<(NetnsId, (String, ContainerId))> {
    let Some(host) = snapshot.host.value() else { return Vec::new() };
    let living = containers.iter().filter(|container| container.is_alive());
    // One whose namespace is unknown has a row with the gap in the topology.
    let placed = living.map(|container| (container_namespace(host, container), named(container)));
    placed.filter_map(|(place, container)| place.map(|place| (place.id, container)).ok()).collect()
}

fn told_by_control_groups(snapshot: &Snapshot) -> Vec<(NetnsId, (String, ContainerId))> {
    let processes = snapshot.host.value().and_then(|host| host.processes.value());
    let placed = processes.into_iter().flatten().filter_map(|process| {
        let id = process.container.value()?.as_ref()?;
        Some((*process.network_namespace.value()?, named_by_id(id)))
    });
    placed.collect()
}

fn named(container: &Container) -> (String, ContainerId) {
    (container.name.clone(), container.id.clone())
}

fn named_by_id(id: &ContainerId) -> (String, ContainerId) {
    (id.short().to_string(), id.clone())
}
