//! A raw relay for people: connections, what passed on them, and what they came to.

use std::time::Duration;

use porthole_model::{Client, ClientAddress, ConnectionId, ContainerNames, Timestamp};

use crate::doc::{Doc, Line, Style};
use crate::json::{CloseWord, SideWord};
use crate::{bytes, content, exchange, moment, units};

/// Bytes that passed on a connection.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a> {
    /// The connection.
    pub connection: ConnectionId,
    /// When the first of them passed.
    pub at: Timestamp,
    /// Who sent them.
    pub side: SideWord,
    /// How many bytes this side had sent before.
    pub offset: u64,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending<'a> {
    /// The connection.
    pub connection: ConnectionId,
    /// When.
    pub at: Timestamp,
    /// How long it was open.
    pub duration: Duration,
    /// Bytes that the client sent.
    pub from_client: u64,
    /// Bytes that the server sent.
    pub from_server: u64,
    /// Who ended it.
    pub reason: CloseWord,
    /// The system's words, where something went wrong.
    pub cause: Option<&'a str>,
    /// Pieces that were not shown because they came too fast.
    pub dropped_pieces: u64,
}

/// What a run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Connections.
    pub connections: u64,
    /// Those that did not reach the server, or broke.
    pub failed: u64,
    /// Bytes that clients sent.
    pub from_clients: u64,
    /// Bytes that the server sent.
    pub from_server: u64,
}

/// How bytes are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dump {
    /// As text with escapes.
    Text,
    /// As hex with offsets.
    Hex,
}

/// Where clients connect.
pub fn listening(url: &str, target: &str) -> Doc {
    let mut doc = Doc::new();
    let line = Line::from("Every byte passes on to ").with(Style::Code, target).plain(". Connect to");
    doc.paragraph(line).code([url]);
    doc
}

/// A client connected.
pub fn opened(connection: ConnectionId, at: Timestamp, client: &Client, names: &ContainerNames) -> Line {
    let mut line = beginning(connection, at);
    match client.address {
        ClientAddress::Tcp(address) => line.push(Style::Name, &address.to_string()),
        ClientAddress::Unix { .. } => line.append(exchange::client(client, names)),
    }
    line.plain(" connected")
}

/// The title of pieces: which connection, and in which direction.
pub fn piece_title(piece: &Piece<'_>) -> Line {
    beginning(piece.connection, piece.at).with(Style::Strong, mark(piece.side))
}

/// What a piece holds, set in under its title.
pub fn piece(piece: &Piece<'_>, dump: Dump) -> Doc {
    match dump {
        Dump::Hex => content::hex(piece.bytes, piece.offset),
        Dump::Text => {
            let mut doc = Doc::new();
            doc.content(bytes::text_lines(piece.bytes).map(Line::from).collect());
            doc
        }
    }
}

/// Bytes that passed and are not shown.
pub fn missing(connection: ConnectionId, at: Timestamp, side: SideWord, bytes: u64) -> Line {
    let words = format!(" {} not shown: too fast", units::size(bytes));
    beginning(connection, at).with(Style::Strong, mark(side)).with(Style::Warning, &words)
}

/// A connection ended.
pub fn closed(ending: &Ending<'_>) -> Line {
    let style = if ending.cause.is_some() { Style::Warning } else { Style::Plain };
    let line = beginning(ending.connection, ending.at).with(style, reason(ending.reason));
    let line = line.plain(&format!(
        " after {}: {} sent, {} received",
        units::time(ending.duration),
        units::size(ending.from_client),
        units::size(ending.from_server)
    ));
    let line = ending.cause.into_iter().fold(line, |line, cause| line.plain("; ").with(style, cause));
    match ending.dropped_pieces {
        0 => line,
        1 => line.plain("; ").with(Style::Warning, "1 piece not shown: too fast"),
        many => line.plain("; ").with(Style::Warning, &format!("{many} pieces not shown: too fast")),
    }
}

/// What a run came to.
pub fn summary(totals: Totals) -> Doc {
    let word = if totals.connections == 1 { "connection" } else { "connections" };
    let line = Line::of(Style::Strong, &format!("{} {word}", totals.connections)).plain(", ");
    let style = if totals.failed == 0 { Style::Good } else { Style::Error };
    let line = line.with(style, &format!("{} failed", totals.failed)).plain(&format!(
        ", {} sent, {} received",
        units::size(totals.from_clients),
        units::size(totals.from_server)
    ));
    let mut doc = Doc::new();
    doc.paragraph(line);
    doc
}

fn beginning(connection: ConnectionId, at: Timestamp) -> Line {
    Line::of(Style::Faint, &format!("{:>5}  {}  ", format!("#{connection}"), moment::time_of_day(at)))
}

fn mark(side: SideWord) -> &'static str {
    match side {
        SideWord::Client => "→",
        SideWord::Server => "←",
    }
}

fn reason(reason: CloseWord) -> &'static str {
    match reason {
        CloseWord::ClientClosed => "closed by the client",
        CloseWord::ServerClosed => "closed by the server",
        CloseWord::ClientLost => "the client was gone",
        CloseWord::ServerLost => "the server was gone",
        CloseWord::ServerUnreachable => "the server could not be reached",
        CloseWord::Stopped => "cut by the end of the relay",
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::exchange::LineWriter;
    use crate::text::TextSettings;
    use crate::{json, samples};

    const AT: Timestamp = Timestamp(1_772_366_400_250);

    fn pieces() -> [Piece<'static>; 2] {
        let piece = |side, offset, bytes| Piece { connection: ConnectionId(7), at: AT, side, offset, bytes };
        [
            piece(SideWord::Client, 0, b"PING\r\nQUIT\r\n"),
            piece(SideWord::Server, 0x40, b"+PONG\r\n\x1b[2J\x00\xff"),
        ]
    }

    fn ending() -> Ending<'static> {
        Ending {
            connection: ConnectionId(7),
            at: AT,
            duration: Duration::from_millis(1200),
            from_client: 12,
            from_server: 104_857_600,
            reason: CloseWord::ServerLost,
            cause: Some("Connection reset by peer (os error 104)"),
            dropped_pieces: 3,
        }
    }

    #[test]
    fn a_connection_for_people() {
        let client = &samples::exchanges()[0].client;
        let mut out = Vec::new();
        let mut writer = LineWriter::new(&mut out, TextSettings::default());
        writer.lines([opened(ConnectionId(7), AT, client, &samples::container_names())]).unwrap();
        for dump in [Dump::Text, Dump::Hex] {
            for shown in &pieces() {
                writer.lines([piece_title(shown)]).unwrap();
                writer.doc(&piece(shown, dump)).unwrap();
            }
        }
        let quiet = Ending { reason: CloseWord::ClientClosed, cause: None, dropped_pieces: 0, ..ending() };
        let missing = missing(ConnectionId(7), AT, SideWord::Server, 65_536);
        writer.lines([missing, closed(&ending()), closed(&quiet)]).unwrap();
        assert_snapshot!("raw", String::from_utf8(out).unwrap());
    }

    #[test]
    fn a_connection_for_programs() {
        let client = &samples::exchanges()[0].client;
        let mut lines = vec![json::raw_opened(ConnectionId(7), AT, client, &samples::container_names())];
        lines.extend(pieces().iter().map(|piece| json::raw_data(piece, Dump::Text)));
        lines.push(json::raw_data(&pieces()[1], Dump::Hex));
        lines.push(json::raw_closed(&ending()));
        assert_snapshot!("raw_json", lines.join("\n"));
    }
}
