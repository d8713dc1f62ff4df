//! Connections to what listens in the container, whichever process it has now.

use std::fmt::Write;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use porthole_engine::Client;
use porthole_host::{LinuxHost, ProcessDoor, SocketFilter};
use porthole_model::{
    Container, ContainerId, Gap, InternetSocket, Pid, Secrets, Socket, SocketEndpoint, TransportProtocol,
};
use porthole_tap::BoxedStream;
use tokio::net::{TcpSocket, UdpSocket, UnixStream};
use tokio::sync::Mutex;

use super::route::Far;
use crate::commands::subject::local_process;
use crate::error::CommandError;
use crate::printer::Printer;
use crate::world::World;

/// The container, as connections reach it.
pub(super) struct Inside {
    host: LinuxHost,
    /// What messages call it.
    pub(super) name: String,
    finder: Finder,
    door: Mutex<Arc<ProcessDoor>>,
}

/// Who knows the container's process after a restart.
enum Finder {
    /// Nobody: a process was named itself.
    Nobody,
    /// The engine, and whom to tell.
    Engine(Box<Client>, Secrets, Printer),
    /// This host alone, by the container's control group.
    Host(ContainerId),
}

impl Inside {
    /// A process of this host, named by `text`.
    pub(super) fn of_process(pid: Pid, text: &str, world: &World) -> Result<Self, CommandError> {
        let door = Self::door(&world.host, pid)?;
        Ok(Self::new(world.host.clone(), text, Finder::Nobody, door))
    }

    /// A container of this host.
    pub(super) fn of_container(
        container: &Container,
        engine: Box<Client>,
        door: ProcessDoor,
        world: &World,
    ) -> Self {
        let finder = Finder::Engine(engine, world.settings.secrets, world.printer);
        Self::new(world.host.clone(), &container.name, finder, door)
    }

    /// A container of the host that this process helps on.
    pub(super) fn of_host(host: LinuxHost, container: ContainerId, name: &str) -> Result<Self, Gap> {
        let door = Self::door(&host, host.first_process_of(&container)?)?;
        Ok(Self::new(host, name, Finder::Host(container), door))
    }

    fn new(host: LinuxHost, name: &str, finder: Finder, door: ProcessDoor) -> Self {
        Self { host, name: name.to_owned(), finder, door: Mutex::new(Arc::new(door)) }
    }

