//! The ways to a published port: from each kind of sender, and of the answer.

use std::net::{IpAddr, SocketAddr};

use porthole_model::{
    Container, Gap, GapKind, PacketWay, Port, PortBinding, ProxyState, Sender, TransportProtocol, WayEnd,
};

use super::View;
use super::ends::{Quest, way};
use crate::firewall::{Aim, Journey, Journeys, Seat, Uplink};
use crate::ports::Doors;

/// Why containers elsewhere do not get to a port that the engine publishes without docker-proxy.
const APART: &str = "the engine keeps containers of different networks apart, and without docker-proxy that holds \
                     for published ports, too";

/// The ways, in the order in which people ask for them.
pub(super) fn of(
    view: &View<'_>,
    container: &Container,
    binding: &PortBinding,
    proxy: Option<&ProxyState>,
) -> Result<Vec<PacketWay>, Gap> {
    if binding.protocol == TransportProtocol::Sctp {
        let what = format!("ways to published ports of container '{}'", container.name);
        return Err(Gap::new(GapKind::Unsupported, what, "sctp packets are not followed"));
    }
    let journeys = view.journeys.as_ref().map_err(Clone::clone)?;
    let doors = Doors { journeys: Some(journeys), binding };
    let is_without_proxy = proxy == Some(&ProxyState::Unused);
    let travel = Travel { view, journeys, container, binding, doors, is_without_proxy };
    let own = [travel.host(), travel.loopback(), travel.itself(), travel.other_network()];
    Ok(travel.outside().into_iter().chain(own.into_iter().flatten()).collect())
}

/// A way from outside, and that of its answer.
type WayIn = (PacketWay, Option<PacketWay>);

/// Whether both end alike, and so do their answers.
fn are_alike(one: &WayIn, other: &WayIn) -> bool {
    let end = |(there, back): &WayIn| {
        let answer = back.as_ref().map(|back| (back.end.clone(), back.unless.clone()));
        (there.end.clone(), there.unless.clone(), answer)
    };
    end(one) == end(other)
}

/// Packets to one port.
struct Travel<'t, 's> {
    view: &'t View<'s>,
    journeys: &'t Journeys<'s>,
    container: &'t Container,
    binding: &'t PortBinding,
    doors: Doors<'t, 's>,
    is_without_proxy: bool,
}

impl Travel<'_, '_> {
    /// From another machine, and what the container answers to it: by each uplink where it matters which, and else by the
    /// first.
    fn outside(&self) -> Vec<PacketWay> {
        if self.binding.host_address.is_loopback() {
            return vec![self.not_offered(Sender::Outside)];
        }
        let mut ways: Vec<_> =
            self.doors.outside().filter_map(|(uplink, address)| self.way_in(uplink, address)).collect();
        if ways.windows(2).all(|pair| are_alike(&pair[0], &pair[1])) {
            ways.truncate(1);
        }
        ways.into_iter().flat_map(|(there, answer)| std::iter::once(there).chain(answer)).collect()
    }

    /// By one uplink.
    fn way_in(&self, uplink: &Uplink<'_>, address: IpAddr) -> Option<WayIn> {
        let visitor = uplink.visitor(address.is_ipv4())?;
        let interface = Some(uplink.link.name.as_str());
        let journey = self.journeys.from_outside(uplink, visitor, self.aim(address));
        let there = self.told(Sender::Outside, self.at(address), interface, &journey);
        let answer = self.journeys.answer(&journey).filter(|_| there.end == WayEnd::Container);
        let back = answer.map(|answer| {
            let port = crate::firewall::CLIENT_PORT;
            self.told(Sender::Answer, SocketAddr::new(visitor, port.0), None, &answer)
        });
        Some((there, back))
    }

    /// From the host, to an address that others know too.
    fn host(&self) -> Option<PacketWay> {
        let address = self.doors.host()?;
        let journey = self.journeys.from_host(self.aim(address))?;
        Some(self.told(Sender::Host, self.at(address), None, &journey))
    }

    /// From the host, by its loopback address.
    fn loopback(&self) -> Option<PacketWay> {
        let address = self.doors.loopback()?;
        let journey = self.journeys.from_host(self.aim(address))?;
        let mut way = self.told(Sender::Loopback, self.at(address), None, &journey);
        if self.is_without_proxy && address.is_ipv6() && way.end != WayEnd::Container {
            // The kernel leads nothing from ::1 to another interface, and the engine lays no rules for it.
            way.end = WayEnd::NotOffered;
        }
        Some(way)
    }

    /// From the container itself, by the host's address.
    fn itself(&self) -> Option<PacketWay> {
        let address = self.doors.host()?;
        let own = |seat: &&Seat<'_>| seat.container.id == self.container.id && seat.leads_out;
        let seat = self.journeys.seats().iter().find(own)?;
        self.sent_by(Sender::Itself, seat, address)
    }

    /// From a container that shares no network with this one, by the host's address.
    fn other_network(&self) -> Option<PacketWay> {
        let address = self.doors.host()?;
        let shares = |other: &Container| {
            let own = &self.container.attachments;
            other.attachments.iter().any(|place| own.iter().any(|own| own.network_id == place.network_id))
        };
        let mut seats = self.journeys.seats().iter();
        let seat = seats.find(|seat| seat.leads_out && !seat.network.internal && !shares(seat.container))?;
        self.sent_by(Sender::OtherNetwork, seat, address)
    }

    fn sent_by(&self, sender: Sender, seat: &Seat<'_>, address: IpAddr) -> Option<PacketWay> {
        let journey = self.journeys.from_container(seat, self.aim(address))?;
        Some(self.told(sender, self.at(address), Some(&seat.port.name), &journey))
    }

    fn told(
        &self,
        sender: Sender,
        destination: SocketAddr,
        interface: Option<&str>,
        journey: &Journey,
    ) -> PacketWay {
        let design = (sender == Sender::OtherNetwork).then_some(APART);
        let is_target = |address, port| self.is_target(address, port);
        let protocol = self.binding.protocol;
        let quest = Quest { sender, destination, protocol, interface, is_target: &is_target, design };
        way(self.view, self.journeys, journey, &quest)
    }

    fn is_target(&self, address: IpAddr, port: Option<Port>) -> bool {
        let places = self.container.attachments.iter();
        let mut held = places.flat_map(|place| [place.ipv4, place.ipv6]).flatten();
        held.any(|prefix| prefix.address == address) && port == Some(self.binding.container_port)
    }

    fn not_offered(&self, sender: Sender) -> PacketWay {
        PacketWay {
            sender,
            destination: self.at(self.binding.host_address),
            interface: None,
            end: WayEnd::NotOffered,
            translation: None,
            permissions: Vec::new(),
            masquerade: None,
            source: None,
            unless: Vec::new(),
        }
    }

    fn at(&self, address: IpAddr) -> SocketAddr {
        SocketAddr::new(address, self.binding.host_port.0)
    }

    fn aim(&self, address: IpAddr) -> Aim {
        Aim::port(address, self.binding.host_port, self.binding.protocol)
    }
}
