//! Sockets that are made inside a process's network namespace and used from here: a socket stays where it was made.

use std::fs::File;
use std::io;
use std::net::{Ipv6Addr, SocketAddr, TcpStream, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::Path;

use porthole_model::{Gap, NetnsId, Pid};
use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::failure::{Right, gap};
use crate::places::Place;
use crate::procfs::ProcFs;
use crate::{LinuxHost, enter};

/// The way into the network and to the files of one process.
#[derive(Clone, Debug)]
pub struct ProcessDoor {
    proc: ProcFs,
    pid: Pid,
    place: Place,
}

impl LinuxHost {
    /// The way to what the process `pid` can reach.
    pub fn door_of(&self, pid: Pid) -> Result<ProcessDoor, Gap> {
        let namespace = *self.network_namespace_of(pid).known()?;
        let place = Place::of_process(&self.proc, namespace, pid);
        Ok(ProcessDoor { proc: self.proc.clone(), pid, place })
    }
}

impl ProcessDoor {
    /// The process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Its network namespace.
    pub fn namespace(&self) -> NetnsId {
        self.place.id
    }

    /// Whether the process is still there, in the same network namespace.
    pub fn is_open(&self) -> bool {
        self.place.open().is_ok()
    }

    /// A TCP socket in the process's network for `peer`'s kind of address. It is not connected, and does not block.
    pub fn tcp_socket(&self, peer: SocketAddr) -> Result<TcpStream, Gap> {
        self.socket(peer, SocketType::STREAM).map(TcpStream::from)
    }

    /// A UDP socket in the process's network that sends to `peer` and receives from it alone. It does not block.
    pub fn udp_socket(&self, peer: SocketAddr) -> Result<UdpSocket, Gap> {
        let socket = self.socket(peer, SocketType::DGRAM)?;
        rustix::net::connect(&socket, &peer)
            .map_err(|error| gap(peer.to_string(), "connect", error, Right::Root))?;
        Ok(socket.into())
    }

    /// A UDP socket in the process's network for `peer`'s kind of address. It is not connected, blocks, and reports
    /// what routers and hosts say of datagrams that do not arrive (ip(7), `IP_RECVERR`).
    pub(crate) fn unconnected_udp_socket(&self, peer: SocketAddr) -> Result<UdpSocket, Gap> {
        let socket = UdpSocket::from(self.socket(peer, SocketType::DGRAM)?);
        let prepared = report_errors(&socket, peer).and_then(|()| socket.set_nonblocking(false));
        prepared.map_err(|error| gap(format!("socket for {peer}"), "setsockopt", error, Right::Root))?;
        Ok(socket)
    }

    /// The number of an interface of the process's network.
    pub(crate) fn interface_index(&self, name: &str) -> Result<u32, Gap> {
        let any = SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), 0);
        let socket = self.socket(any, SocketType::DGRAM)?;
        let found = name.parse().or_else(|_| rustix::net::netdevice::name_to_index(&socket, name));
        found.map_err(|error| gap(format!("interface {name}"), "SIOCGIFINDEX", error, Right::Root))
    }

    /// A connection to the unix socket that the process sees at `path`: no link leads out of its root.
    ///
    /// A path beginning with `@` is an abstract name. Waits while the socket's queue is full.
    pub fn unix_stream(&self, path: &Path) -> io::Result<UnixStream> {
        if let Some(name) = path.to_str().and_then(|path| path.strip_prefix('@')) {
            return self.abstract_stream(name.as_bytes());
        }
        let socket = open_within(&self.proc, self.pid, path)?;
        // Longer paths than a socket's address holds are reached by their descriptor, too.
        UnixStream::connect(format!("/proc/self/fd/{}", socket.as_raw_fd()))
    }

    fn abstract_stream(&self, name: &[u8]) -> io::Result<UnixStream> {
        let address = rustix::net::SocketAddrUnix::new_abstract_name(name)?;
        let made = enter::one(&self.proc, &self.place, &|_| {
            socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
        });
        let socket = made.map_err(|gap| io::Error::other(gap.cause))??;
        rustix::net::connect(&socket, &address)?;
        Ok(socket.into())
    }

    fn socket(&self, peer: SocketAddr, kind: SocketType) -> Result<OwnedFd, Gap> {
        let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let made = enter::one(&self.proc, &self.place, &|_| socket_with(family, kind, flags, None))?;
        made.map_err(|error| gap(format!("socket for {peer}"), "socket", error, Right::Root))
    }
}

/// Finds a file of a process without leaving the root of that process, whatever links are in the way.
fn open_within(proc: &ProcFs, pid: Pid, path: &Path) -> io::Result<File> {
    in_root(proc, pid, path, OFlags::PATH)
}

/// Opens a file of a process for reading, in the same way; no pipe or device makes it wait.
pub(crate) fn read_within(proc: &ProcFs, pid: Pid, path: &Path) -> io::Result<File> {
    in_root(proc, pid, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY)
}

fn in_root(proc: &ProcFs, pid: Pid, path: &Path, flags: OFlags) -> io::Result<File> {
    let root = File::open(proc.process_path(pid, "root"))?;
    let flags = flags | OFlags::CLOEXEC;
    Ok(rustix::fs::openat2(root, path, flags, Mode::empty(), ResolveFlags::IN_ROOT)?.into())
}

#[expect(unsafe_code, reason = "rustix has no such socket option")]
pub(crate) fn report_errors(socket: &impl AsRawFd, peer: SocketAddr) -> io::Result<()> {
    let (level, option) = if peer.is_ipv4() {
        (libc::IPPROTO_IP, libc::IP_RECVERR)
    } else {
        (libc::IPPROTO_IPV6, libc::IPV6_RECVERR)
    };
    let on: libc::c_int = 1;
    let length = libc::socklen_t::try_from(size_of_val(&on)).map_err(io::Error::other)?;
    // SAFETY: the kernel reads `length` bytes of `on`, which outlives the call; the descriptor is the socket's own.
    let set = unsafe { libc::setsockopt(socket.as_raw_fd(), level, option, (&raw const on).cast(), length) };
    if set == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}
