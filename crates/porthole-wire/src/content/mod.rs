//! What bodies and streams hold: the kind of a content from what is known of its exchange, and a reader that takes
//! it apart as it comes.
//!
//! A reader never fails and holds a bounded part of what it reads, however much passes and however it is cut. What
//! is not what it should be is said once, and follows as text or as a count of bytes.

mod encoding;
mod frames;
mod header;
mod json;
mod kind;
mod lines;
mod packed;
mod reader;
#[cfg(test)]
mod tests;
mod websocket;

pub use header::header;
pub use kind::{Content, ContentKind, Known};
pub use reader::Reader;

use porthole_model::{ContentNote, ContentPiece, StreamKind};

/// Where pieces go.
type Pieces<'a> = &'a mut dyn FnMut(ContentPiece);

/// The content is not what it was taken for. What was taken from it, but not understood, is given back: it and all
/// that follows is read as lines of text.
#[derive(Debug, PartialEq, Eq)]
struct Contradiction {
    note: Option<ContentNote>,
    unread: Vec<u8>,
    stream: Option<StreamKind>,
}

impl Contradiction {
    fn new(note: ContentNote, unread: Vec<u8>) -> Self {
        Self { note: Some(note), unread, stream: None }
    }
}
