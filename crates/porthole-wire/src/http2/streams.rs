//! The streams of a connection: which are open, and how far each has come (RFC 9113, section 5.1).

use std::collections::BTreeMap;

use super::StreamId;
use crate::http::Opaque;

/// The most streams that are open at once; Go's server takes 250.
const MOST_OPEN: usize = 1000;

/// The streams of a connection.
#[derive(Debug, Default)]
pub(super) struct Streams {
    open: BTreeMap<StreamId, Stream>,
    /// The last stream that was asked on, and the last that was promised: odd and even numbers.
    last_asked: u32,
    last_promised: u32,
}

/// How far a stream has come.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) has_answer: bool,
    pub(super) request_has_ended: bool,
    pub(super) answer_has_ended: bool,
    /// The bytes of the interim answers.
    pub(super) interim: usize,
}

impl Streams {
    /// Opens the stream of a request.
    pub(super) fn ask(&mut self, id: StreamId) -> Result<(), Opaque> {
        if id.0.is_multiple_of(2) || self.has_been(id) {
            return Err(Opaque::Stream);
        }
        self.last_asked = id.0;
        self.insert(id, Stream::default())
    }

    /// Opens the stream of an answer to what nobody asked.
    pub(super) fn promise(&mut self, id: StreamId) -> Result<(), Opaque> {
        if !id.0.is_multiple_of(2) || self.has_been(id) {
            return Err(Opaque::Stream);
        }
        self.last_promised = id.0;
        self.insert(id, Stream { request_has_ended: true, ..Stream::default() })
    }

    fn insert(&mut self, id: StreamId, stream: Stream) -> Result<(), Opaque> {
        if self.open.len() == MOST_OPEN {
            return Err(Opaque::ManyStreams);
        }
        self.open.insert(id, stream);
        Ok(())
    }

    /// The stream, if it is open. One that was closed a moment ago may still be written on by the side that has not
    /// read of it; one that never was may not.
    pub(super) fn get(&mut self, id: StreamId) -> Result<Option<&mut Stream>, Opaque> {
        let has_been = self.has_been(id);
        match self.open.get_mut(&id) {
            None if !has_been => Err(Opaque::Stream),
            stream => Ok(stream),
        }
    }

    pub(super) fn has_been(&self, id: StreamId) -> bool {
        let last = if id.0.is_multiple_of(2) { self.last_promised } else { self.last_asked };
        id.0 <= last
    }

    /// Forgets a stream of which both sides have said all.
    pub(super) fn close_if_whole(&mut self, id: StreamId) {
        if self.open.get(&id).is_some_and(|stream| stream.request_has_ended && stream.answer_has_ended) {
            self.open.remove(&id);
        }
    }

    /// Whether it was open.
    pub(super) fn close(&mut self, id: StreamId) -> bool {
        self.open.remove(&id).is_some()
    }

    /// Closes the streams behind `last` that were asked, or else promised.
    pub(super) fn close_behind(&mut self, last: u32, asked: bool) -> Vec<StreamId> {
        let is_behind = |id: &StreamId, _: &mut Stream| id.0 > last && id.0.is_multiple_of(2) != asked;
        self.open.extract_if(.., is_behind).map(|(id, _)| id).collect()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}
