//! TCP and UDP sockets: `SOCK_DIAG_BY_FAMILY` of the internet families and its answers (`sock_diag(7)`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use porthole_model::{InternetSocket, SocketEndpoint, SocketState, TransportProtocol, Uid};

use super::attribute::Attributes;
use super::message::Request;
use super::{AF_INET, AF_INET6, NetlinkError, SOCK_DIAG_BY_FAMILY, array_at, fixed, u32_at};
use crate::socket_record::{AddressFamily, SocketRecord, SocketStates, protocol_number, state_of_number};

const WHAT: &str = "socket";
const INET_DIAG_SKV6ONLY: u16 = 11;

/// The size of `struct inet_diag_req_v2`.
const REQUEST: usize = 56;
/// The size of `struct inet_diag_msg`.
const ANSWER: usize = 72;

/// Asks for the sockets of one family and protocol in these states.
///
/// No TCP socket that the kernel lists is unconnected. That state is left out of the request, since for any state
/// but "listening" the kernel walks its whole table of connections, of all namespaces (`inet_diag_dump_icsk`).
pub fn request(family: AddressFamily, protocol: TransportProtocol, states: SocketStates) -> Request {
    let mut fixed = [0; REQUEST];
    fixed[0] = family.number();
    fixed[1] = protocol_number(protocol);
    let unconnected = SocketStates::of(&[SocketState::Unconnected]).bits();
    let left_out = if protocol == TransportProtocol::Tcp { unconnected } else { 0 };
    fixed[4..8].copy_from_slice(&(states.bits() & !left_out).to_ne_bytes());
    Request::dump(SOCK_DIAG_BY_FAMILY).with_fixed(&fixed)
}

/// Decodes an answer; it does not name its protocol, so the asker does.
///
/// Of a listener the kernel puts the waiting connections into the receive queue and the longest backlog into the
/// send queue (`inet_diag_msg_common_fill`, `tcp_diag_get_info`).
pub fn decode(payload: &[u8], protocol: TransportProtocol) -> Result<SocketRecord, NetlinkError> {
    let (answer, attributes) = fixed::<ANSWER>(WHAT, payload)?;
    let state = state_of_number(answer[1]).ok_or(NetlinkError::Lacks { what: WHAT, part: "known state" })?;
    let socket = InternetSocket {
        protocol,
        local: address(answer, 8, 4)?,
        remote: address(answer, 24, 6)?,
        state,
        receive_queue: u32_at(answer, 56),
        send_queue: u32_at(answer, 60),
        v6_only: v6_only(answer[0], state, attributes)?,
        uid: Uid(u32_at(answer, 64)),
    };
    Ok(SocketRecord { endpoint: SocketEndpoint::Internet(socket), inode: u64::from(u32_at(answer, 68)) })
}

fn address(answer: &[u8; ANSWER], address: usize, port: usize) -> Result<SocketAddr, NetlinkError> {
    let lacks = NetlinkError::Lacks { what: WHAT, part: "known address family" };
    let ip: IpAddr = match answer[0] {
        AF_INET => array_at::<4>(answer, address).map(|octets| Ipv4Addr::from(octets).into()),
        AF_INET6 => array_at::<16>(answer, address).map(|octets| Ipv6Addr::from(octets).into()),
        _ => None,
    }
    .ok_or(lacks)?;
    Ok(SocketAddr::new(ip, u16::from_be_bytes([answer[port], answer[port + 1]])))
}

/// The kernel says it of IPv6 sockets that listen or are not connected.
fn v6_only(family: u8, state: SocketState, attributes: &[u8]) -> Result<Option<bool>, NetlinkError> {
    if family != AF_INET6 || !matches!(state, SocketState::Listening | SocketState::Unconnected) {
        return Ok(None);
    }
    let value = Attributes::check(WHAT, attributes)?.find(INET_DIAG_SKV6ONLY);
    Ok(value.and_then(|attribute| attribute.u8()).map(|value| value != 0))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn answer(family: u8, state: u8) -> Vec<u8> {
        let mut bytes = vec![0; ANSWER];
        (bytes[0], bytes[1]) = (family, state);
        bytes[4..6].copy_from_slice(&8080u16.to_be_bytes());
        bytes[8..12].copy_from_slice(&[127, 0, 0, 1]);
        bytes[56..60].copy_from_slice(&3u32.to_ne_bytes());
        bytes[60..64].copy_from_slice(&128u32.to_ne_bytes());
        bytes[68..72].copy_from_slice(&4711u32.to_ne_bytes());
        bytes
    }

    fn internet(record: &SocketRecord) -> &InternetSocket {
        match &record.endpoint {
            SocketEndpoint::Internet(socket) => socket,
            SocketEndpoint::Unix(_) => panic!("not an internet socket"),
        }
    }

    #[test]
    fn a_request_for_tcp_listeners_asks_for_that_state_alone() {
        let states = SocketStates::of(&[SocketState::Listening, SocketState::Unconnected]);
        let asked = |protocol| u32_at(&request(AddressFamily::V6, protocol, states).finish(1), 20);
        assert_eq!(asked(TransportProtocol::Tcp), 1 << 10);
        assert_eq!(asked(TransportProtocol::Udp), 1 << 10 | 1 << 7);
    }

    #[test]
    fn a_listener_has_its_queue_and_backlog() {
        let record = decode(&answer(AF_INET, 10), TransportProtocol::Tcp).unwrap();
        let socket = internet(&record);
        assert_eq!(socket.local, "127.0.0.1:8080".parse().unwrap());
        assert_eq!((socket.receive_queue, socket.send_queue, record.inode), (3, 128, 4711));
        assert_eq!(socket.v6_only, None);
    }

    #[test]
    fn an_ipv6_listener_says_whether_it_refuses_ipv4() {
        let mut bytes = answer(AF_INET6, 10);
        bytes.extend([&5u16.to_ne_bytes()[..], &INET_DIAG_SKV6ONLY.to_ne_bytes(), &[1, 0, 0, 0]].concat());
        assert_eq!(internet(&decode(&bytes, TransportProtocol::Tcp).unwrap()).v6_only, Some(true));
    }

    #[test]
    fn an_unknown_family_or_state_is_an_error() {
        assert!(decode(&answer(99, 10), TransportProtocol::Tcp).is_err());
        assert!(decode(&answer(AF_INET, 99), TransportProtocol::Tcp).is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..128)) {
            let _ = decode(&bytes, TransportProtocol::Udp).is_ok();
        }
    }
}
