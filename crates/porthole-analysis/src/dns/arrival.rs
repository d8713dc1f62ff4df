//! Who takes a question that a process of a namespace sends to a loopback address there, by sockets and rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use porthole_model::firewall::ConntrackState;
use porthole_model::{
    Gap, NetworkStack, Outcome, Packet, PacketConnection, PacketOrigin, Port, RuleReference, Socket,
    Transport, TransportProtocol,
};

use crate::firewall::Walker;
use crate::ports::{is_listener, is_on, serves};

/// A port that programs are given to send from; no rule of an engine asks for it.
const SOURCE: Port = Port(40_053);
/// The TCP flag of a first packet.
const SYN: u8 = 2;

/// Where a question ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arrival<'a> {
    /// At this socket.
    Taken(&'a Socket),
    /// At an address and port where nobody listens.
    Nobody(SocketAddr),
    /// At a rule that drops or refuses it.
    Stopped(RuleReference),
    /// It leaves the namespace, or what was read does not tell.
    Elsewhere,
}

/// Where a question to that address ends.
pub(crate) fn arrival(
    stack: &NetworkStack,
    to: SocketAddr,
    protocol: TransportProtocol,
) -> Result<Arrival<'_>, Gap> {
    let sockets = stack.sockets.known()?;
    let walk = Walker::new(stack)?.walk(&question(to, protocol));
    Ok(match walk.outcome() {
        Some(Outcome::Delivered { address, port: Some(port) }) => {
            let at = SocketAddr::new(*address, port.0);
            taker(sockets, at, protocol).map_or(Arrival::Nobody(at), Arrival::Taken)
        }
        Some(Outcome::Dropped(rule) | Outcome::Rejected { rule, .. }) => Arrival::Stopped(rule.clone()),
        _ => Arrival::Elsewhere,
    })
}

/// The socket that takes what arrives there.
fn taker(sockets: &[Socket], at: SocketAddr, protocol: TransportProtocol) -> Option<&Socket> {
    sockets.iter().find(|socket| {
        is_listener(socket)
            .is_some_and(|bound| is_on(bound, Port(at.port()), protocol) && serves(bound, at.ip()))
    })
}

fn question(to: SocketAddr, protocol: TransportProtocol) -> Packet {
    let source = match to.ip() {
        IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::LOCALHOST),
    };
    let destination = Port(to.port());
    Packet {
        origin: PacketOrigin::Local,
        source,
        destination: to.ip(),
        transport: match protocol {
            TransportProtocol::Tcp => Transport::Tcp { source: SOURCE, destination, flags: SYN },
            TransportProtocol::Udp | TransportProtocol::Sctp => {
                Transport::Udp { source: SOURCE, destination }
            }
        },
        connection: PacketConnection { state: ConntrackState::New, is_reply: false, translation: None },
        mark: 0,
        frame_destination: None,
        frame_source: None,
        length: None,
        hop_limit: None,
        uid: None,
    }
}
