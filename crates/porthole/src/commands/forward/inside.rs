//! Connections to what listens in the container, whichever process it has now.

use std::fmt::Write;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

use porthole_engine::Client;
use porthole_host::{LinuxHost, ProcessDoor, SocketFilter};
use porthole_model::{Gap, GapKind, InternetSocket, Secrets, Socket, SocketEndpoint, TransportProtocol};
use porthole_tap::BoxedStream;
use tokio::net::{TcpSocket, UdpSocket, UnixStream};
use tokio::sync::Mutex;

use super::route::Far;
use crate::commands::subject::{Subject, local_process};
use crate::error::CommandError;
use crate::printer::Printer;
use crate::world::World;

/// The container, as connections reach it.
pub(super) struct Inside {
    host: LinuxHost,
    printer: Printer,
    secrets: Secrets,
    /// What messages call it.
    pub(super) name: String,
    /// The engine that knows its process after a restart; none for a process that was named itself.
    engine: Option<Box<Client>>,
    door: Mutex<Arc<ProcessDoor>>,
}

impl Inside {
    /// The subject must run on this host.
    pub(super) fn new(subject: Subject, text: &str, world: &World) -> Result<Self, CommandError> {
        let (name, pid, engine) = match subject {
            Subject::Process(pid) => (text.to_owned(), pid, None),
            Subject::Container(container, client) => {
                let pid = local_process(&world.host, &container).map_err(out_of_reach)?;
                (container.name, pid, Some(client))
            }
        };
        let door = Mutex::new(Arc::new(world.host.door_of(pid)?));
        let (host, printer, secrets) = (world.host.clone(), world.printer, world.settings.secrets);
        Ok(Self { host, printer, secrets, name, engine, door })
    }

    /// A connection to a port or a unix socket.
    pub(super) async fn stream(&self, far: &Far) -> io::Result<BoxedStream> {
        let door = self.door().await?;
        match far {
            Far::Unix(path) => self.unix_stream(door, path.clone()).await,
            Far::Port { address, port, .. } => self.tcp_stream(&door, *address, *port).await,
        }
    }

    /// A socket that sends to a UDP port and receives from it.
    pub(super) async fn datagrams(&self, far: &Far) -> io::Result<UdpSocket> {
        let door = self.door().await?;
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
    async fn door(&self) -> io::Result<Arc<ProcessDoor>> {
        let mut door = self.door.lock().await;
        if !door.is_open() {
            *door = Arc::new(self.new_door().await?);
        }
        Ok(Arc::clone(&door))
    }

    async fn new_door(&self) -> io::Result<ProcessDoor> {
        let Some(engine) = &self.engine else {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("{} has ended", self.name)));
        };
        let container = porthole_engine::inspect(engine, &self.name, self.secrets).await;
        let container = container.map_err(io::Error::other)?;
        let pid = local_process(&self.host, &container).map_err(words)?;
        let door = self.host.door_of(pid).map_err(words)?;
        self.printer.note(&porthole_render::forward::moved(&self.name, pid));
        Ok(door)
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

/// Why the container's network cannot be entered from here.
fn out_of_reach(gap: Gap) -> CommandError {
    let is_elsewhere = gap.kind == GapKind::Elsewhere;
    let error = CommandError::from(gap);
    if is_elsewhere {
        error.hint("run porthole forward on the engine's host, and reach its ports from here with ssh -L")
    } else {
        error
    }
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
