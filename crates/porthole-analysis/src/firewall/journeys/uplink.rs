//! Uplinks: the host's interfaces that lead out of it, and who may be out there.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use porthole_model::{Gap, InterfaceIndex, IpPrefix, Link, LinkKind, NetworkStack, RouteKind, Snapshot};

use super::super::walk::is_link_local;
use crate::attachment::bridge_of;
use crate::firewall::Walker;

/// Addresses that anybody may have: of the Internet, and of no special use (RFC 6890).
const STRANGERS: [IpAddr; 4] = [
    IpAddr::V4(Ipv4Addr::new(1, 2, 3, 4)),
    IpAddr::V4(Ipv4Addr::new(80, 81, 82, 83)),
    IpAddr::V6(Ipv6Addr::new(0x2a02, 0x100, 1, 2, 3, 4, 5, 6)),
    IpAddr::V6(Ipv6Addr::new(0x2600, 0x100, 1, 2, 3, 4, 5, 6)),
];

/// An interface that leads out of the host.
#[derive(Clone, Debug)]
pub struct Uplink<'s> {
    /// The interface.
    pub link: &'s Link,
    /// The host's addresses on it, those of the link alone left out.
    pub prefixes: Vec<IpPrefix>,
    /// Whether a default route leads out by it.
    pub has_default_route: bool,
    /// Addresses beyond it, of both families where it has both: neighbours, and strangers whose way back is by it.
    pub visitors: Vec<IpAddr>,
}

impl Uplink<'_> {
    /// The host's addresses on it.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.prefixes.iter().map(|prefix| prefix.address)
    }

    /// Somebody beyond it: a stranger from far away where there is a way there, or else a neighbour.
    pub fn visitor(&self, is_ipv4: bool) -> Option<IpAddr> {
        self.visitors_of(is_ipv4).last()
    }

    /// Everybody beyond it, those from far away first.
    pub(crate) fn strangers_first(&self, is_ipv4: bool) -> impl Iterator<Item = IpAddr> {
        self.visitors.iter().rev().copied().filter(move |address| address.is_ipv4() == is_ipv4)
    }

    /// Everybody beyond it whom a rule may tell apart: neighbours first, strangers last.
    pub fn visitors_of(&self, is_ipv4: bool) -> impl Iterator<Item = IpAddr> {
        self.visitors.iter().copied().filter(move |address| address.is_ipv4() == is_ipv4)
    }
}

/// Interfaces with an address by which a host speaks with other machines: not the loopback, not a port of a bridge,
/// and a bridge only where a default route leads out by it.
pub(super) fn uplinks<'s>(
    snapshot: &Snapshot,
    stack: &'s NetworkStack,
    walker: &Walker<'_>,
) -> Result<Vec<Uplink<'s>>, Gap> {
    let bridges = bridges_of_engine(snapshot, stack);
    let defaults = default_interfaces(stack)?;
    let mut uplinks = Vec::new();
    for link in stack.links.known()?.iter().filter(|link| link.up) {
        let has_default_route = defaults.contains(&link.index);
        if bridges.contains(&link.name) || !(has_default_route || may_lead_out(link)) {
            continue;
        }
        let prefixes = prefixes(stack, link)?;
        if !prefixes.is_empty() {
            let visitors = visitors(&prefixes, link, walker);
            uplinks.push(Uplink { link, prefixes, has_default_route, visitors });
        }
    }
    uplinks.sort_by_key(|uplink| !uplink.has_default_route);
    Ok(uplinks)
}

fn bridges_of_engine(snapshot: &Snapshot, stack: &NetworkStack) -> BTreeSet<String> {
    let engine = snapshot.engine.value();
    let networks = engine.and_then(|engine| engine.networks.value()).into_iter().flatten();
    networks.filter_map(|network| bridge_of(engine?, network, stack)).collect()
}

fn default_interfaces(stack: &NetworkStack) -> Result<BTreeSet<InterfaceIndex>, Gap> {
    let defaults = stack.routes.known()?.iter().filter(|route| {
        route.destination.length == 0 && route.kind == RouteKind::Unicast && !route.link_down
    });
    Ok(defaults.filter_map(|route| route.interface).collect())
}

fn may_lead_out(link: &Link) -> bool {
    let of_its_own = matches!(
        link.kind,
        LinkKind::Device | LinkKind::Veth | LinkKind::Vlan | LinkKind::Tun | LinkKind::Macvlan
    );
    let by_name = matches!(&link.kind, LinkKind::Other(kind) if kind == "wireguard" || kind == "bond");
    (of_its_own || by_name) && link.master.is_none()
}

fn prefixes(stack: &NetworkStack, link: &Link) -> Result<Vec<IpPrefix>, Gap> {
    let addresses = stack.addresses.known()?.iter();
    let own = addresses.filter(|held| held.interface == link.index).map(|held| held.prefix);
    Ok(own.filter(|prefix| !is_link_local(prefix.address) && !prefix.address.is_loopback()).collect())
}

/// Those whose way back is by this interface, as `rp_filter` and every answer want it.
fn visitors(prefixes: &[IpPrefix], link: &Link, walker: &Walker<'_>) -> Vec<IpAddr> {
    let neighbours = prefixes.iter().filter_map(|prefix| neighbour(*prefix));
    let candidates = neighbours.chain(STRANGERS);
    candidates
        .filter(|candidate| {
            let is_served = prefixes.iter().any(|own| own.address.is_ipv4() == candidate.is_ipv4());
            is_served && walker.way_to(*candidate).is_some_and(|(interface, _)| interface == link.index)
        })
        .collect()
}

/// The address beside the host's own.
fn neighbour(own: IpPrefix) -> Option<IpAddr> {
    let beside = |bit: u8| match own.address {
        IpAddr::V4(address) => IpAddr::V4((address.to_bits() ^ u32::from(bit)).into()),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() ^ u128::from(bit)).into()),
    };
    [1, 2, 3].into_iter().map(beside).find(|address| own.contains(*address) && !is_edge(own, *address))
}

/// The address of an IPv4 network itself, or its broadcast.
fn is_edge(network: IpPrefix, address: IpAddr) -> bool {
    let IpAddr::V4(address) = address else { return false };
    if network.length >= 31 {
        return false;
    }
    let hosts = u32::MAX.checked_shr(u32::from(network.length)).unwrap_or(0);
    let host = address.to_bits() & hosts;
    host == 0 || host == hosts
}
