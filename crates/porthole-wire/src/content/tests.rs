//! Contents of every kind, cut anywhere.

use std::io::Write;

use porthole_model::{ContentNote, ContentPiece, JsonText, Secrets, StreamKind, TarEntry, TarKind};
use proptest::prelude::*;

use super::{Content, ContentKind, Reader};

const KINDS: [ContentKind; 12] = [
    ContentKind::Json,
    ContentKind::JsonLines,
    ContentKind::JsonThenInput,
    ContentKind::FramesOrRaw,
    ContentKind::Frames,
    ContentKind::Raw,
    ContentKind::Input,
    ContentKind::WebSocket,
    ContentKind::Tar,
    ContentKind::Http2,
    ContentKind::Unknown,
    ContentKind::Text,
];

fn read_cut(content: &Content, bytes: &[u8], mut cuts: impl Iterator<Item = usize>) -> Vec<ContentPiece> {
    let (mut reader, mut pieces, mut rest) = (Reader::new(content, Secrets::Mask), Vec::new(), bytes);
    while !rest.is_empty() {
        let cut = cuts.next().unwrap_or(rest.len()).min(rest.len());
        let (now, later) = rest.split_at(cut);
        reader.push(now, |piece| pieces.push(piece));
        rest = later;
    }
    reader.finish(|piece| pieces.push(piece));
    pieces
}

fn plain(kind: ContentKind) -> Content {
    Content { kind, encoding: None }
}

fn read(kind: ContentKind, bytes: &[u8]) -> Vec<ContentPiece> {
    read_cut(&plain(kind), bytes, std::iter::empty())
}

fn read_encoded(kind: ContentKind, encoding: &str, bytes: &[u8]) -> Vec<ContentPiece> {
    read_cut(&Content { kind, encoding: Some(encoding.into()) }, bytes, std::iter::empty())
}

fn text(stream: Option<StreamKind>, text: &str) -> ContentPiece {
    ContentPiece::Text { stream, text: text.into() }
}

fn document(text: &str) -> ContentPiece {
    ContentPiece::Document(JsonText { text: text.into(), is_whole: true })
}

fn line(text: &str) -> ContentPiece {
    ContentPiece::Line(JsonText { text: text.into(), is_whole: true })
}

