//! The host's side of the topology: its bridges and its ways out.

use porthole_model::{
    Link, LinkKind, NetworkStack, Route, RouteKind, Snapshot, TopologyBridge, TopologyUplink,
};

use super::{end, is_fallback_device, network_of_bridge};

/// The number of the kernel's main routing table.
const MAIN_TABLE: u32 = 254;

/// Every bridge, also those without a port.
pub(super) fn bridges(snapshot: &Snapshot, stack: &NetworkStack, links: &[Link]) -> Vec<TopologyBridge> {
    let bridges = links.iter().filter(|link| link.kind == LinkKind::Bridge);
    bridges.map(|link| bridge(snapshot, stack, links, link)).collect()
}

/// What is neither loopback, veth nor bridge.
pub(super) fn uplinks(stack: &NetworkStack, links: &[Link]) -> Vec<TopologyUplink> {
    let leads_out = |link: &&Link| {
        !matches!(link.kind, LinkKind::Loopback | LinkKind::Veth | LinkKind::Bridge)
            && !is_fallback_device(stack, link)
    };
    let mut uplinks: Vec<_> = links
        .iter()
        .filter(leads_out)
        .map(|link| TopologyUplink { end: end(stack, link), default_route: has_default_route(stack, link) })
        .collect();
    // A host that is itself a container, or in a test, leaves by a veth.
    let veths = links.iter().filter(|link| link.kind == LinkKind::Veth && has_default_route(stack, link));
    uplinks.extend(veths.map(|link| TopologyUplink { end: end(stack, link), default_route: true }));
    uplinks
}

fn bridge(snapshot: &Snapshot, stack: &NetworkStack, links: &[Link], link: &Link) -> TopologyBridge {
    let network = network_of_bridge(snapshot, stack, &link.name);
    let ports = links.iter().filter(|port| port.master == Some(link.index));
    TopologyBridge {
        end: end(stack, link),
        network: network.map(|network| (network.name.clone(), network.id.clone())),
        ports: ports.map(|port| port.name.clone()).collect(),
    }
}

fn has_default_route(stack: &NetworkStack, link: &Link) -> bool {
    let is_default = |route: &Route| {
        route.destination.length == 0
            && route.table == MAIN_TABLE
            && route.kind == RouteKind::Unicast
            && route.interface == Some(link.index)
    };
    stack.routes.value().into_iter().flatten().any(is_default)
}
