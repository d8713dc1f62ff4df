//! Published ports: what was promised, where the host sends it, and who listens there.

mod chain;
mod doors;
mod judgement;
mod listeners;
mod proxy;
mod relaying;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use porthole_model::{Container, ContainerState, Network, Port, PortBinding, Snapshot, TransportProtocol};

use crate::checks::Concern;
use crate::places::has_own_namespace;

pub use chain::{ports_counted, ports_scope, ports_since, published_ports};
pub(crate) use doors::Doors;
pub(crate) use judgement::{Judged, in_this_kernel, judge};
pub(crate) use listeners::{describe, is_listener, is_on, owners, serves};
pub(crate) use proxy::{does_without, is_unmapped, proxies, relays};
pub(crate) use relaying::{Relaying, relaying, without_proxies};

/// How long after its start a container is given before its ports are judged, in milliseconds.
const SETTLING: i64 = 3_000;

/// How long a program may take to open its port, in milliseconds.
const STARTING: i64 = 60_000;

/// A port of a container and every place of the host it is published at.
#[derive(Clone, Debug)]
pub(crate) struct PublishedPort<'a> {
    /// The port in the container.
    pub(crate) port: Port,
    /// Its protocol.
    pub(crate) protocol: TransportProtocol,
    /// Where it is published; never empty.
    pub(crate) bindings: Vec<&'a PortBinding>,
}

impl PublishedPort<'_> {
    /// The host's ports: `8080`, or `8080, 8081`.
    pub(crate) fn host_ports(&self) -> String {
        let mut ports: Vec<_> = self.bindings.iter().map(|binding| binding.host_port).collect();
        ports.sort();
        ports.dedup();
        ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }

    /// The bindings as `docker ps` writes them.
    pub(crate) fn bindings_text(&self) -> String {
        let mut text = String::new();
        for binding in &self.bindings {
            let separator = if text.is_empty() { "" } else { ", " };
            let host = std::net::SocketAddr::new(binding.host_address, binding.host_port.0);
            // Writing to a String cannot fail.
            let _infallible = write!(text, "{separator}{host} -> {}/{}", self.port, self.protocol);
        }
        text
    }

    /// What `docker run -p` wants behind the port: nothing for TCP.
    pub(crate) fn protocol_suffix(&self) -> String {
        match self.protocol {
            TransportProtocol::Tcp => String::new(),
            other => format!("/{other}"),
        }
    }
}

/// Whether the ports of a container are published now.
///
/// In the host's namespace or in another container's, what `-p` said has no effect.
pub(crate) fn is_published(container: &Container) -> bool {
    container.state == ContainerState::Running && has_own_namespace(container)
}

/// In the gateway modes `routed` and `isolated` nothing is mapped to the host.
pub(crate) fn is_routed(network: &Network, ipv6: bool) -> bool {
    let family = if ipv6 { "ipv6" } else { "ipv4" };
    let mode = network.options.get(&format!("com.docker.network.bridge.gateway_mode_{family}"));
    mode.is_some_and(|mode| mode == "routed" || mode == "isolated")
}

/// The published ports of a container, by port.
pub(crate) fn of(container: &Container) -> Vec<PublishedPort<'_>> {
    let mut ports: BTreeMap<_, Vec<_>> = BTreeMap::new();
    // Host port 0 stands for one that is not published yet.
    for binding in container.published_ports.iter().filter(|binding| binding.host_port.0 != 0) {
        ports.entry((binding.container_port, binding.protocol)).or_default().push(binding);
    }
    let port = |((port, protocol), bindings)| PublishedPort { port, protocol, bindings };
    ports.into_iter().map(port).collect()
}

/// The same concern, less sure where the container is so young that its program may still be starting.
pub(crate) fn young(snapshot: &Snapshot, container: &Container, concern: Concern) -> Concern {
    match age(snapshot, container) {
        Some(age) if age < STARTING => concern.likely().evidence(
            format!("container '{}', State.StartedAt", container.name),
            format!("{} s before this reading: its program may still be starting", age / 1_000),
        ),
        _ => concern,
    }
}

/// How long before the reading a container was started, in milliseconds, where both clocks agree so far.
fn age(snapshot: &Snapshot, container: &Container) -> Option<i64> {
    let age = snapshot.observed_at.0.saturating_sub(container.started?.0);
    (age >= 0).then_some(age)
}

/// Whether a container was started so lately that its program may not listen yet.
pub(crate) fn is_settling(snapshot: &Snapshot, container: &Container) -> bool {
    age(snapshot, container).is_some_and(|age| age < SETTLING)
}
