//! Which sockets are asked for.

use porthole_model::{Port, Scope, Socket, SocketEndpoint, SocketState, Topic, TransportProtocol};
use porthole_wire::{AddressFamily, SocketRecord, SocketStates};

/// Which sockets are asked for, and whether with their owners.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketFilter {
    /// TCP, UDP or both; empty for neither.
    pub protocols: Vec<TransportProtocol>,
    /// IPv4, IPv6 or both.
    pub families: Vec<AddressFamily>,
    /// The states; the kernel itself leaves the others out.
    pub states: SocketStates,
    /// Whether unix sockets are asked for.
    pub unix: bool,
    /// Only TCP and UDP sockets that have this port, here or at the peer.
    pub port: Option<Port>,
    /// Whether to find the processes that hold them, which takes longer than all else.
    pub owners: bool,
}

impl SocketFilter {
    /// Every socket, with its owners.
    pub fn everything() -> Self {
        Self {
            protocols: vec![TransportProtocol::Tcp, TransportProtocol::Udp],
            families: vec![AddressFamily::V4, AddressFamily::V6],
            states: SocketStates::ALL,
            unix: true,
            port: None,
            owners: true,
        }
    }

    /// TCP sockets that listen and UDP sockets that are bound and not connected, with their owners.
    ///
    /// One set of states does for both: no TCP socket that the kernel lists is unconnected, no UDP socket listens.
    pub fn listeners() -> Self {
        let states = SocketStates::of(&[SocketState::Listening, SocketState::Unconnected]);
        Self { states, unix: false, ..Self::everything() }
    }

    /// Whether a socket that was read before, with a wider filter, is asked for.
    pub fn matches(&self, socket: &Socket) -> bool {
        let (is_asked, state) = match &socket.endpoint {
            SocketEndpoint::Internet(internet) => {
                let family = if internet.local.is_ipv4() { AddressFamily::V4 } else { AddressFamily::V6 };
                (
                    self.families.contains(&family) && self.protocols.contains(&internet.protocol),
                    internet.state,
                )
            }
            SocketEndpoint::Unix(unix) => (self.wants_unix(), unix.state),
        };
        is_asked && self.states.contains(state) && self.wants_port(&socket.endpoint)
    }

    /// What a scope asks for.
    pub(crate) fn of_scope(scope: &Scope) -> Option<Self> {
        if scope.has(Topic::Sockets) {
            Some(Self::everything())
        } else {
            scope.has(Topic::Listeners).then(Self::listeners)
        }
    }

    /// Whether the socket is asked for, as far as the place it was read from did not see to it.
    pub(crate) fn wants(&self, record: &SocketRecord) -> bool {
        self.states.contains(record.state()) && self.wants_port(&record.endpoint)
    }

    fn wants_port(&self, endpoint: &SocketEndpoint) -> bool {
        let Some(Port(port)) = self.port else { return true };
        match endpoint {
            SocketEndpoint::Internet(socket) => socket.local.port() == port || socket.remote.port() == port,
            SocketEndpoint::Unix(_) => false,
        }
    }

    pub(crate) fn wants_unix(&self) -> bool {
        self.unix && self.port.is_none()
    }

    /// Each pair of family and protocol.
    pub(crate) fn internet(&self) -> impl Iterator<Item = (AddressFamily, TransportProtocol)> + '_ {
        self.protocols.iter().flat_map(|protocol| self.families.iter().map(|family| (*family, *protocol)))
    }
}

impl Default for SocketFilter {
    fn default() -> Self {
        Self::everything()
    }
}
