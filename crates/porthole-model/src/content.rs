//! What a body or a stream holds, piece by piece, as a person would read it.

use std::fmt;

/// A piece of a body or a stream, in the order in which it passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentPiece {
    /// A JSON document.
    Document(JsonText),
    /// One JSON value of a stream of many.
    Line(JsonText),
    /// A line of text without its end; a very long one comes in several.
    Text {
        /// Which stream of a container it belongs to; `None` where there is but one.
        stream: Option<StreamKind>,
        /// The text; bytes that are no UTF-8 stand as U+FFFD.
        text: String,
    },
    /// Bytes that are not text.
    Binary {
        /// Which stream of a container they belong to; `None` where there is but one.
        stream: Option<StreamKind>,
        /// How many.
        length: u64,
    },
    /// A WebSocket message.
    Message(WebSocketMessage),
    /// An entry of a tar archive; its content is passed over.
    Entry(TarEntry),
    /// Something about the content that has to be said.
    Note(ContentNote),
}

/// JSON as it was sent, credentials masked unless the user asked for them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonText {
    /// The text.
    pub text: String,
    /// Whether it is all there, and then it is JSON; else its beginning.
    pub is_whole: bool,
}

/// Which of a container's streams something belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// What was written to the standard input, or its echo.
    Input,
    /// Standard output.
    Output,
    /// Standard error.
    Error,
    /// The engine's own word on why the stream ended (Docker's `Systemerr`).
    Engine,
}

impl fmt::Display for StreamKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::Input => "stdin",
            Self::Output => "stdout",
            Self::Error => "stderr",
            Self::Engine => "engine",
        })
    }
}

/// A message of a WebSocket connection, its fragments joined (RFC 6455).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebSocketMessage {
    /// Its kind.
    pub kind: MessageKind,
    /// Its text, or the beginning of a long one; `None` where the bytes are not text.
    pub text: Option<String>,
    /// How many bytes it has, without the code of a close.
    pub length: u64,
    /// Whether all of it was seen and kept.
    pub is_whole: bool,
}

/// The kinds of WebSocket messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MessageKind {
    /// Text.
    Text,
    /// Bytes; the engine sends output so.
    Binary,
    /// The end, with the code where one is given.
    Close(Option<u16>),
    /// Asks for a pong.
    Ping,
    /// Answers a ping.
    Pong,
}

/// An entry of a tar archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TarEntry {
    /// Its path in the archive; bytes that are no UTF-8 stand as U+FFFD.
    pub name: String,
    /// Its kind.
    pub kind: TarKind,
    /// How many bytes of content it has.
    pub size: u64,
    /// The permission bits, up to `0o7777`.
    pub mode: u32,
    /// The user by name, or else by number.
    pub user: String,
    /// The group by name, or else by number.
    pub group: String,
    /// When it was last changed, in seconds since 1970.
    pub modified: i64,
    /// What a link leads to.
    pub link: Option<String>,
}

/// The kinds of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TarKind {
    /// A file.
    File,
    /// Another name of an entry before it.
    HardLink,
    /// A symbolic link.
    SymbolicLink,
    /// A character device.
    CharacterDevice,
    /// A block device.
    BlockDevice,
    /// A directory.
    Directory,
    /// A named pipe.
    Pipe,
    /// Another kind, by its letter.
    Other(char),
}

/// Something about a content that has to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContentNote {
    /// What should be JSON is not; it follows as text.
    NotJson,
    /// What should be frames of standard output and error is not; it follows as text.
    NotFrames,
    /// What should be WebSocket is not; it follows as text.
    NotWebSocket,
    /// What should be a tar archive is not, or no longer.
    NotTar,
    /// What should be compressed so is not, or no longer.
    Damaged {
        /// The format: `gzip`.
        format: String,
    },
    /// It is compressed in a way that is not undone here.
    Compressed {
        /// The format: `xz`.
        format: String,
    },
    /// It unfolds to so much more than was sent that it is not read on.
    Explosive {
        /// The format: `gzip`.
        format: String,
    },
    /// A JSON value is too long to be held; so many bytes of it are left out.
    LeftOut {
        /// How many.
        length: u64,
    },
    /// HTTP/2, whose calls stand for themselves.
    Http2,
}

impl fmt::Display for ContentNote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson => formatter.write_str("this is not the JSON that it should be"),
            Self::NotFrames => {
                formatter.write_str("from here on the stream is not in frames, as it should be")
            }
            Self::NotWebSocket => formatter.write_str("from here on this is not WebSocket, as it should be"),
            Self::NotTar => formatter.write_str("from here on this is not a tar archive, as it should be"),
            Self::Damaged { format } => {
                write!(formatter, "from here on this is not {format}, as it should be")
            }
            Self::Compressed { format } => write!(formatter, "compressed with {format}, which is not undone"),
            Self::Explosive { format } => {
                write!(formatter, "the {format} data unfolds to far more than was sent; the rest is not read")
            }
            Self::LeftOut { length } => {
                write!(formatter, "the value is too long to be shown: {length} bytes are left out")
            }
            Self::Http2 => formatter.write_str("HTTP/2, whose calls are listed for themselves"),
        }
    }
}
