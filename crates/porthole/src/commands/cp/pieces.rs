//! A stream between threads: a few pieces wait at most, and an end that is missing is noticed.

use std::io::{self, Read, Write};

use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many pieces may wait.
const WAITING: usize = 4;

/// A piece; `None` is the end of the stream.
pub(super) type Piece = Option<Vec<u8>>;

/// Both ends of a stream.
pub(super) fn pipe() -> (Sender<Piece>, Receiver<Piece>) {
    channel(WAITING)
}

/// Sends what is written.
pub(super) struct PieceWriter(pub(super) Sender<Piece>);

impl PieceWriter {
    /// Says that this was all.
    pub(super) fn end(self) -> io::Result<()> {
        self.0.blocking_send(None).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Some(bytes.to_vec()));
        sent.map(|()| bytes.len()).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads what is received.
pub(super) struct PieceReader {
    pieces: Receiver<Piece>,
    piece: io::Cursor<Vec<u8>>,
    has_ended: bool,
}

impl PieceReader {
    pub(super) fn new(pieces: Receiver<Piece>) -> Self {
        Self { pieces, piece: io::Cursor::default(), has_ended: false }
    }
}

impl Read for PieceReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.piece.read(buffer)?;
            if read > 0 || buffer.is_empty() || self.has_ended {
                return Ok(read);
            }
            match self.pieces.blocking_recv() {
                Some(Some(piece)) => self.piece = io::Cursor::new(piece),
                Some(None) => self.has_ended = true,
                None => {
                    return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "the copy was broken off"));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_and_a_missing_end_is_an_error() {
        let (sender, pieces) = pipe();
        let mut writer = PieceWriter(sender);
        writer.write_all(b"ab").unwrap();
        writer.write_all(b"c").unwrap();
        writer.end().unwrap();
        let mut text = String::new();
        PieceReader::new(pieces).read_to_string(&mut text).unwrap();
        assert_eq!(text, "abc");

        let (sender, pieces) = pipe();
        PieceWriter(sender).write_all(b"ab").unwrap();
        assert!(PieceReader::new(pieces).read_to_end(&mut Vec::new()).is_err());
    }
}
