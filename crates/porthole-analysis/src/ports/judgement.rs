//! Whether somebody in the container takes what the host sends to a published port.

use std::net::IpAddr;

use porthole_model::{
    Container, DockerProxy, Engine, EngineKind, Gap, GapKind, Health, HealthStatus, NetworkAttachment,
    NetworkNamespace, NetworkStack, Port, PortBinding, Snapshot, Socket, TransportProtocol,
};

use super::listeners::{is_listener, is_loopback, is_on, serves};
use super::proxy::{proxies, relays};
use super::{PublishedPort, is_published, is_settling, of};
use crate::places::{container_namespace, engine_namespace};

/// From how many published neighbours on, ports are taken for a range that programs open on demand.
const RANGE: usize = 4;

/// A published port and who listens for it.
#[derive(Clone, Debug)]
pub(crate) struct Judged<'a> {
    /// The container.
    pub(crate) container: &'a Container,
    /// Its namespace.
    pub(crate) namespace: &'a NetworkNamespace,
    /// The port.
    pub(crate) published: PublishedPort<'a>,
    /// The container's addresses that the host sends to and where nobody takes it.
    pub(crate) unserved: Vec<IpAddr>,
    /// Those where somebody does.
    pub(crate) served: Vec<IpAddr>,
    /// Sockets bound to the port.
    pub(crate) on_port: Vec<&'a Socket>,
    /// Sockets on other ports that take what comes from outside.
    pub(crate) elsewhere: Vec<&'a Socket>,
    /// Whether another published port of the container is served.
    pub(crate) has_served_neighbour: bool,
}

impl Judged<'_> {
    /// Whether programs listen on the port, all of them for the container itself alone.
    pub(crate) fn listens_on_loopback_only(&self) -> bool {
        let mut sockets = self.on_port.iter().filter_map(|socket| is_listener(socket)).peekable();
        sockets.peek().is_some() && sockets.all(is_loopback)
    }
}

/// Every published port of every running container, and those that cannot be judged.
pub(crate) fn judge(snapshot: &Snapshot) -> Result<(Vec<Judged<'_>>, Vec<Gap>), Gap> {
    let engine = snapshot.engine.known()?;
    let containers = engine.containers.known()?;
    snapshot.host.known()?.network_namespaces.known()?;
    let mut judged = Vec::new();
    let mut gaps = Vec::new();
    for container in containers.iter().filter(|container| is_published(container)) {
        let ports = of(container);
        if ports.is_empty() {
            continue;
        }
        match settled(snapshot, engine, container).and_then(|()| Scene::of(snapshot, container)) {
            Ok(scene) => judged.extend(scene.judge_all(ports, &mut gaps)),
            Err(gap) => gaps.push(gap),
        }
    }
    Ok((judged, gaps))
}

/// What is known of one container when its ports are judged.
pub(crate) struct Scene<'a> {
    container: &'a Container,
    namespace: &'a NetworkNamespace,
    sockets: &'a [Socket],
    addresses: Vec<IpAddr>,
    gateways: Vec<IpAddr>,
    proxies: Vec<&'a DockerProxy>,
}

impl<'a> Scene<'a> {
    /// A container as it is, however long it has run.
    pub(crate) fn of(snapshot: &'a Snapshot, container: &'a Container) -> Result<Self, Gap> {
        let namespace = container_namespace(snapshot.host.known()?, container)?;
        if engine_namespace(snapshot).is_ok_and(|engine| engine.id == namespace.id) {
            return Err(ports_gap(container, "its process is in the engine's own network namespace"));
        }
        let stack = namespace.stack.known()?;
        in_this_kernel(stack).map_err(|cause| ports_gap(container, cause))?;
        Ok(Self {
            container,
            namespace,
            sockets: stack.sockets.known()?,
            addresses: addresses(stack)?,
            gateways: gateways(stack),
            proxies: proxies(snapshot),
        })
    }

    fn judge_all(&self, ports: Vec<PublishedPort<'a>>, gaps: &mut Vec<Gap>) -> Vec<Judged<'a>> {
        let ranges = ranges(&ports);
        let mut judged = Vec::new();
        for port in ports {
            let range = ranges.contains(&(port.port, port.protocol));
            match self.judge(port) {
                Ok(port) if range && !port.unserved.is_empty() => {
                    let gap = ports_gap(self.container, "programs open ports of a range when they need them");
                    gaps.extend((!gaps.contains(&gap)).then_some(gap));
                }
                Ok(port) => judged.push(port),
                Err(gap) => gaps.extend((!gaps.contains(&gap)).then_some(gap)),
            }
        }
        let served = judged.iter().filter(|port| port.unserved.is_empty()).count();
        for port in &mut judged {
            port.has_served_neighbour = served > 0;
        }
        judged
    }

    fn judge(&self, published: PublishedPort<'a>) -> Result<Judged<'a>, Gap> {
        let on_port = self.on_port(published.port, published.protocol)?;
        let mut targets = Vec::new();
        for binding in &published.bindings {
            targets.extend(self.targets(binding)?);
        }
        targets.sort();
        targets.dedup();
        let is_served = |address: &IpAddr| is_served(&on_port, *address);
        let (served, unserved) = targets.into_iter().partition(is_served);
        let elsewhere = self.listeners(|socket| {
            socket.local.port() != published.port.0
                && socket.protocol == published.protocol
                && !is_loopback(socket)
        });
        let (container, namespace) = (self.container, self.namespace);
        Ok(Judged {
            container,
            namespace,
            published,
            unserved,
            served,
            on_port,
            elsewhere,
            has_served_neighbour: false,
        })
    }

    /// The sockets that take what comes to a port, on whatever address.
    pub(crate) fn on_port(&self, port: Port, protocol: TransportProtocol) -> Result<Vec<&'a Socket>, Gap> {
        match protocol {
            TransportProtocol::Sctp => Err(ports_gap(self.container, "sctp sockets are not read")),
            _ => Ok(self.listeners(|socket| is_on(socket, port, protocol))),
        }
    }

    fn listeners(&self, wanted: impl Fn(&porthole_model::InternetSocket) -> bool) -> Vec<&'a Socket> {
        self.sockets.iter().filter(|socket| is_listener(socket).is_some_and(&wanted)).collect()
    }