    /// The way into the network of a process, which is known to be open: a first socket is made there.
    pub(super) fn door(host: &LinuxHost, pid: Pid) -> Result<ProcessDoor, Gap> {
        let door = host.door_of(pid)?;
        door.tcp_socket(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)))?;
        Ok(door)
    }

    /// A connection to a port or a unix socket.
    pub(super) async fn stream(&self, far: &Far) -> io::Result<BoxedStream> {
        let door = self.open_door().await?;
        match far {
            Far::Unix(path) => self.unix_stream(door, path.clone()).await,
            Far::Port { address, port, .. } => self.tcp_stream(&door, *address, *port).await,
        }
    }

    /// A socket that sends to a UDP port and receives from it.
    pub(super) async fn datagrams(&self, far: &Far) -> io::Result<UdpSocket> {
        let door = self.open_door().await?;
        let Far::Port { address, port, .. } = far else {
            return Err(io::Error::other("a unix socket takes no datagrams here"));
        };
        let peer = match address {
            Some(address) => SocketAddr::new(*address, *port),
            None => self.listening(&door, TransportProtocol::Udp, *port)?,
        };
        UdpSocket::from_std(door.udp_socket(peer).map_err(words)?)
    }

    /// The way in; found anew when the process has ended.
    async fn open_door(&self) -> io::Result<Arc<ProcessDoor>> {
        let mut door = self.door.lock().await;
        if !door.is_open() {
            *door = Arc::new(self.new_door().await?);
        }
        Ok(Arc::clone(&door))
    }

    async fn new_door(&self) -> io::Result<ProcessDoor> {
        match &self.finder {
            Finder::Nobody => {
                Err(io::Error::new(io::ErrorKind::NotFound, format!("{} has ended", self.name)))
            }
            Finder::Engine(engine, secrets, printer) => {
                let container = porthole_engine::inspect(engine, &self.name, *secrets).await;
                let container = container.map_err(io::Error::other)?;
                let pid = local_process(&self.host, &container).map_err(words)?;
                let door = self.host.door_of(pid).map_err(words)?;
                printer.note(&porthole_render::forward::moved(&self.name, pid));
                Ok(door)
            }
            Finder::Host(container) => {
                let first = self.host.first_process_of(container);
                let first = first.map_err(|_| io::Error::other(format!("{} is not running", self.name)))?;
                self.host.door_of(first).map_err(words)
            }
        }
    }

    async fn unix_stream(&self, door: Arc<ProcessDoor>, path: PathBuf) -> io::Result<BoxedStream> {
        let shown = path.display().to_string();
        let connected = tokio::task::spawn_blocking(move || door.unix_stream(&path)).await;
        let stream = connected.map_err(io::Error::other)?.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => io::Error::other(format!("{} has no {shown}", self.name)),
            io::ErrorKind::ConnectionRefused => {
                io::Error::other(format!("nothing listens on {shown} in {}", self.name))
            }
            _ => error,
        })?;
        stream.set_nonblocking(true)?;
        Ok(Box::new(UnixStream::from_std(stream)?))
    }

    /// Loopback is tried first, for it is where servers listen that are not meant to be published.
    async fn tcp_stream(
        &self,
        door: &ProcessDoor,
        address: Option<IpAddr>,
        port: u16,
    ) -> io::Result<BoxedStream> {
        if let Some(address) = address {
            return connect(door, SocketAddr::new(address, port)).await.map_err(|error| match error.kind() {
                io::ErrorKind::ConnectionRefused => self.nothing(door, TransportProtocol::Tcp, port),
                _ => error,
            });
        }
        for loopback in [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)] {
            if let Ok(stream) = connect(door, SocketAddr::new(loopback, port)).await {
                return Ok(stream);
            }
        }
        connect(door, self.listening(door, TransportProtocol::Tcp, port)?).await
    }

    /// Where something waits on that port.
    fn listening(
        &self,
        door: &ProcessDoor,
        protocol: TransportProtocol,
        port: u16,
    ) -> io::Result<SocketAddr> {
        let mut found = None;
        self.each_listener(door, protocol, |socket, _| {
            found = found.or((socket.local.port() == port).then(|| reached_at(socket)));
        })
        .map_err(words)?;
        found.ok_or_else(|| self.nothing(door, protocol, port))
    }

    /// Nothing waits on that port; what waits on others is said.
    fn nothing(&self, door: &ProcessDoor, protocol: TransportProtocol, port: u16) -> io::Error {
        let mut others = Vec::new();
        let read = self.each_listener(door, protocol, |socket, owner| {
            let local = reached_at(socket);
            others.push(owner.map_or_else(|| local.to_string(), |owner| format!("{local} ({owner})")));
        });
        let mut words = format!("nothing listens on {protocol} port {port} in {}", self.name);
        if read.is_ok() && !others.is_empty() {
            others.sort();
            others.dedup();
            // Writing to a String cannot fail.
            let _written = write!(words, ", but on {}", others.join(", "));
        }
        io::Error::new(io::ErrorKind::ConnectionRefused, words)
    }

    fn each_listener(
        &self,
        door: &ProcessDoor,
        protocol: TransportProtocol,
        mut each: impl FnMut(&InternetSocket, Option<&str>),
    ) -> Result<(), Gap> {
        let filter = SocketFilter { protocols: vec![protocol], ..SocketFilter::listeners() };
        self.host.each_socket(door.pid(), &filter, &mut |socket: Socket| {
            let owner =
                socket.owners.value().and_then(|owners| owners.first()).map(|owner| owner.name.as_str());
            if let SocketEndpoint::Internet(internet) = &socket.endpoint {
                each(internet, owner);
            }
            ControlFlow::Continue(())
        })
    }
}

async fn connect(door: &ProcessDoor, peer: SocketAddr) -> io::Result<BoxedStream> {
    let socket = TcpSocket::from_std_stream(door.tcp_socket(peer).map_err(words)?);
    let stream = socket.connect(peer).await?;
    stream.set_nodelay(true)?;
    Ok(Box::new(stream))
}

/// From inside, a socket on every address is reached over loopback.
fn reached_at(socket: &InternetSocket) -> SocketAddr {
    let loopback: IpAddr = match socket.local.ip().to_canonical() {
        IpAddr::V6(address) if address.is_unspecified() && socket.v6_only == Some(true) => {
            Ipv6Addr::LOCALHOST.into()
        }
        address if address.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        address => address,
    };
    SocketAddr::new(loopback, socket.local.port())
}

fn words(gap: Gap) -> io::Error {
    let Gap { what, cause, .. } = gap;
    io::Error::other(format!("{what}: {cause}"))
}
