//! PH011: nothing in the container listens where a published port leads.

use porthole_model::{CheckCode, Gap, Severity, Snapshot};

use super::concern::{about_container, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::ports::{self, Judged};
use crate::shell::word;

const CODE: CheckCode = CheckCode(11);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "nothing listens where the published port leads",
    documentation: Documentation {
        checks: "For every published TCP and UDP port of a running container: whether a socket in the container \
                 takes what is sent to the container's address and port. Wildcard sockets count for their family, \
                 an IPv6 wildcard for IPv4 too unless it refuses it. Ranges of four ports and more are left \
                 out: programs such as FTP servers open those on demand.",
        why: "The host sends what comes in to a port of the container where nobody answers: \"connection refused\" \
              from outside, \"connection reset\" or an empty reply on the host, where docker-proxy accepts first. \
              The usual cause is a wrong number behind the colon of `-p HOST:CONTAINER`, or a program that failed \
              to open its port, listens on another network's address, or listens on one of IPv4 and IPv6 only.",
        mend: "Publish the port that the program does listen on; a container's ports are fixed when it is made, so \
               it has to be made anew. Or let the program listen on the published port. `EXPOSE` in an image changes \
               nothing: it is a note for people.",
        example: "`docker run -p 8080:80 app`, while the program in the image listens on port 3000: the right option \
                  is `-p 8080:3000`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let (judged, gaps) = ports::judge(snapshot)?;
    let unheard = judged.iter().filter(|port| !port.unserved.is_empty() && !port.listens_on_loopback_only());
    Ok(Found { concerns: unheard.map(|port| concern(snapshot, port)).collect(), gaps })
}

fn concern(snapshot: &Snapshot, judged: &Judged<'_>) -> Concern {
    let (container, port) = (judged.container, &judged.published);
    let subject = about_port(container, port.port, port.protocol);
    let concern = Concern::new(CODE, severity(judged), subject, summary(judged))
        .related(about_container(container))
        .evidence(
            format!(
                "sockets on port {}/{} in network namespace {}",
                port.port, port.protocol, judged.namespace.id
            ),
            ports::describe(&judged.on_port),
        )
        .evidence(format!("container '{}', NetworkSettings.Ports", container.name), port.bindings_text())
        .evidence(
            format!("{} sockets on other ports there that others can reach", port.protocol),
            ports::describe(&judged.elsewhere),
        );
    ports::young(snapshot, container, remedies(judged, concern))
}

/// A port beside others that work is often one that nobody uses.
fn severity(judged: &Judged<'_>) -> Severity {
    let works_otherwise = judged.has_served_neighbour || !judged.served.is_empty();
    if works_otherwise { Severity::Warning } else { Severity::Error }
}

fn summary(judged: &Judged<'_>) -> String {
    let (name, port) = (&judged.container.name, &judged.published);
    let number = port.port;
    let leads =
        format!("port {} of the host leads to port {number} of container '{name}'", port.host_ports());
    let unserved = join(judged.unserved.iter());
    match (judged.on_port.is_empty(), judged.served.is_empty()) {
        (true, _) => format!("{leads}, where no program listens"),
        (false, false) => {
            format!(
                "{leads}, where the program listens on {}, but not on {unserved}",
                join(judged.served.iter())
            )
        }
        (false, true) => format!("{leads}, where the program listens, but not on the address {unserved}"),
    }
}

fn remedies(judged: &Judged<'_>, concern: Concern) -> Concern {
    let (container, port) = (judged.container, &judged.published);
    let look = vec![
        format!("porthole sockets {}", word(&container.name)),
        format!("docker logs --tail 50 {}", word(&container.name)),
    ];
    let mut numbers: Vec<_> =
        judged.elsewhere.iter().filter_map(|socket| Some(ports::is_listener(socket)?.local.port())).collect();
    numbers.sort_unstable();
    numbers.dedup();
    match numbers.as_slice() {
        _ if !judged.on_port.is_empty() => {
            concern.remedy("let the program listen on all addresses, 0.0.0.0 and ::", look)
        }
        [number] => concern.remedy(
            format!(
                "if the program on port {number} is meant, make the container anew with -p {}:{number}{}",
                port.host_ports(),
                port.protocol_suffix()
            ),
            look,
        ),
        _ => concern.remedy("see where the program listens and what it says, and publish that port", look),
    }
}

fn join(addresses: impl Iterator<Item = impl ToString>) -> String {
    addresses.map(|address| address.to_string()).collect::<Vec<_>>().join(" and ")
}
