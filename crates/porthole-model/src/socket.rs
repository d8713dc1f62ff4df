//! Sockets of a network namespace and the processes that hold them.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};

use crate::{Observed, Pid, TransportProtocol, Uid};

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Socket {
    /// What it is bound and connected to.
    pub endpoint: SocketEndpoint,
    /// Its inode in sockfs; 0 where the kernel keeps none (time-wait, a connection not yet accepted).
    pub inode: u64,
    /// The processes that hold it; empty when none does.
    pub owners: Observed<Vec<SocketOwner>>,
}

/// A process that holds a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SocketOwner {
    /// The process.
    pub pid: Pid,
    /// Its name.
    pub name: String,
}

/// The two kinds of sockets porthole shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketEndpoint {
    /// TCP or UDP.
    Internet(InternetSocket),
    /// A unix socket.
    Unix(UnixSocket),
}

/// A TCP or UDP socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InternetSocket {
    /// TCP, UDP, ….
    pub protocol: TransportProtocol,
    /// The local address. A v4-mapped address stays IPv6 here; printers show it as the IPv4 it is.
    pub local: SocketAddr,
    /// The remote address; unspecified with port 0 when there is none.
    pub remote: SocketAddr,
    /// The TCP state; UDP has `Established` and `Unconnected`.
    pub state: SocketState,
    /// Bytes not read by the process; of a listener, the connections not yet accepted.
    pub receive_queue: u32,
    /// Bytes not acknowledged by the peer; of a listener, the longest backlog.
    pub send_queue: u32,
    /// Of an IPv6 socket, whether it refuses IPv4 (`IPV6_V6ONLY`), where the kernel says so.
    pub v6_only: Option<bool>,
    /// The user that made it.
    pub uid: Uid,
}

/// The states of `include/net/tcp_states.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SocketState {
    /// Connected.
    Established,
    /// A SYN was sent.
    SynSent,
    /// A SYN was received.
    SynReceived,
    /// Closed here first.
    FinWait1,
    /// The peer acknowledged our FIN.
    FinWait2,
    /// Waits for late packets.
    TimeWait,
    /// Closed; of UDP, not connected.
    Unconnected,
    /// The peer closed first; the process has not.
    CloseWait,
    /// Our FIN after the peer's is not acknowledged.
    LastAck,
    /// Waits for connections.
    Listening,
    /// Both closed at once.
    Closing,
    /// A connection request being handled.
    NewSynReceived,
}

/// A unix socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnixSocket {
    /// Its kind.
    pub kind: UnixSocketKind,
    /// Its state.
    pub state: SocketState,
    /// Its path; an abstract name begins with `@`; `None` when it has no name.
    pub path: Option<String>,
    /// The inode of its peer.
    pub peer: Option<u64>,
}

/// `SOCK_*`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnixSocketKind {
    /// `SOCK_STREAM`.
    Stream,
    /// `SOCK_DGRAM`.
    Datagram,
    /// `SOCK_SEQPACKET`.
    SequentialPacket,
}
