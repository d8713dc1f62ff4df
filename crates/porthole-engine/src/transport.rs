//! Byte streams to an engine: unix sockets, TCP, TLS, and `docker system dial-stdio` over ssh.

mod accounts;
mod heard;
mod names;
mod ssh;
mod tcp;
mod tls;
mod unix;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::connect_error::ConnectCause;
use crate::dial::LineStream;
use crate::endpoint::{Address, Endpoint};
use crate::locality::Peer;

pub use accounts::{Membership, SocketPermission};
pub(crate) use heard::Heard;
pub(crate) use ssh::SshWords;
pub use tls::TlsFault;
pub(crate) use tls::fault_of;

/// A stream in both directions.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream that was opened, and what tells why it fails when it fails.
pub(crate) struct Dialled {
    pub(crate) stream: Box<dyn Stream>,
    pub(crate) traces: Traces,
    pub(crate) peer: Option<Peer>,
}

/// What tells why a stream failed.
#[derive(Clone, Default)]
pub(crate) struct Traces {
    /// The first bytes that came.
    pub(crate) heard: Heard,
    /// What ssh said.
    pub(crate) ssh: Option<SshWords>,
}

/// Opens streams to one endpoint.
pub(crate) struct Dialler {
    pub(crate) endpoint: Endpoint,
    tls: Option<Arc<ClientConfig>>,
    root: PathBuf,
}

impl Dialler {
    /// Reads the endpoint's certificates; accounts and `/etc/hosts` are read below `root`.
    pub(crate) fn new(endpoint: &Endpoint, root: PathBuf) -> Result<Self, ConnectCause> {
        let tls = endpoint.tls().map(tls::configuration).transpose()?.map(Arc::new);
        Ok(Self { endpoint: endpoint.clone(), tls, root })
    }

    /// Opens a stream.
    pub(crate) async fn dial(&self) -> Result<Dialled, ConnectCause> {
        match self.endpoint.address() {
            Address::Unix(path) => unix::dial(path, &self.root).await,
            Address::Tcp { host, port } => {
                let stream = tcp::dial(host, *port, &self.root).await?;
                match &self.tls {
                    None => Ok(Dialled::plain(stream, None)),
                    Some(tls) => tls::dial(stream, host, *port, Arc::clone(tls)).await,
                }
            }
            Address::Ssh(destination) => ssh::dial(destination),
        }
    }

    /// Opens a stream with nothing around it that is not needed.
    pub(crate) async fn dial_bare(&self) -> Result<LineStream, ConnectCause> {
        match (self.endpoint.address(), &self.tls) {
            (Address::Unix(path), _) => unix::connect(path, &self.root).await.map(LineStream::Unix),
            (Address::Tcp { host, port }, None) => {
                tcp::dial(host, *port, &self.root).await.map(LineStream::Tcp)
            }
            _ => Ok(LineStream::Wrapped(Box::new(self.dial().await?.stream))),
        }
    }

    /// How many streams are worth it: each of ssh is a login of its own.
    pub(crate) fn useful_connections(&self) -> usize {
        if matches!(self.endpoint.address(), Address::Ssh(_)) { 2 } else { 8 }
    }

    /// How long the first answer may take: a login over ssh may ask its user something.
    pub(crate) fn first_limit(&self, limit: Duration) -> Duration {
        let login = Duration::from_mins(1);
        if matches!(self.endpoint.address(), Address::Ssh(_)) { limit.max(login) } else { limit }
    }
}

impl Dialled {
    fn plain(stream: impl Stream + 'static, peer: Option<Peer>) -> Self {
        let heard = Heard::default();
        let stream = Box::new(heard.listen_to(stream));
        Self { stream, traces: Traces { heard, ssh: None }, peer }
    }
}
