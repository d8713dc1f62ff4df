//! What the kernel's two ways of listing sockets (`sock_diag`, `/proc/net`) have in common: numbers and rows.

use porthole_model::{
    Observed, Socket, SocketEndpoint, SocketOwner, SocketState, TransportProtocol, UnixSocketKind,
};

/// A socket whose owners are not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketRecord {
    /// What it is bound and connected to.
    pub endpoint: SocketEndpoint,
    /// Its inode in sockfs; 0 where the kernel keeps none.
    pub inode: u64,
}

impl SocketRecord {
    /// The socket with its owners.
    pub fn into_socket(self, owners: Observed<Vec<SocketOwner>>) -> Socket {
        Socket { endpoint: self.endpoint, inode: self.inode, owners }
    }

    /// Its state.
    pub fn state(&self) -> SocketState {
        match &self.endpoint {
            SocketEndpoint::Internet(socket) => socket.state,
            SocketEndpoint::Unix(socket) => socket.state,
        }
    }
}

/// The two internet address families.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressFamily {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl AddressFamily {
    /// `AF_INET` or `AF_INET6`.
    pub fn number(self) -> u8 {
        match self {
            Self::V4 => 2,
            Self::V6 => 10,
        }
    }
}

/// Every state, at the place of its number less one (`include/net/tcp_states.h`).
const STATES: [SocketState; 12] = [
    SocketState::Established,
    SocketState::SynSent,
    SocketState::SynReceived,
    SocketState::FinWait1,
    SocketState::FinWait2,
    SocketState::TimeWait,
    SocketState::Unconnected,
    SocketState::CloseWait,
    SocketState::LastAck,
    SocketState::Listening,
    SocketState::Closing,
    SocketState::NewSynReceived,
];

/// A set of socket states, as `sock_diag` takes it: bit N is the state of number N.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SocketStates(u32);

impl SocketStates {
    /// Every state. Bit 13, "bound but not listening", is left out: older kernels and `/proc/net` do not know it.
    pub const ALL: Self = Self(0x1ffe);

    /// These states.
    pub fn of(states: &[SocketState]) -> Self {
        Self(states.iter().fold(0, |bits, state| bits | bit(*state)))
    }

    /// Whether `state` is in the set.
    pub fn contains(self, state: SocketState) -> bool {
        self.0 & bit(state) != 0
    }

    /// The bits, as the kernel takes them.
    pub fn bits(self) -> u32 {
        self.0
    }
}

fn bit(state: SocketState) -> u32 {
    STATES.iter().position(|known| *known == state).map_or(0, |place| 2 << place)
}

/// The state of that number.
pub(crate) fn state_of_number(number: u8) -> Option<SocketState> {
    STATES.get(usize::from(number).checked_sub(1)?).copied()
}

/// `IPPROTO_*`.
pub(crate) fn protocol_number(protocol: TransportProtocol) -> u8 {
    match protocol {
        TransportProtocol::Tcp => 6,
        TransportProtocol::Udp => 17,
        TransportProtocol::Sctp => 132,
    }
}

/// `SOCK_*`.
pub(crate) fn unix_kind_of_number(number: u8) -> Option<UnixSocketKind> {
    match number {
        1 => Some(UnixSocketKind::Stream),
        2 => Some(UnixSocketKind::Datagram),
        5 => Some(UnixSocketKind::SequentialPacket),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_have_the_kernels_numbers() {
        assert_eq!(state_of_number(1), Some(SocketState::Established));
        assert_eq!(state_of_number(10), Some(SocketState::Listening));
        assert_eq!((state_of_number(0), state_of_number(13)), (None, None));
        assert_eq!(SocketStates::of(&[SocketState::Listening]).bits(), 1 << 10);
        assert_eq!(SocketStates::of(&STATES), SocketStates::ALL);
    }

    #[test]
    fn a_set_contains_its_states_only() {
        let states = SocketStates::of(&[SocketState::TimeWait, SocketState::Unconnected]);
        assert!(states.contains(SocketState::TimeWait));
        assert!(!states.contains(SocketState::Established));
    }
}
