//! The near end of a connection in a tunnel, as what a relay reads and writes.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use porthole_tap::BoxedStream;
use porthole_wire::session::Said;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, duplex};
use tokio::sync::oneshot;

use super::carry::carry;
use super::connections::Connection;

/// How much waits between relay and tunnel.
const BETWEEN: usize = 64 * 1024;

/// The connection as a stream.
pub(super) fn stream(mut connection: Connection) -> BoxedStream {
    let (ours, mut theirs) = duplex(BETWEEN);
    let (in_use, dropped) = oneshot::channel::<()>();
    let fault = Arc::new(OnceLock::new());
    let told = Arc::clone(&fault);
    tokio::spawn(async move {
        let deserted = async { drop(dropped.await) };
        if let Err(words) = carry(&mut connection, &mut theirs, deserted).await {
            // Before the stream ends, so that its end is known to be none.
            let _first = told.set(words);
        }
    });
    Box::new(TunnelStream { stream: ours, fault, _in_use: in_use })
}

/// A stream whose end is an error where the connection was lost.
struct TunnelStream {
    stream: DuplexStream,
    fault: Arc<OnceLock<String>>,
    /// Dropped with the stream.
    _in_use: oneshot::Sender<()>,
}

impl TunnelStream {
    fn lost(&self) -> Option<io::Error> {
        self.fault.get().map(|words| io::Error::new(io::ErrorKind::ConnectionReset, words.clone()))
    }
}

impl AsyncRead for TunnelStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(context, buffer))?;
        let is_end = buffer.filled().len() == before && buffer.remaining() > 0;
        Poll::Ready(self.lost().filter(|_| is_end).map_or(Ok(()), Err))
    }
}

impl AsyncWrite for TunnelStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes));
        Poll::Ready(written.map_err(|error| self.lost().unwrap_or(error)))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// The connection as what datagrams go through.
pub(crate) struct TunnelledDatagrams(Connection);

impl TunnelledDatagrams {
    pub(super) fn over(connection: Connection) -> Self {
        Self(connection)
    }

    /// Sends one.
    pub(crate) async fn send(&self, datagram: &[u8]) -> io::Result<()> {
        self.0.voice().send_or_drop(datagram).await
    }

    /// The next one.
    pub(crate) async fn receive(&mut self) -> io::Result<Vec<u8>> {
        loop {
            match self.0.hear().await? {
                Said::Data(datagram) => {
                    self.0.voice().passed(datagram.len()).await?;
                    return Ok(datagram);
                }
                Said::Lost(words) => return Err(io::Error::other(words)),
                _ => {}
            }
        }
    }
}
