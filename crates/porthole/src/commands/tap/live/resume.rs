//! Where a content can be read again behind a gap.

use porthole_wire::content::{Content, ContentKind};

/// Whether something of the content begins with these bytes: of text always, of frames and of lines of JSON where
/// the bytes are such and nothing else, and of anything else never.
pub(super) fn begins_anew(content: &Content, bytes: &[u8]) -> bool {
    match content.kind {
        _ if content.encoding.is_some() => false,
        ContentKind::Text | ContentKind::Raw | ContentKind::Input => true,
        ContentKind::Frames | ContentKind::FramesOrRaw => are_frames(bytes),
        ContentKind::JsonLines => are_json_lines(bytes),
        _ => false,
    }
}

/// Whether the bytes are whole frames of a container's output: `[stream, 0, 0, 0, length as four bytes]` and as many
/// bytes.
fn are_frames(mut bytes: &[u8]) -> bool {
    let is_any = !bytes.is_empty();
    while let Some((header, rest)) = bytes.split_first_chunk::<8>() {
        let [0..=3, 0, 0, 0, length @ ..] = *header else { return false };
        let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
        let Some(next) = rest.get(length..) else { return false };
        bytes = next;
    }
    is_any && bytes.is_empty()
}

fn are_json_lines(bytes: &[u8]) -> bool {
    let mut lines =
        bytes.split(|byte| matches!(byte, b'\n' | 0x1e)).filter(|line| !line.trim_ascii().is_empty());
    let is_object = |line: &[u8]| serde_json::from_slice::<serde_json::Map<_, _>>(line).is_ok();
    bytes.first() == Some(&b'{') && lines.all(is_object)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn anew(kind: ContentKind, bytes: &[u8]) -> bool {
        begins_anew(&Content { kind, encoding: None }, bytes)
    }

    #[test]
    fn frames_are_found_again_where_a_part_is_frames_and_nothing_else() {
        let frames = b"\x01\0\0\0\0\0\0\x02hi\x02\0\0\0\0\0\0\x00";
        for kind in [ContentKind::Frames, ContentKind::FramesOrRaw] {
            assert!(anew(kind, frames));
            for cut in [&frames[..9], &frames[1..], &frames[..17], b"", b"\x01\0\0\0", b"text and more text"]
            {
                assert!(!anew(kind, cut), "{cut:?}");
            }
        }
    }

    #[test]
    fn lines_of_json_are_found_again_where_all_are_whole() {
        assert!(anew(ContentKind::JsonLines, b"{\"a\":1}\n{\"b\":{}}\r\n"));
        for cut in [&b"\"a\":1}\n{}\n"[..], b"{\"a\":1}\n{\"b\"", b"{\"b\":{", b""] {
            assert!(!anew(ContentKind::JsonLines, cut), "{cut:?}");
        }
    }

    #[test]
    fn text_goes_on_anywhere_and_archives_and_compressed_bodies_never() {
        assert!(anew(ContentKind::Raw, b"x"));
        assert!(!anew(ContentKind::Tar, b"x") && !anew(ContentKind::Json, b"{}"));
        assert!(!begins_anew(&Content { kind: ContentKind::Raw, encoding: Some("gzip".into()) }, b"x"));
    }
}
