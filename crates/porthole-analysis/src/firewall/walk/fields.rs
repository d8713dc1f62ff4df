//! What a packet's fields are where it is.

use std::net::IpAddr;

use porthole_model::firewall::{
    AddressKind, ConntrackSide, Field, InterfaceSide, Match, PacketSide, RouteQuestion, Value,
};
use porthole_model::{InterfaceIndex, PacketHeader, PacketOrigin, Port, RouteKind, Transport};

use super::Run;
use super::connection::{DESTINATION_TRANSLATED, EndState, SOURCE_TRANSLATED};
use super::truth::Truth;
use super::values::{Content, any_holds};

impl Run<'_, '_> {
    /// Whether a condition holds for the packet as it is now.
    pub(super) fn matches(&self, asked: &Match) -> Truth {
        let truth = match asked.field {
            Field::EitherPort => {
                let port = |side| any_holds(&asked.tests, &self.content(&Field::Port(side)));
                port(PacketSide::Source)
                    .zip(port(PacketSide::Destination))
                    .map(|(source, destination)| Truth::any([source, destination]))
            }
            _ => any_holds(&asked.tests, &self.content(&asked.field)),
        };
        truth.map_or(Truth::No, |truth| truth.negated_if(asked.negated))
    }

    /// What a field of the packet is.
    pub(super) fn content(&self, field: &Field) -> Content {
        match field {
            Field::Interface(side) => self.interface_name(self.interface(*side)),
            Field::InterfaceIndex(side) => {
                Content::number(self.interface(*side).map_or(0, |InterfaceIndex(index)| index))
            }
            Field::Bridge(side) => self.bridge_name(*side),
            // A bridge that does not know where the next hop is sends by every port.
            Field::BridgePort(InterfaceSide::Out) if self.is_flooded() => Content::Unknown,
            Field::BridgePort(side) => self.interface_name(self.port(*side)),
            Field::HasBridgePort(InterfaceSide::Out) if self.is_flooded() => Content::flag(true),
            Field::HasBridgePort(side) => Content::flag(self.port(*side).is_some()),
            Field::IsBridged => Content::flag(self.flight.place.is_bridged),
            Field::ConntrackState
            | Field::ConntrackStatus
            | Field::ConntrackTranslation
            | Field::ConntrackDirection
            | Field::ConntrackAddress(_)
            | Field::ConntrackPort(_)
            | Field::ConntrackProtocol
            | Field::ConntrackMark
            | Field::ConntrackZone => self.connection_content(field),
            Field::AddressKind(question) => Content::Known(Value::AddressKind(self.address_kind(*question))),
            Field::RouteInterfaceIndex(question) => {
                Content::number(self.route_interface(*question).map_or(0, |InterfaceIndex(index)| index))
            }
            Field::RouteInterface(question) => self.interface_name(self.route_interface(*question)),
            Field::RouteExists(question) => Content::flag(self.route_interface(*question).is_some()),
            Field::SocketUid | Field::SocketGid | Field::HasSocket => self.socket_content(field),
            _ => self.header_content(field),
        }
    }

    fn header_content(&self, field: &Field) -> Content {
        let flight = &self.flight;
        let is_ipv4 = flight.destination.is_ipv4();
        match field {
            Field::NetworkProtocol => Content::number(if is_ipv4 { 2u8 } else { 10 }),
            Field::EtherType => Content::number(if is_ipv4 { 0x0800u16 } else { 0x86dd }),
            Field::NextHeader if is_ipv4 => Content::Absent,
            Field::Protocol | Field::NextHeader => Content::number(flight.protocol()),
            Field::Address(side) => Content::Known(Value::Address(self.address(*side))),
            Field::Port(side) => self.port_content(*side),
            Field::Mac(side) => self.mac(*side),
            Field::TcpFlags => match flight.transport {
                Transport::Tcp { flags, .. } => Content::number(flags),
                _ => Content::Absent,
            },
            Field::IcmpType | Field::IcmpCode | Field::Icmp6Type | Field::Icmp6Code => self.icmp(field),
            Field::IsFragment => Content::flag(false),
            Field::Length => Content::told(flight.packet.length),
            Field::TimeToLive => Content::told(flight.packet.hop_limit),
            Field::Mark => Content::told(flight.mark),
            Field::PacketType if flight.place.is_in_bridge && flight.place.is_for_another => {
                Content::number(3u8)
            }
            Field::PacketType => Content::number(packet_type(flight.destination)),
            _ => Content::Unknown,
        }
    }

    pub(super) fn address(&self, side: PacketSide) -> IpAddr {
        match side {
            PacketSide::Source => self.flight.source,
            PacketSide::Destination => self.flight.destination,
        }
    }

