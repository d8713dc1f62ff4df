//! Sockets that take what comes from outside: TCP listeners and unconnected UDP sockets.

use std::net::{IpAddr, Ipv4Addr};

use porthole_model::{
    InternetSocket, Observed, Port, Socket, SocketEndpoint, SocketState, TransportProtocol,
};

/// The Internet socket of a socket that takes what comes.
pub(crate) fn is_listener(socket: &Socket) -> Option<&InternetSocket> {
    let SocketEndpoint::Internet(internet) = &socket.endpoint else { return None };
    let takes = match internet.protocol {
        TransportProtocol::Udp => internet.state == SocketState::Unconnected,
        TransportProtocol::Tcp | TransportProtocol::Sctp => internet.state == SocketState::Listening,
    };
    takes.then_some(internet)
}

/// Whether `socket` takes what is sent to `address`.
///
/// Where the kernel did not say whether an IPv6 wildcard refuses IPv4, it is taken for the default, which serves both.
pub(crate) fn serves(socket: &InternetSocket, address: IpAddr) -> bool {
    let local = socket.local.ip().to_canonical();
    match (local, address) {
        (IpAddr::V6(local), IpAddr::V4(_)) => local.is_unspecified() && socket.v6_only != Some(true),
        // ::ffff:0.0.0.0 serves all of IPv4, and no IPv6.
        (IpAddr::V4(Ipv4Addr::UNSPECIFIED), address) => address.is_ipv4(),
        (local, address) => local == address || (local.is_unspecified() && address.is_ipv6()),
    }
}

/// Whether `socket` takes only what comes from its own namespace.
pub(super) fn is_loopback(socket: &InternetSocket) -> bool {
    socket.local.ip().to_canonical().is_loopback()
}

/// Whether `socket` is bound to that port.
pub(crate) fn is_on(socket: &InternetSocket, port: Port, protocol: TransportProtocol) -> bool {
    socket.local.port() == port.0 && socket.protocol == protocol
}

/// Sockets in words: `0.0.0.0:80/tcp (nginx), [::1]:81/tcp`, or `none`.
pub(crate) fn describe(sockets: &[&Socket]) -> String {
    let mut lines: Vec<_> = sockets.iter().filter_map(|socket| line(socket)).collect();
    lines.sort();
    lines.dedup();
    if lines.is_empty() { "none".to_owned() } else { lines.join(", ") }
}

/// The names of the processes that hold a socket.
pub(crate) fn owners(socket: &Socket) -> Option<String> {
    let Observed::Known(owners) = &socket.owners else { return None };
    let mut names: Vec<_> = owners.iter().map(|owner| owner.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    (!names.is_empty()).then(|| names.join(", "))
}

fn line(socket: &Socket) -> Option<String> {
    let internet = is_listener(socket)?;
    let local = std::net::SocketAddr::new(internet.local.ip().to_canonical(), internet.local.port());
    let place = format!("{local}/{}", internet.protocol);
    Some(owners(socket).map_or_else(|| place.clone(), |owners| format!("{place} ({owners})")))
}

#[cfg(test)]
mod tests {
    use porthole_model::Uid;

    use super::*;

    fn bound(local: &str, v6_only: Option<bool>) -> InternetSocket {
        InternetSocket {
            protocol: TransportProtocol::Tcp,
            local: local.parse().unwrap(),
            remote: "0.0.0.0:0".parse().unwrap(),
            state: SocketState::Listening,
            receive_queue: 0,
            send_queue: 128,
            v6_only,
            uid: Uid(0),
        }
    }

    fn serves_text(local: &str, v6_only: Option<bool>, address: &str) -> bool {
        serves(&bound(local, v6_only), address.parse().unwrap())
    }

    #[test]
    fn a_wildcard_serves_its_family_and_an_ipv6_one_both() {
        assert!(serves_text("0.0.0.0:80", None, "172.17.0.2"));
        assert!(!serves_text("0.0.0.0:80", None, "fd00::2"));
        assert!(serves_text("[::]:80", Some(false), "172.17.0.2"));
        assert!(serves_text("[::]:80", None, "172.17.0.2"));
        assert!(!serves_text("[::]:80", Some(true), "172.17.0.2"));
        assert!(serves_text("[::]:80", Some(true), "fd00::2"));
        assert!(serves_text("[::ffff:0.0.0.0]:80", None, "172.17.0.2"));
        assert!(!serves_text("[::ffff:0.0.0.0]:80", None, "fd00::2"));
    }

    #[test]
    fn an_address_serves_itself_alone() {
        assert!(serves_text("172.17.0.2:80", None, "172.17.0.2"));
        assert!(serves_text("[::ffff:172.17.0.2]:80", Some(false), "172.17.0.2"));
        assert!(!serves_text("172.18.0.2:80", None, "172.17.0.2"));
        assert!(!serves_text("127.0.0.1:80", None, "172.17.0.2"));
        assert!(!serves_text("[::1]:80", Some(false), "172.17.0.2"));
    }

    #[test]
    fn loopback_is_also_what_is_mapped_into_ipv6() {
        assert!(is_loopback(&bound("[::ffff:127.0.0.1]:80", None)));
        assert!(is_loopback(&bound("127.0.0.11:53", None)));
        assert!(!is_loopback(&bound("[::]:80", None)));
    }
}
