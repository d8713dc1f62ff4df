//! PH003: Docker's rules that translate addresses are gone, those that let packets pass are there.

use porthole_model::{CheckCode, Gap, Severity, Snapshot, Subject, SubjectKind};

use super::concern::{about_network, about_port};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::firewall::{Inbound, Outbound, Part, Scene};
use crate::places::in_engine_namespace;
use crate::ports::is_settling;

const CODE: CheckCode = CheckCode(3);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "Docker's address translation is gone",
    documentation: Documentation {
        checks: "Whether the firewall's table \"nat\" still leads to Docker's chain while \"filter\" does; and, by \
                 following packets through all rules, whether what containers send out gets the host's address \
                 (`MASQUERADE`), and whether a published port is translated to its container (`DNAT`).",
        why: "Without masquerading, containers send with addresses that nobody outside can answer: they reach \
              nothing. Without the translation of a port, docker-proxy takes its connections, so it seems to work, \
              but the container sees the gateway's address instead of the client's, and UDP and large transfers get \
              slow. With docker-proxy switched off the port is dead.",
        mend: "Restart Docker: it lays its rules anew. Then find what took them away, such as `iptables -t nat -F` \
               in a script of a VPN or of a router.",
        example: "After `iptables -t nat -F`: `docker run --rm alpine wget http://example.com` times out.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let mut found = Found::default();
    let Some(scene) = case.scene_with_rules()? else { return Ok(found) };
    if scene.rules.nat != Part::Joined {
        found.concerns.push(all_gone(snapshot, scene));
        return Ok(found);
    }
    for gap in scene.journeys.gaps() {
        found.gap(gap.clone());
    }
    let bare = scene.outbound().iter().filter(|outbound| keeps_source(scene, outbound));
    found.concerns.extend(bare.map(|outbound| not_masqueraded(snapshot, scene, outbound)));
    let kept = scene.inbound()?.iter().filter(|inbound| keeps_destination(snapshot, inbound));
    found.concerns.extend(kept.map(|inbound| not_translated(snapshot, scene, inbound)));
    Ok(found)
}

/// Whether it leaves by an uplink with the container's own address.
fn keeps_source(scene: &Scene<'_>, outbound: &Outbound<'_>) -> bool {
    let arrival = outbound.journey.fate.arrival();
    arrival.is_some_and(|arrival| {
        let mut uplinks = scene.journeys.uplinks().iter();
        arrival.header.source == outbound.journey.packet.source
            && uplinks.any(|uplink| Some(uplink.link.index) == arrival.interface)
    })
}

/// Whether the host itself is given it.
fn keeps_destination(snapshot: &Snapshot, inbound: &Inbound<'_>) -> bool {
    let arrival = inbound.journey.fate.arrival();
    !is_settling(snapshot, inbound.container)
        && arrival.is_some_and(|arrival| {
            arrival.interface.is_none() && arrival.header.destination == inbound.journey.packet.destination
        })
}

fn all_gone(snapshot: &Snapshot, scene: &Scene<'_>) -> Concern {
    let subject = Subject { kind: SubjectKind::Host, name: "Docker's address translation".to_owned() };
    let summary = "Docker's rules in the firewall's table \"nat\" are gone: containers reach nothing outside, and \
                   published ports work through docker-proxy at best";
    let missing = match scene.rules.nat {
        Part::Gone => "no chain of Docker's is there",
        _ => "no rule of PREROUTING leads to Docker's chain",
    };
    let concern = Concern::new(CODE, Severity::Error, subject, summary.to_owned())
        .evidence(scene.place("nat"), missing)
        .evidence(scene.place("filter"), "Docker's chains are there");
    mended(snapshot, scene, concern)
}

fn not_masqueraded(snapshot: &Snapshot, scene: &Scene<'_>, outbound: &Outbound<'_>) -> Concern {
    let network = outbound.seat.network;
    let subnets: Vec<_> = network.subnets.iter().map(|subnet| subnet.prefix.to_string()).collect();
    let summary = format!(
        "what containers on network '{}' send out keeps their own addresses, so nobody outside can answer",
        network.name
    );
    let concern = Concern::new(CODE, Severity::Error, about_network(network), summary)
        .evidence(scene.place("nat"), format!("no rule for {} translates its source", subnets.join(", ")))
        .evidence(
            format!(
                "a packet from container '{}' to {}",
                outbound.seat.container.name, outbound.journey.packet.destination
            ),
            format!("leaves the host with the source {}", outbound.journey.packet.source),
        );
    mended(snapshot, scene, concern)
}

fn not_translated(snapshot: &Snapshot, scene: &Scene<'_>, inbound: &Inbound<'_>) -> Concern {
    let binding = inbound.binding;
    let summary = format!(
        "port {}/{} of the host is not translated to container '{}': docker-proxy takes its connections, if it runs",
        binding.host_port, binding.protocol, inbound.container.name
    );
    let subject = about_port(inbound.container, binding.container_port, binding.protocol);
    let concern = Concern::new(CODE, Severity::Warning, subject, summary)
        .evidence(
            scene.place("nat"),
            format!("no rule translates port {}/{}", binding.host_port, binding.protocol),
        )
        .evidence(
            format!("a packet from {} by {}", inbound.journey.packet.source, inbound.interface),
            "the host itself is given it",
        );
    mended(snapshot, scene, concern)
}

fn mended(snapshot: &Snapshot, scene: &Scene<'_>, concern: Concern) -> Concern {
    concern
        .remedy(
            "restart Docker, which lays its rules anew; containers without `live-restore` restart with it",
            vec!["systemctl restart docker".to_owned()],
        )
        .remedy("see what is there", vec![in_engine_namespace(snapshot, &scene.listing("nat"))])
}
