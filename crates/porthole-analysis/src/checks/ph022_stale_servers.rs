//! PH022: containers ask name servers that the host does not name any more.

use porthole_model::{CheckCode, Gap, NameServer, Severity, Snapshot};

use super::names::{containers, listed, restart, subject, verb, with_containers, with_host};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::dns::{Standing, Trouble, troubles};

const CODE: CheckCode = CheckCode(22);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "containers ask name servers of another day",
    documentation: Documentation {
        checks: "For every running container that was given the host's name servers: whether each server that it asks, \
                 or that the engine's resolver asks for it, is named by the host's resolv.conf of today, or by that of \
                 systemd-resolved. Which ones these are, the engine notes in the container's resolv.conf (version 26 \
                 and newer) or in its network database. Files that a program in the container has changed are not \
                 judged, nor servers that were given by `--dns` or by the engine's settings.",
        why: "The engine reads the host's resolv.conf when a container starts, and not again. A VPN that comes up, \
              another network, a new DHCP lease change the host's file, and containers that run go on asking the \
              servers of before. These may be out of reach now, or not know the names of the new network: names are \
              slow or not found in the containers, until they are started anew.",
        mend: "Start the containers anew. Where the host's network changes often, let the engine ask something that \
               follows: systemd-resolved's stub or dnsmasq on the host, for networks of one's own, or fixed servers in \
               `/etc/docker/daemon.json`.",
        example: "A laptop joins the company's VPN: `git.corp.example` is found on the host, and in containers only after \
                  `docker restart`.",
    },
    run,
};

fn run(Case { snapshot, .. }: &Case<'_>) -> Result<Found, Gap> {
    let (troubles, gaps) = troubles(snapshot)?;
    let concerns = troubles.iter().filter_map(|(trouble, standings)| match trouble {
        Trouble::Stale { asked, today, is_dead } => {
            Some(concern(snapshot, standings, (asked, today), *is_dead))
        }
        _ => None,
    });
    Ok(Found { concerns: concerns.collect(), gaps })
}

fn concern(
    snapshot: &Snapshot,
    standings: &[Standing<'_>],
    (asked, today): (&[NameServer], &[NameServer]),
    is_dead: bool,
) -> Concern {
    let severity = if is_dead { Severity::Error } else { Severity::Warning };
    let end = if is_dead { ", where nobody listens" } else { "" };
    let summary = format!(
        "{} {} name server {}{end}, which the host does not ask any more: it asks {}",
        containers(standings),
        verb(standings, "asks", "ask"),
        listed(asked),
        listed(today)
    );
    let concern = Concern::new(CODE, severity, subject(standings), summary);
    with_host(with_containers(concern, standings), standings).remedy(
        "start the containers anew: the engine then reads the host's file again",
        restart(snapshot, standings),
    )
}
