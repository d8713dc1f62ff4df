//! ss: the sockets of this network namespace.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::Write;
use std::net::SocketAddr;

use clap::Parser;
use porthole_host::{AddressFamily, LinuxHost, Roots, SocketFilter, SocketStates};
use porthole_model::{
    InternetSocket, Socket, SocketEndpoint, SocketState, TransportProtocol, UnixSocketKind,
};

use super::tool::{self, Outcome};

/// Show the sockets of this network namespace
#[derive(Debug, Parser)]
#[command(
    name = "ss",
    after_help = "\
Examples:
  ss -tlnp      who listens, with processes
  ss -tan       every TCP socket
  ss -xl        unix sockets that listen"
)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of ss")]
struct Arguments {
    /// TCP
    #[arg(short = 't', long)]
    tcp: bool,
    /// UDP
    #[arg(short = 'u', long)]
    udp: bool,
    /// Unix sockets
    #[arg(short = 'x', long)]
    unix: bool,
    /// Only those that listen
    #[arg(short = 'l', long, conflicts_with = "all")]
    listening: bool,
    /// Those that listen, too
    #[arg(short = 'a', long)]
    all: bool,
    /// The processes that hold them
    #[arg(short = 'p', long)]
    processes: bool,
    /// Numbers for ports, which are never shown otherwise
    #[arg(short = 'n', long)]
    numeric: bool,
    /// The user and the inode
    #[arg(short = 'e', long)]
    extended: bool,
    /// IPv4
    #[arg(short = '4', long)]
    ipv4: bool,
    /// IPv6
    #[arg(short = '6', long)]
    ipv6: bool,
    /// No header
    #[arg(short = 'H', long = "no-header")]
    no_header: bool,
}

pub(super) fn run(words: Vec<OsString>) -> i32 {
    tool::parsed(words, show)
}

#[expect(clippy::needless_pass_by_value, reason = "a tool is given its arguments")]
fn show(arguments: Arguments) -> Outcome {
    let mut sockets = LinuxHost::new(Roots::default()).own_sockets(&arguments.filter())?;
    sockets.retain(|socket| arguments.wants(socket));
    let mut out = tool::out();
    if !arguments.no_header {
        let (local, peer) = ("Local Address:Port", "Peer Address:Port");
        writeln!(out, "{:<6}{:<11}{:>6} {:>6} {local:>30} {peer:<30}", "Netid", "State", "Recv-Q", "Send-Q")?;
    }
    for socket in &sockets {
        writeln!(out, "{}", line(socket, &arguments).trim_end())?;
    }
    out.flush()?;
    Ok(0)
}

impl Arguments {
    /// Without a kind every kind is asked for.
    fn filter(&self) -> SocketFilter {
        let any = !(self.tcp || self.udp || self.unix);
        let mut protocols = Vec::new();
        if self.tcp || any {
            protocols.push(TransportProtocol::Tcp);
        }
        if self.udp || any {
            protocols.push(TransportProtocol::Udp);
        }
        let families = match (self.ipv4, self.ipv6) {
            (true, false) => vec![AddressFamily::V4],
            (false, true) => vec![AddressFamily::V6],
            _ => vec![AddressFamily::V4, AddressFamily::V6],
        };
        let states = SocketStates::ALL;
        let unix = self.unix || (any && !self.ipv4 && !self.ipv6);
        SocketFilter {
            protocols,
            families,
            states,
            unix,
            owners: self.processes,
            ..SocketFilter::everything()
        }
    }

    /// As ss does: who is connected; with `-l` who waits to be, with `-a` both.
    fn wants(&self, socket: &Socket) -> bool {
        self.all || waits(socket) == self.listening
    }
}

/// A UDP socket without a peer, and a datagram socket of any kind, waits as a listener does.
fn waits(socket: &Socket) -> bool {
    match &socket.endpoint {
        SocketEndpoint::Internet(internet) => {
            matches!(internet.state, SocketState::Listening | SocketState::Unconnected)
        }
        SocketEndpoint::Unix(unix) => {
            unix.state == SocketState::Listening
                || (unix.state == SocketState::Unconnected && unix.path.is_some())
        }
    }
}

fn line(socket: &Socket, arguments: &Arguments) -> String {
    let mut line = match &socket.endpoint {
        SocketEndpoint::Internet(internet) => internet_line(internet),
        SocketEndpoint::Unix(unix) => {
            let kind = match unix.kind {
                UnixSocketKind::Stream => "u_str",
                UnixSocketKind::Datagram => "u_dgr",
                UnixSocketKind::SequentialPacket => "u_seq",
            };
            let path = format!("{} {}", unix.path.as_deref().unwrap_or("*"), socket.inode);
            let peer = unix.peer.map_or_else(|| "* 0".to_owned(), |peer| format!("* {peer}"));
            columns(kind, state(unix.state), (0, 0), &path, &peer)
        }
    };
    if arguments.processes {
        line.push_str(&owners(socket));
    }
    if arguments.extended {
        if let SocketEndpoint::Internet(internet) = &socket.endpoint {
            let _infallible = write!(line, " uid:{}", internet.uid.0);
        }
        let _infallible = write!(line, " ino:{}", socket.inode);
    }
    line
}

fn internet_line(socket: &InternetSocket) -> String {
    let queues = (socket.receive_queue, socket.send_queue);
    let kind = socket.protocol.to_string();
    let peer = socket.remote;
    columns(
        &kind,
        state(socket.state),
        queues,
        &address(socket.local, socket.v6_only),
        &address(peer, Some(true)),
    )
}

fn columns(kind: &str, state: &str, queues: (u32, u32), local: &str, peer: &str) -> String {
    format!("{kind:<6}{state:<11}{:>6} {:>6} {local:>30} {peer:<30}", queues.0, queues.1)
}

/// An IPv6 socket on all addresses that takes IPv4 too is `*`.
fn address(address: SocketAddr, v6_only: Option<bool>) -> String {
    let ip = address.ip().to_canonical();
    let port = if address.port() == 0 { "*".to_owned() } else { address.port().to_string() };
    if ip.is_ipv6() && ip.is_unspecified() && v6_only == Some(false) {
        format!("*:{port}")
    } else if ip.is_ipv6() {
        format!("[{ip}]:{port}")
    } else {
        format!("{ip}:{port}")
    }
}

fn owners(socket: &Socket) -> String {
    match socket.owners.known() {
        Ok(owners) if owners.is_empty() => String::new(),
        Ok(owners) => {
            let each = owners.iter().map(|owner| format!("(\"{}\",pid={})", owner.name, owner.pid));
            format!(" users:({})", each.collect::<Vec<_>>().join(","))
        }
        Err(gap) => format!(" users:(unknown: {})", gap.cause),
    }
}

/// The kernel's states, in ss's words.
fn state(state: SocketState) -> &'static str {
    match state {
        SocketState::Established => "ESTAB",
        SocketState::SynSent => "SYN-SENT",
        SocketState::SynReceived | SocketState::NewSynReceived => "SYN-RECV",
        SocketState::FinWait1 => "FIN-WAIT-1",
        SocketState::FinWait2 => "FIN-WAIT-2",
        SocketState::TimeWait => "TIME-WAIT",
        SocketState::Unconnected => "UNCONN",
        SocketState::CloseWait => "CLOSE-WAIT",
        SocketState::LastAck => "LAST-ACK",
        SocketState::Listening => "LISTEN",
        SocketState::Closing => "CLOSING",
    }
}
