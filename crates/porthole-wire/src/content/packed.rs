//! Tar archives, which may be compressed without any header that says so: the engine looks at the first bytes, too.

use porthole_model::{ContentNote, ContentPiece};

use super::encoding::Undo;
use super::{Contradiction, Pieces};
use crate::tar::{NotTar, TarReader};

/// The beginnings of what the engine takes, and their names.
const MAGIC: [(&[u8], &str); 4] = [
    (&[0x1f, 0x8b, 0x08], "gzip"),
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (b"BZh", "bzip2"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz"),
];

/// As many first bytes as tell them apart.
const TELLING: usize = 6;

/// Reads a tar archive that may be compressed.
#[derive(Debug)]
pub(super) enum Packed {
    /// The first bytes.
    Unknown(Vec<u8>),
    /// Not compressed.
    Plain(TarReader),
    /// Compressed.
    Undone(Box<Undo>, TarReader),
    /// Compressed in a way that is not undone; how much there was of it.
    Unread(u64),
    /// Nothing more is read.
    Ended,
}

impl Default for Packed {
    fn default() -> Self {
        Self::Unknown(Vec::new())
    }
}

impl Packed {
    /// Takes all of `bytes`, or gives back what it is not.
    pub(super) fn step(&mut self, bytes: &mut &[u8], pieces: Pieces<'_>) -> Result<(), Contradiction> {
        match self {
            Self::Unknown(first) => {
                let (taken, rest) = bytes.split_at((TELLING - first.len()).min(bytes.len()));
                first.extend_from_slice(taken);
                *bytes = rest;
                if first.len() == TELLING { self.decide(pieces) } else { Ok(()) }
            }
            Self::Plain(reader) => entries(reader, bytes, pieces),
            Self::Undone(undo, reader) => {
                let result = undone(undo, reader, bytes, pieces);
                if let Err(note) = result {
                    pieces(ContentPiece::Note(note));
                    *self = Self::Ended;
                }
                *bytes = &[];
                Ok(())
            }
            Self::Unread(length) => {
                *length += std::mem::take(bytes).len() as u64;
                Ok(())
            }
            Self::Ended => {
                *bytes = &[];
                Ok(())
            }
        }
    }

    /// What was cut off.
    pub(super) fn finish(&mut self, pieces: Pieces<'_>) -> Result<(), Contradiction> {
        match self {
            Self::Unknown(first) if !first.is_empty() => {
                Err(Contradiction::new(ContentNote::NotTar, std::mem::take(first)))
            }
            Self::Unread(length @ 1..) => {
                pieces(ContentPiece::Binary { stream: None, length: *length });
                Ok(())
            }
            Self::Plain(reader) if !reader.has_begun() => {
                Err(Contradiction::new(ContentNote::NotTar, reader.unfinished_header().to_vec()))
            }
            _ => Ok(()),
        }
    }

    fn decide(&mut self, pieces: Pieces<'_>) -> Result<(), Contradiction> {
        let Self::Unknown(first) = self else { return Ok(()) };
        let first = std::mem::take(first);
        let format = MAGIC.iter().find(|(magic, _)| first.starts_with(magic)).map(|(_, format)| *format);
        *self = match format.map(Undo::of) {
            None => Self::Plain(TarReader::default()),
            Some(Ok(undo)) => Self::Undone(Box::new(undo), TarReader::default()),
            Some(Err(note)) => {
                pieces(ContentPiece::Note(note));
                Self::Unread(0)
            }
        };
        self.step(&mut first.as_slice(), pieces)
    }
}

fn entries(reader: &mut TarReader, bytes: &mut &[u8], pieces: Pieces<'_>) -> Result<(), Contradiction> {
    while !bytes.is_empty() {
        match reader.step(bytes) {
            Ok(Some(entry)) => pieces(ContentPiece::Entry(entry)),
            Ok(None) => {}
            Err(NotTar { block }) => return Err(Contradiction::new(ContentNote::NotTar, block)),
        }
    }
    Ok(())
}

fn undone(
    undo: &mut Undo,
    reader: &mut TarReader,
    bytes: &[u8],
    pieces: Pieces<'_>,
) -> Result<(), ContentNote> {
    let mut is_tar = true;
    undo.push(bytes, &mut |mut unfolded| {
        is_tar = is_tar && entries(reader, &mut unfolded, pieces).is_ok();
    })?;
    if is_tar { Ok(()) } else { Err(ContentNote::NotTar) }
}
