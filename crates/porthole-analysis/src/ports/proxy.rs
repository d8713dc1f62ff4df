//! docker-proxy processes: which are this engine's, which binding each is for, and whether the engine does without.

use porthole_model::{Container, DockerProxy, Engine, Gap, GapKind, PortBinding, Snapshot};

use super::{Relaying, is_routed, relaying};
use crate::attachment::{bridged, inside_link, outside_link};
use crate::places::{container_namespace, engine_namespace};

/// The docker-proxy processes of this engine; those of an engine in another namespace relay other ports.
pub(crate) fn proxies(snapshot: &Snapshot) -> Vec<&DockerProxy> {
    let Some(host) = snapshot.host.value() else { return Vec::new() };
    let home = engine_namespace(snapshot).map(|namespace| namespace.id);
    let is_ours = |proxy: &&DockerProxy| {
        let namespace = host.process(proxy.pid).and_then(|process| process.network_namespace.value());
        namespace.is_none() || namespace == home.as_ref().ok()
    };
    host.docker_proxies.value().into_iter().flatten().filter(is_ours).collect()
}

/// Whether a docker-proxy process is the one of a binding.
pub(crate) fn relays(proxy: &DockerProxy, binding: &PortBinding) -> bool {
    proxy.protocol == binding.protocol
        && proxy.host_address == binding.host_address
        && proxy.host_port == binding.host_port
        && proxy.container_port == binding.container_port
}

/// In the gateway modes `routed` and `isolated` nothing is mapped to the host.
pub(crate) fn is_unmapped(engine: &Engine, container: &Container, binding: &PortBinding) -> bool {
    let ipv6 = binding.host_address.is_ipv6();
    bridged(engine, container).any(|(_, network)| is_routed(network, ipv6))
}

/// Whether the kernel was set up for a container that has no docker-proxy.
pub(crate) fn does_without(snapshot: &Snapshot, engine: &Engine, container: &Container) -> Result<bool, Gap> {
    if relaying(snapshot) == Some(Relaying::Kernel) {
        return Ok(true);
    }
    let home = engine_namespace(snapshot)?;
    let namespace = container_namespace(snapshot.host.known()?, container)?;
    let mut bridged = bridged(engine, container).peekable();
    if bridged.peek().is_none() {
        let what = format!("docker-proxy of container '{}'", container.name);
        return Err(Gap::new(GapKind::Failed, what, "none of its networks has a bridge here"));
    }
    let mut does = false;
    for (attachment, network) in bridged {
        let inside = inside_link(namespace.stack.known()?, container, attachment)?;
        let outside = outside_link(inside, namespace, home)?;
        let hairpin = outside.and_then(|link| link.bridge_port).is_some_and(|port| port.hairpin);
        let routes_loopback = |bridge: String| {
            let name = format!("net.ipv4.conf.{bridge}.route_localnet");
            let value = home.stack.value().map(|stack| stack.sysctl(&name));
            value.is_some_and(|value| value.value().is_some_and(|value| value.trim() == "1"))
        };
        does |= hairpin || network.bridge_name().is_some_and(routes_loopback);
    }
    Ok(does)
}
