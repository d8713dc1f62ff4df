//! Chunks (RFC 9112, section 7.1), read strictly: what Go's server would forgive, another reader may not.

use super::body::{Step, take_up_to};
use crate::http::Opaque;

/// The most bytes of extensions and trailers in a body.
const LONGEST_EXTRAS: u32 = 64 * 1024;

/// A body in chunks being read.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    place: Place,
    size: u64,
    digits: u8,
    extras: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Size,
    Extension,
    SizeNewline,
    Content,
    ContentReturn,
    ContentNewline,
    TrailerStart,
    Trailer,
    TrailerNewline,
    LastNewline,
}

impl Chunked {
    /// Takes at least one byte from the front of `bytes`, which must not be empty.
    pub(super) fn step<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Step<'a>, Opaque> {
        while let Some((first, rest)) = bytes.split_first() {
            if self.place == Place::Content {
                return Ok(self.content(bytes));
            }
            let was_last = self.place == Place::LastNewline;
            self.place = self.after(*first)?;
            *bytes = rest;
            if was_last {
                return Ok(Step { content: &[], is_end: true });
            }
        }
        Ok(Step { content: &[], is_end: false })
    }

    fn content<'a>(&mut self, bytes: &mut &'a [u8]) -> Step<'a> {
        let content = take_up_to(self.size, bytes);
        self.skip(content.len() as u64);
        Step { content, is_end: false }
    }

    /// How many of the next bytes are content.
    pub(super) fn content_ahead(&self) -> u64 {
        if self.place == Place::Content { self.size } else { 0 }
    }

    /// Passes over content of the chunk.
    pub(super) fn skip(&mut self, count: u64) {
        self.size = self.size.saturating_sub(count);
        if self.size == 0 {
            self.place = Place::ContentReturn;
        }
    }

    /// The place behind a byte that is not content.
    fn after(&mut self, byte: u8) -> Result<Place, Opaque> {
        match (self.place, byte) {
            (Place::Size, byte) if byte.is_ascii_hexdigit() => self.digit(byte),
            (Place::Size, b'\r') if self.digits > 0 => Ok(Place::SizeNewline),
            (Place::Size, b';' | b' ' | b'\t') if self.digits > 0 => Ok(Place::Extension),
            (Place::Extension, b'\r') => Ok(Place::SizeNewline),
            (Place::SizeNewline, b'\n') => Ok(self.begin_content()),
            (Place::ContentReturn, b'\r') => Ok(Place::ContentNewline),
            (Place::ContentNewline, b'\n') => Ok(Place::Size),
            (Place::TrailerStart, b'\r') | (Place::LastNewline, b'\n') => Ok(Place::LastNewline),
            (Place::Trailer, b'\r') => Ok(Place::TrailerNewline),
            (Place::TrailerNewline, b'\n') => Ok(Place::TrailerStart),
            (Place::Extension, byte) if byte != b'\n' => self.extra(Place::Extension),
            (Place::TrailerStart | Place::Trailer, byte) if byte != b'\n' => self.extra(Place::Trailer),
            _ => Err(Opaque::Chunk),
        }
    }

    /// Sixteen digits fill a `u64`.
    fn digit(&mut self, byte: u8) -> Result<Place, Opaque> {
        let value = char::from(byte).to_digit(16).map(u64::from).ok_or(Opaque::Chunk)?;
        self.digits += 1;
        self.size = (self.size << 4) | value;
        if self.digits > 16 { Err(Opaque::Chunk) } else { Ok(Place::Size) }
    }

    fn begin_content(&mut self) -> Place {
        self.digits = 0;
        if self.size == 0 { Place::TrailerStart } else { Place::Content }
    }

    fn extra(&mut self, place: Place) -> Result<Place, Opaque> {
        self.extras += 1;
        if self.extras > LONGEST_EXTRAS { Err(Opaque::Chunk) } else { Ok(place) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(mut bytes: &[u8]) -> Result<(Vec<u8>, usize), Opaque> {
        let mut chunked = Chunked::default();
        let mut content = Vec::new();
        while !bytes.is_empty() {
            let step = chunked.step(&mut bytes)?;
            content.extend_from_slice(step.content);
            if step.is_end {
                return Ok((content, bytes.len()));
            }
        }
        Err(Opaque::Answer)
    }

    #[test]
    fn chunks_extensions_and_trailers() {
        assert_eq!(content(b"3\r\nabc\r\n0\r\n\r\nGET"), Ok((b"abc".to_vec(), 3)));
        assert_eq!(
            content(b"A;n=v\r\n0123456789\r\n00 \r\nX: y\r\nZ:\r\n\r\n"),
            Ok((b"0123456789".to_vec(), 0))
        );
    }

    #[test]
    fn what_readers_disagree_on_is_refused() {
        for bytes in [
            &b"\r\n"[..],
            b"-1\r\n",
            b"0x1\r\na",
            b"1\na\r\n",
            b"1;a\nb\r\n",
            b"1\r\nab\r\n",
            b"1\r\na\n0\r\n\r\n",
            b"11111111111111111\r\n",
            b"0\r\n\n",
            b"0\r\nA: b\n\r\n",
            b"0\r\n\rX",
        ] {
            assert_eq!(content(bytes), Err(Opaque::Chunk), "{}", bytes.escape_ascii());
        }
    }

    #[test]
    fn extras_are_bounded() {
        let endless = [b"1;".to_vec(), vec![b'x'; 70_000]].concat();
        assert_eq!(content(&endless), Err(Opaque::Chunk));
    }
}
