//! The ways to a published port: from each kind of sender, and of the answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use porthole_model::{
    Container, Gap, GapKind, PacketWay, Port, PortBinding, ProxyState, Sender, TransportProtocol, WayEnd,
};

use super::View;
use super::ends::{Quest, way};
use crate::firewall::{Aim, Journey, Journeys, Seat, Uplink};

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
    let travel =
        Travel { view, journeys, container, binding, is_without_proxy: proxy == Some(&ProxyState::Unused) };
    let [outside, answer] = travel.outside();
    let own = [travel.host(), travel.loopback(), travel.itself(), travel.other_network()];
    Ok([outside, answer].into_iter().chain(own).flatten().collect())
}

/// Packets to one port.
struct Travel<'t, 's> {
    view: &'t View<'s>,
    journeys: &'t Journeys<'s>,
    container: &'t Container,
    binding: &'t PortBinding,
    is_without_proxy: bool,
}

impl Travel<'_, '_> {
    /// From another machine, and what the container answers to it.
    fn outside(&self) -> [Option<PacketWay>; 2] {
        if self.binding.host_address.is_loopback() {
            return [Some(self.not_offered(Sender::Outside)), None];
        }
        let from = self.journeys.uplinks().iter().find_map(|uplink| {
            let address = self.journeys.outside_addresses(uplink, self.binding).into_iter().next()?;
            Some((uplink, address, uplink.visitor(address.is_ipv4())?))
        });
        let Some((uplink, address, visitor)) = from else { return [None, None] };
        let interface = Some(uplink.link.name.as_str());
        let journey = self.journeys.from_outside(uplink, visitor, self.aim(address));
        let there = self.told(Sender::Outside, self.at(address), interface, &journey);
        let answer = self.journeys.answer(&journey).filter(|_| there.end == WayEnd::Container);
        let back = answer.map(|answer| {
            let port = crate::firewall::CLIENT_PORT;
            self.told(Sender::Answer, SocketAddr::new(visitor, port.0), None, &answer)
        });
        [Some(there), back]
    }

    /// From the host, to an address that others know too.
    fn host(&self) -> Option<PacketWay> {
        let address = self.host_address()?;
        let journey = self.journeys.from_host(self.aim(address))?;
        Some(self.told(Sender::Host, self.at(address), None, &journey))
    }

    /// From the host, by its loopback address.
    fn loopback(&self) -> Option<PacketWay> {
        let address = match self.binding.host_address {
            bound if bound.is_loopback() => bound,
            IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
            _ => return None,
        };
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
        let address = self.host_address()?;
        let own = |seat: &&Seat<'_>| seat.container.id == self.container.id && seat.leads_out;
        let seat = self.journeys.seats().iter().find(own)?;
        self.sent_by(Sender::Itself, seat, address)
    }

    /// From a container that shares no network with this one, by the host's address.
    fn other_network(&self) -> Option<PacketWay> {
        let address = self.host_address()?;
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

    /// The address of the host that a binding is for, where others know it.
    fn host_address(&self) -> Option<IpAddr> {
        match self.binding.host_address {
            bound if bound.is_loopback() => None,
            bound if !bound.is_unspecified() => Some(bound),
            bound => {
                let mut own = self.journeys.uplinks().iter().flat_map(Uplink::addresses);
                own.find(|address| address.is_ipv4() == bound.is_ipv4())
            }
        }
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
