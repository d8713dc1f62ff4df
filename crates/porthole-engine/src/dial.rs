//! Bare byte streams to an engine, for whoever speaks with it in its own words.

use std::io;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};

use crate::client::named;
use crate::connect_error::{ConnectCause, ConnectError};
use crate::endpoint::Endpoint;
use crate::transport::Dialler;

/// Opens byte streams to one engine, over any transport that the docker CLI knows.
pub struct Line {
    dialler: Dialler,
}

impl Line {
    /// Reads what the endpoint needs, such as certificates; opens nothing yet.
    pub fn new(endpoint: &Endpoint) -> Result<Self, Box<ConnectError>> {
        let dialler = Dialler::new(endpoint, "/".into()).map_err(|cause| Box::new(named(endpoint, cause)))?;
        Ok(Self { dialler })
    }

    /// Opens a stream. Shutting its writing half down tells the engine that no more comes. The error's kind is
    /// `WouldBlock` where the engine has more connections waiting than it takes: it may be tried again.
    pub async fn open(&self) -> io::Result<LineStream> {
        self.dialler.dial_bare().await.map_err(|cause| {
            let is_busy = matches!(cause, ConnectCause::QueueFull { .. });
            let kind = if is_busy { io::ErrorKind::WouldBlock } else { io::ErrorKind::Other };
            io::Error::new(kind, named(&self.dialler.endpoint, cause))
        })
    }
}

/// A byte stream to an engine: a socket itself where the transport is one.
pub enum LineStream {
    /// A unix socket.
    Unix(UnixStream),
    /// A TCP connection without TLS.
    Tcp(TcpStream),
    /// TLS, or a program's standard streams.
    Wrapped(Box<dyn Wrapped>),
}

/// A stream that is no socket.
pub trait Wrapped: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> Wrapped for S {}
