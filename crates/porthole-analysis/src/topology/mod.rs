//! Which veth belongs to which container, which bridge, which network: links of all namespaces joined.

mod host_side;
mod rows;

use porthole_model::{
    Gap, InterfaceIndex, IpPrefix, Link, LinkKind, NetnsId, Network, NetworkStack, Observed, Snapshot,
    Topology, TopologyEnd,
};

use crate::attachment::bridge_of;
use crate::places::engine_namespace;

/// The links of the host as containers use them. The gap says why the host's own links are unknown.
///
/// Containers in the host's namespace have no interface of their own, and so no row.
pub fn topology(snapshot: &Snapshot) -> Result<Topology, Gap> {
    let home = engine_namespace(snapshot)?;
    let stack = home.stack.known()?;
    let links = stack.links.known()?;
    let mut gaps = Vec::new();
    gaps.extend(stack.addresses.gap().cloned());
    gaps.extend(stack.routes.gap().cloned());
    if let Observed::Missing(gap) = &snapshot.engine {
        gaps.push(gap.clone());
    }
    let rows = rows::rows(snapshot, home, &mut gaps)?;
    let bridges = host_side::bridges(snapshot, stack, links);
    let uplinks = host_side::uplinks(stack, links);
    Ok(Topology { rows, bridges, uplinks, gaps })
}

/// The part of a topology that concerns one namespace: its rows, and the bridges they are plugged into.
pub fn topology_of(topology: &Topology, namespace: NetnsId) -> Topology {
    let rows: Vec<_> =
        topology.rows.iter().filter(|row| row.namespace == Observed::Known(namespace)).cloned().collect();
    let is_used = |name: &String| rows.iter().any(|row| row.bridge.as_ref() == Some(name));
    let bridges = topology.bridges.iter().filter(|bridge| is_used(&bridge.end.name)).cloned().collect();
    Topology { bridges, uplinks: topology.uplinks.clone(), gaps: topology.gaps.clone(), rows }
}

/// An interface as a row shows it.
fn end(stack: &NetworkStack, link: &Link) -> TopologyEnd {
    TopologyEnd {
        name: link.name.clone(),
        index: link.index,
        mac: link.mac,
        mtu: link.mtu,
        up: link.up && link.carrier,
        addresses: addresses(stack, link.index),
    }
}

fn addresses(stack: &NetworkStack, index: InterfaceIndex) -> Vec<IpPrefix> {
    let addresses = stack.addresses.value().into_iter().flatten();
    addresses.filter(|address| address.interface == index).map(|address| address.prefix).collect()
}

/// Devices such as `sit0` and `tunl0`, which the kernel puts into every namespace once their module is loaded.
fn is_fallback_device(stack: &NetworkStack, link: &Link) -> bool {
    matches!(link.kind, LinkKind::Other(_)) && !link.up && addresses(stack, link.index).is_empty()
}

/// The network that a bridge of the host carries.
fn network_of_bridge<'a>(snapshot: &'a Snapshot, home: &NetworkStack, bridge: &str) -> Option<&'a Network> {
    let engine = snapshot.engine.value()?;
    let carries = |network: &&Network| bridge_of(engine, network, home).is_some_and(|name| name == bridge);
    engine.networks.value()?.iter().find(carries)
}
