//! What a journey's packet is for: an address, and what it carries there.

use std::net::IpAddr;

use porthole_model::{Packet, PacketHeader, PacketOrigin, Port, Transport, TransportProtocol};

/// Flags of TCP.
const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// A port that the kernel would choose for a client, since Linux 3.10 from 32768 to 60999.
pub(crate) const CLIENT_PORT: Port = Port(40_001);

/// SCTP's number among the protocols of IP.
const SCTP: u8 = 132;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Aim {
    /// The address that it is sent to.
    pub address: IpAddr,
    /// What it carries.
    pub transport: Transport,
}

impl Aim {
    /// A connection to a port: its first packet.
    pub fn port(address: IpAddr, port: Port, protocol: TransportProtocol) -> Self {
        let transport = match protocol {
            TransportProtocol::Tcp => Transport::Tcp { source: CLIENT_PORT, destination: port, flags: SYN },
            TransportProtocol::Udp => Transport::Udp { source: CLIENT_PORT, destination: port },
            TransportProtocol::Sctp => Transport::Other(SCTP),
        };
        Self { address, transport }
    }

    /// The first packet for it.
    pub(super) fn packet(self, origin: PacketOrigin, source: IpAddr) -> Packet {
        Packet::first(origin, source, self.address, self.transport)
    }

    /// What `ping` sends.
    pub fn echo(address: IpAddr) -> Self {
        let kind = if address.is_ipv4() { 8 } else { 128 };
        Self { address, transport: Transport::Icmp { kind, code: 0 } }
    }
}

/// From and to which port something goes, where it has ports.
pub(super) fn ports(transport: Transport) -> Option<(Port, Port)> {
    match transport {
        Transport::Tcp { source, destination, .. } | Transport::Udp { source, destination } => {
            Some((source, destination))
        }
        Transport::Icmp { .. } | Transport::Other(_) => None,
    }
}

/// What answers the first packet of a connection that arrived with this header.
pub(super) fn answer(first: Transport, arrived: PacketHeader) -> Option<Transport> {
    let ports = arrived.destination_port.zip(arrived.source_port);
    Some(match first {
        Transport::Tcp { .. } => {
            let (source, destination) = ports?;
            Transport::Tcp { source, destination, flags: SYN | ACK }
        }
        Transport::Udp { .. } => {
            let (source, destination) = ports?;
            Transport::Udp { source, destination }
        }
        Transport::Icmp { kind: 8, code } => Transport::Icmp { kind: 0, code },
        Transport::Icmp { kind: 128, code } => Transport::Icmp { kind: 129, code },
        Transport::Icmp { .. } => return None,
        other @ Transport::Other(_) => other,
    })
}