    /// A rule that asks for a port without a protocol reads the same bytes of whatever there is: of ICMP its type and
    /// code, and its checksum.
    fn port_content(&self, side: PacketSide) -> Content {
        match (self.flight.transport, side) {
            (
                Transport::Tcp { source: Port(port), .. } | Transport::Udp { source: Port(port), .. },
                PacketSide::Source,
            )
            | (
                Transport::Tcp { destination: Port(port), .. }
                | Transport::Udp { destination: Port(port), .. },
                PacketSide::Destination,
            ) => Content::number(port),
            (Transport::Icmp { kind, code }, PacketSide::Source) => {
                Content::number(u16::from_be_bytes([kind, code]))
            }
            (Transport::Icmp { .. } | Transport::Other(_), _) => Content::Unknown,
        }
    }

    fn icmp(&self, field: &Field) -> Content {
        let Transport::Icmp { kind, code } = self.flight.transport else { return Content::Absent };
        let is_ipv4 = self.flight.destination.is_ipv4();
        match field {
            Field::IcmpType if is_ipv4 => Content::number(kind),
            Field::IcmpCode if is_ipv4 => Content::number(code),
            Field::Icmp6Type if !is_ipv4 => Content::number(kind),
            Field::Icmp6Code if !is_ipv4 => Content::number(code),
            _ => Content::Absent,
        }
    }

    fn mac(&self, side: PacketSide) -> Content {
        if self.flight.origin == PacketOrigin::Local {
            return Content::Absent;
        }
        let told = match side {
            PacketSide::Source => self.flight.packet.frame_source,
            PacketSide::Destination => self.frame_destination(),
        };
        told.map_or(Content::Unknown, |mac| Content::Known(Value::Mac(mac)))
    }

    pub(super) fn interface(&self, side: InterfaceSide) -> Option<InterfaceIndex> {
        match side {
            InterfaceSide::In => self.flight.place.input,
            InterfaceSide::Out => self.flight.place.output,
        }
    }

    fn port(&self, side: InterfaceSide) -> Option<InterfaceIndex> {
        match side {
            InterfaceSide::In => self.flight.place.input_port,
            InterfaceSide::Out => self.flight.place.output_port,
        }
    }

    /// A packet that has no such interface has one without a name, which is not the one that is asked for.
    fn interface_name(&self, index: Option<InterfaceIndex>) -> Content {
        let link = index.and_then(|index| self.walker.link(index));
        Content::name(link.map_or("", |link| link.name.as_str()))
    }

    fn is_flooded(&self) -> bool {
        self.flight.place.is_bridged && self.flight.place.output_port.is_none()
    }

    fn bridge_name(&self, side: InterfaceSide) -> Content {
        let link = self.interface(side).and_then(|index| self.walker.link(index));
        match link.and_then(|link| link.master) {
            Some(bridge) => self.interface_name(Some(bridge)),
            None => Content::Absent,
        }
    }

    fn socket_content(&self, field: &Field) -> Content {
        let is_own = self.flight.origin == PacketOrigin::Local && self.flight.place.input.is_none();
        match field {
            Field::HasSocket => Content::flag(is_own),
            _ if !is_own => Content::Absent,
            Field::SocketUid => Content::told(self.flight.packet.uid),
            _ => Content::Unknown,
        }
    }

    fn connection_content(&self, field: &Field) -> Content {
        let connection = &self.flight.connection;
        if *field == Field::ConntrackState {
            return Content::Known(Value::State(self.flight.state()));
        }
        if !self.flight.has_connection() {
            let is_zero = *field == Field::ConntrackTranslation;
            return if is_zero { Content::number(0u8) } else { Content::Absent };
        }
        match field {
            Field::ConntrackStatus | Field::ConntrackTranslation => self.status(),
            Field::ConntrackDirection => Content::flag(connection.told.is_reply),
            Field::ConntrackAddress(side) => match self.side(*side) {
                Some((address, _)) => Content::Known(Value::Address(address)),
                None => Content::Unknown,
            },
            Field::ConntrackPort(side) => {
                Content::told(self.side(*side).and_then(|(_, port)| port).map(|Port(port)| port))
            }
            Field::ConntrackProtocol => Content::number(self.flight.protocol()),
            Field::ConntrackMark => Content::told(connection.mark),
            Field::ConntrackZone => Content::number(0u8),
            _ => Content::Unknown,
        }
    }

    /// The bits that a new connection has so far, or those that are known of an older one.
    fn status(&self) -> Content {
        let connection = &self.flight.connection;
        let source = if connection.source == EndState::Translated { SOURCE_TRANSLATED } else { 0 };
        let destination =
            if connection.destination == EndState::Translated { DESTINATION_TRANSLATED } else { 0 };
        let known = if self.flight.is_new() { SOURCE_TRANSLATED | DESTINATION_TRANSLATED | 2 | 4 } else { 0 };
        Content::Bits { value: source | destination, known }
    }

