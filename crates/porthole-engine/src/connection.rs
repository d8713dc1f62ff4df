//! HTTP/1 connections to one engine, kept alive between calls.

use std::sync::{Mutex, OnceLock, PoisonError};

use bytes::Bytes;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;

use crate::connect_error::ConnectCause;
use crate::locality::Peer;
use crate::transport::{Dialler, Traces, fault_of};

/// What a request carries: nothing, bytes, or a stream of them.
pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: hyper::HeaderMap,
    pub(crate) body: Bytes,
}

/// A connection that carries one call at a time.
pub(crate) struct Connection {
    sender: SendRequest<Body>,
    pub(crate) traces: Traces,
    /// Whether it carried a call before: the engine may close such a one at any time.
    pub(crate) used: bool,
}

impl Connection {
    /// Sends a request and waits for the head of the answer.
    pub(crate) async fn send(&mut self, request: Request<Body>) -> Result<Response<Incoming>, hyper::Error> {
        self.used = true;
        self.sender.ready().await?;
        self.sender.send_request(request).await
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn ask(&mut self, request: Request<Body>) -> Result<Answer, hyper::Error> {
        let (head, body) = self.send(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer { status: head.status, headers: head.headers, body })
    }
}

/// The connections to one engine.
pub(crate) struct Pool {
    pub(crate) dialler: Dialler,
    idle: Mutex<Vec<Connection>>,
    peer: OnceLock<Peer>,
}

impl Pool {
    pub(crate) fn new(dialler: Dialler) -> Self {
        Self { dialler, idle: Mutex::default(), peer: OnceLock::new() }
    }

    /// The process at the other end of the first connection, where the kernel names it.
    pub(crate) fn peer(&self) -> Option<Peer> {
        self.peer.get().copied()
    }

    /// An idle connection, or a new one.
    pub(crate) async fn take(&self) -> Result<Connection, ConnectCause> {
        match self.pop() {
            Some(connection) => Ok(connection),
            None => self.open().await,
        }
    }

    /// Keeps a connection whose call is over for the next one.
    pub(crate) fn put(&self, connection: Connection) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    fn pop(&self) -> Option<Connection> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|connection| !connection.sender.is_closed());
        idle.pop()
    }

    /// A new connection.
    pub(crate) async fn open(&self) -> Result<Connection, ConnectCause> {
        let dialled = self.dialler.dial().await?;
        if let Some(peer) = dialled.peer {
            self.peer.get_or_init(|| peer);
        }
        let traces = dialled.traces;
        match http1::handshake(TokioIo::new(dialled.stream)).await {
            Ok((sender, connection)) => {
                // Its errors reach the caller through the sender.
                tokio::spawn(async move { drop(connection.with_upgrades().await) });
                Ok(Connection { sender, traces, used: false })
            }
            Err(error) => Err(self.explain(&error, traces).await),
        }
    }

    /// Why the first call over a connection failed.
    pub(crate) async fn explain(&self, error: &hyper::Error, traces: Traces) -> ConnectCause {
        if let Some(fault) = fault_of(error) {
            return ConnectCause::Tls { address: self.dialler.endpoint.url(), fault };
        }
        let heard = traces.heard.bytes();
        if let Some(mut words) = traces.ssh
            && heard.is_empty()
        {
            return ConnectCause::Ssh { said: words.last_words().await };
        }
        if traces.heard.is_tls() {
            return ConnectCause::WantsTls;
        }
        if heard.is_empty() || error.is_incomplete_message() {
            return ConnectCause::Closed;
        }
        ConnectCause::NotHttp { heard: first_line(&heard) }
    }
}

fn first_line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).lines().next().unwrap_or_default().to_owned()
}
