//! PH113: a container serves a port that nobody can reach.

use porthole_model::{
    CheckCode, Container, Engine, Gap, GapKind, Port, Severity, Snapshot, Socket, TransportProtocol,
};

use super::concern::{about_container, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::places::{container_namespace, has_own_namespace};
use crate::ports;
use crate::shell::word;

const CODE: CheckCode = CheckCode(113);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container serves a port that nobody can reach",
    documentation: Documentation {
        checks: "For running containers without a published port: whether a program in them listens on a port that the \
                 image declares (`EXPOSE`), while the container is on no network, or alone on its networks.",
        why: "`EXPOSE` documents a port and opens nothing. A container without a published port is reached from its own \
              networks and from the host by its address; on the network `none` it is reached by nobody. Nothing is \
              broken: it may well be meant so.",
        mend: "Publish the port (`-p`), or put the container that should reach it on the same network.",
        example: "`docker run -d nginx`, and `curl http://localhost` on the host: connection refused.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let containers = engine.containers.known()?;
    let mut found = Found::default();
    for container in containers.iter().filter(|container| is_alone(container, containers)) {
        found.part(judge(snapshot, engine, container));
    }
    Ok(found)
}

/// Whether it is in no other's reach: the only one on each of its networks, which may be none.
fn is_alone(container: &Container, containers: &[Container]) -> bool {
    let mode = container.network_mode.as_str();
    container.is_alive()
        && has_own_namespace(container)
        && container.published_ports.is_empty()
        && !container.exposed_ports.is_empty()
        && (mode == "none" || !containers.iter().any(|other| meets(container, other)))
}

/// Whether `other` reaches a container: it shares the namespace, or one of the networks.
fn meets(container: &Container, other: &Container) -> bool {
    let joins = other.network_mode == format!("container:{}", container.id);
    let is_on = |name: &String| container.attachments.iter().any(|own| own.network_name == *name);
    let is_beside = other.attachments.iter().any(|theirs| is_on(&theirs.network_name));
    other.id != container.id && (joins || (is_beside && other.network_mode != "none"))
}

fn judge(snapshot: &Snapshot, engine: &Engine, container: &Container) -> Result<Option<Concern>, Gap> {
    let namespace = container_namespace(snapshot.host.known()?, container)?;
    let sockets = match namespace.stack.known()?.sockets.known() {
        Err(gap) if gap.kind == GapKind::Vanished => return Ok(None),
        sockets => sockets?,
    };
    let served =
        container.exposed_ports.iter().find(|exposed| sockets.iter().any(|socket| serves(socket, **exposed)));
    Ok(served.map(|exposed| concern(engine, container, *exposed)))
}

fn serves(socket: &Socket, (port, protocol): (Port, TransportProtocol)) -> bool {
    ports::is_listener(socket).is_some_and(|listener| {
        listener.protocol == protocol && listener.local.port() == port.0 && !listener.local.ip().is_loopback()
    })
}

fn concern(engine: &Engine, container: &Container, (port, protocol): (Port, TransportProtocol)) -> Concern {
    let name = &container.name;
    let is_none = container.network_mode == "none";
    let (where_it_is, who) = if is_none {
        ("on no network", "nobody")
    } else {
        ("alone on its network and publishes no port", "only the host")
    };
    let summary =
        format!("container '{name}' serves port {port}/{protocol}, and is {where_it_is}: {who} can reach it");
    Concern::new(CODE, Severity::Note, about_container(container), summary)
        .evidence(format!("container '{name}', HostConfig.NetworkMode"), &container.network_mode)
        .evidence(format!("container '{name}', Config.ExposedPorts"), format!("{port}/{protocol}, not published"))
        .remedy(
            format!("if others should reach it, make it anew with -p {port}:{port}/{protocol}, or put them on a network with it"),
            vec![format!("{} inspect --format '{{{{json .NetworkSettings.Networks}}}}' {}", client(engine), word(name))],
        )
}
