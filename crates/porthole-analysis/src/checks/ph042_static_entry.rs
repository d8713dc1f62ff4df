//! PH042: an entry that somebody set by hand keeps the host from reaching a container.

use std::net::IpAddr;

use porthole_model::{
    CheckCode, Gap, IpPrefix, KernelChange, MacAddress, Neighbour, NeighbourState, NetworkStack, Route,
    RouteKind, Severity, Snapshot,
};

use super::concern::{about_container, about_network};
use super::{Check, Concern, Documentation, Found};
use crate::attachment::bridge_of;
use crate::case::Case;
use crate::endpoint::{Endpoint, endpoints};
use crate::mending::Mending;
use crate::places::{engine_namespace, in_engine_namespace};

const CODE: CheckCode = CheckCode(42);

const LOCAL_TABLE: u32 = 255;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a fixed entry keeps the host from reaching a container",
    documentation: Documentation {
        checks: "Whether the host has a permanent neighbour entry for a running container's address with another \
                 Ethernet address than the container's, or a blackhole, unreachable or prohibit route for its \
                 address.",
        why: "Such entries do not age. They come from scripts, from hand, or from an orchestrator that was removed, and \
              outlive what they were made for: a new container gets the address, and the host sends its packets to an \
              Ethernet address that nobody has, or drops them. Only that one container is dead, and a restart that \
              gives it another address seems to mend it.",
        mend: "Remove the entry, and look for the script that sets it: it would come back.",
        example: "`ip route add blackhole 172.17.0.3`, to stop an attack a year ago, and never removed.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let home = engine_namespace(snapshot)?.stack.known()?;
    let mut found = Found::default();
    for endpoint in endpoints(snapshot)? {
        found.part(endpoint.and_then(|endpoint| judge(snapshot, home, &endpoint)));
    }
    Ok(found)
}

fn judge(snapshot: &Snapshot, home: &NetworkStack, endpoint: &Endpoint<'_>) -> Result<Vec<Concern>, Gap> {
    let engine = snapshot.engine.known()?;
    let bridge = bridge_of(engine, endpoint.network, home).unwrap_or_default();
    let index = home.link(&bridge).map(|link| link.index);
    let (neighbours, routes) = (home.neighbours.known()?, home.routes.known()?);
    let mut concerns = Vec::new();
    for given in endpoint.given() {
        let mut on_bridge = neighbours.iter().filter(|each| Some(each.interface) == index);
        let stale = on_bridge.find_map(|each| wrong_mac(each, given, endpoint));
        concerns.extend(stale.map(|mac| misled(snapshot, endpoint, (given.address, mac), &bridge)));
        let dropping = routes.iter().find(|route| drops(route, given));
        concerns.extend(dropping.map(|route| dropped(snapshot, endpoint, route, given)));
    }
    Ok(concerns)
}

/// The Ethernet address of an entry that was set for good, where the interface has another one.
fn wrong_mac(neighbour: &Neighbour, given: IpPrefix, endpoint: &Endpoint<'_>) -> Option<MacAddress> {
    let is_set = neighbour.state == NeighbourState::Permanent && neighbour.address == given.address;
    neighbour.mac.filter(|mac| is_set && endpoint.link.mac.is_some_and(|own| own != *mac))
}

/// As specific as the network's own route, or more so.
fn drops(route: &Route, given: IpPrefix) -> bool {
    let is_dropping =
        matches!(route.kind, RouteKind::Blackhole | RouteKind::Unreachable | RouteKind::Prohibit);
    is_dropping
        && route.table != LOCAL_TABLE
        && route.destination.length >= given.length
        && route.destination.contains(given.address)
}

fn misled(
    snapshot: &Snapshot,
    endpoint: &Endpoint<'_>,
    (address, mac): (IpAddr, MacAddress),
    bridge: &str,
) -> Concern {
    let name = &endpoint.container.name;
    let summary =
        format!("the host sends packets for container '{name}' to an Ethernet address that it does not have");
    let own = endpoint.link.mac.map_or_else(|| "none".to_owned(), |mac| mac.to_string());
    let remove = KernelChange::Neighbour { link: bridge.to_owned(), address, mac, present: false };
    about(endpoint, summary)
        .evidence(format!("permanent neighbour entry for {address} on '{bridge}'"), mac.to_string())
        .evidence(format!("interface '{}' in container '{name}'", endpoint.link.name), own)
        .mend("remove the entry", Mending::of_engine(snapshot, vec![remove]))
}

fn dropped(snapshot: &Snapshot, endpoint: &Endpoint<'_>, route: &Route, given: IpPrefix) -> Concern {
    let kind = match route.kind {
        RouteKind::Unreachable => "unreachable",
        RouteKind::Prohibit => "prohibit",
        _ => "blackhole",
    };
    let summary =
        format!("the host drops packets for container '{}': a {kind} route says so", endpoint.container.name);
    let remove = format!("ip route del {kind} {} table {}", route.destination, route.table);
    about(endpoint, summary)
        .evidence(format!("route in table {}", route.table), format!("{kind} {}", route.destination))
        .evidence(format!("address of container '{}'", endpoint.container.name), given.address.to_string())
        .remedy("remove the route", vec![in_engine_namespace(snapshot, &remove)])
}

fn about(endpoint: &Endpoint<'_>, summary: String) -> Concern {
    Concern::new(CODE, Severity::Error, about_container(endpoint.container), summary)
        .related(about_network(endpoint.network))
}
