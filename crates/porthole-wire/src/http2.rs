//! HTTP/2 as seen from the side (RFC 9113): the bytes of both directions in, the calls of each stream out.
//!
//! The decoder follows a connection from its first byte, whichever side asks: in a build's session the engine does.
//! It never changes, delays or refuses anything, keeps no bodies, and where it can no longer be sure it says so and
//! stops.

mod decoder;
mod error_code;
mod frame;
mod head;
mod hpack;
mod reader;
mod streams;
#[cfg(test)]
mod tests;

pub use decoder::Decoder;
pub use error_code::ErrorCode;

use crate::http::{AnswerHead, Headers, Opaque, RequestHead, Side};

/// A call of a connection: the number of its stream. It is never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StreamId(pub u32);

/// What the decoder saw.
#[derive(Debug)]
pub enum Event<'a> {
    /// The side that asks has said so by its preface; comes once, before any request.
    Asker(Side),
    /// A request begins. One that the answering side promised (`PUSH_PROMISE`) counts as asked.
    RequestHead(StreamId, RequestHead<'a>),
    /// A part of the request's body, without padding.
    RequestBody(StreamId, &'a [u8]),
    /// The request is whole.
    RequestEnd(StreamId),
    /// The answer begins. Interim answers (100 and its like) are passed over.
    AnswerHead(StreamId, AnswerHead<'a>),
    /// A part of the answer's body, without padding.
    AnswerBody(StreamId, &'a [u8]),
    /// The headers behind the answer's body.
    AnswerTrailers(StreamId, Headers<'a>),
    /// The answer is whole.
    AnswerEnd(StreamId),
    /// A side gave the call up; no event of the stream follows.
    Reset(StreamId, Side, ErrorCode),
    /// From here on nothing is understood, and no event follows.
    Opaque(Opaque),
}
