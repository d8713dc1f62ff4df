//! PH021: questions to 127.0.0.11 do not come to the engine's resolver.

use std::net::SocketAddr;
use std::slice;

use porthole_model::{CheckCode, Gap, Severity, Snapshot, Socket, TransportProtocol};

use super::concern::about_container;
use super::names::restart;
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::dns::{Arrival, EMBEDDED, Standing, arrival, standings};
use crate::ports::describe;

const CODE: CheckCode = CheckCode(21);

const DNS_PORT: u16 = 53;

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "the engine's resolver is not reached from a container",
    documentation: Documentation {
        checks: "For every running container whose resolv.conf names 127.0.0.11: whether the engine's sockets are there \
                 in the container's network namespace, and whether a question to 127.0.0.11, port 53, comes to them \
                 by the rules of that namespace, over UDP and TCP.",
        why: "Nobody listens on port 53 of 127.0.0.11. The engine opens sockets on other ports in the container's \
              namespace, and rules there lead port 53 to them. Whoever flushes these rules (a firewall script in a \
              container with NET_ADMIN, a VPN client, a tool that enters the namespace) takes every name from the \
              container, of its neighbours and outside, while addresses still work.",
        mend: "Start the container anew: the engine then lays the rules again. Keep what flushed them from doing it \
               again: it should change its own tables alone.",
        example: "`iptables -t nat -F` in a privileged container: `Temporary failure in name resolution` from then on.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let mut found = Found::default();
    for standing in standings(snapshot)? {
        let outcome = standing.and_then(|standing| judged(snapshot, &standing));
        found.part(outcome);
    }
    Ok(found)
}

/// UDP carries nearly all questions; TCP the answers that do not fit a datagram.
fn judged(snapshot: &Snapshot, standing: &Standing<'_>) -> Result<Option<Concern>, Gap> {
    if !standing.is_embedded() {
        return Ok(None);
    }
    for (protocol, severity) in
        [(TransportProtocol::Udp, Severity::Error), (TransportProtocol::Tcp, Severity::Warning)]
    {
        let sockets = standing.engine_sockets(protocol)?;
        if sockets.is_empty() {
            return Ok(Some(without_sockets(snapshot, standing, (protocol, severity))));
        }
        let to = SocketAddr::new(EMBEDDED, DNS_PORT);
        let arrival = arrival(standing.stack, to, protocol)?;
        if let Some(end) = lost(&arrival) {
            return Ok(Some(without_rules(snapshot, standing, (protocol, severity), &sockets, &end)));
        }
    }
    Ok(None)
}

/// Where the question ends instead, in words.
fn lost(arrival: &Arrival<'_>) -> Option<String> {
    match arrival {
        Arrival::Nobody(at) => Some(format!("ends at {at}, where nobody listens")),
        Arrival::Stopped(rule) => {
            Some(format!("is stopped by a rule of {}/{}: {}", rule.chain.table, rule.chain.chain, rule.text))
        }
        Arrival::Taken(_) | Arrival::Elsewhere => None,
    }
}

fn without_sockets(
    snapshot: &Snapshot,
    standing: &Standing<'_>,
    (protocol, severity): (TransportProtocol, Severity),
) -> Concern {
    let name = &standing.container.name;
    let summary = format!(
        "container '{name}' finds no names{}: the engine's resolver does not listen in its network namespace",
        over(protocol)
    );
    let concern = Concern::new(CODE, severity, about_container(standing.container), summary);
    with_file(concern, standing)
        .evidence(format!("{protocol} sockets bound to {EMBEDDED} in its network namespace"), "none")
        .remedy(
            "start it anew: the engine then opens its sockets again",
            restart(snapshot, slice::from_ref(standing)),
        )
}

fn without_rules(
    snapshot: &Snapshot,
    standing: &Standing<'_>,
    (protocol, severity): (TransportProtocol, Severity),
    sockets: &[(SocketAddr, &Socket)],
    end: &str,
) -> Concern {
    let name = &standing.container.name;
    let summary = format!(
        "container '{name}' finds no names{}: no rule leads its questions to the engine's resolver",
        over(protocol)
    );
    let sockets: Vec<_> = sockets.iter().map(|(_, socket)| *socket).collect();
    let concern = Concern::new(CODE, severity, about_container(standing.container), summary);
    with_file(concern, standing)
        .evidence(format!("the engine's {protocol} sockets in its network namespace"), describe(&sockets))
        .evidence(
            format!("{protocol} question to {EMBEDDED}:{DNS_PORT}, by the rules of its network namespace"),
            end,
        )
        .remedy(
            "start it anew: the engine then lays its rules again",
            restart(snapshot, slice::from_ref(standing)),
        )
}

/// Answers that do not fit a datagram take TCP, and no others.
fn over(protocol: TransportProtocol) -> &'static str {
    if protocol == TransportProtocol::Tcp { " by TCP, as long answers need" } else { "" }
}

fn with_file(concern: Concern, standing: &Standing<'_>) -> Concern {
    let source = format!("/etc/resolv.conf of container '{}'", standing.container.name);
    concern.evidence(source, format!("nameserver {EMBEDDED}"))
}
