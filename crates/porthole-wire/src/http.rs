//! What HTTP/1 and HTTP/2 have in common: heads, who sent something, and when nothing more can be told.

mod opaque;

use std::fmt;

pub use opaque::Opaque;

/// Who sent something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// The client.
    Client,
    /// The engine.
    Engine,
}

impl Side {
    /// The one that it talks to.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Client => Self::Engine,
            Self::Engine => Self::Client,
        }
    }
}

/// A request's head.
#[derive(Debug)]
pub struct RequestHead<'a> {
    /// The method.
    pub method: &'a str,
    /// The target as sent.
    pub target: &'a str,
    /// The version that it is written in.
    pub version: Version,
    /// The headers in their order.
    pub headers: Headers<'a>,
    /// The length of the head with its empty line; of HTTP/2, of its frames.
    pub size: usize,
}

/// An answer's head.
#[derive(Debug)]
pub struct AnswerHead<'a> {
    /// The status.
    pub status: u16,
    /// The words behind it, which mean nothing (RFC 9112, section 4); HTTP/2 has none.
    pub reason: &'a str,
    /// The version that it is written in.
    pub version: Version,
    /// The headers in their order.
    pub headers: Headers<'a>,
    /// The length of the head with its empty line; of HTTP/2, of its frames. Interim answers before it are included.
    pub size: usize,
}

/// A version of HTTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl fmt::Display for Version {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        })
    }
}

/// The headers of a head.
#[derive(Clone, Copy, Debug)]
pub struct Headers<'a>(pub(crate) &'a [httparse::Header<'a>]);

impl<'a> Headers<'a> {
    /// Every header in the order of the head.
    pub fn iter(&self) -> impl Iterator<Item = (&'a str, &'a [u8])> {
        self.0.iter().map(|header| (header.name, header.value))
    }

    /// Every value of a name, which is compared without regard to case.
    pub fn values<'b>(&'b self, name: &'b str) -> impl Iterator<Item = &'a [u8]> + 'b {
        self.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The first value of a name, where it is text.
    pub fn text(&self, name: &str) -> Option<&'a str> {
        self.values(name).next().and_then(|value| std::str::from_utf8(value).ok()).map(str::trim)
    }

    /// Whether a header that is a list of words has this one.
    pub fn has_word(&self, name: &str, word: &str) -> bool {
        let mut words =
            self.values(name).flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
        words.any(|found| found.eq_ignore_ascii_case(word.as_bytes()))
    }
}
