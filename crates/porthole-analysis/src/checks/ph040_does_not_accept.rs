//! PH040: a container is paused, or its program does not accept the connections that wait for it.

use porthole_model::{
    CheckCode, Container, ContainerState, Engine, Gap, InternetSocket, NetworkNamespace, Severity, Snapshot,
    Socket, TransportProtocol,
};

use super::concern::{about_container, about_port, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::mending::Mending;
use crate::places::{container_namespace, has_own_namespace};
use crate::ports;
use crate::shell::word;

const CODE: CheckCode = CheckCode(40);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container is paused or does not accept connections",
    documentation: Documentation {
        checks: "Whether a container is paused, and whether a listening TCP socket in it has more connections waiting \
                 than its backlog holds.",
        why: "The kernel completes connections for a program that listens, and queues them until the program takes \
              them. A paused container, or a program that hangs, takes none: clients connect, send, and wait for an \
              answer that does not come. Once the queue is full the kernel drops new connections, and they time \
              out.",
        mend: "Unpause the container. Where a program hangs, see what it waits for, and restart it if it must answer \
               now. A queue that is full under load only needs a larger backlog (in the program, and in \
               `net.core.somaxconn`) or more workers.",
        example: "`docker pause web` in the middle of a backup that failed: `curl http://localhost:8080` connects and \
                  hangs.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    for container in engine.containers.known()?.iter().filter(|container| container.is_alive()) {
        if container.state == ContainerState::Paused {
            found.concerns.push(paused(engine, container));
        }
        if has_own_namespace(container) {
            found.part(full_backlogs(snapshot, engine, container));
        }
    }
    Ok(found)
}

fn paused(engine: &Engine, container: &Container) -> Concern {
    let name = &container.name;
    let summary = format!("container '{name}' is paused: it takes connections and answers none");
    let severity = if container.published_ports.is_empty() { Severity::Warning } else { Severity::Error };
    Concern::new(CODE, severity, about_container(container), summary)
        .evidence(format!("container '{name}', State.Status"), container.state.to_string())
        .mend("let it go on", Mending::unpause(engine, container))
}

fn full_backlogs(snapshot: &Snapshot, engine: &Engine, container: &Container) -> Result<Vec<Concern>, Gap> {
    let namespace = container_namespace(snapshot.host.known()?, container)?;
    let sockets = namespace.stack.known()?.sockets.known()?;
    let full = sockets.iter().filter_map(|socket| Some((socket, full_listener(socket)?)));
    Ok(full.map(|listener| concern(engine, container, namespace, listener)).collect())
}

/// `sk_acceptq_is_full` of the kernel: one more than the backlog may wait. A backlog of 0 means that it was not
/// read: `/proc/net/tcp` does not show it.
fn full_listener(socket: &Socket) -> Option<&InternetSocket> {
    let listener = ports::is_listener(socket).filter(|socket| socket.protocol == TransportProtocol::Tcp)?;
    (listener.send_queue > 0 && listener.receive_queue > listener.send_queue).then_some(listener)
}

fn concern(
    engine: &Engine,
    container: &Container,
    namespace: &NetworkNamespace,
    (socket, listener): (&Socket, &InternetSocket),
) -> Concern {
    let port = porthole_model::Port(listener.local.port());
    let (client, name) = (client(engine), word(&container.name));
    let summary = format!(
        "the program on port {port} of container '{}' does not accept connections: its queue is full, and new ones are \
         dropped",
        container.name
    );
    Concern::new(CODE, Severity::Error, about_port(container, port, TransportProtocol::Tcp), summary)
        .related(about_container(container))
        .evidence(
            format!("listening socket in network namespace {}", namespace.id),
            format!(
                "{}: {} connections wait, the backlog is {}",
                ports::describe(&[socket]),
                listener.receive_queue,
                listener.send_queue
            ),
        )
        .remedy(
            "see what the program does, and what it says",
            vec![format!("{client} top {name}"), format!("{client} logs --tail 50 {name}")],
        )
        .remedy("restart it, if it must answer now", vec![format!("{client} restart {name}")])
}
