//! PH026: the engine keeps its rules in nftables' own tables, and iptables drops what it lets pass; or it does not start.

mod no_start;

use porthole_model::firewall::{Backend, Hook};
use porthole_model::{CheckCode, Gap, Observed, Outcome, Severity, Snapshot, Subject, SubjectKind};

use super::concern::{about_container, about_network};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::{Aim, Journeys, Seat, Stop};
use crate::places::in_engine_namespace;

const CODE: CheckCode = CheckCode(26);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "an engine with nftables does not start, or iptables drops what it lets pass",
    documentation: Documentation {
        checks: "Where the engine says that nftables is its firewall back end (`FirewallBackend` of `docker info`, from \
                 Docker 29 on): whether the policy of iptables' chain FORWARD drops the packets of its containers. Where the \
                 engine of this host does not run: whether `/etc/docker/daemon.json` has it use nftables while \
                 `net.ipv4.ip_forward` is 0. What its command line says is not seen then, nor what it wrote to its log.",
        why: "With iptables as its back end, Docker may have set the policy of FORWARD to DROP, and let its own \
              traffic pass by rules in the same table. With nftables its rules are in tables of their own, and the \
              policy stays as it was. Both are asked, and one that drops is enough: everything that is forwarded ends \
              there, whatever Docker's own tables say. With iptables, Docker also turns forwarding on. With nftables it \
              leaves that to you, and does not start without: \"IPv4 forwarding is disabled: check your host's \
              firewalling and set sysctl net.ipv4.ip_forward=1\".",
        mend: "Set the policy to ACCEPT, or accept the bridges in the chain FORWARD of iptables; look for what sets it at \
               boot. For an engine that does not start, turn forwarding on, for the next boot too.",
        example: "`\"firewall-backend\": \"nftables\"` was put into `/etc/docker/daemon.json` of a host that ran Docker 28: \
                  containers reach nothing, and `iptables -S FORWARD` begins with `-P FORWARD DROP`.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    if let Observed::Missing(silence) = &snapshot.engine {
        return no_start::no_start(snapshot, silence);
    }
    let engine = snapshot.engine.known()?;
    let mut found = Found::default();
    let info = engine.info.known()?;
    info.firewall_backend.known()?;
    if !info.keeps_rules_by_nftables() {
        return Ok(found);
    }
    let journeys = case.journeys()?;
    let stopped = journeys.seats().iter().filter(|seat| seat.leads_out && !seat.network.internal);
    let stopped: Vec<_> = stopped.filter_map(|seat| Some((seat, stop(&journeys, seat)?))).collect();
    found.concerns.extend(concern(snapshot, &stopped));
    Ok(found)
}

/// The policy of iptables at which a container's way out ends.
fn stop(journeys: &Journeys<'_>, seat: &Seat<'_>) -> Option<Stop> {
    let uplink = journeys.uplinks().iter().find(|uplink| uplink.has_default_route)?;
    let journey = journeys.from_container(seat, Aim::echo(uplink.visitor(true)?))?;
    let stop = journey.fate.stop()?;
    let is_of_iptables = matches!(stop.backend, Some(Backend::IptablesNft | Backend::IptablesLegacy));
    let by_policy = matches!(&stop.outcome, Outcome::DroppedByPolicy(chain) if chain.hook == Hook::Forward);
    (is_of_iptables && by_policy).then(|| stop.clone())
}

fn concern(snapshot: &Snapshot, stopped: &[(&Seat<'_>, Stop)]) -> Option<Concern> {
    let (_, stop) = stopped.first()?;
    let subject = Subject { kind: SubjectKind::Host, name: "FORWARD of iptables".to_owned() };
    let summary = "containers reach nothing outside: the engine keeps its rules in nftables' own tables, and the policy \
                   of iptables' chain FORWARD, which is asked too, drops what they let pass";
    let is_legacy = stop.backend == Some(Backend::IptablesLegacy);
    let program = if is_legacy { "iptables-legacy" } else { "iptables" };
    let evidence = stop.evidence();
    let concern = Concern::new(CODE, Severity::Error, subject, summary.to_owned())
        .evidence("FirewallBackend of the engine", "nftables")
        .evidence(evidence.source, evidence.observed)
        .remedy(
            "set the policy to ACCEPT",
            vec![in_engine_namespace(snapshot, &format!("{program} -P FORWARD ACCEPT"))],
        );
    let touched = |concern: Concern, (seat, _): &(&Seat<'_>, Stop)| {
        concern.related(about_network(seat.network)).related(about_container(seat.container))
    };
    Some(stopped.iter().fold(concern, touched))
}
