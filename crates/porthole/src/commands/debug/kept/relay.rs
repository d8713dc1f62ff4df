//! The relay: porthole as an engine's exec starts it beside a kept session, between its own streams and the session's
//! socket.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

use porthole_engine::RELAY;
use tokio::io::{AsyncWriteExt, copy};
use tokio::net::UnixStream;
use tokio::net::unix::pipe;

use crate::exit::Exit;

/// How often a session that was only just started is tried.
const ATTEMPTS: usize = 100;

/// How long between.
const PAUSE: Duration = Duration::from_millis(50);

/// The socket of a process that was started as one.
pub(crate) fn relayed_socket(mut arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let is_one = arguments.nth(1).is_some_and(|word| word == RELAY);
    arguments.next().filter(|_| is_one && arguments.next().is_none()).map(PathBuf::from)
}

/// The relay itself.
pub(crate) fn run(socket: &Path) -> Exit {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    // Who could be told is gone, or sees the end of the stream.
    let relayed = runtime.and_then(|runtime| runtime.block_on(relay(socket)));
    if relayed.is_ok() { Exit::Success } else { Exit::Failure }
}

async fn relay(socket: &Path) -> io::Result<()> {
    let mut input = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let mut output = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
    let (mut from_session, mut to_session) = connect(socket).await?.into_split();
    tokio::select! {
        sent = copy(&mut input, &mut to_session) => sent.map(drop),
        received = copy(&mut from_session, &mut output) => {
            received?;
            output.flush().await
        }
    }
}

async fn connect(socket: &Path) -> io::Result<UnixStream> {
    for _ in 1..ATTEMPTS {
        if let Ok(stream) = UnixStream::connect(socket).await {
            return Ok(stream);
        }
        tokio::time::sleep(PAUSE).await;
    }
    UnixStream::connect(socket).await
}
