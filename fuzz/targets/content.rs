//! A content of any kind gives the same pieces however it is cut.
#![no_main]

use libfuzzer_sys::fuzz_target;
use porthole_model::{ContentPiece, Secrets};
use porthole_wire::content::{Content, ContentKind, Reader};

const KINDS: [ContentKind; 8] = [
    ContentKind::Json,
    ContentKind::JsonLines,
    ContentKind::JsonThenInput,
    ContentKind::FramesOrRaw,
    ContentKind::Frames,
    ContentKind::WebSocket,
    ContentKind::Tar,
    ContentKind::Unknown,
];

fuzz_target!(|input: &[u8]| {
    let Some((first, bytes)) = input.split_first() else { return };
    let kind = KINDS[usize::from(*first) % KINDS.len()];
    // Where compressed data break off depends on the cut.
    let encoding = (first & 0x80 != 0).then(|| "gzip".to_owned());
    let content = Content { kind, encoding };
    let whole = pieces(&content, [bytes]);
    let in_bytes = pieces(&content, bytes.chunks(1));
    let is_unpacked = content.encoding.is_some()
        || kind == ContentKind::Tar && (bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5]));
    assert!(is_unpacked || whole == in_bytes);
});

fn pieces<'a>(content: &Content, parts: impl IntoIterator<Item = &'a [u8]>) -> Vec<ContentPiece> {
    let (mut reader, mut pieces) = (Reader::new(content, Secrets::Mask), Vec::new());
    for part in parts {
        reader.push(part, |piece| pieces.push(piece));
    }
    reader.finish(|piece| pieces.push(piece));
    pieces
}
