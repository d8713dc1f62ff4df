//! One direction of a connection, cut into its pieces: content of bodies as it comes, other frames whole.

use super::frame::{self, ACK, DATA, END_STREAM, FrameHead, HEAD, PADDED, SETTINGS};
use crate::http::Opaque;

/// How the asking side opens (RFC 9113, section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// The largest frame as long as nothing else is agreed on.
const USUAL_FRAME: usize = 16 * 1024;

/// The longest frame that is kept, and the longest header block.
pub(super) const LONGEST_KEPT: usize = 256 * 1024;

/// Cuts the bytes of one side into pieces.
#[derive(Debug)]
pub(super) struct Reader {
    place: Place,
    kept: Vec<u8>,
    largest: usize,
    has_settings: bool,
}

/// Where the next byte stands.
#[derive(Clone, Copy, Debug)]
enum Place {
    Start,
    Head,
    /// A frame that is gathered.
    Frame(FrameHead),
    /// The length of a body's padding.
    Padding(FrameHead),
    /// So much content and then so much padding of a body.
    Content(FrameHead, usize, usize),
    /// So many bytes that say nothing.
    Skipped(usize),
}

/// What a side sent.
#[derive(Debug)]
pub(super) enum Piece<'a> {
    /// The preface: this is the side that asks.
    Preface,
    /// Content of a stream's body.
    Content(u32, &'a [u8]),
    /// A body, and with it all that the side says on the stream, has ended.
    ContentEnd(u32),
    /// Another frame that says something.
    Frame(FrameHead, Vec<u8>),
}

impl Default for Reader {
    fn default() -> Self {
        Self { place: Place::Start, kept: Vec::new(), largest: USUAL_FRAME, has_settings: false }
    }
}

impl Reader {
    /// The other side takes frames of that size. From the side it cannot be told when a lower limit counts.
    pub(super) fn permit(&mut self, largest: usize) {
        self.largest = self.largest.max(largest);
    }

    /// Takes from the front of `bytes` until there is a piece, or nothing is left.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Piece<'a>>, Opaque> {
        loop {
            match self.place {
                Place::Content(head, 0, padding) => {
                    self.place = Place::Skipped(padding);
                    if head.has(END_STREAM) {
                        return Ok(Some(Piece::ContentEnd(head.stream)));
                    }
                }
                Place::Skipped(0) => self.place = Place::Head,
                Place::Frame(head) if self.kept.len() == head.length => {
                    self.place = Place::Head;
                    return Ok(Some(Piece::Frame(head, std::mem::take(&mut self.kept))));
                }
                _ if bytes.is_empty() => return Ok(None),
                _ => {
                    if let Some(piece) = self.step(bytes)? {
                        return Ok(Some(piece));
                    }
                }
            }
        }
    }

    /// Takes at least one byte, or finds that there is no preface.
    fn step<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Piece<'a>>, Opaque> {
        match self.place {
            Place::Start if self.kept.is_empty() && !bytes.starts_with(&PREFACE[..1]) => {
                self.place = Place::Head;
            }
            Place::Start => return self.preface(bytes),
            Place::Head => {
                if self.gather(HEAD, bytes)
                    && let Some(head) = self.kept.first_chunk()
                {
                    let head = FrameHead::parse(*head);
                    self.kept.clear();
                    self.begin(head)?;
                }
            }
            Place::Frame(head) => {
                self.gather(head.length, bytes);
            }
            Place::Padding(head) => {
                let padding = usize::from(take(1, bytes)[0]);
                let content = (head.length - 1).checked_sub(padding).ok_or(Opaque::Frame)?;
                self.place = Place::Content(head, content, padding);
            }
            Place::Content(head, left, padding) => {
                let content = take(left, bytes);
                self.place = Place::Content(head, left - content.len(), padding);
                return Ok(Some(Piece::Content(head.stream, content)));
            }
            Place::Skipped(left) => self.place = Place::Skipped(left - take(left, bytes).len()),
        }
        Ok(None)
    }

    fn preface<'a>(&mut self, bytes: &mut &[u8]) -> Result<Option<Piece<'a>>, Opaque> {
        let is_whole = self.gather(PREFACE.len(), bytes);
        if !PREFACE.starts_with(&self.kept) {
            return Err(Opaque::NoHttp2);
        }
        if !is_whole {
            return Ok(None);
        }
        self.kept.clear();
        self.place = Place::Head;
        Ok(Some(Piece::Preface))
    }

    /// Each side's first frame is its settings, by which one that speaks something else is found out.
    fn begin(&mut self, head: FrameHead) -> Result<(), Opaque> {
        if !self.has_settings && (head.kind != SETTINGS || head.has(ACK)) {
            return Err(Opaque::NoHttp2);
        }
        self.has_settings = true;
        if head.length > self.largest {
            return Err(Opaque::Frame);
        }
        self.place = match head.kind {
            DATA if head.has(PADDED) && head.length == 0 => return Err(Opaque::Frame),
            DATA if head.has(PADDED) => Place::Padding(head),
            DATA => Place::Content(head, head.length, 0),
            frame::HEADERS
            | frame::RST_STREAM
            | SETTINGS
            | frame::PUSH_PROMISE
            | frame::GOAWAY
            | frame::CONTINUATION => Place::Frame(head),
            // Priorities, pings and windows change nothing of what is said; unknown frames are to be ignored.
            _ => Place::Skipped(head.length),
        };
        let is_too_long = matches!(self.place, Place::Frame(_)) && head.length > LONGEST_KEPT;
        if is_too_long { Err(Opaque::LongHead) } else { Ok(()) }
    }

    /// Whether so many bytes are kept now.
    fn gather(&mut self, length: usize, bytes: &mut &[u8]) -> bool {
        self.kept.extend_from_slice(take(length - self.kept.len(), bytes));
        self.kept.len() == length
    }
}

/// The first `limit` bytes, or all that there are.
fn take<'a>(limit: usize, bytes: &mut &'a [u8]) -> &'a [u8] {
    let (taken, rest) = bytes.split_at(limit.min(bytes.len()));
    *bytes = rest;
    taken
}
