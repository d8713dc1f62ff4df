//! ICMP errors: which packet did not arrive, and why (RFC 792 and RFC 1812; RFC 4443 for IPv6).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use porthole_model::{IcmpReason, TransportProtocol};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// What an ICMP error says of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reproach {
    /// Why it did not arrive.
    pub reason: IcmpReason,
    /// Its protocol.
    pub protocol: TransportProtocol,
    /// Where it was sent from.
    pub source: SocketAddr,
    /// Where it was sent to.
    pub destination: SocketAddr,
}

/// Reads an IPv4 packet that holds an ICMP message; `None` when that is no error, or of another kind of packet.
pub fn in_ipv4(packet: &[u8]) -> Option<Reproach> {
    let message = packet.get(header_length(packet)?..)?;
    let reason = ipv4_reason(*message.first()?, *message.get(1)?)?;
    let inner = message.get(8..)?;
    let source = Ipv4Addr::from(*inner.get(12..)?.first_chunk::<4>()?);
    let destination = Ipv4Addr::from(*inner.get(16..)?.first_chunk::<4>()?);
    let transport = inner.get(header_length(inner)?..)?;
    reproach(reason, *inner.get(9)?, (source.into(), destination.into()), transport)
}

/// Reads a message of ICMP for IPv6, without the header of IPv6, which the kernel keeps to itself (RFC 3542, section 3.1).
pub fn in_ipv6(message: &[u8]) -> Option<Reproach> {
    const HEADER: usize = 40;
    let reason = ipv6_reason(*message.first()?, *message.get(1)?)?;
    let inner = message.get(8..)?;
    let source = Ipv6Addr::from(*inner.get(8..)?.first_chunk::<16>()?);
    let destination = Ipv6Addr::from(*inner.get(24..)?.first_chunk::<16>()?);
    reproach(reason, *inner.get(6)?, (source.into(), destination.into()), inner.get(HEADER..)?)
}

fn header_length(packet: &[u8]) -> Option<usize> {
    let words = usize::from(packet.first()? & 0xf);
    (words >= 5).then_some(words * 4)
}

fn reproach(
    reason: IcmpReason,
    protocol: u8,
    (source, destination): (IpAddr, IpAddr),
    transport: &[u8],
) -> Option<Reproach> {
    let protocol = match protocol {
        TCP => TransportProtocol::Tcp,
        UDP => TransportProtocol::Udp,
        _ => return None,
    };
    let port = |at: usize| Some(u16::from_be_bytes(*transport.get(at..)?.first_chunk()?));
    Some(Reproach {
        reason,
        protocol,
        source: SocketAddr::new(source, port(0)?),
        destination: SocketAddr::new(destination, port(2)?),
    })
}

fn ipv4_reason(kind: u8, code: u8) -> Option<IcmpReason> {
    Some(match (kind, code) {
        (3, 0 | 6 | 11) => IcmpReason::NetworkUnreachable,
        (3, 1 | 7 | 12) => IcmpReason::HostUnreachable,
        (3, 2) => IcmpReason::ProtocolUnreachable,
        (3, 3) => IcmpReason::PortUnreachable,
        (3, 4) => IcmpReason::TooBig,
        (3, 9 | 10 | 13) => IcmpReason::Prohibited,
        (11, _) => IcmpReason::TimeExceeded,
        (3 | 4 | 12, _) => IcmpReason::Other { kind, code },
        _ => return None,
    })
}

fn ipv6_reason(kind: u8, code: u8) -> Option<IcmpReason> {
    Some(match (kind, code) {
        (1, 0) => IcmpReason::NetworkUnreachable,
        (1, 1 | 5 | 6) => IcmpReason::Prohibited,
        (1, 3) => IcmpReason::HostUnreachable,
        (1, 4) => IcmpReason::PortUnreachable,
        (2, _) => IcmpReason::TooBig,
        (3, _) => IcmpReason::TimeExceeded,
        (1 | 4, _) => IcmpReason::Other { kind, code },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ipv4_header(protocol: u8, source: [u8; 4], destination: [u8; 4]) -> Vec<u8> {
        let mut header = vec![0x45, 0, 0, 60, 0, 1, 0, 0, 64, protocol, 0, 0];
        header.extend(source.into_iter().chain(destination));
        header
    }

    fn ipv4_error(kind: u8, code: u8) -> Vec<u8> {
        let mut packet = ipv4_header(1, [10, 0, 0, 1], [10, 0, 0, 2]);
        packet.extend([kind, code, 0, 0, 0, 0, 0, 0]);
        packet.extend(ipv4_header(TCP, [10, 0, 0, 2], [10, 0, 0, 9]));
        packet.extend([0x9c, 0x40, 0, 80, 0, 0, 0, 0]);
        packet
    }

    #[test]
    fn the_packet_that_did_not_arrive_is_named() {
        let reproach = in_ipv4(&ipv4_error(3, 13)).unwrap();
        assert_eq!(reproach.reason, IcmpReason::Prohibited);
        assert_eq!(reproach.protocol, TransportProtocol::Tcp);
        assert_eq!(reproach.source, "10.0.0.2:40000".parse().unwrap());
        assert_eq!(reproach.destination, "10.0.0.9:80".parse().unwrap());
    }

    #[test]
    fn an_echo_is_no_error() {
        assert_eq!(in_ipv4(&ipv4_error(8, 0)), None);
        assert_eq!(in_ipv6(&[128; 60]), None);
    }

    #[test]
    fn ipv6_comes_without_its_own_header() {
        let mut message = vec![1, 4, 0, 0, 0, 0, 0, 0];
        message.extend([0x60, 0, 0, 0, 0, 8, UDP, 64]);
        message.extend([0; 15].into_iter().chain([1]).chain([0; 15]).chain([2]));
        message.extend([0, 53, 0x14, 0xe9, 0, 8, 0, 0]);
        let reproach = in_ipv6(&message).unwrap();
        assert_eq!(reproach.reason, IcmpReason::PortUnreachable);
        assert_eq!(reproach.source, "[::1]:53".parse().unwrap());
        assert_eq!(reproach.destination, "[::2]:5353".parse().unwrap());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = (in_ipv4(&bytes), in_ipv6(&bytes));
        }

        #[test]
        fn a_cut_message_gives_no_panic(length in 0usize..60, kind: u8, code: u8) {
            let packet = ipv4_error(kind, code);
            let _ = in_ipv4(&packet[..length.min(packet.len())]);
        }
    }
}
