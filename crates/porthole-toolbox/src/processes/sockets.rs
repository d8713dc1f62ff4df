//! What the sockets of a process are, by their inodes.

use std::collections::HashMap;
use std::net::SocketAddr;

use procfs::net::{TcpNetEntry, TcpState, UdpNetEntry, UnixNetEntry};
use procfs::process::Process;

/// A socket, as lsof tells of it.
#[derive(Clone, Debug)]
pub(super) struct Socket {
    pub(super) kind: &'static str,
    pub(super) protocol: &'static str,
    pub(super) name: String,
    pub(super) ports: Vec<u16>,
}

/// The sockets of network namespaces, each read once.
#[derive(Debug, Default)]
pub(super) struct Sockets {
    namespaces: HashMap<std::path::PathBuf, HashMap<u64, Socket>>,
}

impl Sockets {
    /// The socket of that inode in the network namespace of a process.
    pub(super) fn of(&mut self, process: &Process, inode: u64) -> Option<&Socket> {
        let namespace = std::fs::read_link(format!("/proc/{}/ns/net", process.pid())).unwrap_or_default();
        self.namespaces.entry(namespace).or_insert_with(|| read(process)).get(&inode)
    }
}

/// A table that cannot be read leaves its sockets without a name.
fn read(process: &Process) -> HashMap<u64, Socket> {
    let tcp =
        |read: Vec<TcpNetEntry>, kind| read.into_iter().map(move |entry| (entry.inode, of_tcp(&entry, kind)));
    let udp =
        |read: Vec<UdpNetEntry>, kind| read.into_iter().map(move |entry| (entry.inode, of_udp(&entry, kind)));
    let mut sockets = HashMap::new();
    sockets.extend(tcp(process.tcp().unwrap_or_default(), "IPv4"));
    sockets.extend(tcp(process.tcp6().unwrap_or_default(), "IPv6"));
    sockets.extend(udp(process.udp().unwrap_or_default(), "IPv4"));
    sockets.extend(udp(process.udp6().unwrap_or_default(), "IPv6"));
    sockets.extend(process.unix().unwrap_or_default().iter().map(|entry| (entry.inode, of_unix(entry))));
    sockets
}

fn of_tcp(entry: &TcpNetEntry, kind: &'static str) -> Socket {
    let state = state(&entry.state);
    socket(kind, "TCP", entry.local_address, entry.remote_address, &format!(" ({state})"))
}

fn of_udp(entry: &UdpNetEntry, kind: &'static str) -> Socket {
    socket(kind, "UDP", entry.local_address, entry.remote_address, "")
}

fn socket(
    kind: &'static str,
    protocol: &'static str,
    local: SocketAddr,
    remote: SocketAddr,
    end: &str,
) -> Socket {
    let is_connected = remote.port() != 0;
    let far = if is_connected { format!("->{remote}") } else { String::new() };
    let mut ports = vec![local.port()];
    ports.extend(is_connected.then(|| remote.port()));
    Socket { kind, protocol, name: format!("{}{far}{end}", near(local)), ports }
}

/// An address that stands for all is `*`.
fn near(address: SocketAddr) -> String {
    if address.ip().is_unspecified() { format!("*:{}", address.port()) } else { address.to_string() }
}

fn of_unix(entry: &UnixNetEntry) -> Socket {
    let name = entry.path.as_ref().map_or_else(|| "socket".to_owned(), |path| path.display().to_string());
    Socket { kind: "unix", protocol: "unix", name, ports: Vec::new() }
}

fn state(state: &TcpState) -> &'static str {
    match state {
        TcpState::Established => "ESTABLISHED",
        TcpState::SynSent => "SYN_SENT",
        TcpState::SynRecv | TcpState::NewSynRecv => "SYN_RECV",
        TcpState::FinWait1 => "FIN_WAIT1",
        TcpState::FinWait2 => "FIN_WAIT2",
        TcpState::TimeWait => "TIME_WAIT",
        TcpState::Close => "CLOSED",
        TcpState::CloseWait => "CLOSE_WAIT",
        TcpState::LastAck => "LAST_ACK",
        TcpState::Listen => "LISTEN",
        TcpState::Closing => "CLOSING",
    }
}
