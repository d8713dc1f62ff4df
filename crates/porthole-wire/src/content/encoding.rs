//! Compression undone as it comes.

use std::fmt;
use std::io::{self, Write};

use flate2::write::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use porthole_model::ContentNote;

/// A content may unfold to so many bytes whatever it was, and beyond them to so many times what was sent.
const FREE: u64 = 16 * 1024 * 1024;
const MOST_TIMES: u64 = 400;

/// The largest window of zstd that is held, as a power of two: 8 MiB, which every decoder must offer (RFC 8878).
const ZSTD_WINDOW: u32 = 23;

/// Undoes one compression.
pub(super) struct Undo {
    format: &'static str,
    decoder: Decoder,
    sent: u64,
    unfolded: u64,
}

enum Decoder {
    Gzip(MultiGzDecoder<Vec<u8>>),
    /// Deflate in HTTP is the format of zlib; some send it bare (RFC 9110, section 8.4.1.2).
    Deflate,
    Zlib(ZlibDecoder<Vec<u8>>),
    Bare(DeflateDecoder<Vec<u8>>),
    Zstd(Box<zstd::stream::write::Decoder<'static, Vec<u8>>>),
}

impl Undo {
    /// What undoes a `Content-Encoding`; an error for one that is not undone here.
    pub(super) fn of(encoding: &str) -> Result<Self, ContentNote> {
        let unknown = || ContentNote::Compressed { format: encoding.to_owned() };
        let (format, decoder) = match encoding {
            "gzip" | "x-gzip" => ("gzip", Decoder::Gzip(MultiGzDecoder::new(Vec::new()))),
            "deflate" => ("deflate", Decoder::Deflate),
            "zstd" => ("zstd", zstd_decoder().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        };
        Ok(Self { format, decoder, sent: 0, unfolded: 0 })
    }

    /// Hands what `bytes` unfold to to `take`, in small parts. After an error it is of no more use.
    pub(super) fn push(&mut self, mut bytes: &[u8], take: &mut dyn FnMut(&[u8])) -> Result<(), ContentNote> {
        while !bytes.is_empty() {
            let used = self.decoder.write(bytes).unwrap_or(0);
            bytes = &bytes[used..];
            self.sent += used as u64;
            self.hand_on(take)?;
            if used == 0 {
                return Err(self.damaged());
            }
        }
        let flushed = self.decoder.flush();
        self.hand_on(take)?;
        flushed.map_err(|_| self.damaged())
    }

    fn hand_on(&mut self, take: &mut dyn FnMut(&[u8])) -> Result<(), ContentNote> {
        let Some(unfolded) = self.decoder.unfolded() else { return Ok(()) };
        self.unfolded += unfolded.len() as u64;
        take(unfolded);
        unfolded.clear();
        if self.unfolded > FREE && self.unfolded / MOST_TIMES > self.sent {
            return Err(ContentNote::Explosive { format: self.format.to_owned() });
        }
        Ok(())
    }

    fn damaged(&self) -> ContentNote {
        ContentNote::Damaged { format: self.format.to_owned() }
    }
}

fn zstd_decoder() -> io::Result<Decoder> {
    let mut decoder = zstd::stream::write::Decoder::new(Vec::new())?;
    decoder.window_log_max(ZSTD_WINDOW)?;
    Ok(Decoder::Zstd(Box::new(decoder)))
}

impl Decoder {
    fn unfolded(&mut self) -> Option<&mut Vec<u8>> {
        match self {
            Self::Gzip(decoder) => Some(decoder.get_mut()),
            Self::Deflate => None,
            Self::Zlib(decoder) => Some(decoder.get_mut()),
            Self::Bare(decoder) => Some(decoder.get_mut()),
            Self::Zstd(decoder) => Some(decoder.get_mut()),
        }
    }
}

impl Write for Decoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(decoder) => decoder.write(bytes),
            Self::Deflate => {
                // The low half of zlib's first byte names the method.
                let is_zlib = bytes.first().is_some_and(|first| first & 0x0f == 8);
                *self = if is_zlib {
                    Self::Zlib(ZlibDecoder::new(Vec::new()))
                } else {
                    Self::Bare(DeflateDecoder::new(Vec::new()))
                };
                self.write(bytes)
            }
            Self::Zlib(decoder) => decoder.write(bytes),
            Self::Bare(decoder) => decoder.write(bytes),
            Self::Zstd(decoder) => decoder.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(decoder) => decoder.flush(),
            Self::Deflate => Ok(()),
            Self::Zlib(decoder) => decoder.flush(),
            Self::Bare(decoder) => decoder.flush(),
            Self::Zstd(decoder) => decoder.flush(),
        }
    }
}

impl fmt::Debug for Undo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Undo").field("format", &self.format).finish_non_exhaustive()
    }
}