    /// An end of the connection, where the packet is its first and so shows it.
    fn side(&self, side: ConntrackSide) -> Option<(IpAddr, Option<Port>)> {
        let original = self.flight.connection.original?;
        let now = self.flight.header();
        let source = |header: PacketHeader| (header.source, header.source_port);
        let destination = |header: PacketHeader| (header.destination, header.destination_port);
        Some(match side {
            ConntrackSide::OriginalSource | ConntrackSide::Source => source(original),
            ConntrackSide::OriginalDestination | ConntrackSide::Destination => destination(original),
            ConntrackSide::ReplySource => destination(now),
            ConntrackSide::ReplyDestination => source(now),
        })
    }

    /// The kind of an address. IPv4 asks the local table alone (`inet_addr_type`), IPv6 all of them.
    fn address_kind(&self, question: RouteQuestion) -> AddressKind {
        let address = self.address(question.side);
        let by = question.interface.and_then(|side| self.interface(side));
        match address {
            IpAddr::V4(address) if address.is_multicast() => return AddressKind::Multicast,
            IpAddr::V4(address) if address.octets()[0] == 0 || address.is_broadcast() => {
                return AddressKind::Broadcast;
            }
            IpAddr::V6(address) if address.is_multicast() => return AddressKind::Multicast,
            _ => {}
        }
        let local = self.walker.router.local(address, by).map(|route| route.kind);
        match (address, local) {
            (_, Some(kind)) => kind_of(kind),
            (IpAddr::V4(_), None) => AddressKind::Unicast,
            (IpAddr::V6(_), None) => {
                let route = self.walker.router.route(&self.route_question(question), &mut |_| false);
                route.map_or(AddressKind::Unreachable, |route| kind_of(route.kind))
            }
        }
    }

    /// What came by the loopback interface is taken to have come the right way (`nft_fib_can_skip`).
    fn route_interface(&self, question: RouteQuestion) -> Option<InterfaceIndex> {
        let input = self.flight.place.input;
        if input.is_some() && input == self.walker.loopback() {
            return input;
        }
        let asked = self.route_question(question);
        let route = self.walker.router.route(&asked, &mut |_| false).filter(|route| {
            matches!(route.kind, RouteKind::Unicast | RouteKind::Local | RouteKind::Broadcast)
        })?;
        let by = question.interface.and_then(|side| self.interface(side));
        route.interface.filter(|interface| by.is_none_or(|by| by == *interface))
    }

    fn route_question(&self, question: RouteQuestion) -> super::routing::Question {
        super::routing::Question {
            destination: self.address(question.side),
            source: None,
            mark: if question.with_mark { self.flight.mark.unwrap_or(0) } else { 0 },
            input: None,
        }
    }
}

fn kind_of(kind: RouteKind) -> AddressKind {
    match kind {
        RouteKind::Unicast => AddressKind::Unicast,
        RouteKind::Local => AddressKind::Local,
        RouteKind::Broadcast => AddressKind::Broadcast,
        RouteKind::Anycast => AddressKind::Anycast,
        RouteKind::Multicast => AddressKind::Multicast,
        RouteKind::Blackhole => AddressKind::Blackhole,
        RouteKind::Unreachable => AddressKind::Unreachable,
        RouteKind::Prohibit => AddressKind::Prohibit,
        RouteKind::Other(number) => AddressKind::Other(number),
    }
}

fn packet_type(destination: IpAddr) -> u8 {
    match destination {
        IpAddr::V4(address) if address.is_broadcast() => 1,
        address if address.is_multicast() => 2,
        _ => 0,
    }
}

/// A field in words, for what is not known of a packet.
pub(super) fn words(field: &Field) -> String {
    let words = match field {
        Field::SocketUid => "the user who sends it",
        Field::SocketGid => "the group of who sends it",
        Field::Length => "its length",
        Field::TimeToLive => "its time to live",
        Field::Dscp => "its service class",
        Field::Mac(_) => "an Ethernet address of it",
        Field::Mark => "its mark",
        Field::ConntrackMark => "the mark of its connection",
        Field::ConntrackStatus | Field::ConntrackTranslation => "the status of its connection",
        Field::ConntrackAddress(_) | Field::ConntrackPort(_) => "an address of its connection",
        Field::ConntrackHelper => "the helper of its connection",
        Field::InterfaceGroup(_) => "the group of its interface",
        Field::Other(name) => return name.clone(),
        _ => "a field of it",
    };
    words.to_owned()
}
