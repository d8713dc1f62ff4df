//! The message that a packet is too large, from who cannot pass it on to the container that sent it.

use std::net::IpAddr;

use porthole_model::firewall::ConntrackState;
use porthole_model::{
    Packet, PacketConnection, PacketOrigin, PathMtu, Port, Translation, Transport, TransportProtocol,
};

use super::paths::{Path, Teller};
use crate::firewall::{Aim, Journeys, Seat, Stop};

/// The message, as it comes to the host's rules.
#[derive(Clone, Debug)]
pub(super) struct Message {
    packet: Packet,
    /// The container's own address.
    container: IpAddr,
}

impl Message {
    /// What a container at that place is told of a path, at each of its addresses that is on it.
    pub(super) fn all(journeys: &Journeys<'_>, seat: &Seat<'_>, path: &Path<'_>) -> Vec<Self> {
        let own = seat.addresses().filter(|own| path.is_for(*own));
        let message = |container| match path.teller {
            Teller::Host => from_host(seat, container),
            Teller::Router { path, uplink } => {
                from_router(journeys, seat, path, PacketOrigin::Interface(uplink))
            }
        };
        own.filter_map(message).collect()
    }

    /// The rule or policy at which it ends.
    pub(super) fn stop(&self, journeys: &Journeys<'_>) -> Option<Stop> {
        let journey = journeys.send(self.packet.clone());
        journey.fate.stop().filter(|stop| stop.chain().is_some()).cloned()
    }

    pub(super) fn is_ipv4(&self) -> bool {
        self.container.is_ipv4()
    }

    pub(super) fn words(&self) -> String {
        let name = if self.container.is_ipv4() {
            "ICMP \"fragmentation needed\""
        } else {
            "ICMPv6 \"packet too big\""
        };
        format!("{name} from {} to {}, by routes and rules", self.packet.source, self.container)
    }

    /// What lets it pass.
    pub(super) fn allowing_rule(&self) -> &'static str {
        match (self.packet.origin, self.container.is_ipv4()) {
            (PacketOrigin::Local, true) => {
                "iptables -I OUTPUT -p icmp --icmp-type fragmentation-needed -j ACCEPT"
            }
            (PacketOrigin::Local, false) => {
                "ip6tables -I OUTPUT -p icmpv6 --icmpv6-type packet-too-big -j ACCEPT"
            }
            (PacketOrigin::Interface(_), true) => {
                "iptables -I FORWARD -p icmp --icmp-type fragmentation-needed -j ACCEPT"
            }
            (PacketOrigin::Interface(_), false) => {
                "ip6tables -I FORWARD -p icmpv6 --icmpv6-type packet-too-big -j ACCEPT"
            }
        }
    }
}

fn from_host(seat: &Seat<'_>, container: IpAddr) -> Option<Message> {
    let gateway = seat.gateway(container.is_ipv4())?;
    Some(Message { packet: related(PacketOrigin::Local, gateway, container, None), container })
}

/// A router answers to the address that the container's packet has out there; connection tracking knows whose it is
/// (`nf_nat_icmp_reply_translation`).
fn from_router(
    journeys: &Journeys<'_>,
    seat: &Seat<'_>,
    path: &PathMtu,
    origin: PacketOrigin,
) -> Option<Message> {
    let container = seat.address(path.destination.is_ipv4())?;
    let aim = Aim::port(path.destination, Port(443), TransportProtocol::Tcp);
    let asked = journeys.from_container(seat, aim)?;
    let outside = asked.fate.arrival()?.header.source;
    let source = path.gateway.unwrap_or(path.destination);
    let translation =
        (outside != container).then_some(Translation { source: None, destination: Some((container, None)) });
    Some(Message { packet: related(origin, source, outside, translation), container })
}

fn related(
    origin: PacketOrigin,
    source: IpAddr,
    destination: IpAddr,
    translation: Option<Translation>,
) -> Packet {
    let (kind, code) = if source.is_ipv4() { (3, 4) } else { (2, 0) };
    Packet {
        origin,
        source,
        destination,
        transport: Transport::Icmp { kind, code },
        connection: PacketConnection { state: ConntrackState::Related, is_reply: true, translation },
        mark: 0,
        frame_destination: None,
        frame_source: None,
        length: None,
        hop_limit: Some(64),
        uid: Some(0),
    }
}
