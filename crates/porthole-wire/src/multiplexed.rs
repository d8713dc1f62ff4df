//! The engine's multiplexed streams: standard output and error of a container in frames on one connection.
//!
//! A frame is `[stream, 0, 0, 0]`, the length of its payload as a big-endian `u32`, and the payload (Docker Engine
//! API, "Attach to a container", stream format).

pub use porthole_model::StreamKind;

/// A piece of a frame's payload; a frame may come in several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// Its stream.
    pub stream: StreamKind,
    /// Its bytes, never empty.
    pub bytes: Vec<u8>,
}

/// Bytes that begin no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a frame of a multiplexed stream: it begins with {header:02x?}")]
pub struct NotMultiplexed {
    /// What stands where a header should.
    pub header: [u8; HEADER_LENGTH],
}

const HEADER_LENGTH: usize = 8;

/// Takes a multiplexed stream apart as it comes.
#[derive(Clone, Debug, Default)]
pub struct Demultiplexer {
    header: Vec<u8>,
    frame: Option<(StreamKind, usize)>,
}

impl Demultiplexer {
    /// The pieces that `bytes` bring; they may end anywhere.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<Vec<Piece>, NotMultiplexed> {
        let mut pieces = Vec::new();
        while !bytes.is_empty() {
            if let Some((stream, payload)) = self.step(&mut bytes)? {
                pieces.push(Piece { stream, bytes: payload.to_vec() });
            }
        }
        Ok(pieces)
    }

    /// Takes a header, or a part of one, or what there is of a payload from the front of `bytes`. Where that is no
    /// header it is gone from `bytes`, and stands in the error.
    pub fn step<'a>(
        &mut self,
        bytes: &mut &'a [u8],
    ) -> Result<Option<(StreamKind, &'a [u8])>, NotMultiplexed> {
        let Some((stream, left)) = self.frame else {
            self.read_header(bytes)?;
            return Ok(None);
        };
        let (payload, rest) = bytes.split_at(left.min(bytes.len()));
        self.frame = Some((stream, left - payload.len())).filter(|(_, left)| *left > 0);
        *bytes = rest;
        Ok(Some((stream, payload)))
    }

    /// The part of a header that waits for the rest.
    pub fn unfinished_header(&self) -> &[u8] {
        &self.header
    }

    /// Whether the stream may end here: between two frames.
    pub fn is_complete(&self) -> bool {
        self.frame.is_none() && self.header.is_empty()
    }

    fn read_header(&mut self, bytes: &mut &[u8]) -> Result<(), NotMultiplexed> {
        let wanted = HEADER_LENGTH - self.header.len();
        let (taken, rest) = bytes.split_at(wanted.min(bytes.len()));
        self.header.extend_from_slice(taken);
        *bytes = rest;
        if let Ok(header) = <[u8; HEADER_LENGTH]>::try_from(self.header.as_slice()) {
            self.header.clear();
            self.frame = Some(frame(header)?).filter(|(_, length)| *length > 0);
        }
        Ok(())
    }
}

fn frame(header: [u8; HEADER_LENGTH]) -> Result<(StreamKind, usize), NotMultiplexed> {
    let not_multiplexed = NotMultiplexed { header };
    let [stream, 0, 0, 0, length @ ..] = header else { return Err(not_multiplexed) };
    let stream = match stream {
        0 => StreamKind::Input,
        1 => StreamKind::Output,
        2 => StreamKind::Error,
        3 => StreamKind::Engine,
        _ => return Err(not_multiplexed),
    };
    let length = usize::try_from(u32::from_be_bytes(length)).map_err(|_| not_multiplexed)?;
    Ok((stream, length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frames(parts: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (stream, payload) in parts {
            bytes.extend([*stream, 0, 0, 0]);
            bytes.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
            bytes.extend_from_slice(payload);
        }
        bytes
    }

    fn joined(pieces: &[Piece], stream: StreamKind) -> Vec<u8> {
        pieces.iter().filter(|piece| piece.stream == stream).flat_map(|piece| piece.bytes.clone()).collect()
    }

    proptest! {
        #[test]
        fn cuts_do_not_matter(cuts in proptest::collection::vec(1_usize..7, 1..40)) {
            let bytes = frames(&[(1, b"hello "), (2, b"warning"), (1, b""), (1, b"world"), (3, b"gone")]);
            let mut demultiplexer = Demultiplexer::default();
            let (mut pieces, mut rest) = (Vec::new(), bytes.as_slice());
            for cut in cuts.iter().cycle() {
                let (now, later) = rest.split_at((*cut).min(rest.len()));
                pieces.extend(demultiplexer.push(now).unwrap());
                rest = later;
                if rest.is_empty() { break; }
            }
            prop_assert!(demultiplexer.is_complete());
            prop_assert_eq!(joined(&pieces, StreamKind::Output), b"hello world");
            prop_assert_eq!(joined(&pieces, StreamKind::Error), b"warning");
            prop_assert_eq!(joined(&pieces, StreamKind::Engine), b"gone");
        }

        #[test]
        fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let mut demultiplexer = Demultiplexer::default();
            if let Ok(pieces) = demultiplexer.push(&bytes) {
                prop_assert!(pieces.iter().all(|piece| !piece.bytes.is_empty()));
            }
        }
    }

    #[test]
    fn a_cut_frame_is_not_complete() {
        let mut demultiplexer = Demultiplexer::default();
        demultiplexer.push(&frames(&[(1, b"abc")])[..9]).unwrap();
        assert!(!demultiplexer.is_complete());
        demultiplexer.push(b"bc").unwrap();
        assert!(demultiplexer.is_complete());
    }

    #[test]
    fn a_terminal_s_raw_stream_is_refused() {
        let error = Demultiplexer::default().push(b"$ ls -la\r\n").unwrap_err();
        assert!(error.to_string().starts_with("not a frame"), "{error}");
    }
}
