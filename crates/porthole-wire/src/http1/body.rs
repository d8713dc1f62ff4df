//! Where a body ends, and what of the bytes is content.

use super::chunked::Chunked;
use crate::http::Opaque;

/// A body being read.
#[derive(Debug)]
pub(super) enum Body {
    /// So many bytes are to come.
    Length(u64),
    /// Chunks.
    Chunked(Chunked),
    /// All that comes until the connection is closed.
    UntilClose,
}

/// What a step through a body gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Step<'a> {
    /// Content.
    pub(super) content: &'a [u8],
    /// Whether the body is whole.
    pub(super) is_end: bool,
}

impl Body {
    pub(super) fn chunked() -> Self {
        Self::Chunked(Chunked::default())
    }

    /// Takes at least one byte from the front of `bytes`, which must not be empty.
    pub(super) fn step<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Step<'a>, Opaque> {
        match self {
            Self::Length(left) => {
                let content = take_up_to(*left, bytes);
                *left -= content.len() as u64;
                Ok(Step { content, is_end: *left == 0 })
            }
            Self::Chunked(chunked) => chunked.step(bytes),
            Self::UntilClose => Ok(Step { content: std::mem::take(bytes), is_end: false }),
        }
    }

    /// How many of the next bytes are content, whatever they say.
    pub(super) fn content_ahead(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            Self::Chunked(chunked) => chunked.content_ahead(),
            Self::UntilClose => u64::MAX,
        }
    }

    /// Passes over content, at most [`Self::content_ahead`]; gives whether the body is whole.
    pub(super) fn skip(&mut self, count: u64) -> bool {
        match self {
            Self::Length(left) => {
                *left = left.saturating_sub(count);
                *left == 0
            }
            Self::Chunked(chunked) => {
                chunked.skip(count);
                false
            }
            Self::UntilClose => false,
        }
    }
}

/// The first `limit` bytes, or all that there are.
pub(super) fn take_up_to<'a>(limit: u64, bytes: &mut &'a [u8]) -> &'a [u8] {
    let length = usize::try_from(limit).map_or(bytes.len(), |limit| limit.min(bytes.len()));
    let (taken, rest) = bytes.split_at(length);
    *bytes = rest;
    taken
}
