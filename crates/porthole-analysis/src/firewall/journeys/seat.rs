//! Seats: the places of containers on networks, where their packets come to the host.

use std::net::IpAddr;

use porthole_model::{
    Container, Gap, GapKind, Link, Network, NetworkAttachment, NetworkNamespace, RouteKind, Snapshot,
};

use crate::attachment::outside_link;
use crate::endpoint::{Endpoint, endpoints};
use crate::places::container_namespace;

/// A living container's place on a network with a bridge.
#[derive(Clone, Copy, Debug)]
pub struct Seat<'s> {
    /// The container.
    pub container: &'s Container,
    /// The network.
    pub network: &'s Network,
    /// What the engine says of the place.
    pub attachment: &'s NetworkAttachment,
    /// The interface in the container.
    pub link: &'s Link,
    /// Its other end, on the host.
    pub port: &'s Link,
    /// Whether the container's default route leads out by it.
    pub leads_out: bool,
}

impl Seat<'_> {
    /// The container's address there.
    pub fn address(&self, is_ipv4: bool) -> Option<IpAddr> {
        self.addresses().find(|address| address.is_ipv4() == is_ipv4)
    }

    /// The container's addresses there.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        [self.attachment.ipv4, self.attachment.ipv6].into_iter().flatten().map(|prefix| prefix.address)
    }

    /// The host's address there.
    pub fn gateway(&self, is_ipv4: bool) -> Option<IpAddr> {
        self.attachment.gateways.iter().copied().find(|gateway| gateway.is_ipv4() == is_ipv4)
    }
}

/// The seats that packets get to and come from, and why some could not be found. What keeps a container from its network
/// (an interface that is unplugged, a bridge that is down, a route that leads elsewhere) is nothing that rules do.
pub(super) fn seats<'s>(
    snapshot: &'s Snapshot,
    home: &'s NetworkNamespace,
) -> Result<(Vec<Seat<'s>>, Vec<Gap>), Gap> {
    let (mut seats, mut gaps) = (Vec::new(), Vec::new());
    for found in endpoints(snapshot)? {
        match found.and_then(|endpoint| seat(snapshot, home, &endpoint)) {
            Ok(seat) if is_in_place(&seat, home)? => seats.push(seat),
            Ok(_) => {}
            Err(gap) => gaps.push(gap),
        }
    }
    Ok((seats, gaps))
}

/// Whether it is plugged into a bridge that is up, and the host's routes lead there.
fn is_in_place(seat: &Seat<'_>, home: &NetworkNamespace) -> Result<bool, Gap> {
    let stack = home.stack.known()?;
    let bridge = stack.links.known()?.iter().find(|link| Some(link.index) == seat.port.master);
    let Some(bridge) = bridge.filter(|bridge| bridge.up && seat.port.up) else { return Ok(false) };
    let routes = stack.routes.known()?;
    Ok(seat.addresses().next().is_none_or(|address| {
        let leading = routes.iter().filter(|route| route.destination.contains(address));
        let closest = leading.max_by_key(|route| route.destination.length);
        closest.is_some_and(|route| route.kind == RouteKind::Unicast && route.interface == Some(bridge.index))
    }))
}

fn seat<'s>(
    snapshot: &'s Snapshot,
    home: &'s NetworkNamespace,
    endpoint: &Endpoint<'s>,
) -> Result<Seat<'s>, Gap> {
    let namespace = container_namespace(snapshot.host.known()?, endpoint.container)?;
    let port = outside_link(endpoint.link, namespace, home)?.ok_or_else(|| {
        let what =
            format!("other end of '{}' of container '{}'", endpoint.link.name, endpoint.container.name);
        Gap::new(GapKind::Elsewhere, what, "it is not in the engine's network namespace")
    })?;
    let mut routes = endpoint.stack.routes.known()?.iter();
    let leads_out = routes.any(|route| {
        route.destination.length == 0
            && route.kind == RouteKind::Unicast
            && route.interface == Some(endpoint.link.index)
    });
    let Endpoint { container, network, attachment, link, .. } = *endpoint;
    Ok(Seat { container, network, attachment, link, port, leads_out })
}
