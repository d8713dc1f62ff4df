//! What the two ends of a session in a container say to each other: porthole where the user sits, and its agent inside.
//!
//! A message is its kind (one byte), the length of its content as a big-endian `u32`, and the content. Each direction
//! begins with [`GREETING`], so that the other end is known to be an agent of the same kind. The end of the stream
//! itself is no message: it says that the other end is gone.
//!
//! Input is sent within a [`WINDOW`], so that a command that reads nothing never keeps a signal, or the end of the
//! session, from being heard.

mod crowd;
mod kept;
mod messages;
mod plan;
mod tunnel;

use std::marker::PhantomData;

pub use crowd::{CrowdMember, FromCrowd, ToCrowd};
pub use kept::{Joining, Keeping};
pub use messages::{FromAgent, FromClient, WindowSize};
pub use plan::{Plan, Terminal};
pub use tunnel::{Frame, Said};

/// The first bytes of each direction; the last one is the version of what follows.
pub const GREETING: [u8; 8] = *b"porthol\x01";
/// How many bytes of input may be on their way, unread by the command.
pub const WINDOW: usize = 256 * 1024;
/// The longest content: a plan with a long environment.
const LONGEST: usize = 4 * 1024 * 1024;
const HEADER_LENGTH: usize = 5;

/// A message of one of the directions.
pub trait Message: Sized {
    /// Its kind and its content.
    fn parts(&self) -> (u8, Vec<u8>);
    /// The message of that kind with that content; `None` where there is no such.
    fn of_parts(kind: u8, content: &[u8]) -> Option<Self>;

    /// Its bytes.
    fn encode(&self) -> Vec<u8> {
        let (kind, content) = self.parts();
        let mut bytes = Vec::with_capacity(HEADER_LENGTH + content.len());
        bytes.push(kind);
        bytes.extend(u32::try_from(content.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend(content);
        bytes
    }
}

/// Bytes that are no message of this direction.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotASession {
    /// Something else speaks.
    #[error("it does not begin as a session does, but with {0:02x?}")]
    Greeting(Vec<u8>),
    /// A message that this version does not know, or a longer one than any.
    #[error("a message of kind {kind} with {length} bytes is not understood")]
    Message {
        /// Its kind.
        kind: u8,
        /// The length that it gives.
        length: usize,
    },
}

/// Takes one direction of a session apart as it comes.
#[derive(Debug)]
pub struct Messages<M> {
    pending: Vec<u8>,
    is_greeted: bool,
    kind: PhantomData<M>,
}

impl<M> Default for Messages<M> {
    fn default() -> Self {
        Self { pending: Vec::new(), is_greeted: false, kind: PhantomData }
    }
}

impl<M: Message> Messages<M> {
    /// Takes the next bytes, which may end anywhere.
    pub fn push(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
    }

    /// The next whole message of what was pushed.
    pub fn take(&mut self) -> Result<Option<M>, NotASession> {
        if !self.greeted()? {
            return Ok(None);
        }
        let Some((kind, length)) = self.header() else { return Ok(None) };
        let unknown = NotASession::Message { kind, length };
        if length > LONGEST {
            return Err(unknown);
        }
        let Some(content) = self.pending.get(HEADER_LENGTH..HEADER_LENGTH + length) else { return Ok(None) };
        let message = M::of_parts(kind, content).ok_or(unknown)?;
        self.pending.drain(..HEADER_LENGTH + length);
        Ok(Some(message))
    }

    /// Whether the other end has greeted, as nothing but the end of a session does.
    pub fn is_greeted(&self) -> bool {
        self.is_greeted
    }

    fn greeted(&mut self) -> Result<bool, NotASession> {
        if self.is_greeted {
            return Ok(true);
        }
        let heard = &self.pending[..self.pending.len().min(GREETING.len())];
        if !GREETING.starts_with(heard) {
            return Err(NotASession::Greeting(heard.to_vec()));
        }
        self.is_greeted = heard.len() == GREETING.len();
        if self.is_greeted {
            self.pending.drain(..GREETING.len());
        }
        Ok(self.is_greeted)
    }

    fn header(&self) -> Option<(u8, usize)> {
        let (kind, rest) = self.pending.split_first()?;
        let length = u32::from_be_bytes(*rest.first_chunk()?);
        Some((*kind, usize::try_from(length).unwrap_or(usize::MAX)))
    }
}

#[cfg(test)]
mod tests;
