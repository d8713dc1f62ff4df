//! Frames: their heads, and what surrounds their content (RFC 9113, sections 4.1 and 6).

use crate::http::Opaque;

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const GOAWAY: u8 = 7;
pub(super) const CONTINUATION: u8 = 9;

/// Of DATA and HEADERS.
pub(super) const END_STREAM: u8 = 0x1;
/// Of SETTINGS.
pub(super) const ACK: u8 = 0x1;
/// Of HEADERS, `PUSH_PROMISE` and CONTINUATION.
pub(super) const END_HEADERS: u8 = 0x4;
/// Of DATA, HEADERS and `PUSH_PROMISE`.
pub(super) const PADDED: u8 = 0x8;
/// Of HEADERS.
pub(super) const PRIORITY: u8 = 0x20;

/// The length of a frame's head.
pub(super) const HEAD: usize = 9;

/// A frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHead {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl FrameHead {
    pub(super) fn parse(bytes: [u8; HEAD]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]) as usize,
            kind,
            flags,
            stream: u32::from_be_bytes(stream) & 0x7fff_ffff,
        }
    }

    pub(super) fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The fragment of a header block in a HEADERS or `PUSH_PROMISE` frame, without padding and priority.
pub(super) fn fragment(head: FrameHead, mut payload: &[u8]) -> Result<&[u8], Opaque> {
    if head.has(PADDED) {
        let (padding, rest) = payload.split_first().ok_or(Opaque::Frame)?;
        let length = rest.len().checked_sub(usize::from(*padding)).ok_or(Opaque::Frame)?;
        payload = &rest[..length];
    }
    let is_prioritised = head.kind == HEADERS && head.has(PRIORITY);
    payload.get(if is_prioritised { 5 } else { 0 }..).ok_or(Opaque::Frame)
}

/// Takes a number of four bytes from the front; its highest bit is reserved where it counts streams.
pub(super) fn take_number(bytes: &mut &[u8]) -> Result<u32, Opaque> {
    let (number, rest) = bytes.split_first_chunk().ok_or(Opaque::Frame)?;
    *bytes = rest;
    Ok(u32::from_be_bytes(*number))
}

/// The settings of a frame: identifiers and values.
pub(super) fn settings(payload: &[u8]) -> Result<impl Iterator<Item = (u16, u32)>, Opaque> {
    let (settings, []) = payload.as_chunks::<6>() else { return Err(Opaque::Frame) };
    Ok(settings.iter().map(|[a, b, value @ ..]| (u16::from_be_bytes([*a, *b]), u32::from_be_bytes(*value))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read() {
        let head = FrameHead::parse([0, 1, 2, 9, 4, 0x80, 0, 0, 5]);
        assert_eq!(head, FrameHead { length: 258, kind: CONTINUATION, flags: END_HEADERS, stream: 5 });
    }

    #[test]
    fn padding_and_priority_are_left_out() {
        let head = FrameHead { length: 0, kind: HEADERS, flags: PADDED | PRIORITY, stream: 1 };
        assert_eq!(fragment(head, &[2, 0, 0, 0, 0, 9, b'a', b'b', 0, 0]), Ok(&b"ab"[..]));
        assert_eq!(fragment(head, &[2, 0, 0, 0, 0, 9, 0]), Err(Opaque::Frame));
        assert_eq!(fragment(head, &[5, 0, 0]), Err(Opaque::Frame));
        assert_eq!(fragment(head, &[]), Err(Opaque::Frame));
    }
}
