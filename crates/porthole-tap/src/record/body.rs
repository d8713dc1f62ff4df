//! A recorded body, and how its bytes lie in the file.

use std::io;

use porthole_wire::mask::masked;
use sha2::{Digest, Sha256};

use crate::Message;

/// Bodies hardly shrink at higher levels, and this one keeps up with the relay.
const LEVEL: i32 = 1;

/// A shorter body is not worth compressing.
const SHORT: usize = 128;

/// A recorded body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// What was kept: the beginning of the body, without the framing of chunks.
    pub bytes: Vec<u8>,
    /// How long the body was.
    pub length: u64,
    /// Whether it is all there.
    pub state: BodyState,
    /// Whether credentials in it were masked.
    pub masked: bool,
    /// The SHA-256 of the whole body as it passed; `None` where something was masked, and where the body was neither
    /// kept whole nor looked at to its end, because it was too long or a stream.
    pub sha256: Option<[u8; 32]>,
}

/// Whether a body is all there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BodyState {
    /// All of it.
    Whole,
    /// Its beginning.
    Truncated,
    /// It carries credentials, or is what somebody typed.
    Withheld,
    /// There was no room to keep it.
    Dropped,
}

impl BodyState {
    const ALL: [Self; 4] = [Self::Whole, Self::Truncated, Self::Withheld, Self::Dropped];

    /// Its word in the file.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Truncated => "truncated",
            Self::Withheld => "withheld",
            Self::Dropped => "dropped",
        }
    }

    pub(super) fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

impl Body {
    /// What is recorded of a message's body of that length.
    pub(super) fn of(message: &Message, length: u64) -> Self {
        Self::new(message.body.bytes(), length, message.withheld, message.sha256())
    }

    fn new(kept: &[u8], length: u64, is_withheld: bool, sha256: Option<[u8; 32]>) -> Self {
        let is_whole = kept.len() as u64 == length;
        let state = match (is_whole, is_withheld) {
            (true, _) => BodyState::Whole,
            (false, true) => BodyState::Withheld,
            (false, false) => BodyState::Truncated,
        };
        let bytes = masked(kept);
        let masked = bytes.as_ref() != kept;
        let sha256 = if is_whole { Some(Sha256::digest(kept).into()) } else { sha256 };
        let sha256 = sha256.filter(|_| !masked);
        Self { bytes: bytes.into_owned(), length, state, masked, sha256 }
    }

    /// What is recorded of a body that was dropped.
    pub(super) fn dropped(length: u64) -> Self {
        Self { bytes: Vec::new(), length, state: BodyState::Dropped, masked: false, sha256: None }
    }
}

/// Bytes as they lie in the file, with the word for how; compressed where that makes them shorter.
pub(super) fn pack(
    bytes: &[u8],
    compressor: &mut zstd::bulk::Compressor<'_>,
) -> (Option<Vec<u8>>, &'static str) {
    if bytes.len() < SHORT {
        return (None, "plain");
    }
    match compressor.compress(bytes) {
        Ok(shorter) if shorter.len() < bytes.len() => (Some(shorter), "zstd"),
        _ => (None, "plain"),
    }
}

pub(super) fn compressor() -> io::Result<zstd::bulk::Compressor<'static>> {
    zstd::bulk::Compressor::new(LEVEL)
}

/// The bytes again, of which there were `kept`.
pub(super) fn unpack(packed: Vec<u8>, encoding: &str, kept: usize) -> io::Result<Vec<u8>> {
    let bytes = match encoding {
        "plain" => packed,
        "zstd" => decompress(&packed, kept)?,
        other => return Err(io::Error::other(format!("a body is encoded as {other:?}"))),
    };
    if bytes.len() == kept {
        Ok(bytes)
    } else {
        Err(io::Error::other(format!("a body has {} bytes instead of {kept}", bytes.len())))
    }
}

/// Reads no more than is due, whatever length the file claims.
fn decompress(packed: &[u8], kept: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let due = (kept as u64).saturating_add(1);
    io::Read::read_to_end(&mut io::Read::take(zstd::Decoder::new(packed)?, due), &mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_is_unpacked() {
        let mut compressor = compressor().unwrap();
        for bytes in [&b""[..], b"short", &vec![7; 100_000], &(0..=255).collect::<Vec<u8>>()] {
            let (packed, encoding) = pack(bytes, &mut compressor);
            let packed = packed.unwrap_or_else(|| bytes.to_vec());
            assert_eq!(unpack(packed, encoding, bytes.len()).unwrap(), bytes);
        }
        assert!(pack(&vec![7; 100_000], &mut compressor).0.unwrap().len() < 1000);
    }

    #[test]
    fn a_length_that_does_not_fit_is_an_error() {
        let packed = pack(&vec![7; 100_000], &mut compressor().unwrap()).0.unwrap();
        for kept in [0, 99_999, 100_001] {
            assert!(unpack(packed.clone(), "zstd", kept).is_err(), "{kept}");
        }
        assert!(unpack(vec![1], "plain", 2).is_err());
        assert!(unpack(vec![1], "rot13", 1).is_err());
        assert!(unpack(vec![1, 2, 3], "zstd", 3).is_err());
    }

    #[test]
    fn the_hash_is_of_the_whole_body_and_not_of_one_with_a_credential() {
        let whole = Body::new(b"abc", 3, false, None);
        assert_eq!(whole.sha256.unwrap()[..4], [0xba, 0x78, 0x16, 0xbf]);
        assert_eq!((whole.state, whole.masked), (BodyState::Whole, false));
        let cut = Body::new(b"abc", 4, false, Some([7; 32]));
        assert_eq!((cut.state, cut.sha256), (BodyState::Truncated, Some([7; 32])));
        assert_eq!(Body::new(b"abc", 4, false, None).sha256, None);
        assert_eq!(Body::new(b"", 4, true, None).state, BodyState::Withheld);
        assert_eq!(Body::new(b"", 0, true, None).state, BodyState::Whole);
        let cut = Body::new(br#"{"Env":["TOKEN=x"],"#, 20, false, Some([7; 32]));
        assert_eq!((cut.masked, cut.sha256), (true, None));
        let credential = Body::new(br#"{"Env":["TOKEN=x"]}"#, 19, false, None);
        assert_eq!((credential.masked, credential.sha256), (true, None));
        assert_eq!(credential.bytes, br#"{"Env":["TOKEN=********"]}"#);
    }
}
