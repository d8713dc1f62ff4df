//! How the container is reached: from this host, or through a tunnel to the host of the engine.

use std::io;
use std::sync::Arc;

use porthole_model::{Container, Gap};
use porthole_tap::BoxedStream;
use tokio::net::UdpSocket;

use super::inside::Inside;
use super::route::Far;
use super::tunnel::{Tunnel, TunnelledDatagrams};
use crate::commands::subject::{Subject, local_process};
use crate::error::CommandError;
use crate::world::World;

/// The way to what listens in the container.
#[derive(Clone)]
pub(super) enum Reach {
    /// By the container's network namespace.
    Here(Arc<Inside>),
    /// By a helper of ours on the engine's host.
    There(Arc<Tunnel>),
}

impl Reach {
    /// From this host where it may be, and else through the engine.
    pub(super) async fn find(subject: Subject, text: &str, world: &World) -> Result<Self, CommandError> {
        let (container, client) = match subject {
            Subject::Process(pid) => return Ok(Self::Here(Arc::new(Inside::of_process(pid, text, world)?))),
            Subject::Container(container, client) => (container, client),
        };
        match local_process(&world.host, &container).and_then(|pid| Inside::door(&world.host, pid)) {
            Ok(door) if !world.settings.through_engine => {
                Ok(Self::Here(Arc::new(Inside::of_container(&container, client, door, world))))
            }
            Err(gap) if !container.is_alive() => Err(ended(&container, gap)),
            _ => Tunnel::dig(&container, client).await.map(|tunnel| Self::There(Arc::new(tunnel))),
        }
    }

    /// What messages call the container.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Here(inside) => &inside.name,
            Self::There(tunnel) => tunnel.container(),
        }
    }

    /// A connection to a port or a unix socket.
    pub(super) async fn stream(&self, far: &Far) -> io::Result<BoxedStream> {
        match self {
            Self::Here(inside) => inside.stream(far).await,
            Self::There(tunnel) => tunnel.stream(far).await,
        }
    }

    /// A socket that sends to a UDP port and receives from it.
    pub(super) async fn datagrams(&self, far: &Far) -> io::Result<Datagrams> {
        match self {
            Self::Here(inside) => inside.datagrams(far).await.map(Datagrams::Socket),
            Self::There(tunnel) => tunnel.datagrams(far).await.map(Datagrams::Tunnelled),
        }
    }

    /// Ends only when the container cannot be reached any more, with the reason.
    pub(super) async fn lost(&self) -> CommandError {
        match self {
            Self::Here(_) => std::future::pending().await,
            Self::There(tunnel) => tunnel.lost().await,
        }
    }

    /// Takes back what was made for it.
    pub(super) async fn leave(self) -> Result<(), CommandError> {
        match self {
            Self::Here(_) => Ok(()),
            Self::There(tunnel) => tunnel.leave().await,
        }
    }
}

/// What datagrams go through.
pub(super) enum Datagrams {
    /// A socket in the container's network.
    Socket(UdpSocket),
    /// The same on another host.
    Tunnelled(TunnelledDatagrams),
}

impl Datagrams {
    /// Sends one to the container.
    pub(super) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        match self {
            Self::Socket(socket) => socket.send(datagram).await.map(drop),
            Self::Tunnelled(tunnelled) => tunnelled.send(datagram).await,
        }
    }

    /// The next one of the container. May be dropped and called again, with the loss of one at most.
    pub(super) async fn receive(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Socket(socket) => {
                let mut buffer = vec![0; LONGEST];
                let length = socket.recv(&mut buffer).await?;
                buffer.truncate(length);
                Ok(buffer)
            }
            Self::Tunnelled(tunnelled) => tunnelled.receive().await,
        }
    }
}

/// The longest datagram there is.
const LONGEST: usize = 65_535;

fn ended(container: &Container, gap: Gap) -> CommandError {
    CommandError::from(gap).hint(format!("start it: docker start {}", container.name))
}
