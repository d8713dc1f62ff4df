//! The words for protocols and states.

use porthole_model::{InternetSocket, SocketEndpoint, SocketState, TransportProtocol, UnixSocketKind};

/// The word for a protocol and the family of its addresses.
pub(super) fn protocol_word(endpoint: &SocketEndpoint) -> &'static str {
    match endpoint {
        SocketEndpoint::Internet(internet) => internet_word(internet),
        SocketEndpoint::Unix(unix) => match unix.kind {
            UnixSocketKind::Stream => "unix",
            UnixSocketKind::Datagram => "unix-dgram",
            UnixSocketKind::SequentialPacket => "unix-seq",
        },
    }
}

fn internet_word(internet: &InternetSocket) -> &'static str {
    match (internet.protocol, internet.local.ip().to_canonical().is_ipv6()) {
        (TransportProtocol::Tcp, false) => "tcp",
        (TransportProtocol::Tcp, true) => "tcp6",
        (TransportProtocol::Udp, false) => "udp",
        (TransportProtocol::Udp, true) => "udp6",
        (TransportProtocol::Sctp, false) => "sctp",
        (TransportProtocol::Sctp, true) => "sctp6",
    }
}

/// The protocol alone, for programs.
pub(crate) fn protocol_name(endpoint: &SocketEndpoint) -> &'static str {
    match endpoint {
        SocketEndpoint::Internet(internet) => match internet.protocol {
            TransportProtocol::Tcp => "tcp",
            TransportProtocol::Udp => "udp",
            TransportProtocol::Sctp => "sctp",
        },
        SocketEndpoint::Unix(unix) => match unix.kind {
            UnixSocketKind::Stream => "unix_stream",
            UnixSocketKind::Datagram => "unix_datagram",
            UnixSocketKind::SequentialPacket => "unix_sequential_packet",
        },
    }
}

/// The state, spelt as `ss` spells it, in lower case.
pub(crate) fn state_name(state: SocketState) -> &'static str {
    match state {
        SocketState::Established => "established",
        SocketState::SynSent => "syn-sent",
        SocketState::SynReceived => "syn-received",
        SocketState::FinWait1 => "fin-wait-1",
        SocketState::FinWait2 => "fin-wait-2",
        SocketState::TimeWait => "time-wait",
        SocketState::Unconnected => "unconnected",
        SocketState::CloseWait => "close-wait",
        SocketState::LastAck => "last-ack",
        SocketState::Listening => "listening",
        SocketState::Closing => "closing",
        SocketState::NewSynReceived => "new-syn-received",
    }
}
