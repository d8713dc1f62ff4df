//! PH020: containers ask name servers that cannot answer, or not those that the host asks.

use porthole_model::{CheckCode, Gap, NameServer, Severity, Snapshot, TransportProtocol};

use super::names::{containers, listed, restart, subject, verb, with_containers, with_host};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::dns::{RESOLVED_STUB, Standing, Teller, Trouble, troubles};
use crate::places::engine_namespace;
use crate::ports::{describe, is_listener};

const CODE: CheckCode = CheckCode(20);

const DNS_PORT: u16 = 53;

const ENGINE_SETTINGS: &str = "tell the engine which servers containers ask: put {\"dns\": [\"ADDRESS\"]} into \
                               /etc/docker/daemon.json, restart the engine, then the containers";

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "containers ask name servers of a loopback, the engine's own, or none",
    documentation: Documentation {
        checks: "For every running container with a network that leads out: whether all name servers that it comes to \
                 are on a loopback where nobody listens; whether the engine took servers of its own (8.8.8.8, 8.8.4.4) \
                 as the host's resolv.conf names none that a container can ask; whether there is none at all. Nothing \
                 is asked: files, the engine's notes and sockets tell. A host behind systemd-resolved is fine, as the \
                 engine takes the servers that systemd-resolved asks, or asks it from the host.",
        why: "127.0.0.53 on the host is systemd-resolved, 127.0.0.1 often dnsmasq. In a container, both are the \
              container itself. On the default bridge the engine leaves such servers out, and where none is left, it \
              takes Google's: names inside a company are not found, and where a firewall keeps 8.8.8.8 away, no name \
              is. On networks of one's own the engine's resolver asks the host's loopback from the host, which works \
              as long as somebody listens there. Servers given with `--dns` are asked from the container in any case. \
              Before version 28 the engine's own servers were taken on every network, since then on the default \
              bridge alone; on others there is then no server at all.",
        mend: "Give the engine servers that containers reach, in `/etc/docker/daemon.json`, or the container by `--dns`; \
               or let the host's resolv.conf name the real servers. Start the containers anew after that.",
        example: "`docker run --dns 127.0.0.53 app`: `Temporary failure in name resolution`, while the host finds every \
                  name.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let (troubles, gaps) = troubles(snapshot)?;
    let concerns = troubles.iter().filter_map(|(trouble, standings)| match trouble {
        Trouble::Deaf { asked, on_host, teller } => {
            Some(deaf(snapshot, standings, asked, (*on_host, *teller)))
        }
        Trouble::Defaults { asked } => Some(defaults(snapshot, standings, asked)),
        Trouble::None => Some(none(snapshot, standings)),
        Trouble::Stale { .. } => None,
    });
    Ok(Found { concerns: concerns.collect(), gaps })
}

