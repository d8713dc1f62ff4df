//! Standard output and error in frames.

use porthole_model::{ContentNote, StreamKind};

use super::lines::Lines;
use super::{Contradiction, Pieces};
use crate::multiplexed::Demultiplexer;

/// Reads frames.
#[derive(Debug)]
pub(super) struct Frames {
    demultiplexer: Demultiplexer,
    streams: [Lines; 4],
    has_begun: bool,
    may_be_raw: bool,
}

impl Frames {
    /// Frames, or perhaps a terminal's raw stream instead.
    pub(super) fn new(may_be_raw: bool) -> Self {
        let streams = [StreamKind::Input, StreamKind::Output, StreamKind::Error, StreamKind::Engine];
        Self {
            demultiplexer: Demultiplexer::default(),
            streams: streams.map(Lines::of),
            has_begun: false,
            may_be_raw,
        }
    }

    /// Takes at least one byte from the front of `bytes`, which must not be empty.
    pub(super) fn step(&mut self, bytes: &mut &[u8], pieces: Pieces<'_>) -> Result<(), Contradiction> {
        // A prompt may be shorter than a header, and nobody types before it is shown.
        let is_no_header = !self.has_begun
            && self.demultiplexer.unfinished_header().is_empty()
            && bytes.first().is_some_and(|first| *first > 3);
        if is_no_header {
            return Err(self.contradiction(Vec::new()));
        }
        match self.demultiplexer.step(bytes) {
            Ok(Some((stream, payload))) => self.lines(stream).push(payload, pieces),
            Ok(None) => {}
            Err(error) => {
                self.finish_streams(pieces);
                return Err(self.contradiction(error.header.to_vec()));
            }
        }
        self.has_begun |= self.demultiplexer.unfinished_header().is_empty();
        Ok(())
    }

    /// The last lines, which have no end.
    pub(super) fn finish(&mut self, pieces: Pieces<'_>) -> Result<(), Contradiction> {
        self.finish_streams(pieces);
        let unread = self.demultiplexer.unfinished_header().to_vec();
        if self.has_begun || unread.is_empty() { Ok(()) } else { Err(self.contradiction(unread)) }
    }

    fn finish_streams(&mut self, pieces: Pieces<'_>) {
        for lines in &mut self.streams {
            lines.finish(pieces);
        }
    }

    fn contradiction(&self, unread: Vec<u8>) -> Contradiction {
        let is_terminal = self.may_be_raw && !self.has_begun;
        Contradiction { note: (!is_terminal).then_some(ContentNote::NotFrames), unread, stream: None }
    }

    fn lines(&mut self, stream: StreamKind) -> &mut Lines {
        let [input, output, error, engine] = &mut self.streams;
        match stream {
            StreamKind::Input => input,
            StreamKind::Output => output,
            StreamKind::Error => error,
            StreamKind::Engine => engine,
        }
    }
}
