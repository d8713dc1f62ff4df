//! Endpoints: the interfaces of containers on networks with a bridge, as engine and kernel have them.

use porthole_model::{
    Container, Engine, Gap, InterfaceAddress, IpPrefix, Link, Network, NetworkAttachment, NetworkStack,
    Snapshot,
};

use crate::attachment::{bridged, inside_link, outside_link};
use crate::places::{container_namespace, engine_namespace, has_own_namespace};

/// A living container's interface on a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Endpoint<'a> {
    pub(crate) container: &'a Container,
    pub(crate) attachment: &'a NetworkAttachment,
    pub(crate) network: &'a Network,
    pub(crate) link: &'a Link,
    pub(crate) stack: &'a NetworkStack,
}

impl<'a> Endpoint<'a> {
    /// The addresses that the kernel has on the interface, link-local ones left out.
    pub(crate) fn held(&self) -> Result<Vec<&'a InterfaceAddress>, Gap> {
        let addresses = self.stack.addresses.known()?;
        let is_own = |held: &&InterfaceAddress| {
            held.interface == self.link.index
                && self.network.subnets.iter().any(|subnet| subnet.prefix.contains(held.prefix.address))
        };
        Ok(addresses.iter().filter(is_own).collect())
    }

    /// The other end of its veth pair in the engine's namespace, where it has one there.
    pub(crate) fn outside(&self, snapshot: &'a Snapshot) -> Result<Option<&'a Link>, Gap> {
        let namespace = container_namespace(snapshot.host.known()?, self.container)?;
        outside_link(self.link, namespace, engine_namespace(snapshot)?)
    }

    /// Whether the container's default route leads to this network, by which the engine publishes its ports.
    pub(crate) fn leads_out(&self) -> Result<bool, Gap> {
        let routes = self.stack.routes.known()?;
        let mut gateways = routes.iter().filter(|route| route.is_default()).filter_map(|route| route.gateway);
        Ok(gateways.any(|gateway| self.attachment.gateways.contains(&gateway)))
    }

    /// The addresses that the engine gave it.
    pub(crate) fn given(&self) -> impl Iterator<Item = IpPrefix> {
        [self.attachment.ipv4, self.attachment.ipv6].into_iter().flatten()
    }
}

/// The endpoints of all living containers; of those whose interface could not be found, why.
pub(crate) fn endpoints(snapshot: &Snapshot) -> Result<Vec<Result<Endpoint<'_>, Gap>>, Gap> {
    let engine = snapshot.engine.known()?;
    let containers = engine.containers.known()?;
    let living = containers.iter().filter(|container| container.is_alive() && has_own_namespace(container));
    Ok(living.flat_map(|container| of_container(snapshot, engine, container)).collect())
}

fn of_container<'a>(
    snapshot: &'a Snapshot,
    engine: &'a Engine,
    container: &'a Container,
) -> impl Iterator<Item = Result<Endpoint<'a>, Gap>> {
    bridged(engine, container).map(move |(attachment, network)| {
        let namespace = container_namespace(snapshot.host.known()?, container)?;
        let stack = namespace.stack.known()?;
        let link = inside_link(stack, container, attachment)?;
        Ok(Endpoint { container, attachment, network, link, stack })
    })
}
