//! What bodies and streams hold, for people: pieces as lines, and any bytes as hex.

mod archive;
mod hex;
mod json;
mod progress;
#[cfg(test)]
mod tests;

pub use hex::hex;

use porthole_model::{ContentNote, ContentPiece, MessageKind, StreamKind, WebSocketMessage};

use crate::doc::{Doc, Line, Style};
use crate::units;

/// A piece, in lines that are never wrapped.
pub fn piece(piece: &ContentPiece) -> Doc {
    let mut doc = Doc::new();
    doc.content(lines(piece));
    doc
}

/// The lines of a piece.
pub fn lines(piece: &ContentPiece) -> Vec<Line> {
    match piece {
        ContentPiece::Document(document) => json::pretty(document),
        ContentPiece::Line(value) => progress::lines(value).unwrap_or_else(|| vec![json::compact(value)]),
        ContentPiece::Text { stream, text } => vec![tag(*stream).plain(text.trim_end_matches('\r'))],
        ContentPiece::Binary { stream, length } => vec![tag(*stream).with(Style::Faint, &not_text(*length))],
        ContentPiece::Message(message) => vec![websocket(message)],
        ContentPiece::Entry(entry) => vec![archive::entry(entry)],
        ContentPiece::Note(note) => vec![Line::of(style(note), &format!("({note})"))],
    }
}

/// Which stream a line belongs to; nothing where there is but one.
fn tag(stream: Option<StreamKind>) -> Line {
    let Some(stream) = stream else { return Line::new() };
    let style = match stream {
        StreamKind::Input => Style::Name,
        StreamKind::Output => Style::Faint,
        StreamKind::Error => Style::Warning,
        StreamKind::Engine => Style::Error,
    };
    Line::of(style, &format!("{stream:6} | "))
}

fn not_text(length: u64) -> String {
    format!("({} that are not text)", units::size(length))
}

fn websocket(message: &WebSocketMessage) -> Line {
    let kind = match message.kind {
        MessageKind::Text => "text".to_owned(),
        MessageKind::Binary => "binary".to_owned(),
        MessageKind::Close(None) => "close".to_owned(),
        MessageKind::Close(Some(code)) => format!("close {code}"),
        MessageKind::Ping => "ping".to_owned(),
        MessageKind::Pong => "pong".to_owned(),
    };
    let line = match message.text.as_deref() {
        Some("") => return Line::of(Style::Note, &kind),
        Some(text) => Line::of(Style::Note, &format!("{kind:6} | ")).plain(text),
        None => Line::of(Style::Note, &format!("{kind:6} | ")).with(Style::Faint, &not_text(message.length)),
    };
    let cut = format!(" … of {}", units::size(message.length));
    if message.is_whole { line } else { line.with(Style::Faint, &cut) }
}

fn style(note: &ContentNote) -> Style {
    match note {
        ContentNote::Compressed { .. } | ContentNote::LeftOut { .. } | ContentNote::Http2 => Style::Note,
        ContentNote::NotJson
        | ContentNote::NotFrames
        | ContentNote::NotWebSocket
        | ContentNote::NotTar
        | ContentNote::Damaged { .. }
        | ContentNote::Explosive { .. } => Style::Warning,
    }
}
