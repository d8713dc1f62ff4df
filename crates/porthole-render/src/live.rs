//! The parts of calls while they pass: whose they are, in which direction, and what they hold.

use porthole_model::{ContainerNames, ContentPiece, Exchange, Timestamp};

use crate::doc::{Doc, Line, Style};
use crate::json::{HiddenWord, MessageWord};
use crate::{content, exchange, moment, units};

/// Where a part belongs.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The call as far as it is known.
    pub call: &'a Exchange,
    /// Its request or its answer.
    pub message: MessageWord,
    /// When it passed.
    pub at: Timestamp,
}

/// What is shown of a call.
#[derive(Clone, Copy, Debug)]
pub enum Shown<'a> {
    /// The request or status line and the header lines.
    Head(&'a [u8]),
    /// A piece of the body or of the stream.
    Content(&'a ContentPiece),
    /// Bytes; the offset is that of the first in its head, body or stream.
    Hex(u64, &'a [u8]),
    /// So many bytes that are not shown.
    Hidden(u64, HiddenWord),
    /// The terminal of the stream got so many columns and rows.
    Resized(u32, u32),
}

/// The title of parts: which call, in which direction, and of an answer the status.
pub fn title(place: &Place<'_>) -> Line {
    let mut line = exchange::number(place.call);
    line.push(Style::Faint, &moment::time_of_day(place.at));
    match place.message {
        MessageWord::Request => line.push(Style::Strong, "  →  "),
        MessageWord::Answer => {
            line.push(Style::Strong, "  ←  ");
            line.append(exchange::status(place.call));
            line.push(Style::Plain, "  ");
        }
    }
    line.append(exchange::story(place.call, &ContainerNames::default()));
    line
}

/// A part, in lines that are never wrapped.
pub fn part(shown: &Shown<'_>) -> Doc {
    let note = |style, words: &str| vec![Line::of(style, words)];
    let mut doc = Doc::new();
    match *shown {
        Shown::Head(head) => doc.content(head_lines(head)),
        Shown::Content(piece) => return content::piece(piece),
        Shown::Hex(offset, bytes) => return content::hex(bytes, offset),
        Shown::Hidden(bytes, why) => doc.content(note(Style::Warning, &hidden(bytes, why))),
        Shown::Resized(columns, rows) => {
            doc.content(note(Style::Note, &format!("(the terminal has {columns} columns and {rows} rows)")))
        }
    };
    doc
}

/// Parts of a connection that were dropped, whosever they were.
pub fn dropped(connection: porthole_model::ConnectionId, parts: u64) -> String {
    let pieces = if parts == 1 { "piece was" } else { "pieces were" };
    format!("{parts} {pieces} not shown of connection {connection}: too fast")
}

fn head_lines(head: &[u8]) -> Vec<Line> {
    let text = String::from_utf8_lossy(head);
    text.lines().map(|line| Line::of(Style::Faint, line)).collect()
}

fn hidden(bytes: u64, why: HiddenWord) -> String {
    let size = units::size(bytes);
    match why {
        HiddenWord::TooFast => format!("({size} not shown: too fast)"),
        HiddenWord::BehindGap => format!("({size} not shown: what comes before is missing)"),
        HiddenWord::Credentials => format!("({size} not shown: credentials)"),
        HiddenWord::Input => format!("({size} not shown: what is typed is shown with --show-input)"),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use porthole_model::{ContentPiece, StreamKind};

    use super::*;
    use crate::exchange::LineWriter;
    use crate::text::TextSettings;
    use crate::{json, samples};

    fn shown(piece: &ContentPiece) -> [Shown<'_>; 7] {
        [
            Shown::Head(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX: \x1b[2J\r\n"),
            Shown::Content(piece),
            Shown::Hex(0x20, b"PING\r\n"),
            Shown::Hidden(65_536, HiddenWord::TooFast),
            Shown::Hidden(1200, HiddenWord::BehindGap),
            Shown::Hidden(7, HiddenWord::Input),
            Shown::Resized(120, 40),
        ]
    }

    #[test]
    fn parts_for_people_and_programs() {
        let piece = ContentPiece::Text { stream: Some(StreamKind::Error), text: "no\x1b[2J".into() };
        let mut out = Vec::new();
        let mut lines = Vec::new();
        let mut writer = LineWriter::new(&mut out, TextSettings { width: Some(60), color: false }).numbered();
        for call in &samples::exchanges()[..3] {
            for message in [MessageWord::Request, MessageWord::Answer] {
                let place = Place { call, message, at: call.started };
                writer.title(&title(&place)).unwrap();
                lines.extend(shown(&piece).iter().map(|shown| json::part(&place, shown)));
            }
            writer.exchange(call, &samples::container_names()).unwrap();
        }
        for shown in &shown(&piece) {
            writer.doc(&part(shown)).unwrap();
        }
        assert_snapshot!("live", String::from_utf8(out).unwrap());
        assert_snapshot!("live_json", lines[..8].join("\n"));
    }
}