    /// Where the host sends what comes in by a binding: docker-proxy's own words, or the attachment that holds the
    /// default route, which is the one whose network programs the port (libnetwork's gateway endpoint).
    pub(crate) fn targets(&self, binding: &PortBinding) -> Result<Vec<IpAddr>, Gap> {
        let proxy = self.proxies.iter().find(|proxy| relays(proxy, binding));
        let targets = match proxy {
            Some(proxy) => vec![proxy.container_address],
            None => self.attached(binding.host_address.is_ipv6())?,
        };
        match targets.iter().find(|target| !self.addresses.contains(target)) {
            Some(absent) => {
                let cause =
                    format!("{absent}, which they lead to, is on no interface in its network namespace");
                Err(ports_gap(self.container, &cause))
            }
            None => Ok(targets),
        }
    }

    fn attached(&self, ipv6: bool) -> Result<Vec<IpAddr>, Gap> {
        let attachments = self.container.attachments.iter();
        let held: Vec<_> = attachments.filter_map(|place| Some((place, address(place, ipv6)?))).collect();
        match held.as_slice() {
            // docker-proxy relays IPv6 to a container that has IPv4 alone.
            [] if ipv6 => self.attached(false),
            [] => Err(ports_gap(self.container, "the engine names no address of it")),
            [(_, address)] => Ok(vec![*address]),
            several => self.default_route_address(several),
        }
    }

    fn default_route_address(&self, held: &[(&NetworkAttachment, IpAddr)]) -> Result<Vec<IpAddr>, Gap> {
        let leads_out = |(place, address): &&(&NetworkAttachment, IpAddr)| {
            let mut gateways = place.gateways.iter().filter(|gateway| gateway.is_ipv4() == address.is_ipv4());
            gateways.any(|gateway| self.gateways.contains(gateway))
        };
        let found = held.iter().find(leads_out).map(|(_, address)| vec![*address]);
        found.ok_or_else(|| {
            ports_gap(self.container, "it is not clear which of its networks they are published on")
        })
    }
}

/// Whether one of these takes what is sent to an address.
pub(crate) fn is_served(listeners: &[&Socket], address: IpAddr) -> bool {
    listeners.iter().filter_map(|socket| is_listener(socket)).any(|socket| serves(socket, address))
}

fn address(attachment: &NetworkAttachment, ipv6: bool) -> Option<IpAddr> {
    let prefix = if ipv6 { attachment.ipv6 } else { attachment.ipv4 };
    prefix.map(|prefix| prefix.address)
}

fn settled(snapshot: &Snapshot, engine: &Engine, container: &Container) -> Result<(), Gap> {
    let rootless = engine.info.value().is_some_and(porthole_model::EngineInfo::is_rootless);
    if rootless && engine.version.kind == EngineKind::Podman {
        return Err(ports_gap(container, "Podman without root passes ports on in ways that are not read"));
    }
    if is_settling(snapshot, container) {
        return Err(ports_gap(container, "it was started a moment ago").with_remedy("run this again"));
    }
    match &container.health {
        Some(Health { status: HealthStatus::Starting, .. }) => {
            Err(ports_gap(container, "its health check says that it is starting")
                .with_remedy("run this again"))
        }
        _ => Ok(()),
    }
}

/// Kata Containers leaves a device of that name; the sockets are in its virtual machine.
pub(crate) fn in_this_kernel(stack: &NetworkStack) -> Result<(), &'static str> {
    let is_kata = |link: &porthole_model::Link| link.name.ends_with("_kata");
    if stack.links.value().is_some_and(|links| links.iter().any(is_kata)) {
        return Err("it runs in a virtual machine with sockets of its own");
    }
    Ok(())
}

fn addresses(stack: &NetworkStack) -> Result<Vec<IpAddr>, Gap> {
    Ok(stack.addresses.known()?.iter().map(|held| held.prefix.address).collect())
}

/// The next hops of the default routes; without routes, every attachment counts.
fn gateways(stack: &NetworkStack) -> Vec<IpAddr> {
    let routes = stack.routes.value().into_iter().flatten();
    routes.filter(|route| route.is_default()).filter_map(|route| route.gateway).collect()
}

/// The ports that have at least three published neighbours in a row.
fn ranges(ports: &[PublishedPort<'_>]) -> Vec<(Port, TransportProtocol)> {
    let mut sorted: Vec<_> = ports.iter().map(|port| (port.protocol, port.port)).collect();
    sorted.sort();
    let follows = |left: &(TransportProtocol, Port), right: &(TransportProtocol, Port)| {
        left.0 == right.0 && right.1.0.checked_sub(left.1.0) == Some(1)
    };
    let runs = sorted.chunk_by(follows).filter(|run| run.len() >= RANGE);
    runs.flatten().map(|(protocol, port)| (*port, *protocol)).collect()
}

fn ports_gap(container: &Container, cause: &str) -> Gap {
    Gap::new(GapKind::Failed, format!("published ports of container '{}'", container.name), cause)
}
