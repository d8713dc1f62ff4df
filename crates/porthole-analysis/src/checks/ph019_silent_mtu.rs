//! PH019: containers send larger packets than the way out carries, and a rule keeps the kernel from telling them.

use std::net::IpAddr;

use porthole_model::firewall::ConntrackState;
use porthole_model::{CheckCode, Gap, Link, Packet, PacketConnection, PacketOrigin, Severity, Transport};

use super::concern::about_network;
use super::ph018_mtu::{about_mtu, larger, with_smaller_networks};
use super::{Check, Concern, Documentation, Found};
use crate::case::Case;
use crate::endpoint::Endpoint;
use crate::firewall::{Journeys, Stop};

const CODE: CheckCode = CheckCode(19);

pub(super) const CHECK: Check = Check {
    code: CODE,
    title: "a rule drops the message that packets are too large",
    documentation: Documentation {
        checks: "Where containers send larger packets than the host's way out carries (PH018): whether the message by \
                 which the kernel tells them so (ICMP \"fragmentation needed\", or ICMPv6 \"packet too big\") gets \
                 from the host to the container through all of its firewall's rules.",
        why: "The kernel cannot pass on a packet that is too large and must not be cut. It drops it and tells the \
              sender, who then sends smaller ones. A rule that drops ICMP, often laid in the belief that this makes a \
              host safer, drops that message too: connections are made, small things work, and whatever is large \
              hangs until it times out.",
        mend: "Let ICMP of these types pass, at the rule that the finding names; or give the networks the MTU of the \
               way out, so that the message is never needed.",
        example: "`iptables -A OUTPUT -p icmp -j DROP` on a host whose way out is a VPN with an MTU of 1420: `docker pull` \
                  works, and `apt-get update` in a container hangs.",
    },
    run,
};

fn run(case: &Case<'_>) -> Result<Found, Gap> {
    let snapshot = case.snapshot;
    let mut found = Found::default();
    let Some((way_out, larger)) = larger(snapshot, &mut found)? else { return Ok(found) };
    let journeys = case.journeys()?;
    let stopped = larger.iter().find_map(|endpoint| {
        let mut ends = ends(endpoint);
        ends.find_map(|ends| Some((endpoint, ends, stop(&journeys, ends)?)))
    });
    found.concerns.extend(stopped.map(|(endpoint, ends, stop)| concern(way_out, endpoint, ends, &stop)));
    Ok(found)
}

/// The host's address and the container's, of each family.
fn ends(endpoint: &Endpoint<'_>) -> impl Iterator<Item = (IpAddr, IpAddr)> {
    let gateways = endpoint.attachment.gateways.clone();
    endpoint.given().filter_map(move |own| {
        let mut gateways = gateways.iter().filter(|gateway| gateway.is_ipv4() == own.address.is_ipv4());
        gateways.next().map(|gateway| (*gateway, own.address))
    })
}

/// The rule or policy at which the message ends.
fn stop(journeys: &Journeys<'_>, (source, destination): (IpAddr, IpAddr)) -> Option<Stop> {
    let (kind, code) = if source.is_ipv4() { (3, 4) } else { (2, 0) };
    let journey = journeys.send(Packet {
        origin: PacketOrigin::Local,
        source,
        destination,
        transport: Transport::Icmp { kind, code },
        connection: PacketConnection { state: ConntrackState::Related, is_reply: true, translation: None },
        mark: 0,
        frame_destination: None,
        frame_source: None,
        length: None,
        hop_limit: Some(64),
        uid: Some(0),
    });
    journey.fate.stop().filter(|stop| stop.chain().is_some()).cloned()
}

fn concern(way_out: &Link, endpoint: &Endpoint<'_>, ends: (IpAddr, IpAddr), stop: &Stop) -> Concern {
    let (source, destination) = ends;
    let message =
        if source.is_ipv4() { "ICMP \"fragmentation needed\"" } else { "ICMPv6 \"packet too big\"" };
    let summary = format!(
        "large transfers of containers hang: their packets do not fit '{}', the host's way out, and the firewall drops \
         the message that would tell them",
        way_out.name
    );
    let evidence = stop.evidence();
    let allow = if source.is_ipv4() {
        "iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j ACCEPT"
    } else {
        "ip6tables -I OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j ACCEPT"
    };
    let concern = Concern::new(CODE, Severity::Error, about_mtu(way_out), summary)
        .related(about_network(endpoint.network))
        .evidence(format!("interface '{}' of the host, MTU", way_out.name), way_out.mtu.to_string())
        .evidence(
            format!("interface '{}' of container '{}', MTU", endpoint.link.name, endpoint.container.name),
            endpoint.link.mtu.to_string(),
        )
        .evidence(format!("{message} from {source} to {destination}, by routes and rules"), "dropped")
        .evidence(evidence.source, evidence.observed)
        .remedy(
            "let the message pass: take the rule away, or put this one before it where iptables keeps it",
            vec![allow.to_owned()],
        );
    with_smaller_networks(concern, way_out)
}
