//! PH013: a port that a container should be published on is taken, or kept by a docker-proxy of no container.

use std::collections::BTreeSet;

use porthole_model::{
    CheckCode, Container, ContainerState, DockerProxy, Engine, EngineKind, Gap, NetworkStack, Port,
    PortBinding, Severity, Snapshot, Socket, Subject, SubjectKind, TransportProtocol,
};

use super::concern::{about_container, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::places::{engine_namespace, in_engine_namespace, other_daemons};
use crate::ports;
use crate::shell::word;

const CODE: CheckCode = CheckCode(13);

/// What engines say of a port that is taken.
const COMPLAINTS: [&str; 2] = ["address already in use", "port is already allocated"];

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a port is taken",
    documentation: Documentation {
        checks: "Whether a container could not start because a host port was taken, and who has that port now; and \
                 whether a docker-proxy process relays to an address that no running container has.",
        why: "A port of an address can be held once. It may be another container, a program of the host, a second engine, \
              or a docker-proxy that its engine left behind when it was killed: then `docker ps` shows nobody on the \
              port, and still nobody gets it.",
        mend: "End who holds the port, or publish on another one. A docker-proxy without a container can be ended; an \
               engine that believes that it still has the port is restarted.",
        example: "`Bind for 0.0.0.0:8080 failed: port is already allocated`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let containers = engine.containers.known()?;
    let mut found = Found::default();
    let home = engine_namespace(snapshot)?.stack.known()?;
    for container in containers.iter().filter(|container| is_refused(container)) {
        found.part(home.sockets.known().map(|_| [refused(engine, containers, home, container)]));
    }
    if engine.version.kind == EngineKind::Docker {
        found.part(stale(snapshot, engine, containers));
    }
    Ok(found)
}

fn is_refused(container: &Container) -> bool {
    let complains = |error: &String| COMPLAINTS.iter().any(|complaint| error.contains(complaint));
    !container.is_alive() && container.error.as_ref().is_some_and(complains)
}

/// The container that could not start, and who holds its ports.
fn refused(engine: &Engine, containers: &[Container], home: &NetworkStack, container: &Container) -> Concern {
    let (client, name) = (client(engine), word(&container.name));
    let wanted = container.published_ports.iter().filter(|binding| binding.host_port.0 != 0);
    let holders: Vec<_> =
        wanted.filter_map(|binding| Some((binding, holder(containers, home, binding)?))).collect();
    let summary = match holders.first() {
        Some((binding, holder)) => {
            format!(
                "container '{}' cannot start: {holder} has port {} of the host",
                container.name, binding.host_port
            )
        }
        None => format!(
            "container '{}' could not start: a port of the host was taken, and is free now",
            container.name
        ),
    };
    let severity = if holders.is_empty() { Severity::Warning } else { Severity::Error };
    let mut concern = Concern::new(CODE, severity, about_container(container), summary).evidence(
        format!("container '{}', State.Error", container.name),
        container.error.as_deref().unwrap_or_default(),
    );
    for (binding, holder) in &holders {
        concern = concern.related(about_host_port(binding.host_port, binding.protocol));
        let port = format!("port {}/{} of the host", binding.host_port, binding.protocol);
        concern = concern.evidence(port, format!("held by {holder}"));
    }
    concern.remedy(
        "end who holds the port, then start the container; or make it anew with another port",
        vec![format!("{client} start {name}")],
    )
}

fn about_host_port(port: Port, protocol: TransportProtocol) -> Subject {
    Subject { kind: SubjectKind::Host, name: format!("port {port}/{protocol}") }
}

/// Another container, or a program that listens.
fn holder(containers: &[Container], home: &NetworkStack, wanted: &PortBinding) -> Option<String> {
    let takes = |other: &&Container| {
        other.is_alive() && other.published_ports.iter().any(|binding| collides(binding, wanted))
    };
    if let Some(other) = containers.iter().find(takes) {
        return Some(format!("container '{}'", other.name));
    }
    let sockets = home.sockets.value()?;
    let listener = sockets.iter().find(|socket| listens_on(socket, wanted))?;
    let owner = listener.owners.value().and_then(|owners| owners.first());
    Some(owner.map_or_else(
        || "a program of the host".to_owned(),
        |owner| format!("{} (pid {})", owner.name, owner.pid),
    ))
}

fn collides(one: &PortBinding, other: &PortBinding) -> bool {
    let (left, right) = (one.host_address, other.host_address);
    one.protocol == other.protocol
        && one.host_port == other.host_port
        && left.is_ipv4() == right.is_ipv4()
        && (left == right || left.is_unspecified() || right.is_unspecified())
}

fn listens_on(socket: &Socket, wanted: &PortBinding) -> bool {
    let Some(listener) = ports::is_listener(socket) else { return false };
    let local = listener.local.ip().to_canonical();
    let meets =
        local == wanted.host_address || local.is_unspecified() || wanted.host_address.is_unspecified();
    listener.protocol == wanted.protocol && listener.local.port() == wanted.host_port.0 && meets
}

/// The docker-proxy processes that relay to nobody.
fn stale(snapshot: &Snapshot, engine: &Engine, containers: &[Container]) -> Result<Vec<Concern>, Gap> {
    let host = snapshot.host.known()?;
    let others: BTreeSet<_> =
        other_daemons(host, *engine.daemon.known()?)?.map(|daemon| daemon.pid).collect();
    let is_of_another =
        |proxy: &DockerProxy| host.process(proxy.pid).is_some_and(|process| others.contains(&process.parent));
    let is_stale = |proxy: &&DockerProxy| {
        !is_of_another(proxy) && !containers.iter().any(|container| is_served(proxy, container))
    };
    let proxies = ports::proxies(snapshot).into_iter();
    Ok(proxies.filter(is_stale).map(|proxy| stale_concern(snapshot, proxy)).collect())
}

/// Whether a container that runs, or is just about to, is the one that a docker-proxy relays to.
fn is_served(proxy: &DockerProxy, container: &Container) -> bool {
    let has_ended = matches!(container.state, ContainerState::Exited | ContainerState::Dead);
    let mut held =
        container.attachments.iter().flat_map(|attachment| [attachment.ipv4, attachment.ipv6]).flatten();
    let has_address = held.any(|held| held.address == proxy.container_address);
    let is_its_port = || container.published_ports.iter().any(|binding| ports::relays(proxy, binding));
    !has_ended && (has_address || is_its_port())
}

fn stale_concern(snapshot: &Snapshot, proxy: &DockerProxy) -> Concern {
    let port = format!("{}/{}", proxy.host_port, proxy.protocol);
    let subject =
        Subject { kind: SubjectKind::Host, name: format!("docker-proxy {} on port {port}", proxy.pid) };
    let summary = format!(
        "a docker-proxy process keeps port {port} of the host, and relays to {}, which no container has",
        proxy.container_address
    );
    Concern::new(CODE, Severity::Warning, subject, summary)
        .related(about_host_port(proxy.host_port, proxy.protocol))
        .evidence(
            format!("arguments of docker-proxy, pid {}", proxy.pid),
            format!(
                "{}:{} to {}:{}",
                proxy.host_address, proxy.host_port, proxy.container_address, proxy.container_port
            ),
        )
        .evidence(format!("containers with the address {}", proxy.container_address), "none")
        .remedy("end it", vec![in_engine_namespace(snapshot, &format!("kill {}", proxy.pid))])
}
