//! Where clients connect: a unix socket or a TCP port, with TLS or without.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use porthole_model::{ClientAddress, Gid, Pid, Uid};
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio_rustls::TlsAcceptor;

use crate::socket_file::SocketFile;
use crate::tls::{self, TlsFileError, TlsFiles};

/// An address to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// A unix socket.
    Unix {
        /// Its path.
        path: PathBuf,
        /// Its permissions; `0o600` keeps it private.
        mode: u32,
        /// Its group, if not the process's own.
        group: Option<Gid>,
    },
    /// A TCP port. Whoever reaches it controls the engine.
    Tcp {
        /// The address.
        address: SocketAddr,
        /// Whether others than this machine's own programs may reach it.
        insecure: bool,
    },
    /// A TCP port that lets in who shows a certificate of the right authority.
    Tls {
        /// The address.
        address: SocketAddr,
        /// Its certificates.
        files: TlsFiles,
    },
}

impl ListenAddress {
    /// A unix socket that only its owner can use.
    pub fn private(path: impl Into<PathBuf>) -> Self {
        Self::Unix { path: path.into(), mode: 0o600, group: None }
    }
}

/// Why an address cannot be listened on.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ListenError {
    /// Somebody else listens there.
    #[error("{} is in use: {} listens on it", .path.display(), who(*.process))]
    InUse {
        /// The path.
        path: PathBuf,
        /// The listening process, where it is visible from here.
        process: Option<Pid>,
    },
    /// Something else stands at the path.
    #[error("{} is there and is no socket", .path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The address can be reached from other machines.
    #[error(
        "{address} can be reached from other machines, and whoever reaches it commands what is behind it"
    )]
    Exposed {
        /// The address.
        address: SocketAddr,
    },
    /// The system refused.
    #[error("failed to {attempt} {}", .path.display())]
    Socket {
        /// What was tried.
        attempt: &'static str,
        /// With what path.
        path: PathBuf,
        /// The cause.
        source: io::Error,
    },
    /// A certificate or a key that TLS needs cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsFileError),
    /// The system refused.
    #[error("failed to listen on {address}")]
    Port {
        /// The address.
        address: SocketAddr,
        /// The cause.
        source: io::Error,
    },
}

/// A place where clients connect. Dropping it closes it, and removes the socket's file.
pub struct Listener(Kind);

enum Kind {
    Unix { listener: UnixListener, file: SocketFile },
    Tcp { listener: TcpListener, address: SocketAddr, tls: Option<TlsAcceptor> },
}

/// Who has just connected.
pub(crate) enum Arrival {
    Unix(UnixStream, ClientAddress),
    Tcp(TcpStream, SocketAddr),
    /// The handshake is still to come.
    Tls(TcpStream, SocketAddr, TlsAcceptor),
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Listener")
            .field("path", &self.path())
            .field("port", &self.port())
            .finish_non_exhaustive()
    }
}

impl Listener {
    /// Listens. The file that a dead process left at the path is replaced, a live socket never.
    pub async fn bind(address: &ListenAddress) -> Result<Self, ListenError> {
        match address {
            ListenAddress::Unix { path, mode, group } => {
                let (listener, file) = SocketFile::claim(path, *mode, *group).await?;
                Ok(Self(Kind::Unix { listener, file }))
            }
            ListenAddress::Tcp { address, insecure } if *insecure || address.ip().is_loopback() => {
                Self::bind_port(*address, None).await
            }
            ListenAddress::Tcp { address, .. } => Err(ListenError::Exposed { address: *address }),
            ListenAddress::Tls { address, files } => {
                Self::bind_port(*address, Some(tls::acceptor(files)?)).await
            }
        }
    }

    /// The path of a unix socket.
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Unix { file, .. } => Some(file.path()),
            Kind::Tcp { .. } => None,
        }
    }

    /// The address of a TCP port, with the number that the system chose where none was given.
    pub fn port(&self) -> Option<SocketAddr> {
        match &self.0 {
            Kind::Unix { .. } => None,
            Kind::Tcp { address, .. } => Some(*address),
        }
    }

    async fn bind_port(address: SocketAddr, tls: Option<TlsAcceptor>) -> Result<Self, ListenError> {
        let failed = |source| ListenError::Port { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self(Kind::Tcp { listener, address, tls }))
    }

    pub(crate) async fn accept(&self) -> io::Result<Arrival> {
        match &self.0 {
            Kind::Unix { listener, .. } => {
                let (stream, _) = listener.accept().await?;
                let address = credentials(&stream)?;
                Ok(Arrival::Unix(stream, address))
            }
            Kind::Tcp { listener, tls, .. } => {
                let (stream, address) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok(match tls {
                    None => Arrival::Tcp(stream, address),
                    Some(tls) => Arrival::Tls(stream, address, tls.clone()),
                })
            }
        }
    }
}

/// `SO_PEERCRED`; the process number is 0 where it is outside of our process namespace.
fn credentials(stream: &UnixStream) -> io::Result<ClientAddress> {
    let credentials = stream.peer_cred()?;
    let pid = credentials.pid().and_then(|pid| u32::try_from(pid).ok()).filter(|pid| *pid != 0);
    Ok(ClientAddress::Unix { pid: pid.map(Pid), uid: Uid(credentials.uid()), gid: Gid(credentials.gid()) })
}

/// The process behind a socket that answered.
pub(crate) fn listening_process(stream: &UnixStream) -> Option<Pid> {
    match credentials(stream) {
        Ok(ClientAddress::Unix { pid, .. }) => pid,
        _ => None,
    }
}

fn who(process: Option<Pid>) -> String {
    process.map_or_else(|| "another process".to_owned(), |pid| format!("process {pid}"))
}
