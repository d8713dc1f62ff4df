//! Many connections over one stream, in both directions at once, none of which holds up another.
//!
//! Who connects opens a connection under a number that it never uses again. Each end of a connection sends data only
//! within the room that the other end has told of, [`Frame::WINDOW`] to begin with, and ends its direction by itself, so
//! that half-closed connections are kept. A connection of datagrams has one datagram in each piece of data.

use super::Message;

/// What one end says of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The connection's number.
    pub connection: u32,
    /// What is said.
    pub said: Said,
}

/// What is said of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It is to lead there, in the words of the one that connects; the first word of who opens it.
    Open(Vec<u8>),
    /// It leads there now.
    Opened,
    /// Bytes, or a datagram.
    Data(Vec<u8>),
    /// No more data comes from this end.
    End,
    /// It was lost at this end, or not made, in words; the last word of this end.
    Lost(String),
    /// So many bytes were passed on, so that there is room for as many more.
    Passed(u32),
}

impl Frame {
    /// How many bytes of a connection may be on their way in one direction, unread by whom they are for.
    pub const WINDOW: usize = 1024 * 1024;
}

impl Message for Frame {
    fn parts(&self) -> (u8, Vec<u8>) {
        let count;
        let (kind, content) = match &self.said {
            Said::Open(destination) => (b'o', destination.as_slice()),
            Said::Opened => (b'k', [].as_slice()),
            Said::Data(bytes) => (b'd', bytes.as_slice()),
            Said::End => (b'e', [].as_slice()),
            Said::Lost(words) => (b'l', words.as_bytes()),
            Said::Passed(passed) => {
                count = passed.to_be_bytes();
                (b'p', count.as_slice())
            }
        };
        (kind, [&self.connection.to_be_bytes(), content].concat())
    }

    fn of_parts(kind: u8, content: &[u8]) -> Option<Self> {
        let (connection, content) = content.split_first_chunk()?;
        let said = match (kind, content) {
            (b'o', destination) => Said::Open(destination.to_vec()),
            (b'k', []) => Said::Opened,
            (b'd', bytes) => Said::Data(bytes.to_vec()),
            (b'e', []) => Said::End,
            (b'l', words) => Said::Lost(String::from_utf8_lossy(words).into_owned()),
            (b'p', count) => Said::Passed(u32::from_be_bytes(count.try_into().ok()?)),
            _ => return None,
        };
        Some(Self { connection: u32::from_be_bytes(*connection), said })
    }
}
