//! Journeys: the packets whose way people ask about, walked through the host of the engine, and what becomes of them.

mod aim;
mod fate;
mod seat;
mod uplink;

use std::net::IpAddr;

use porthole_model::firewall::{ConntrackState, FirewallTable, Rule};
use porthole_model::{
    ChainReference, Gap, InterfaceIndex, LinkKind, MacAddress, NetworkStack, Observed, Outcome, Packet,
    PacketConnection, PacketOrigin, PortBinding, RuleReference, Snapshot, Translation, Walk,
};

pub use aim::Aim;
pub use fate::{Arrival, Fate, Stop};
pub use seat::Seat;
pub use uplink::Uplink;

use super::Walker;
use crate::places::engine_namespace;
use fate::fate;

/// A host through which packets are sent: the engine's, as it was read. Made once for a snapshot.
#[derive(Debug)]
pub struct Journeys<'s> {
    stack: &'s NetworkStack,
    walker: Walker<'s>,
    uplinks: Vec<Uplink<'s>>,
    seats: Vec<Seat<'s>>,
    gaps: Vec<Gap>,
}

/// A packet's journey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journey {
    /// The packet that was sent.
    pub packet: Packet,
    /// Every way that it may take.
    pub walk: Walk,
    /// What becomes of it.
    pub fate: Fate,
}

impl<'s> Journeys<'s> {
    /// The host of a snapshot; otherwise what is missing of it.
    pub fn new(snapshot: &'s Snapshot) -> Result<Self, Gap> {
        let namespace = engine_namespace(snapshot)?;
        let stack = namespace.stack.known()?;
        let walker = Walker::new(stack)?;
        let (seats, gaps) = match &snapshot.engine {
            Observed::Known(_) => seat::seats(snapshot, namespace)?,
            Observed::Missing(_) => (Vec::new(), Vec::new()),
        };
        let uplinks = uplink::uplinks(snapshot, stack, &walker)?;
        Ok(Self { stack, walker, uplinks, seats, gaps })
    }

    /// The host's network.
    pub fn stack(&self) -> &'s NetworkStack {
        self.stack
    }

    /// The interfaces that lead out of the host; those of default routes first.
    pub fn uplinks(&self) -> &[Uplink<'s>] {
        &self.uplinks
    }

    /// The places of living containers on networks with a bridge.
    pub fn seats(&self) -> &[Seat<'s>] {
        &self.seats
    }

    /// Why the places of some containers are not known.
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// The container's place that has an address.
    pub fn seat_at(&self, address: IpAddr) -> Option<&Seat<'s>> {
        self.seats.iter().find(|seat| seat.addresses().any(|held| held == address))
    }

    /// The addresses of the host that a port's binding is for, as somebody at that uplink would ask it.
    pub fn outside_addresses(&self, uplink: &Uplink<'_>, binding: &PortBinding) -> Vec<IpAddr> {
        let asked = binding.host_address;
        let of_family = uplink.addresses().filter(|own| own.is_ipv4() == asked.is_ipv4());
        match asked {
            _ if asked.is_unspecified() => of_family.take(1).collect(),
            _ => of_family.filter(|own| *own == asked).collect(),
        }
    }

    /// The first packet of a connection, from an address out there that comes in by an uplink.
    pub fn from_outside(&self, uplink: &Uplink<'_>, source: IpAddr, aim: Aim) -> Journey {
        self.send(first_packet(PacketOrigin::Interface(uplink.link.index), source, aim))
    }

    /// The first packet of a connection that a program on the host makes; `None` where the host has no way there.
    pub fn from_host(&self, aim: Aim) -> Option<Journey> {
        let (_, source) = self.walker.way_to(aim.address)?;
        Some(self.send(first_packet(PacketOrigin::Local, source, aim)))
    }

    /// The first packet of a connection that a container makes from that place; `None` where it has no address of that
    /// family.
    pub fn from_container(&self, seat: &Seat<'_>, aim: Aim) -> Option<Journey> {
        let source = seat.address(aim.address.is_ipv4())?;
        let packet = first_packet(PacketOrigin::Interface(seat.port.index), source, aim);
        Some(self.send(Packet { frame_source: seat.link.mac, ..packet }))
    }

    /// The first packet of the way back, by the first way on which the journey arrived.
    pub fn answer(&self, journey: &Journey) -> Option<Journey> {
        let way = journey.walk.ways.iter().find(|way| fate::arrives(&way.outcome))?;
        let (origin, frame_source) = match way.outcome {
            Outcome::Delivered { .. } => (PacketOrigin::Local, None),
            _ => self.place_of(&way.outcome, way.packet.destination)?,
        };
        let told = aim::ports(journey.packet.transport);
        let translation = Translation {
            source: Some((journey.packet.destination, told.map(|(_, destination)| destination))),
            destination: Some((journey.packet.source, told.map(|(source, _)| source))),
        };
        let transport = aim::answer(journey.packet.transport, way.packet)?;
        let connection = PacketConnection {
            state: ConntrackState::Established,
            is_reply: true,
            translation: Some(translation),
        };
        Some(self.send(Packet {
            origin,
            source: way.packet.destination,
            destination: way.packet.source,
            transport,
            connection,
            frame_source,
            ..journey.packet.clone()
        }))
    }

    /// The rule, where the journey's steps name it, as it was read.
    pub fn rule(&self, met: &RuleReference) -> Option<&'s Rule> {
        self.walker.rule(met)
    }

    /// The table of a chain that the journey's steps name.
    pub(crate) fn table(&self, met: &ChainReference) -> Option<&'s FirewallTable> {
        self.walker.table(met)
    }

    /// A packet of whatever kind.
    pub fn send(&self, packet: Packet) -> Journey {
        let walk = self.walker.walk(&packet);
        let fate = fate(&self.walker, &walk);
        Journey { packet, walk, fate }
    }

    /// Where something that left by an interface ended up, as the origin of what comes back.
    fn place_of(&self, outcome: &Outcome, destination: IpAddr) -> Option<(PacketOrigin, Option<MacAddress>)> {
        if let Some(seat) = self.seat_at(destination) {
            return Some((PacketOrigin::Interface(seat.port.index), seat.link.mac));
        }
        let link = match outcome {
            Outcome::Sent { interface, bridge_port, .. } => bridge_port.unwrap_or(*interface),
            Outcome::Bridged { port, .. } => (*port)?,
            _ => return None,
        };
        (!self.is_bridge(link)).then_some((PacketOrigin::Interface(link), None))
    }

    fn is_bridge(&self, index: InterfaceIndex) -> bool {
        let links = self.stack.links.value().into_iter().flatten();
        links.filter(|link| link.index == index).any(|link| link.kind == LinkKind::Bridge)
    }
}

fn first_packet(origin: PacketOrigin, source: IpAddr, aim: Aim) -> Packet {
    Packet {
        origin,
        source,
        destination: aim.address,
        transport: aim.transport,
        connection: PacketConnection { state: ConntrackState::New, is_reply: false, translation: None },
        mark: 0,
        frame_destination: None,
        frame_source: None,
        length: None,
        hop_limit: Some(64),
        uid: None,
    }
}