fn note(note: ContentNote) -> ContentPiece {
    ContentPiece::Note(note)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn frames(parts: &[(u8, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (stream, payload) in parts {
        bytes.extend([*stream, 0, 0, 0]);
        bytes.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(payload.as_bytes());
    }
    bytes
}

fn names(pieces: &[ContentPiece]) -> Vec<&str> {
    let name = |piece| match piece {
        &ContentPiece::Entry(TarEntry { ref name, .. }) => name.as_str(),
        other => panic!("{other:?}"),
    };
    pieces.iter().map(name).collect()
}

/// A content of every kind that is what it should be.
fn samples() -> Vec<(ContentKind, Vec<u8>)> {
    let program = crate::tar::of_program("porthole", &[7; 700]).unwrap();
    vec![
        (ContentKind::Json, br#" {"a":[1,"}"],"Env":["TOKEN=x"]} "#.to_vec()),
        (ContentKind::JsonLines, b"{\"status\":\"Pulling\"}\r\n{\"a\":{}}\r\n\x1e{}\n".to_vec()),
        (ContentKind::JsonThenInput, b"{\"Tty\":false}\nls -l\nexit".to_vec()),
        (ContentKind::FramesOrRaw, frames(&[(1, "one\ntw"), (2, "err\n"), (1, "o\n"), (3, "gone"), (1, "")])),
        (ContentKind::FramesOrRaw, b"/ # ls\r\nbin\r\n/ # ".to_vec()),
        (ContentKind::WebSocket, b"\x82\x04hi\r\n\x01\x01a\x89\x00\x80\x01b\x88\x02\x03\xe8".to_vec()),
        (ContentKind::Tar, program.clone()),
        (ContentKind::Tar, gzip(&program)),
        (ContentKind::Tar, zstd::encode_all(program.as_slice(), 1).unwrap()),
        (ContentKind::Tar, b"BZh91AY&SY....".to_vec()),
        (ContentKind::Unknown, b"OK".to_vec()),
    ]
}

#[test]
fn streams_are_told_apart_line_by_line() {
    let (output, error) = (Some(StreamKind::Output), Some(StreamKind::Error));
    let bytes = frames(&[(1, "one\ntw"), (2, "err\n"), (1, "o\n"), (3, "gone")]);
    assert_eq!(
        read(ContentKind::FramesOrRaw, &bytes),
        [
            text(output, "one"),
            text(error, "err"),
            text(output, "two"),
            text(Some(StreamKind::Engine), "gone")
        ]
    );
}

#[test]
fn a_terminal_s_stream_is_seen_by_its_first_bytes() {
    let shell = [text(None, "/ # ls\r"), text(None, "bin\r")];
    assert_eq!(read(ContentKind::FramesOrRaw, b"/ # ls\r\nbin\r\n"), shell);
    assert_eq!(read(ContentKind::FramesOrRaw, b"$ "), [text(None, "$ ")]);
    assert_eq!(
        read(ContentKind::FramesOrRaw, b"\x01\x00"),
        [ContentPiece::Binary { stream: None, length: 2 }]
    );
    let broken = [&frames(&[(1, "fine\n")])[..], b"OCI runtime exec failed\r\n"].concat();
    let expected = [
        text(Some(StreamKind::Output), "fine"),
        note(ContentNote::NotFrames),
        text(None, "OCI runtime exec failed\r"),
    ];
    assert_eq!(read(ContentKind::FramesOrRaw, &broken), expected);
    assert_eq!(read(ContentKind::Frames, b"no frame").first(), Some(&note(ContentNote::NotFrames)));
}

#[test]
fn what_is_typed_follows_the_document() {
    let input = Some(StreamKind::Input);
    assert_eq!(
        read(ContentKind::JsonThenInput, b"{\"Tty\":false}\nls -l\nexit"),
        [document("{\"Tty\":false}"), text(input, "ls -l"), text(input, "exit")]
    );
    assert_eq!(read(ContentKind::JsonThenInput, b"{\"Detach\":true}\n"), [document("{\"Detach\":true}")]);
}

#[test]
fn json_is_masked_wherever_it_comes() {
    let secret = br#"{"Env":["TOKEN=x"]}"#;
    let masked = r#"{"Env":["TOKEN=********"]}"#;
    assert_eq!(read(ContentKind::Unknown, secret), [document(masked)]);
    assert_eq!(read(ContentKind::JsonLines, secret), [line(masked)]);
    assert_eq!(read_encoded(ContentKind::Json, "gzip", &gzip(secret)), [document(masked)]);
    let mut shown = Vec::new();
    let mut reader = Reader::new(&plain(ContentKind::Json), Secrets::Show);
    reader.push(secret, |piece| shown.push(piece));
    assert_eq!(shown, [document(r#"{"Env":["TOKEN=x"]}"#)]);
}

#[test]
fn compression_is_undone_or_named() {
    let compressed = |format: &str| note(ContentNote::Compressed { format: format.into() });
    let zstd = zstd::encode_all(&b"[1]"[..], 1).unwrap();
    assert_eq!(read_encoded(ContentKind::Json, "zstd", &zstd), [document("[1]")]);
    let two_members = [gzip(b"{}"), gzip(b"[]")].concat();
    assert_eq!(read_encoded(ContentKind::JsonLines, "gzip", &two_members), [line("{}"), line("[]")]);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    zlib.write_all(b"[2]").unwrap();
    assert_eq!(read_encoded(ContentKind::Json, "deflate", &zlib.finish().unwrap()), [document("[2]")]);
    let mut bare = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    bare.write_all(b"[3]").unwrap();
    assert_eq!(read_encoded(ContentKind::Json, "deflate", &bare.finish().unwrap()), [document("[3]")]);
    let binary = ContentPiece::Binary { stream: None, length: 3 };
    assert_eq!(read_encoded(ContentKind::Json, "br", b"abc"), [compressed("br"), binary]);
    assert_eq!(read(ContentKind::Tar, b"\xfd7zXZ\0more")[0], compressed("xz"));
    assert_eq!(read(ContentKind::Tar, b"BZh91AY&SY")[0], compressed("bzip2"));
}

#[test]
fn compressed_data_that_breaks_off_or_is_damaged_gives_what_came_before() {
    let whole = gzip(&b"{\"a\":1}\n".repeat(10_000));
    let pieces = read_encoded(ContentKind::JsonLines, "gzip", &whole[..whole.len() / 2]);
    assert!(pieces.len() > 1000, "{}", pieces.len());
    let damaged = note(ContentNote::Damaged { format: "gzip".into() });
    assert_eq!(read_encoded(ContentKind::Json, "gzip", b"plain text"), vec![damaged.clone()]);
    let with_rubbish = [whole.as_slice(), b"rubbish behind it"].concat();
    let pieces = read_encoded(ContentKind::JsonLines, "gzip", &with_rubbish);
    assert_eq!((pieces.len(), pieces.last()), (10_001, Some(&damaged)));
}

#[test]
fn an_explosive_body_is_not_read_on() {
    let bomb = gzip(&vec![0; 64 << 20]);
    let pieces = read_encoded(ContentKind::Text, "gzip", &bomb);
    let [ContentPiece::Binary { length, .. }, ContentPiece::Note(ContentNote::Explosive { .. })] =
        &pieces[..]
    else {
        panic!("{pieces:?}")
    };
    assert!((16 << 20..18 << 20).contains(length), "{length}");
}

#[test]
fn the_entries_of_an_archive_are_listed() {
    let mut program = crate::tar::of_program("porthole", &[7; 700]).unwrap();
    let pieces = read(ContentKind::Tar, &program);
    let [ContentPiece::Entry(entry)] = &pieces[..] else { panic!("{pieces:?}") };
    assert_eq!(
        (entry.name.as_str(), entry.kind, entry.size, entry.mode),
        ("porthole", TarKind::File, 700, 0o755)
    );
    assert_eq!((entry.user.as_str(), entry.group.as_str(), entry.modified), ("0", "0", 0));
    assert_eq!(names(&read(ContentKind::Tar, &gzip(&program))), ["porthole"]);
    assert_eq!(names(&read(ContentKind::Tar, &program[..600])), ["porthole"], "a content may be cut off");
    program[3] = b'x';
    assert_eq!(read(ContentKind::Tar, &program)[0], note(ContentNote::NotTar));
    assert_eq!(read(ContentKind::Tar, b"FROM x\n"), [note(ContentNote::NotTar), text(None, "FROM x")]);
    assert_eq!(read(ContentKind::Tar, b""), []);
}

#[test]
fn http2_is_named_and_passed_over() {
    let pieces = read(ContentKind::Http2, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert_eq!(pieces, [note(ContentNote::Http2), ContentPiece::Binary { stream: None, length: 24 }]);
}

proptest! {
    #[test]
    fn cuts_do_not_matter(sizes in proptest::collection::vec(1_usize..60, 1..60)) {
        for (kind, bytes) in samples() {
            let cut = read_cut(&plain(kind), &bytes, sizes.iter().copied().cycle());
            prop_assert_eq!(cut, read(kind, &bytes), "{:?}", kind);
            let encoded = Content { kind, encoding: Some("gzip".into()) };
            let cut = read_cut(&encoded, &gzip(&bytes), sizes.iter().copied().cycle());
            prop_assert_eq!(cut, read(kind, &bytes), "{:?} in gzip", kind);
        }
    }

    #[test]
    fn any_bytes_cut_anywhere_are_the_same(
        bytes in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0), Just(1), Just(b'\n'), Just(b'{'), Just(b'"')], 0..1200),
        size in 1_usize..400,
    ) {
        for kind in KINDS {
            let cut = read_cut(&plain(kind), &bytes, std::iter::repeat(size));
            prop_assert_eq!(cut, read(kind, &bytes), "{:?}", kind);
        }
    }

    #[test]
    fn damaged_samples_are_survived(at: prop::sample::Index, value: u8, until: prop::sample::Index) {
        for (kind, mut bytes) in samples() {
            let at = at.index(bytes.len());
            bytes[at] = value;
            bytes.truncate(until.index(bytes.len()) + 1);
            for encoding in [None, Some("gzip"), Some("deflate"), Some("zstd")] {
                let content = Content { kind, encoding: encoding.map(str::to_owned) };
                let _pieces = read_cut(&content, &bytes, std::iter::repeat(7));
            }
        }
    }
}
