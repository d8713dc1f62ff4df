//! PH010: the program behind a published port listens on the container's loopback address only.

use porthole_model::{CheckCode, Gap, Severity, Snapshot};

use super::concern::{about_container, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::ports::{self, Judged};
use crate::shell::word;

const CODE: CheckCode = CheckCode(10);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the program listens on the container's loopback only",
    documentation: Documentation {
        checks: "For every published port of a running container: whether the sockets on that port in the \
                 container are all bound to a loopback address (`127.0.0.1`, `::1`).",
        why: "Each container has a loopback of its own. What comes in by a published port arrives at the \
              container's address on its network, and a program that listens on `127.0.0.1` does not hear it: \
              the kernel refuses the connection. From outside that is \"connection refused\"; on the host itself, \
              where docker-proxy accepts first, \"connection reset\" or an empty reply. Inside the container \
              everything works, which makes it hard to see.",
        mend: "Let the program listen on all addresses: `0.0.0.0`, or `::` for IPv6 too. Many development servers \
               listen on loopback unless they are told otherwise, often by an option such as `--host 0.0.0.0` or a \
               variable such as `HOST=0.0.0.0`.",
        example: "A development server prints `listening on http://127.0.0.1:3000`; with `-p 3000:3000`, \
                  `curl http://localhost:3000` on the host says \"connection reset by peer\".",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let (judged, gaps) = ports::judge(snapshot)?;
    let unheard = judged.iter().filter(|port| !port.unserved.is_empty() && port.listens_on_loopback_only());
    Ok(Found { concerns: unheard.map(|port| concern(snapshot, port)).collect(), gaps })
}

fn concern(snapshot: &Snapshot, judged: &Judged<'_>) -> Concern {
    let (container, port) = (judged.container, &judged.published);
    let program = judged.on_port.iter().find_map(|socket| ports::owners(socket));
    let program = program.map_or_else(|| "the program".to_owned(), |name| format!("'{name}'"));
    let summary = format!(
        "{program} in container '{}' listens on port {} for the container itself only, so port {} of the host \
         leads to nobody",
        container.name,
        port.port,
        port.host_ports(),
    );
    let concern =
        Concern::new(CODE, Severity::Error, about_port(container, port.port, port.protocol), summary)
            .related(about_container(container))
            .evidence(
                format!(
                    "sockets on port {}/{} in network namespace {}",
                    port.port, port.protocol, judged.namespace.id
                ),
                ports::describe(&judged.on_port),
            )
            .evidence(format!("container '{}', NetworkSettings.Ports", container.name), port.bindings_text())
            .remedy(
                "let the program listen on 0.0.0.0 (or ::) instead of 127.0.0.1, and see where it does",
                vec![format!("porthole sockets {}", word(&container.name))],
            );
    ports::young(snapshot, container, concern)
}
