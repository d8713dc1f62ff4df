//! How the targets read their input: a conversation of two sides, and the cuts that must not matter.

use porthole_wire::http1::Side;

/// A piece that one side sent.
pub type Turn<'a> = (Side, &'a [u8]);

/// The input as a conversation: a byte for the side and the length, then that many bytes.
pub fn turns(mut input: &[u8]) -> Vec<Turn<'_>> {
    let mut turns = Vec::new();
    while let Some((first, rest)) = input.split_first() {
        let side = if first & 1 == 0 { Side::Client } else { Side::Engine };
        let length = (usize::from(first >> 1) * 8).clamp(1, rest.len().max(1)).min(rest.len());
        let (piece, after) = rest.split_at(length);
        turns.push((side, piece));
        input = after;
    }
    turns
}

/// The same conversation, a byte at a time.
pub fn in_bytes<'a>(turns: &[Turn<'a>]) -> Vec<Turn<'a>> {
    turns.iter().flat_map(|(side, bytes)| bytes.chunks(1).map(|byte| (*side, byte))).collect()
}
