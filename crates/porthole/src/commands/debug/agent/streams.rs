//! A command's streams, as the agent holds them: pipes, or the emulator's end of a terminal.

use std::io::{self, Read, Write};
use std::rc::Rc;

use porthole_host::PseudoTerminal;
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt, Interest};
use tokio::net::unix::pipe;

/// A terminal whose one end is read, written and resized.
pub(super) type Terminal = Rc<AsyncFd<PseudoTerminal>>;

/// The terminal, as something that is waited for.
#[expect(
    deprecated,
    reason = "its successor is unsafe to call; a terminal owns its one descriptor, as both demand"
)]
pub(super) fn watched(terminal: PseudoTerminal) -> io::Result<Terminal> {
    AsyncFd::new(terminal).map(Rc::new)
}

/// Where output comes from.
pub(in super::super) enum Source {
    Pipe(pipe::Receiver),
    Terminal(Terminal),
}

/// Where input goes.
pub(in super::super) enum Sink {
    Pipe(pipe::Sender),
    Terminal(Terminal),
}

/// The next piece; at its end the source is gone. May be dropped and called again without a loss.
pub(in super::super) async fn read(source: &mut Option<Source>) -> Option<Vec<u8>> {
    let mut buffer = vec![0; 32 * 1024];
    let read = match source {
        Some(Source::Pipe(pipe)) => pipe.read(&mut buffer).await,
        Some(Source::Terminal(end)) => {
            end.async_io(Interest::READABLE, |end| end.file().read(&mut buffer)).await
        }
        None => return None,
    };
    // A terminal that no program has open any more fails with EIO.
    let length = read.unwrap_or(0);
    if length == 0 {
        *source = None;
        return None;
    }
    buffer.truncate(length);
    Some(buffer)
}

impl Sink {
    /// Writes some of the bytes. May be dropped and called again without a loss.
    pub(super) async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Pipe(pipe) => pipe.write(bytes).await,
            Self::Terminal(end) => end.async_io(Interest::WRITABLE, |end| end.file().write(bytes)).await,
        }
    }
}
