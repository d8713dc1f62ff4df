//! A packet on its way, and its connection as connection tracking holds it.

use std::net::IpAddr;

use porthole_model::firewall::{ConntrackState, TableFamily};
use porthole_model::{InterfaceIndex, Packet, PacketConnection, PacketHeader, PacketOrigin, Port, Transport};

use super::routing::Routing;

/// `IPS_SRC_NAT`, `IPS_DST_NAT`, and what says that either was settled.
pub(super) const SOURCE_TRANSLATED: u64 = 1 << 4;
pub(super) const DESTINATION_TRANSLATED: u64 = 1 << 5;

/// A packet on its way.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    pub(super) origin: PacketOrigin,
    pub(super) source: IpAddr,
    pub(super) destination: IpAddr,
    pub(super) transport: Transport,
    /// `None` where a rule set it from what is not known.
    pub(super) mark: Option<u32>,
    pub(super) packet: Packet,
    pub(super) tracking: Tracking,
    pub(super) connection: Connection,
    pub(super) place: Place,
    /// The route that it is on.
    pub(super) route: Option<Routing>,
}

/// Where a packet is.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place {
    /// The interfaces that rules see.
    pub(super) input: Option<InterfaceIndex>,
    pub(super) output: Option<InterfaceIndex>,
    /// The bridge ports behind them.
    pub(super) input_port: Option<InterfaceIndex>,
    pub(super) output_port: Option<InterfaceIndex>,
    /// Whether a bridge passes it on.
    pub(super) is_bridged: bool,
    /// Whether the frame is not for this host, which only the chains of bridges see: IP is told that it is.
    pub(super) is_for_another: bool,
    /// Whether it is in the chains of bridges.
    pub(super) is_in_bridge: bool,
}

/// What connection tracking did with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tracking {
    /// Nothing so far.
    NotYet,
    /// It is of a connection, in this state.
    Tracked(ConntrackState),
    /// A rule said not to.
    Untracked,
}

/// What was settled about an end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EndState {
    /// Nothing; the chains of kind "nat" are asked.
    Open,
    /// It stays as it is.
    Kept,
    /// It was translated.
    Translated,
}

/// The packet's connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    pub(super) told: PacketConnection,
    /// The first packet, before any translation; known where this is it.
    pub(super) original: Option<PacketHeader>,
    /// What becomes of the source, of the destination.
    pub(super) source: EndState,
    pub(super) destination: EndState,
    /// `None` for a connection that is older than the packet.
    pub(super) mark: Option<u32>,
}

impl Flight {
    pub(super) fn of(packet: &Packet) -> Self {
        let is_new = packet.connection.state == ConntrackState::New;
        let mut flight = Self {
            origin: packet.origin,
            source: packet.source,
            destination: packet.destination,
            transport: packet.transport,
            mark: Some(packet.mark),
            packet: packet.clone(),
            tracking: Tracking::NotYet,
            connection: Connection {
                told: packet.connection,
                original: None,
                source: EndState::Open,
                destination: EndState::Open,
                mark: is_new.then_some(0),
            },
            place: Place::default(),
            route: None,
        };
        flight.connection.original = is_new.then(|| flight.header());
        flight
    }

    pub(super) fn family(&self) -> TableFamily {
        if self.destination.is_ipv4() { TableFamily::Ip } else { TableFamily::Ip6 }
    }

    /// The number of what it carries.
    pub(super) fn protocol(&self) -> u8 {
        match self.transport {
            Transport::Tcp { .. } => 6,
            Transport::Udp { .. } => 17,
            Transport::Icmp { .. } if self.destination.is_ipv4() => 1,
            Transport::Icmp { .. } => 58,
            Transport::Other(protocol) => protocol,
        }
    }

    pub(super) fn ports(&self) -> Option<(Port, Port)> {
        match self.transport {
            Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination } => {
                Some((source, destination))
            }
            Transport::Icmp { .. } | Transport::Other(_) => None,
        }
    }

    pub(super) fn header(&self) -> PacketHeader {
        let ports = self.ports();
        PacketHeader {
            source: self.source,
            destination: self.destination,
            source_port: ports.map(|(source, _)| source),
            destination_port: ports.map(|(_, destination)| destination),
        }
    }

    pub(super) fn set_source(&mut self, address: Option<IpAddr>, port: Option<Port>) {
        self.source = address.unwrap_or(self.source);
        if let Some(port) = port {
            match &mut self.transport {
                Transport::Tcp { source, .. } | Transport::Udp { source, .. } => *source = port,
                Transport::Icmp { .. } | Transport::Other(_) => {}
            }
        }
    }

    pub(super) fn set_destination(&mut self, address: Option<IpAddr>, port: Option<Port>) {
        self.destination = address.unwrap_or(self.destination);
        if let Some(port) = port {
            match &mut self.transport {
                Transport::Tcp { destination, .. } | Transport::Udp { destination, .. } => {
                    *destination = port;
                }
                Transport::Icmp { .. } | Transport::Other(_) => {}
            }
        }
    }

    /// The state that a rule sees: before connection tracking, "invalid" (`nft_ct_get_eval`).
    pub(super) fn state(&self) -> ConntrackState {
        match self.tracking {
            Tracking::NotYet => ConntrackState::Invalid,
            Tracking::Tracked(state) => state,
            Tracking::Untracked => ConntrackState::Untracked,
        }
    }

    /// Whether the packet has a connection: an invalid one has none.
    pub(super) fn has_connection(&self) -> bool {
        matches!(self.tracking, Tracking::Tracked(state) if state != ConntrackState::Invalid)
    }

    pub(super) fn is_new(&self) -> bool {
        self.tracking == Tracking::Tracked(ConntrackState::New)
    }
}
