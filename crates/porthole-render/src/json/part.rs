//! The parts of calls while they pass, each as one line of JSON.

use porthole_model::{ContentPiece, JsonText, MessageKind, StreamKind, TarEntry, TarKind, WebSocketMessage};
use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, compact};
use crate::live::{Place, Shown};
use crate::{bytes, moment};

/// A part of a call that goes on. The call itself follows as an object of its own when it has ended: that one has an
/// `id`, and no `part`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole tap --verbose")]
pub struct PartDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The number of the exchange.
    pub exchange: u64,
    /// The number of its connection.
    pub connection: u64,
    /// The operation's name in the engine's API.
    pub operation: Option<String>,
    /// Whether it is of the request or of the answer.
    pub message: MessageWord,
    /// When it passed (RFC 3339).
    pub at: String,
    /// What it holds.
    #[serde(flatten)]
    pub part: PartItem,
}

/// What a part holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "part", rename_all = "snake_case")]
pub enum PartItem {
    /// The beginning of a request or an answer, credentials masked.
    Head {
        /// The request or status line, and the header lines.
        lines: Vec<String>,
    },
    /// A JSON document, or one of a stream of JSON values; credentials masked.
    Json {
        /// Its text.
        text: String,
        /// Whether it is all there; else its beginning.
        whole: bool,
    },
    /// A line of text.
    Text {
        /// Which of a container's streams it belongs to.
        stream: Option<StreamWord>,
        /// The line without its end.
        text: String,
    },
    /// Bytes that are not text.
    Binary {
        /// Which of a container's streams they belong to.
        stream: Option<StreamWord>,
        /// How many.
        bytes: u64,
    },
    /// A WebSocket message.
    WebSocket {
        /// `text`, `binary`, `close`, `ping` or `pong`.
        kind: &'static str,
        /// The code of a close.
        code: Option<u16>,
        /// Its text; null where it is not text.
        text: Option<String>,
        /// How many bytes it has.
        bytes: u64,
        /// Whether all of it is here.
        whole: bool,
    },
    /// An entry of a tar archive.
    Entry {
        /// Its path.
        name: String,
        /// Its kind: `file`, `directory`, `symbolic_link`, `hard_link`, `device`, `pipe` or `other`.
        kind: &'static str,
        /// The bytes of its content.
        bytes: u64,
        /// Its permissions in octal.
        mode: String,
        /// What a link leads to.
        link: Option<String>,
    },
    /// Something about the content that has to be said.
    Note {
        /// In words.
        text: String,
    },
    /// Bytes, with `--hex`.
    Hex {
        /// Where in the head, the body or the stream the first of them is.
        offset: u64,
        /// They.
        hex: String,
    },
    /// Bytes that are not shown.
    Hidden {
        /// How many, as far as that is known.
        bytes: u64,
        /// Why not.
        reason: HiddenWord,
    },
    /// The terminal of the stream got another size.
    Resized {
        /// Its columns.
        columns: u32,
        /// Its rows.
        rows: u32,
    },
}

/// One half of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageWord {
    /// What the client sent.
    Request,
    /// What the engine sent.
    Answer,
}

/// One of a container's streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StreamWord {
    /// What is typed.
    Stdin,
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The engine's word on why the stream ended.
    Engine,
}

/// Why bytes are not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HiddenWord {
    /// They came faster than they could be shown.
    TooFast,
    /// What came before them is missing, and without it they mean nothing.
    BehindGap,
    /// They carry credentials.
    Credentials,
    /// Somebody typed them.
    Input,
}

/// A part as one line of JSON, without the end of the line.
pub fn part(place: &Place<'_>, shown: &Shown<'_>) -> String {
    compact(&PartDocument {
        schema_version: SCHEMA_VERSION,
        exchange: place.call.id.0,
        connection: place.call.connection.0,
        operation: place.call.operation.clone(),
        message: place.message,
        at: moment::rfc3339(place.at),
        part: item(shown),
    })
}

fn item(shown: &Shown<'_>) -> PartItem {
    match *shown {
        Shown::Head(head) => {
            PartItem::Head { lines: String::from_utf8_lossy(head).lines().map(str::to_owned).collect() }
        }
        Shown::Content(piece) => content(piece),
        Shown::Hex(offset, bytes) => PartItem::Hex { offset, hex: bytes::hex_digits(bytes) },
        Shown::Hidden(bytes, reason) => PartItem::Hidden { bytes, reason },
        Shown::Resized(columns, rows) => PartItem::Resized { columns, rows },
    }
}

fn content(piece: &ContentPiece) -> PartItem {
    match piece {
        ContentPiece::Document(JsonText { text, is_whole })
        | ContentPiece::Line(JsonText { text, is_whole }) => {
            PartItem::Json { text: text.clone(), whole: *is_whole }
        }
        ContentPiece::Text { stream, text } => {
            PartItem::Text { stream: stream.map(StreamWord::from), text: text.clone() }
        }
        ContentPiece::Binary { stream, length } => {
            PartItem::Binary { stream: stream.map(StreamWord::from), bytes: *length }
        }
        ContentPiece::Message(message) => web_socket(message),
        ContentPiece::Entry(found) => entry(found),
        ContentPiece::Note(note) => PartItem::Note { text: note.to_string() },
    }
}

fn web_socket(message: &WebSocketMessage) -> PartItem {
    let (kind, code) = match message.kind {
        MessageKind::Text => ("text", None),
        MessageKind::Binary => ("binary", None),
        MessageKind::Close(code) => ("close", code),
        MessageKind::Ping => ("ping", None),
        MessageKind::Pong => ("pong", None),
    };
    let text = message.text.clone();
    PartItem::WebSocket { kind, code, text, bytes: message.length, whole: message.is_whole }
}

fn entry(entry: &TarEntry) -> PartItem {
    let kind = match entry.kind {
        TarKind::File => "file",
        TarKind::HardLink => "hard_link",
        TarKind::SymbolicLink => "symbolic_link",
        TarKind::CharacterDevice | TarKind::BlockDevice => "device",
        TarKind::Directory => "directory",
        TarKind::Pipe => "pipe",
        TarKind::Other(_) => "other",
    };
    let (name, link) = (entry.name.clone(), entry.link.clone());
    PartItem::Entry { name, kind, bytes: entry.size, mode: format!("{:o}", entry.mode), link }
}

impl From<StreamKind> for StreamWord {
    fn from(stream: StreamKind) -> Self {
        match stream {
            StreamKind::Input => Self::Stdin,
            StreamKind::Output => Self::Stdout,
            StreamKind::Error => Self::Stderr,
            StreamKind::Engine => Self::Engine,
        }
    }
}
