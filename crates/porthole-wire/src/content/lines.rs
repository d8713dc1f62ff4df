//! Text line by line, and bytes that are no text by their number.

use porthole_model::{ContentPiece, Secrets, StreamKind};

use super::Pieces;
use crate::mask::masked;

/// A longer line comes in several pieces.
const LONGEST: usize = 8 * 1024;

/// Reads lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    stream: Option<StreamKind>,
    masks: bool,
    line: Vec<u8>,
    /// Bytes that are no text since the last text.
    binary: u64,
}

impl Lines {
    /// Lines of a container's stream, which are never masked.
    pub(super) fn of(stream: StreamKind) -> Self {
        Self { stream: Some(stream), ..Self::default() }
    }

    /// Lines of a content that may be broken JSON.
    pub(super) fn masking(secrets: Secrets) -> Self {
        Self { masks: secrets == Secrets::Mask, ..Self::default() }
    }

    pub(super) fn push(&mut self, mut bytes: &[u8], pieces: Pieces<'_>) {
        while !bytes.is_empty() {
            let room = &bytes[..bytes.len().min(LONGEST - self.line.len())];
            let end = memchr::memchr(b'\n', room);
            self.line.extend_from_slice(&room[..end.unwrap_or(room.len())]);
            bytes = &bytes[end.map_or(room.len(), |end| end + 1)..];
            if end.is_some() {
                self.emit(true, pieces);
            } else if self.line.len() == LONGEST {
                self.emit(false, pieces);
            }
        }
    }

    /// The last line, which has no end.
    pub(super) fn finish(&mut self, pieces: Pieces<'_>) {
        while !self.line.is_empty() {
            self.emit(false, pieces);
        }
        self.emit_binary(pieces);
    }

    fn emit(&mut self, has_end: bool, pieces: Pieces<'_>) {
        let mut line = std::mem::take(&mut self.line);
        if !is_text(&line) {
            self.binary += line.len() as u64 + u64::from(has_end);
            return;
        }
        self.emit_binary(pieces);
        if !has_end && line.len() == LONGEST {
            self.line = line.split_off(whole_characters(&line));
        }
        let shown = if self.masks { masked(&line) } else { line.as_slice().into() };
        pieces(ContentPiece::Text {
            stream: self.stream,
            text: String::from_utf8_lossy(&shown).into_owned(),
        });
    }

    fn emit_binary(&mut self, pieces: Pieces<'_>) {
        let length = std::mem::take(&mut self.binary);
        if length > 0 {
            pieces(ContentPiece::Binary { stream: self.stream, length });
        }
    }
}

/// Whether bytes are for reading: whatever the alphabet, text has hardly any control characters, and no NUL.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    !bytes.iter().any(|byte| matches!(byte, 0..=6 | 14..=26 | 28..=31))
}

/// The length without a character whose end is missing.
fn whole_characters(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        _ => bytes.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(bytes: &[u8]) -> Vec<ContentPiece> {
        let (mut lines, mut pieces) = (Lines::masking(Secrets::Mask), Vec::new());
        lines.push(bytes, &mut |piece| pieces.push(piece));
        lines.finish(&mut |piece| pieces.push(piece));
        pieces
    }

    fn text(text: &str) -> ContentPiece {
        ContentPiece::Text { stream: None, text: text.into() }
    }

    #[test]
    fn a_line_is_a_piece_and_the_last_needs_no_end() {
        assert_eq!(lines(b"a\n\nb\r\nc"), [text("a"), text(""), text("b\r"), text("c")]);
        assert_eq!(lines(b""), []);
    }

    #[test]
    fn bytes_that_are_no_text_are_counted_together() {
        let binary = ContentPiece::Binary { stream: None, length: 6 };
        assert_eq!(
            lines(b"a\n\x00\x01\n\x02\n\x03\nb\n"),
            [text("a"), ContentPiece::Binary { stream: None, length: 7 }, text("b")]
        );
        assert_eq!(lines(b"\x00\x00\n\x00\x00\x00"), [binary]);
    }

    #[test]
    fn a_long_line_is_cut_between_characters() {
        let long = format!("x{}", "ä".repeat(LONGEST));
        let pieces = lines(long.as_bytes());
        let joined: String = pieces
            .iter()
            .map(|piece| match piece {
                ContentPiece::Text { text, .. } => text.as_str(),
                _ => panic!("{piece:?}"),
            })
            .collect();
        assert!(joined == long && pieces.len() == 3);
    }

    #[test]
    fn a_line_like_json_is_masked() {
        assert_eq!(lines(br#"{"token":"x",}"#), [text(r#"{"token":"********",}"#)]);
    }
}
