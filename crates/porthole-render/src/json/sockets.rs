//! Sockets as JSON, written row by row.

use std::collections::HashSet;
use std::io::{self, Write};
use std::net::{IpAddr, SocketAddr};

use porthole_model::{Gap, InternetSocket, Observed, Socket, SocketEndpoint, UnixSocket};
use schemars::JsonSchema;
use serde::Serialize;

use super::SCHEMA_VERSION;
use super::gap::MissingFact;
use crate::sockets::{SocketRow, protocol_name, state_name};

/// Sockets with the processes that hold them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole sockets")]
pub struct SocketsDocument<'a> {
    /// The version of this document.
    pub schema_version: u32,
    /// The sockets.
    pub sockets: Vec<SocketItem<'a>>,
    /// What could not be read, each reason once. The path of unknown owners is `sockets[].owners`.
    pub gaps: Vec<MissingFact>,
}

/// A socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SocketItem<'a> {
    /// The container or namespace, where more than one is listed.
    pub container: Option<&'a str>,
    /// `tcp`, `udp`, `sctp`, `unix_stream`, `unix_datagram`, `unix_sequential_packet`.
    pub protocol: &'a str,
    /// Whether it is an IPv6 socket; its addresses may be IPv4 all the same. Null of a unix socket.
    pub ipv6_socket: Option<bool>,
    /// Whether it refuses IPv4, where the kernel says so.
    pub ipv6_only: Option<bool>,
    /// Its state: `listening`, `established`, `time-wait`, ….
    pub state: &'a str,
    /// What it is bound to; null of a unix socket. A v4-mapped address is written as the IPv4 address it is.
    pub local: Option<AddressItem>,
    /// What it is connected to.
    pub remote: Option<AddressItem>,
    /// The path of a unix socket; an abstract one begins with `@`.
    pub path: Option<&'a str>,
    /// The inode of a unix socket's peer.
    pub peer_inode: Option<u64>,
    /// Bytes not read; of a listener, connections not accepted.
    pub receive_queue: Option<u32>,
    /// Bytes not acknowledged; of a listener, the longest backlog.
    pub send_queue: Option<u32>,
    /// The user that made it.
    pub uid: Option<u32>,
    /// Its inode; 0 where the kernel keeps none.
    pub inode: u64,
    /// The processes that hold it; null when they are not known.
    pub owners: Option<Vec<OwnerItem<'a>>>,
}

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AddressItem {
    /// The address.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
}

/// A process that holds a socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct OwnerItem<'a> {
    /// Its id.
    pub pid: u32,
    /// Its name.
    pub name: &'a str,
}

/// Writes a [`SocketsDocument`] socket by socket, in flat memory.
#[derive(Debug)]
pub struct SocketStream<W> {
    out: W,
    row: Vec<u8>,
    started: bool,
    seen: HashSet<Gap>,
    gaps: Vec<MissingFact>,
}

impl<W: Write> SocketStream<W> {
    /// Begins the document.
    pub fn new(mut out: W) -> io::Result<Self> {
        write!(out, "{{\n\"schema_version\": {SCHEMA_VERSION},\n\"sockets\": [")?;
        Ok(Self { out, row: Vec::new(), started: false, seen: HashSet::new(), gaps: Vec::new() })
    }

    /// Writes a socket.
    pub fn row(&mut self, row: SocketRow<'_>) -> io::Result<()> {
        self.out.write_all(if self.started { b",\n" } else { b"\n" })?;
        self.started = true;
        if let Some(gap) = row.socket.owners.gap() {
            self.keep(gap, Some("sockets[].owners".to_owned()));
        }
        self.row.clear();
        serde_json::to_writer(&mut self.row, &SocketItem::from(row))?;
        self.out.write_all(&self.row)
    }

    /// Keeps a reason for the list at the end, once.
    pub fn gap(&mut self, gap: &Gap) {
        self.keep(gap, None);
    }

    /// Ends the document.
    pub fn finish(mut self) -> io::Result<()> {
        self.out.write_all(b"\n],\n\"gaps\": ")?;
        serde_json::to_writer(&mut self.out, &self.gaps)?;
        self.out.write_all(b"\n}\n")?;
        self.out.flush()
    }

    fn keep(&mut self, gap: &Gap, path: Option<String>) {
        if !self.seen.contains(gap) {
            self.seen.insert(gap.clone());
            self.gaps.push(MissingFact::at(path, gap));
        }
    }
}

impl<'a> From<SocketRow<'a>> for SocketItem<'a> {
    fn from(row: SocketRow<'a>) -> Self {
        let item = match &row.socket.endpoint {
            SocketEndpoint::Internet(internet) => of_internet(row.socket, internet),
            SocketEndpoint::Unix(unix) => of_unix(row.socket, unix),
        };
        Self { container: row.place, ..item }
    }
}

fn of_internet<'a>(socket: &'a Socket, internet: &'a InternetSocket) -> SocketItem<'a> {
    SocketItem {
        ipv6_socket: Some(internet.local.is_ipv6()),
        ipv6_only: internet.v6_only,
        state: state_name(internet.state),
        local: Some(AddressItem::from(internet.local)),
        remote: Some(AddressItem::from(internet.remote)).filter(AddressItem::is_somebody),
        receive_queue: Some(internet.receive_queue),
        send_queue: Some(internet.send_queue),
        uid: Some(internet.uid.0),
        ..blank(socket)
    }
}

fn of_unix<'a>(socket: &'a Socket, unix: &'a UnixSocket) -> SocketItem<'a> {
    SocketItem {
        state: state_name(unix.state),
        path: unix.path.as_deref(),
        peer_inode: unix.peer,
        ..blank(socket)
    }
}

fn blank(socket: &Socket) -> SocketItem<'_> {
    SocketItem {
        container: None,
        protocol: protocol_name(&socket.endpoint),
        ipv6_socket: None,
        ipv6_only: None,
        state: "",
        local: None,
        remote: None,
        path: None,
        peer_inode: None,
        receive_queue: None,
        send_queue: None,
        uid: None,
        inode: socket.inode,
        owners: owners(socket),
    }
}

fn owners(socket: &Socket) -> Option<Vec<OwnerItem<'_>>> {
    match &socket.owners {
        Observed::Known(owners) => {
            Some(owners.iter().map(|owner| OwnerItem { pid: owner.pid.0, name: &owner.name }).collect())
        }
        Observed::Missing(_) => None,
    }
}

impl AddressItem {
    fn is_somebody(&self) -> bool {
        self.port != 0 || !self.address.is_unspecified()
    }
}

impl From<SocketAddr> for AddressItem {
    fn from(address: SocketAddr) -> Self {
        Self { address: address.ip().to_canonical(), port: address.port() }
    }
}
