//! On which side of the wire an engine is: on this kernel, or elsewhere.

use std::net::IpAddr;

use porthole_model::{Gid, Pid, Uid};
use tokio::net::unix::UCred;

use crate::Client;
use crate::endpoint::Address;

/// The process at the other end of a unix socket, as the kernel names it (`SO_PEERCRED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// The process that called listen(2): the engine, or systemd (1) when the socket was handed to the engine. `None`
    /// when it is in a pid namespace that is not visible from here.
    pub pid: Option<Pid>,
    /// Its user.
    pub uid: Uid,
    /// Its group.
    pub gid: Gid,
}

impl From<UCred> for Peer {
    fn from(credentials: UCred) -> Self {
        let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0);
        Self { pid: pid.map(Pid), uid: Uid(credentials.uid()), gid: Gid(credentials.gid()) }
    }
}

/// What the connection tells about where the engine runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locality {
    /// On this kernel, behind a socket of this process.
    ThisKernel(Pid),
    /// A unix socket whose other end is not visible from here: another pid namespace, or a forwarder.
    UnixSocket,
    /// A loopback address: this kernel, or a tunnel.
    Loopback,
    /// Another host, as far as the address tells.
    Remote,
}

/// Where the engine of `client` runs, as far as the connection tells.
///
/// A forwarder (ssh, socat, Docker Desktop) listens on this kernel for an engine elsewhere: compare the engine's host
/// name and kernel release too.
pub fn locality(client: &Client) -> Locality {
    match client.endpoint().address() {
        Address::Unix(_) => {
            client.peer().and_then(|peer| peer.pid).map_or(Locality::UnixSocket, Locality::ThisKernel)
        }
        Address::Tcp { host, .. } if is_loopback(host) => Locality::Loopback,
        Address::Tcp { .. } | Address::Ssh(_) => Locality::Remote,
    }
}

fn is_loopback(host: &str) -> bool {
    let literal = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    literal || host.eq_ignore_ascii_case("localhost")
}
