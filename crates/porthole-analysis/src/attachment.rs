//! A container's place on a network as the kernel has it: the interface inside and its other end.

use porthole_model::{
    Container, Engine, EngineKind, Gap, GapKind, InterfaceAddress, Link, LinkKind, Network,
    NetworkAttachment, NetworkNamespace, NetworkStack, Observed,
};

/// The network that an attachment names. Podman puts the network's name where Docker has its id.
pub(crate) fn network_of<'a>(engine: &'a Engine, attachment: &NetworkAttachment) -> Option<&'a Network> {
    let networks = engine.networks.value()?;
    let id = attachment.network_id.as_ref();
    let by_id = networks.iter().find(|network| id == Some(&network.id));
    by_id.or_else(|| {
        let by_name = || networks.iter().find(|network| network.name == attachment.network_name);
        (engine.version.kind == EngineKind::Podman).then(by_name).flatten()
    })
}

/// The container's attachments to networks with a bridge on this host.
pub(crate) fn bridged<'a>(
    engine: &'a Engine,
    container: &'a Container,
) -> impl Iterator<Item = (&'a NetworkAttachment, &'a Network)> {
    container.attachments.iter().filter_map(|attachment| {
        let network = network_of(engine, attachment)?;
        has_bridge(network).then_some((attachment, network))
    })
}

/// Whether a network has a bridge on this host.
pub(crate) fn has_bridge(network: &Network) -> bool {
    network.driver == "bridge" && network.scope != "swarm"
}

/// The name of a network's bridge. Podman's compatible API does not tell it: it is the one with the gateway's address.
pub(crate) fn bridge_of(engine: &Engine, network: &Network, home: &NetworkStack) -> Option<String> {
    let named =
        network.options.contains_key("network_interface") || engine.version.kind == EngineKind::Docker;
    if named || !has_bridge(network) {
        return network.bridge_name();
    }
    let is_gateway = |address: &&InterfaceAddress| {
        network.subnets.iter().any(|subnet| subnet.gateway == Some(address.prefix.address))
    };
    let held = home.addresses.value()?.iter().find(is_gateway)?;
    let bridge = home.links.value()?.iter().find(|link| link.index == held.interface)?;
    (bridge.kind == LinkKind::Bridge).then(|| bridge.name.clone())
}

/// The interface in the container's namespace that an attachment stands for.
pub(crate) fn inside_link<'a>(
    stack: &'a NetworkStack,
    container: &Container,
    attachment: &NetworkAttachment,
) -> Result<&'a Link, Gap> {
    let links = stack.links.known()?;
    let by_mac = attachment.mac.and_then(|mac| links.iter().find(|link| link.mac == Some(mac)));
    by_mac.or_else(|| link_by_address(stack, links, attachment)).ok_or_else(|| {
        let (name, network) = (&container.name, &attachment.network_name);
        let what = format!("interface of container '{name}' on network '{network}'");
        let cause = "no interface in its namespace has the address that the engine gave it";
        Gap::new(GapKind::Failed, what, cause)
    })
}

fn link_by_address<'a>(
    stack: &NetworkStack,
    links: &'a [Link],
    attachment: &NetworkAttachment,
) -> Option<&'a Link> {
    let wanted = [attachment.ipv4, attachment.ipv6].map(|prefix| prefix.map(|prefix| prefix.address));
    let addresses = stack.addresses.value()?;
    let held = addresses.iter().find(|held| wanted.contains(&Some(held.prefix.address)))?;
    links.iter().find(|link| link.index == held.interface)
}

/// The other end of a veth pair in the engine's namespace; `None` where the interface has none there.
///
/// Where the inside end does not say where its peer is, the outside ends are asked.
pub(crate) fn outside_link<'a>(
    inside: &Link,
    namespace: &NetworkNamespace,
    engine_namespace: &'a NetworkNamespace,
) -> Result<Option<&'a Link>, Gap> {
    if inside.kind != LinkKind::Veth {
        return Ok(None);
    }
    let links = engine_namespace.stack.known()?.links.known()?;
    if let Some(outside) = links.iter().find(|link| has_peer(link, inside, namespace)) {
        return Ok(Some(outside));
    }
    let Some(peer) = &inside.peer else { return Err(unknown_peer(inside)) };
    match &peer.namespace {
        Observed::Known(id) if *id != engine_namespace.id => Ok(None),
        Observed::Known(_) => {
            let outside = links.iter().find(|link| link.index == peer.index && link.kind == LinkKind::Veth);
            outside.map(Some).ok_or_else(|| unknown_peer(inside))
        }
        Observed::Missing(gap) => Err(gap.clone()),
    }
}

fn has_peer(outside: &Link, inside: &Link, namespace: &NetworkNamespace) -> bool {
    let peer = outside.peer.as_ref().filter(|_| outside.kind == LinkKind::Veth);
    peer.is_some_and(|peer| peer.index == inside.index && peer.namespace == Observed::Known(namespace.id))
}

fn unknown_peer(inside: &Link) -> Gap {
    let what = format!("other end of the veth pair of '{}'", inside.name);
    Gap::new(GapKind::Failed, what, "no interface of the engine's host says that it is the one")
}
