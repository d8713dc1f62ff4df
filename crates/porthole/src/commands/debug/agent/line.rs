//! The agent's ends of a line to a client: standard input and output, or a socket.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;

use porthole_wire::session::{FromClient, GREETING, Message, Messages};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::unix::pipe;

/// How much may wait to be said before the command's output waits too.
const ROOM: usize = 128 * 1024;

/// Hears the client.
pub(crate) struct Ears<S, Heard = FromClient> {
    stream: S,
    messages: Messages<Heard>,
}

impl<Heard: Message> Ears<pipe::Receiver, Heard> {
    /// On standard input, a pipe.
    pub(crate) fn of_this_process() -> io::Result<Self> {
        Ok(Self::on(pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?))
    }
}

impl<S: AsyncRead + Unpin, Heard: Message> Ears<S, Heard> {
    /// On that stream.
    pub(crate) fn on(stream: S) -> Self {
        Self { stream, messages: Messages::default() }
    }

    /// The next message; `None` when the client is gone. May be dropped and called again without a loss.
    pub(crate) async fn hear(&mut self) -> io::Result<Option<Heard>> {
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
pub(crate) struct Mouth<S> {
    stream: S,
    words: VecDeque<u8>,
}

impl Mouth<pipe::Sender> {
    /// On standard output, a pipe.
    pub(crate) fn of_this_process() -> io::Result<Self> {
        Ok(Self::on(pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?))
    }
}

impl<S: AsyncWrite + Unpin> Mouth<S> {
    /// On that stream. The greeting waits to be said.
    pub(crate) fn on(stream: S) -> Self {
        Self { stream, words: VecDeque::from(GREETING.to_vec()) }
    }

    /// Something to be said as soon as it is heard.
    pub(crate) fn say(&mut self, message: &impl Message) {
        self.words.extend(message.encode());
    }

    /// The same of a message that there may be.
    pub(crate) fn pass_on(&mut self, message: Option<impl Message>) {
        if let Some(message) = message {
            self.say(&message);
        }
    }

    /// Whether something waits to be said.
    pub(crate) fn is_full_of_words(&self) -> bool {
        !self.words.is_empty()
    }

    /// Whether more may wait.
    pub(crate) fn has_room(&self) -> bool {
        self.words.len() < ROOM
    }

    /// Says a part of what waits. May be dropped and called again without a loss.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        let said = self.stream.write(self.words.as_slices().0).await?;
        self.words.drain(..said);
        Ok(())
    }
}
