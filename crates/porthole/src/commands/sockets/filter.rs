//! From what was typed to the filter that the kernel applies.

use porthole_host::{AddressFamily, SocketFilter, SocketStates};
use porthole_model::{Port, SocketState, TransportProtocol};

use super::{Protocol, SocketsArgs, State};

/// The filter that the arguments ask for.
pub(super) fn filter(args: &SocketsArgs) -> SocketFilter {
    SocketFilter {
        protocols: protocols(&args.protocols),
        families: vec![AddressFamily::V4, AddressFamily::V6],
        states: states(args),
        unix: args.protocols.is_empty() || args.protocols.contains(&Protocol::Unix),
        port: args.port.map(Port),
        owners: true,
    }
}

fn protocols(asked: &[Protocol]) -> Vec<TransportProtocol> {
    let all = [(Protocol::Tcp, TransportProtocol::Tcp), (Protocol::Udp, TransportProtocol::Udp)];
    let wanted = all.iter().filter(|(word, _)| asked.is_empty() || asked.contains(word));
    wanted.map(|(_, protocol)| *protocol).collect()
}

fn states(args: &SocketsArgs) -> SocketStates {
    if args.listening {
        SocketFilter::listeners().states
    } else if args.states.is_empty() {
        SocketStates::ALL
    } else {
        SocketStates::of(&args.states.iter().copied().map(State::noun).collect::<Vec<_>>())
    }
}

impl State {
    fn noun(self) -> SocketState {
        match self {
            Self::Established => SocketState::Established,
            Self::SynSent => SocketState::SynSent,
            Self::SynReceived => SocketState::SynReceived,
            Self::FinWait1 => SocketState::FinWait1,
            Self::FinWait2 => SocketState::FinWait2,
            Self::TimeWait => SocketState::TimeWait,
            Self::Unconnected => SocketState::Unconnected,
            Self::CloseWait => SocketState::CloseWait,
            Self::LastAck => SocketState::LastAck,
            Self::Listening => SocketState::Listening,
            Self::Closing => SocketState::Closing,
        }
    }
}
