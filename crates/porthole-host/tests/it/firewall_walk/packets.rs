//! Packets that are really sent, from inside of a network namespace.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU16, Ordering};

use porthole_model::{Pid, Port, Transport};
use rustix::net::{
    AddressFamily, SocketFlags, SocketType, bind, connect, getsockname, ipproto, sendto, socket_with,
};

use crate::world::inside;

/// Each echo begins a connection of its own.
static ECHOES: AtomicU16 = AtomicU16::new(1);

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Tcp,
    Udp,
    Echo,
}

/// A packet ready to be sent: its socket, and the flow that it begins.
#[derive(Debug)]
pub(super) struct Ready {
    socket: OwnedFd,
    kind: Kind,
    to: SocketAddr,
    pub(super) from: SocketAddr,
}

/// A packet of a process; `None` where the process's namespace has no way to the address at all.
pub(super) fn ready(process: Pid, kind: Kind, to: SocketAddr) -> Option<Ready> {
    inside(process, move || {
        let source = source_to(to)?;
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let (socket_type, protocol) = match kind {
            Kind::Tcp => (SocketType::STREAM, None),
            Kind::Udp => (SocketType::DGRAM, None),
            Kind::Echo if to.is_ipv4() => (SocketType::RAW, Some(ipproto::ICMP)),
            Kind::Echo => (SocketType::RAW, Some(ipproto::ICMPV6)),
        };
        let socket = socket_with(family, socket_type, SocketFlags::NONBLOCK, protocol).unwrap();
        bind(&socket, &SocketAddr::new(source, 0)).unwrap();
        let from = SocketAddr::try_from(getsockname(&socket).unwrap()).unwrap();
        let from = if kind == Kind::Echo { SocketAddr::new(from.ip(), 0) } else { from };
        Some(Ready { socket, kind, to, from })
    })
}

/// The address that the namespace would send from.
fn source_to(to: SocketAddr) -> Option<IpAddr> {
    let any: IpAddr = if to.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let probe = UdpSocket::bind((any, 0)).unwrap();
    probe.connect(to).ok()?;
    Some(probe.local_addr().unwrap().ip())
}

/// A request for an echo. The checksum of ICMP is put in here, that of `ICMPv6` by the kernel.
fn echo(is_ipv4: bool) -> Vec<u8> {
    let identifier = ECHOES.fetch_add(1, Ordering::Relaxed);
    let (kind, checksum) = if is_ipv4 { (8, !(0x0800 + identifier)) } else { (128, 0) };
    [&[kind, 0][..], &checksum.to_be_bytes(), &identifier.to_be_bytes(), &[0, 0]].concat()
}

impl Ready {
    /// Sends it. That a rule refuses it at once is no error here.
    pub(super) fn send(&self) {
        let _refused_or_under_way = match self.kind {
            Kind::Tcp => connect(&self.socket, &self.to),
            Kind::Udp => self.send_bytes(b"porthole"),
            Kind::Echo => self.send_bytes(&echo(self.to.is_ipv4())),
        };
    }

    fn send_bytes(&self, bytes: &[u8]) -> rustix::io::Result<()> {
        let port = if self.kind == Kind::Echo { 0 } else { self.to.port() };
        sendto(&self.socket, bytes, rustix::net::SendFlags::empty(), &SocketAddr::new(self.to.ip(), port))
            .map(|_| ())
    }

    pub(super) fn transport(&self) -> Transport {
        let (source, destination) = (Port(self.from.port()), Port(self.to.port()));
        match self.kind {
            Kind::Tcp => Transport::Tcp { source, destination, flags: 2 },
            Kind::Udp => Transport::Udp { source, destination },
            Kind::Echo => Transport::Icmp { kind: if self.to.is_ipv4() { 8 } else { 128 }, code: 0 },
        }
    }

    pub(super) fn to(&self) -> SocketAddr {
        self.to
    }
}
