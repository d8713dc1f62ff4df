//! `/proc/net/{tcp,tcp6,udp,udp6}`: the sockets of a namespace where `sock_diag` may not be used (`proc_net(5)`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use porthole_model::{InternetSocket, SocketEndpoint, TransportProtocol, Uid};

use crate::proc_error::{ProcError, lines, number, words};
use crate::socket_record::{SocketRecord, state_of_number};

const FILE: &str = "/proc/net/{tcp,udp}";

/// The sockets in the file or in a run of its lines; a row that is not understood is an error of its own.
///
/// Of a listener the send queue is 0 here: the longest backlog is only in `sock_diag`. So is `IPV6_V6ONLY`.
pub fn sockets(
    text: &[u8],
    protocol: TransportProtocol,
) -> impl Iterator<Item = Result<SocketRecord, ProcError>> + '_ {
    let rows = lines(text).filter(|line| !line.trim_ascii_start().starts_with(b"sl "));
    rows.map(move |line| socket(line, protocol).ok_or_else(|| ProcError::line(FILE, line)))
}

/// The columns: slot, local, remote, state, tx:rx, timer, retransmissions, uid, timeout, inode.
fn socket(line: &[u8], protocol: TransportProtocol) -> Option<SocketRecord> {
    let mut columns = words(line).skip(1);
    let local = address(columns.next()?)?;
    let remote = address(columns.next()?)?;
    let state = state_of_number(u8::try_from(hexadecimal(columns.next()?)?).ok()?)?;
    let (send_queue, receive_queue) = halves(columns.next()?)?;
    let uid = Uid(number(columns.nth(2)?)?);
    let inode = number(columns.nth(1)?)?;
    let (send_queue, receive_queue) = (hexadecimal(send_queue)?, hexadecimal(receive_queue)?);
    let socket =
        InternetSocket { protocol, local, remote, state, receive_queue, send_queue, v6_only: None, uid };
    Some(SocketRecord { endpoint: SocketEndpoint::Internet(socket), inode })
}

/// The kernel prints each 32-bit word of an address as a number of the machine's byte order, the port in plain.
fn address(word: &[u8]) -> Option<SocketAddr> {
    let (address, port) = halves(word)?;
    let port = u16::try_from(hexadecimal(port)?).ok()?;
    let ip: IpAddr = match address.len() {
        8 => Ipv4Addr::from(network_order(address)?).into(),
        32 => {
            let mut octets = [0; 16];
            for (four, digits) in octets.chunks_exact_mut(4).zip(address.chunks_exact(8)) {
                four.copy_from_slice(&network_order(digits)?);
            }
            Ipv6Addr::from(octets).into()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

fn network_order(digits: &[u8]) -> Option<[u8; 4]> {
    hexadecimal(digits).map(u32::to_ne_bytes)
}

fn halves(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = word.iter().position(|byte| *byte == b':')?;
    Some((&word[..colon], &word[colon + 1..]))
}

fn hexadecimal(digits: &[u8]) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use porthole_model::SocketState;
    use proptest::prelude::*;

    use super::*;

    const HEADER: &str =
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

    fn only(text: &str) -> InternetSocket {
        let mut found = sockets(text.as_bytes(), TransportProtocol::Tcp);
        let record = found.next().unwrap().unwrap();
        assert!(found.next().is_none());
        match record.endpoint {
            SocketEndpoint::Internet(socket) => socket,
            SocketEndpoint::Unix(_) => panic!("not an internet socket"),
        }
    }

    /// As the kernel writes the address on this machine.
    fn written(octets: &[u8]) -> String {
        let word = |four: &[u8]| format!("{:08X}", u32::from_ne_bytes(four.try_into().unwrap()));
        octets.chunks_exact(4).map(word).collect::<Vec<_>>().concat()
    }

    #[test]
    fn an_ipv4_row() {
        let local = written(&[172, 17, 0, 2]);
        let row = format!(
            "{HEADER}   0: {local}:0050 00000000:0000 0A 00000000:00000003 00:00000000 00000000   101        0 16237 1 0\n"
        );
        let socket = only(&row);
        assert_eq!(socket.local, "172.17.0.2:80".parse().unwrap());
        assert_eq!(socket.state, SocketState::Listening);
        assert_eq!((socket.receive_queue, socket.send_queue, socket.uid), (3, 0, Uid(101)));
    }

    #[test]
    fn a_v4_mapped_row_stays_ipv6() {
        let mapped: Ipv6Addr = "::ffff:10.0.0.1".parse().unwrap();
        let local = written(&mapped.octets());
        let row =
            format!("{HEADER} 1: {local}:1F90 {}:0000 01 00000001:00000000 00:0 0 0 0 9", "0".repeat(32));
        assert_eq!(only(&row).local, "[::ffff:10.0.0.1]:8080".parse().unwrap());
        assert_eq!(only(&row).send_queue, 1);
    }

    #[test]
    fn a_broken_row_is_an_error_and_the_next_one_is_read() {
        let good = "1: 00000000:0050 00000000:0000 0A 0:0 00:0 0 0 0 5";
        let text = format!("{HEADER} 0: nonsense\n{good}\n");
        let found: Vec<_> = sockets(text.as_bytes(), TransportProtocol::Udp).collect();
        assert!(found[0].is_err());
        assert_eq!(found[1].as_ref().unwrap().inode, 5);
    }

    proptest! {
        #[test]
        fn any_bytes_give_no_panic(bytes: Vec<u8>) {
            let _ = sockets(&bytes, TransportProtocol::Tcp).count();
        }

        #[test]
        fn any_row_like_text_gives_no_panic(row in "[0-9A-F: ]{0,200}") {
            let _ = sockets(format!("{HEADER}{row}").as_bytes(), TransportProtocol::Tcp).count();
        }

        #[test]
        fn addresses_come_back(octets: [u8; 16], port: u16) {
            let text = format!("{}:{port:04X}", written(&octets));
            let expected = SocketAddr::new(Ipv6Addr::from(octets).into(), port);
            prop_assert_eq!(address(text.as_bytes()), Some(expected));
        }
    }
}
