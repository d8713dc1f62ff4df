//! Pieces of every kind, as people will see them.

use insta::assert_snapshot;
use porthole_model::{
    ContentNote, ContentPiece, JsonText, MessageKind, StreamKind, TarEntry, TarKind, WebSocketMessage,
};
use proptest::prelude::*;

use super::{hex, lines, piece};
use crate::doc::{Doc, Line};
use crate::text::{self, TextSettings};

fn printed(docs: impl IntoIterator<Item = Doc>, color: bool) -> String {
    let mut out = Vec::new();
    for doc in docs {
        // Narrower than any line: content is never wrapped.
        text::print(&doc, &TextSettings { width: Some(20), color }, &mut out).unwrap();
    }
    String::from_utf8(out).unwrap()
}

fn shown(pieces: &[ContentPiece]) -> String {
    printed(pieces.iter().map(piece), false)
}

fn json(text: &str) -> JsonText {
    JsonText { text: text.into(), is_whole: true }
}

fn document() -> ContentPiece {
    ContentPiece::Document(json(
        r#"{"Id":"6b","Empty":{},"None":[],"Big":12345678901234567890,"Pi":3.10,"On":true,"Null":null,
            "Labels":{"a \"b\" \\":"x:y,{z}","ü":"\u001b[2J"},"List":[1,[2,[]],{"a":1}]}"#,
    ))
}

fn progress() -> Vec<ContentPiece> {
    [
        r#"{"status":"Pulling from library/alpine","id":"3"}"#,
        r#"{"status":"Downloading","progressDetail":{"current":32768,"total":3370706},"progress":"[>   ]  32.77kB/3.371MB","id":"4f4fb700ef54"}"#,
        r#"{"status":"Extracting","progressDetail":{"current":1,"total":3370706},"id":"4f4fb700ef54"}"#,
        r#"{"status":"Pull complete","progressDetail":{},"id":"4f4fb700ef54"}"#,
        r#"{"stream":"Step 1/2 : FROM scratch\n"}"#,
        r#"{"stream":"\u001b[31mone\u001b[0m\r\ntwo\n"}"#,
        r#"{"aux":{"ID":"sha256:6b"}}"#,
        r#"{"errorDetail":{"code":1,"message":"The command returned 1"},"error":"returned 1"}"#,
        r#"{"error":"no such thing"}"#,
        r#"{"status":"start","id":"6b","from":"bb:1","Type":"container","Action":"start"}"#,
    ]
    .map(|text| ContentPiece::Line(json(text)))
    .into()
}

fn streams() -> Vec<ContentPiece> {
    use StreamKind::{Engine, Error, Input, Output};
    let text = |stream, text: &str| ContentPiece::Text { stream, text: text.into() };
    vec![
        text(Some(Output), "hello"),
        text(Some(Error), "\x1b[31mred\x1b[0m\u{202e}\r"),
        text(Some(Input), "ls"),
        text(Some(Engine), "the container is gone"),
        text(None, "/ # ls\r"),
        ContentPiece::Binary { stream: Some(Output), length: 1_048_576 },
        ContentPiece::Binary { stream: None, length: 1 },
        ContentPiece::Note(ContentNote::NotFrames),
        ContentPiece::Note(ContentNote::Compressed { format: "xz".into() }),
    ]
}

fn messages() -> Vec<ContentPiece> {
    let message = |kind, text: Option<&str>, length, is_whole| {
        ContentPiece::Message(WebSocketMessage { kind, text: text.map(str::to_owned), length, is_whole })
    };
    vec![
        message(MessageKind::Text, Some("ls -l\n"), 6, true),
        message(MessageKind::Binary, None, 70_000, true),
        message(MessageKind::Binary, Some("begins"), 70_000, false),
        message(MessageKind::Ping, Some(""), 0, true),
        message(MessageKind::Close(Some(1000)), Some("bye"), 3, true),
        message(MessageKind::Close(None), Some(""), 0, true),
    ]
}

fn entries() -> Vec<ContentPiece> {
    let entry = |name: &str, kind, mode, size, link: Option<&str>| {
        ContentPiece::Entry(TarEntry {
            name: name.into(),
            kind,
            size,
            mode,
            user: "root".into(),
            group: "0".into(),
            modified: 1_772_366_400,
            link: link.map(str::to_owned),
        })
    };
    vec![
        entry("etc/", TarKind::Directory, 0o1777, 0, None),
        entry("etc/passwd", TarKind::File, 0o644, 1_234, None),
        entry("bin/su", TarKind::File, 0o4755, 12_345_678_901, None),
        entry("bin/x", TarKind::HardLink, 0o6644, 0, Some("bin/su")),
        entry("bin/sh\x1b", TarKind::SymbolicLink, 0o777, 0, Some("../bin/busybox")),
        entry("dev/null", TarKind::CharacterDevice, 0o666, 0, None),
        entry("odd", TarKind::Other('V'), 0, 7, None),
    ]
}

#[test]
fn documents_are_indented() {
    assert_snapshot!("document", shown(&[document()]));
    assert_snapshot!("document_color", printed([piece(&document())], true));
    let cut = JsonText { text: r#"{"a":[1,{"b":"x\"y"#.into(), is_whole: false };
    assert_snapshot!("document_cut", shown(&[ContentPiece::Document(cut)]));
    assert_eq!(shown(&[ContentPiece::Document(json("[ ]"))]), "  []\n");
}

#[test]
fn progress_is_told_as_the_client_tells_it() {
    assert_snapshot!("progress", shown(&progress()));
}

#[test]
fn streams_messages_and_archives() {
    assert_snapshot!("streams", shown(&streams()));
    assert_snapshot!("streams_color", printed(streams().iter().map(piece), true));
    assert_snapshot!("messages", shown(&messages()));
    assert_snapshot!("archive", shown(&entries()));
}

#[test]
fn bytes_in_hex_as_xxd_shows_them() {
    let bytes: Vec<u8> = (0..=36).chain([b'a', 0xff]).collect();
    assert_snapshot!("hex", printed([hex(&bytes, 0x10)], false));
    assert_eq!(printed([hex(b"", 0)], false), "");
    assert!(printed([hex(b"x", u64::MAX)], false).contains("ffffffffffffffff: 78 "));
}

proptest! {
    #[test]
    fn a_piece_of_text_stays_in_its_line(text: String, is_whole: bool) {
        let value = JsonText { text: text.clone(), is_whole };
        for shown in [
            ContentPiece::Document(value.clone()),
            ContentPiece::Line(value),
            ContentPiece::Text { stream: None, text },
        ] {
            prop_assert!(lines(&shown).iter().all(|line| !line.text().contains(char::is_control)));
        }
    }

    #[test]
    fn laying_out_loses_nothing(text in "[\\[\\]{},:\"a1 \\\\]{0,60}") {
        let laid_out = lines(&ContentPiece::Document(json(&text)));
        let laid_out: String = laid_out.iter().map(Line::text).collect();
        let bare = |text: &str| text.replace(' ', "");
        prop_assert_eq!(bare(&laid_out), bare(&text));
    }
}
