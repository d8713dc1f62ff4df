//! HTTP/1 as seen from the side (RFC 9112): the bytes of both directions in, requests and answers out.
//!
//! The decoder never changes, delays or refuses anything: it reads a copy. Where two readers could understand
//! the bytes differently it does not choose: the connection turns opaque, and stays so.

mod body;
mod chunked;
mod decoder;
mod framing;
mod head;
#[cfg(test)]
mod tests;

pub use decoder::Decoder;

use porthole_model::Upgrade;

pub use crate::http::{AnswerHead, Headers, Opaque, RequestHead, Side};

/// What the decoder saw. Answers belong to the oldest request that has none yet.
#[derive(Debug)]
pub enum Event<'a> {
    /// A request begins.
    RequestHead(RequestHead<'a>),
    /// A part of the latest request's body, without the framing of chunks.
    RequestBody(&'a [u8]),
    /// The latest request is whole.
    RequestEnd,
    /// The oldest request's answer begins. Interim answers (100 and its like) are passed over.
    AnswerHead(AnswerHead<'a>),
    /// A part of that answer's body, without the framing of chunks.
    AnswerBody(&'a [u8]),
    /// That answer is whole.
    AnswerEnd,
    /// The connection is no longer HTTP: what follows are [`Event::Stream`]s. Comes behind the answer's head.
    Upgraded(Upgrade),
    /// The client opened with the preface of HTTP/2: what follows are [`Event::Stream`]s, the preface first.
    Http2,
    /// Bytes of an upgraded connection, or of one that speaks HTTP/2 from its beginning.
    Stream(Side, &'a [u8]),
    /// So many bytes of a body's or a stream's content, which the decoder was not shown.
    Unseen(Side, u64),
    /// From here on nothing is understood, and no event follows.
    Opaque(Opaque),
}
