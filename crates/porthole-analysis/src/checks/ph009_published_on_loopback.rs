//! PH009: a port is published on the host's loopback address only.

use porthole_model::{CheckCode, Container, Gap, Severity};

use super::concern::about_port;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::ports::{self, PublishedPort};

const CODE: CheckCode = CheckCode(9);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a port is published for this host only",
    documentation: Documentation {
        checks: "Whether every address that a container's port is published on is a loopback address of the host, \
                 such as `127.0.0.1`.",
        why: "Such a port answers on the host itself and refuses everybody else: other machines, and other \
              containers that come by the host's address. That is often just what was meant, behind a reverse \
              proxy or for a database, so this is a note and no fault. It is here because it is also the answer \
              to \"it works on the server, but not from my machine\".",
        mend: "If others should reach the port, publish it without `127.0.0.1:`. A container's ports are fixed \
               when it is made, so it has to be made anew.",
        example: "`docker run -p 127.0.0.1:8080:80 web` and then `curl http://server:8080` from another machine: \
                  connection refused.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let containers = snapshot.engine.known()?.containers.known()?;
    let published = containers.iter().filter(|container| ports::is_published(container));
    let concerns = published.flat_map(|container| {
        let ports = ports::of(container).into_iter().filter(is_for_this_host_only);
        ports.map(|port| concern(container, &port)).collect::<Vec<_>>()
    });
    Ok(Found { concerns: concerns.collect(), gaps: Vec::new() })
}

fn is_for_this_host_only(port: &PublishedPort<'_>) -> bool {
    port.bindings.iter().all(|binding| binding.host_address.is_loopback())
}

fn concern(container: &Container, port: &PublishedPort<'_>) -> Concern {
    let host_ports = port.host_ports();
    let summary = format!(
        "port {host_ports} of the host leads to container '{}', but only for programs on this host",
        container.name
    );
    Concern::new(CODE, Severity::Note, about_port(container, port.port, port.protocol), summary)
        .evidence(format!("container '{}', NetworkSettings.Ports", container.name), port.bindings_text())
        .remedy(
            format!(
                "if others should reach it, make the container anew with -p {host_ports}:{}{} instead of \
                 -p 127.0.0.1:{host_ports}:{}",
                port.port,
                port.protocol_suffix(),
                port.port
            ),
            Vec::new(),
        )
}