fn deaf(
    snapshot: &Snapshot,
    standings: &[Standing<'_>],
    asked: &[NameServer],
    (on_host, teller): (bool, Teller),
) -> Concern {
    let (who, servers) = (containers(standings), listed(asked));
    let find = verb(standings, "finds", "find");
    let is_embedded = standings.iter().all(Standing::is_embedded);
    let summary = match (on_host, is_embedded) {
        (true, _) => {
            format!(
                "{who} {find} no names outside: the engine asks {servers} on the host, where nobody listens"
            )
        }
        (false, true) => format!(
            "{who} {find} no names outside: the engine asks {servers} from the container's own network, where nobody \
             listens"
        ),
        (false, false) => format!(
            "{who} {find} no names: {servers} is the loopback of the container itself, where nobody listens"
        ),
    };
    let concern = Concern::new(CODE, Severity::Error, subject(standings), summary);
    let concern = with_teller(with_containers(concern, standings), standings, teller);
    let concern = with_listeners(snapshot, concern, standings, on_host);
    match teller {
        Teller::Container => concern.remedy(
            "make the container anew with a server that it reaches",
            vec!["docker run --dns ADDRESS …".to_owned()],
        ),
        Teller::Engine => concern.remedy(ENGINE_SETTINGS, Vec::new()),
        Teller::Host => with_way_of_host(snapshot, concern, standings, asked),
    }
}

fn with_teller(concern: Concern, standings: &[Standing<'_>], teller: Teller) -> Concern {
    let Some(standing) = standings.first() else { return concern };
    match teller {
        Teller::Container => {
            let servers = standing.container.dns.servers.join(", ");
            concern.evidence(format!("container '{}', HostConfig.Dns", standing.container.name), servers)
        }
        Teller::Engine => {
            let servers = standing.host.engine_servers.value().map(Vec::as_slice).unwrap_or_default();
            concern.evidence("name servers in the engine's settings", listed(servers))
        }
        Teller::Host => with_host(concern, standings),
    }
}

/// Adds who listens on the port of name servers where the question is asked.
fn with_listeners(
    snapshot: &Snapshot,
    concern: Concern,
    standings: &[Standing<'_>],
    on_host: bool,
) -> Concern {
    let home = engine_namespace(snapshot).ok().and_then(|home| home.stack.value());
    let stack = if on_host { home } else { standings.first().map(|standing| standing.stack) };
    let sockets = stack.and_then(|stack| stack.sockets.value()).map(Vec::as_slice).unwrap_or_default();
    let on_port: Vec<_> = sockets
        .iter()
        .filter(|socket| {
            is_listener(socket).is_some_and(|bound| {
                bound.local.port() == DNS_PORT && bound.protocol == TransportProtocol::Udp
            })
        })
        .collect();
    let place = if on_host { "on the host" } else { "in the container's network namespace" };
    concern.evidence(format!("sockets on UDP port {DNS_PORT} {place}"), describe(&on_port))
}

fn with_way_of_host(
    snapshot: &Snapshot,
    concern: Concern,
    standings: &[Standing<'_>],
    asked: &[NameServer],
) -> Concern {
    let is_resolved = asked.iter().any(|server| server.address == RESOLVED_STUB);
    let commands = is_resolved.then(|| "systemctl start systemd-resolved".to_owned());
    concern
        .remedy(
            format!("start the host's own resolver, which is to listen at {}", listed(asked)),
            commands.into_iter().collect(),
        )
        .remedy(
            "or name the real servers in the host's /etc/resolv.conf, then start the containers anew",
            restart(snapshot, standings),
        )
        .remedy(format!("or {ENGINE_SETTINGS}"), Vec::new())
}

fn defaults(snapshot: &Snapshot, standings: &[Standing<'_>], asked: &[NameServer]) -> Concern {
    let summary = format!(
        "{} {} {}, the engine's own choice, as the host's resolv.conf names no server that a container can ask",
        containers(standings),
        verb(standings, "asks", "ask"),
        listed(asked)
    );
    let concern = Concern::new(CODE, Severity::Warning, subject(standings), summary);
    with_host(with_containers(concern, standings), standings).remedy(ENGINE_SETTINGS, Vec::new()).remedy(
        "or name the real servers in the host's /etc/resolv.conf; restart the engine, then the containers",
        restart(snapshot, standings),
    )
}

fn none(snapshot: &Snapshot, standings: &[Standing<'_>]) -> Concern {
    let is_embedded = standings.iter().all(Standing::is_embedded);
    let what = if is_embedded {
        "the engine's resolver has no server to ask"
    } else {
        "no server is named in /etc/resolv.conf there"
    };
    let summary = format!("{} cannot find names outside: {what}", containers(standings));
    let concern = Concern::new(CODE, Severity::Warning, subject(standings), summary);
    with_host(with_containers(concern, standings), standings).remedy(ENGINE_SETTINGS, Vec::new()).remedy(
        "or name servers in the host's /etc/resolv.conf, then start the containers anew",
        restart(snapshot, standings),
    )
}
