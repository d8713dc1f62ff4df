//! PH105: a container holds the engine's socket.

use porthole_model::{CheckCode, Container, ContainerState, Engine, Gap, Mount, MountKind, Severity};

use super::concern::{about_container, client};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::shell::word;

const CODE: CheckCode = CheckCode(105);

/// Where engines listen when nobody says otherwise.
const WELL_KNOWN: [&str; 2] = ["/run/docker.sock", "/run/podman/podman.sock"];

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a container holds the engine's socket",
    documentation: Documentation {
        checks: "For every running container: whether the engine's socket is mounted into it, or a directory that \
                 holds it, such as `/run`, `/var/run` or `/`.",
        why: "Who can talk to the engine can start a container that sees the host's whole disk as root. So whoever \
              takes over a program in such a container has the host. A read-only mount does not help: it keeps the \
              socket from being deleted, not from being talked to. Tools that manage containers need the socket; \
              most others do not.",
        mend: "Remove the mount where it is not needed. Where it is, put a proxy between that lets through only the \
               requests that the tool makes, and see with `porthole tap` which these are.",
        example: "`docker run -v /var/run/docker.sock:/var/run/docker.sock:ro dashboard`: a flaw in the dashboard is a \
                  flaw of the host.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let engine = snapshot.engine.known()?;
    let sockets = sockets(engine);
    let running =
        |container: &&Container| container.is_alive() || container.state == ContainerState::Restarting;
    let concerns = engine.containers.known()?.iter().filter(running).filter_map(|container| {
        let mounts = bringing(container, &sockets);
        (!mounts.is_empty()).then(|| concern(engine, container, &mounts, &sockets))
    });
    Ok(Found { concerns: concerns.collect(), gaps: Vec::new() })
}

/// Whether the engine's socket is mounted into the container.
pub(super) fn holds_socket(engine: &Engine, container: &Container) -> bool {
    !bringing(container, &sockets(engine)).is_empty()
}

/// The mounts that bring one of the sockets into the container.
fn bringing<'c>(container: &'c Container, sockets: &[String]) -> Vec<&'c Mount> {
    let holds = |mount: &&Mount| sockets.iter().any(|socket| holds(mount, socket));
    container.mounts.iter().filter(holds).collect()
}

/// The paths of engines' sockets on the engine's host, this engine's own first.
fn sockets(engine: &Engine) -> Vec<String> {
    let own = engine.endpoint.strip_prefix("unix://").map(resolved);
    let mut sockets: Vec<_> = own.into_iter().chain(WELL_KNOWN.map(str::to_owned)).collect();
    sockets.dedup();
    sockets
}

/// Whether a mount brings `socket` into the container: it is the socket, or a directory above it.
fn holds(mount: &Mount, socket: &str) -> bool {
    if mount.kind != MountKind::Bind || !mount.source.starts_with('/') {
        return false;
    }
    let source = resolved(&mount.source);
    source == "/" || socket.strip_prefix(&source).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The path without a slash at its end, through the link from `/var/run` to `/run` that every distribution has.
fn resolved(path: &str) -> String {
    let parts: Vec<_> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match parts.as_slice() {
        ["var", "run", rest @ ..] => format!("/run/{}", rest.join("/")).trim_end_matches('/').to_owned(),
        parts => format!("/{}", parts.join("/")),
    }
}

fn concern(engine: &Engine, container: &Container, mounts: &[&Mount], sockets: &[String]) -> Concern {
    let name = &container.name;
    let summary = format!(
        "container '{name}' can command the engine: whoever takes over a program in it is root on the host"
    );
    let mut concern = Concern::new(CODE, Severity::Warning, about_container(container), summary);
    for mount in mounts {
        let mode = if mount.read_only { "read-only, which does not help" } else { "writable" };
        concern = concern.evidence(
            format!("container '{name}', Mounts"),
            format!("{} at {} ({mode})", mount.source, mount.destination),
        );
    }
    let is_socket = mounts.iter().any(|mount| sockets.contains(&resolved(&mount.source)));
    let concern = if is_socket { concern } else { concern.likely() };
    concern
        .remedy(
            "if it does not need the socket, make it anew without that mount",
            vec![format!("{} inspect --format '{{{{json .Mounts}}}}' {}", client(engine), word(name))],
        )
        .remedy(
            "if it does, see which requests it makes, and let only those through",
            vec!["porthole tap".to_owned()],
        )
}
