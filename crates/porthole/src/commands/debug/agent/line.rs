//! The agent's ends of the line to the client: its own standard input and output.

use std::collections::VecDeque;
use std::io;
use std::os::fd::AsFd;

use porthole_wire::session::{FromClient, GREETING, Message, Messages};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;

/// How much may wait to be said before the command's output waits too.
const ROOM: usize = 128 * 1024;

/// Hears the client.
pub(crate) struct Ears<Heard = FromClient> {
    stream: pipe::Receiver,
    messages: Messages<Heard>,
}

impl<Heard: Message> Ears<Heard> {
    /// On standard input, a pipe.
    pub(crate) fn new() -> io::Result<Self> {
        let stream = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
        Ok(Self { stream, messages: Messages::default() })
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
pub(crate) struct Mouth {
    stream: pipe::Sender,
    words: VecDeque<u8>,
}

impl Mouth {
    /// On standard output, a pipe. The greeting waits to be said.
    pub(crate) fn new() -> io::Result<Self> {
        let stream = pipe::Sender::from_owned_fd(io::stdout().as_fd().try_clone_to_owned()?)?;
        Ok(Self { stream, words: VecDeque::from(GREETING.to_vec()) })
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
