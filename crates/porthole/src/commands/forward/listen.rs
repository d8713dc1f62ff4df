//! Where clients connect, and who is in the way.

use std::io;
use std::net::SocketAddr;
use std::ops::ControlFlow;

use porthole_host::SocketFilter;
use porthole_model::{Pid, Port, SocketEndpoint, TransportProtocol};
use porthole_tap::{ListenAddress, ListenError, Listener};
use tokio::net::UdpSocket;

use super::route::{Near, Route};
use crate::error::CommandError;
use crate::world::World;

/// A place where clients connect.
pub(super) enum Door {
    /// A TCP port or a unix socket.
    Streams(Listener),
    /// A UDP port, with its address.
    Datagrams(UdpSocket, SocketAddr),
}

impl Door {
    /// The address, with the port that the system chose.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Datagrams(_, address) => format!("{address}/udp"),
            Self::Streams(listener) => match (listener.port(), listener.path()) {
                (Some(address), _) => address.to_string(),
                (None, path) => path.map(|path| path.display().to_string()).unwrap_or_default(),
            },
        }
    }
}

/// Listens.
pub(super) async fn open(route: &Route, world: &World) -> Result<Door, CommandError> {
    match &route.near {
        Near::Port(address) if route.far.is_udp() => {
            datagrams(*address).await.map_err(|error| refused(world, *address, TransportProtocol::Udp, error))
        }
        Near::Port(address) => {
            let listener = Listener::bind(&ListenAddress::Tcp { address: *address, insecure: true }).await;
            listener.map(Door::Streams).map_err(|error| match error {
                ListenError::Port { source, .. } => refused(world, *address, TransportProtocol::Tcp, source),
                error => CommandError::caused_by(format!("cannot listen on {address}"), error),
            })
        }
        Near::Unix(path) => {
            let listener = Listener::bind(&ListenAddress::private(path)).await;
            let refused = |error| CommandError::caused_by("cannot listen for clients", error);
            listener.map(Door::Streams).map_err(refused)
        }
    }
}

async fn datagrams(address: SocketAddr) -> io::Result<Door> {
    let socket = UdpSocket::bind(address).await?;
    let address = socket.local_addr()?;
    Ok(Door::Datagrams(socket, address))
}

fn refused(
    world: &World,
    address: SocketAddr,
    protocol: TransportProtocol,
    error: io::Error,
) -> CommandError {
    let is_taken = error.kind() == io::ErrorKind::AddrInUse;
    let holder = if is_taken { holder(world, address, protocol) } else { None };
    let message = match holder {
        Some(holder) => format!("cannot listen on {address}: {holder} has it"),
        None => format!("cannot listen on {address}"),
    };
    let refused = CommandError::caused_by(message, error);
    if is_taken { refused.hint("leave the host's port out, and a free one is taken: :PORT") } else { refused }
}

/// Who has the port, on that address or on all, where porthole may see it.
fn holder(world: &World, address: SocketAddr, protocol: TransportProtocol) -> Option<String> {
    let filter = SocketFilter {
        protocols: vec![protocol],
        port: Some(Port(address.port())),
        ..SocketFilter::listeners()
    };
    let mut holder = None;
    let read = world.host.each_socket(Pid(std::process::id()), &filter, &mut |socket| {
        let is_in_the_way = match &socket.endpoint {
            SocketEndpoint::Internet(internet) => {
                let local = internet.local.ip().to_canonical();
                internet.local.port() == address.port()
                    && (local == address.ip() || local.is_unspecified() || address.ip().is_unspecified())
            }
            SocketEndpoint::Unix(_) => false,
        };
        let owner = socket.owners.value().and_then(|owners| owners.first()).filter(|_| is_in_the_way);
        holder = owner.map(|owner| format!("{} (process {})", owner.name, owner.pid));
        if holder.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    read.ok().and(holder)
}
