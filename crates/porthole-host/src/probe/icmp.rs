//! What hears ICMP errors in a network namespace: a refused connection does not tell a reset from a rule's words.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use porthole_model::{IcmpError, ProbeRequest};
use porthole_wire::icmp::{self, Reproach};
use rustix::net::{AddressFamily, RecvFlags, SocketFlags, SocketType, ipproto, recvfrom, socket_with};

/// Enough for the errors of any sender; RFC 1812 lets them be of 576 bytes.
const BUFFER: usize = 2048;

/// What finds an error in what was received.
type Parser = fn(&[u8]) -> Option<Reproach>;

/// The ears of one namespace. Without the right to have them, nothing is heard.
pub(super) struct Ears {
    ipv4: Option<OwnedFd>,
    ipv6: Option<OwnedFd>,
    heard: Vec<(IpAddr, Reproach)>,
}

impl Ears {
    /// Those of the calling thread's namespace.
    pub(super) fn open() -> Self {
        let open = |family, protocol| {
            let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
            socket_with(family, SocketType::RAW, flags, Some(protocol)).ok()
        };
        Self {
            ipv4: open(AddressFamily::INET, ipproto::ICMP),
            ipv6: open(AddressFamily::INET6, ipproto::ICMPV6),
            heard: Vec::new(),
        }
    }

    /// Whether errors of that family are heard.
    pub(super) fn hears(&self, is_ipv6: bool) -> bool {
        if is_ipv6 { self.ipv6.is_some() } else { self.ipv4.is_some() }
    }

    /// What to wait for.
    pub(super) fn sockets(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        [&self.ipv4, &self.ipv6].into_iter().flatten().map(AsFd::as_fd)
    }

    /// Takes all that came. The kernel gives it here before it tells the socket that the error is about.
    pub(super) fn listen(&mut self) {
        let parsers: [(_, Parser); 2] = [(&self.ipv4, icmp::in_ipv4), (&self.ipv6, icmp::in_ipv6)];
        let mut buffer = [0; BUFFER];
        for (socket, parse) in parsers {
            let Some(socket) = socket else { continue };
            while let Ok((_, length, from)) = recvfrom(socket, &mut buffer[..], RecvFlags::empty()) {
                let from = from.and_then(|from| SocketAddr::try_from(from).ok());
                let heard = from.zip(parse(&buffer[..length.min(BUFFER)]));
                self.heard.extend(heard.map(|(from, reproach)| (from.ip(), reproach)));
            }
        }
    }

    /// What was said of a packet of this probe.
    pub(super) fn about(&self, request: &ProbeRequest, source: SocketAddr) -> Option<IcmpError> {
        let is_it = |reproach: &Reproach| {
            reproach.protocol == request.protocol
                && reproach.source.port() == source.port()
                && same_place(reproach.destination, request.target)
        };
        let (from, reproach) = self.heard.iter().find(|(_, reproach)| is_it(reproach))?;
        Some(IcmpError { from: *from, reason: reproach.reason })
    }
}

fn same_place(one: SocketAddr, other: SocketAddr) -> bool {
    (one.ip(), one.port()) == (other.ip(), other.port())
}
