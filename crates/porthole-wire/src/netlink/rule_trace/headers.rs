//! The headers that a trace carries: at most 40 bytes of the network's and 20 of the transport's.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use porthole_model::{PacketIdentity, Port, TracedHeaders};

use super::super::array_at;

const ICMP: u8 = 1;
const TCP: u8 = 6;
const UDP: u8 = 17;
const ICMPV6: u8 = 58;
const SCTP: u8 = 132;

/// The bytes of an IPv4 header without options, and of an IPv6 header without extensions.
const IPV4: usize = 20;
const IPV6: usize = 40;

/// The packet, where these headers are of one that IP carries.
pub(super) fn of(network: &[u8], transport: &[u8]) -> Option<TracedHeaders> {
    let network = Network::of(network)?;
    let has_ports = matches!(network.protocol, TCP | UDP | SCTP);
    let port =
        |at| array_at(transport, at).map(|bytes| Port(u16::from_be_bytes(bytes))).filter(|_| has_ports);
    let (detail, flags) = transport_identity(network.protocol, transport);
    Some(TracedHeaders {
        source: network.source,
        destination: network.destination,
        protocol: network.protocol,
        source_port: port(0),
        destination_port: port(2),
        hop_limit: network.hop_limit,
        identity: PacketIdentity {
            network: network.identification,
            length: network.length,
            transport: detail,
            flags,
        },
    })
}

struct Network {
    source: IpAddr,
    destination: IpAddr,
    protocol: u8,
    hop_limit: u8,
    identification: u32,
    length: u16,
}

impl Network {
    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes.first()? >> 4 {
            4 if bytes.len() >= IPV4 => Some(Self {
                source: Ipv4Addr::from(array_at::<4>(bytes, 12)?).into(),
                destination: Ipv4Addr::from(array_at::<4>(bytes, 16)?).into(),
                protocol: bytes[9],
                hop_limit: bytes[8],
                identification: u16::from_be_bytes(array_at(bytes, 4)?).into(),
                length: u16::from_be_bytes(array_at(bytes, 2)?),
            }),
            6 if bytes.len() >= IPV6 => Some(Self {
                source: Ipv6Addr::from(array_at::<16>(bytes, 8)?).into(),
                destination: Ipv6Addr::from(array_at::<16>(bytes, 24)?).into(),
                protocol: bytes[6],
                hop_limit: bytes[7],
                identification: u32::from_be_bytes(array_at(bytes, 0)?) & 0x000f_ffff,
                length: u16::from_be_bytes(array_at(bytes, 4)?),
            }),
            _ => None,
        }
    }
}

/// What no translation of addresses changes.
fn transport_identity(protocol: u8, transport: &[u8]) -> (u64, u8) {
    let long = |at| array_at(transport, at).map_or(0, u64::from_be_bytes);
    match protocol {
        TCP => (long(4), transport.get(13).copied().unwrap_or(0)),
        // Type and code, identifier and sequence number; not the checksum.
        ICMP | ICMPV6 => (long(0) & 0xffff_0000_ffff_ffff, 0),
        _ => (0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tcp4(source: [u8; 4], port: u16) -> (Vec<u8>, Vec<u8>) {
        let mut network = vec![0x45, 0, 0, 60, 0x57, 0x94, 0, 0, 63, TCP, 0, 0];
        network.extend(source.into_iter().chain([172, 17, 0, 2]));
        let mut transport = [port.to_be_bytes(), 80u16.to_be_bytes()].concat();
        transport.extend([0, 0, 0, 1, 0, 0, 0, 0, 0xa0, 2, 0, 0, 0, 0, 0, 0]);
        (network, transport)
    }

    #[test]
    fn translated_addresses_leave_the_identity_as_it_is() {
        let headers = |(network, transport): (Vec<u8>, Vec<u8>)| of(&network, &transport).unwrap();
        let before = headers(tcp4([10, 99, 0, 2], 45061));
        let after = headers(tcp4([172, 17, 0, 1], 1024));
        assert_eq!(before.identity, after.identity);
        assert_ne!(before.source, after.source);
        assert_eq!((before.source_port, before.destination_port), (Some(Port(45061)), Some(Port(80))));
        assert_eq!((before.hop_limit, before.identity.flags), (63, 2));
    }

    #[test]
    fn icmp_has_no_ports() {
        let (mut network, transport) = tcp4([10, 0, 0, 1], 2048);
        network[9] = ICMP;
        assert_eq!(of(&network, &transport).unwrap().source_port, None);
    }

    #[test]
    fn what_is_cut_short_is_no_packet() {
        assert_eq!(of(&[0x45, 0], &[]), None);
        assert_eq!(of(&[0x60; 39], &[]), None);
    }
}
