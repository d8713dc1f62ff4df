//! The agent's ends of a line to a client: standard input and output, or a socket.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;

use porthole_wire::session::{FromAgent, FromClient, GREETING, Message, Messages};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe;

/// How much may wait to be said before the command's output waits too.
const ROOM: usize = 128 * 1024;

/// Hears the client.
pub(in super::super) struct Ears<S> {
    stream: S,
    messages: Messages<FromClient>,
}

impl Ears<pipe::Receiver> {
    /// On standard input, a pipe.
    pub(super) fn of_this_process() -> io::Result<Self> {
        Ok(Self::on(pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?))
    }
}

impl<S: AsyncRead + Unpin> Ears<S> {
    /// On that stream.
    pub(in super::super) fn on(stream: S) -> Self {
        Self { stream, messages: Messages::default() }
    }

    /// The next message; `None` when the client is gone. May be dropped and called again without a loss.
    pub(in super::super) async fn hear(&mut self) -> io::Result<Option<FromClient>> {
        let mut buffer = vec![0; 16 * 1024];
        loop {
            if let Some(message) = self.messages.take().map_err(io::Error::other)? {
                return Ok(Some(message));
            }
            let length = self.stream.read(&mut buffer).await?;
            if length == 0 {
                return Ok(None);
            }
            self.messages.push(&buffer[..length]);
        }
    }
}

/// Speaks to the client.
pub(in super::super) struct Mouth<S> {
    stream: S,
    words: VecDeque<u8>,
}

impl Mouth<pipe::Sender> {
    /// On standard output, a pipe.
    pub(super) fn of_this_process() -> io::Result<Self> {
        Ok(Self::on(pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?))
    }
}

impl<S: AsyncWrite + Unpin> Mouth<S> {
    /// On that stream. The greeting waits to be said.
    pub(in super::super) fn on(stream: S) -> Self {
        Self { stream, words: VecDeque::from(GREETING.to_vec()) }
    }

    /// Something to be said as soon as it is heard.
    pub(in super::super) fn say(&mut self, message: &FromAgent) {
        self.words.extend(message.encode());
    }

    /// The same of a message that there may be.
    pub(super) fn pass_on(&mut self, message: Option<FromAgent>) {
        if let Some(message) = message {
            self.say(&message);
        }
    }

    /// Whether something waits to be said.
    pub(in super::super) fn is_full_of_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether more may wait.
    pub(in super::super) fn has_room(&self) -> bool {
        self.words.len() < ROOM
    }

    /// Says a part of what waits. May be dropped and called again without a loss.
    pub(in super::super) async fn flush(&mut self) -> io::Result<()> {
        let said = self.stream.write(self.words.as_slices().0).await?;
        self.words.drain(..said);
        Ok(())
    }
}
