//! Reads a content of any kind.

use porthole_model::{ContentNote, ContentPiece, Secrets, StreamKind};

use super::encoding::Undo;
use super::frames::Frames;
use super::json::{Form, Json};
use super::kind::{Content, ContentKind};
use super::lines::Lines;
use super::packed::Packed;
use super::websocket::WebSocket;
use super::{Contradiction, Pieces};

/// Reads a content as it comes.
#[derive(Debug)]
pub struct Reader {
    undo: Option<Undo>,
    body: Body,
}

/// What follows once the compression is undone.
#[derive(Debug)]
struct Body {
    secrets: Secrets,
    state: State,
}

#[derive(Debug)]
enum State {
    /// JSON if it begins so.
    Unknown,
    Json(Json),
    /// JSON, and behind it what somebody types.
    JsonThenInput(Json),
    Frames(Box<Frames>),
    WebSocket(WebSocket),
    Tar(Box<Packed>),
    Lines(Lines),
    /// Why it is not read, to be said with the first byte; and how much there was of it.
    Unread(Option<ContentNote>, u64),
    /// Nothing more is read.
    Ended,
}

impl Reader {
    /// Nothing is read yet. Credentials in JSON are masked, unless they are asked for.
    pub fn new(content: &Content, secrets: Secrets) -> Self {
        let (undo, state) = match content.encoding.as_deref().map(Undo::of).transpose() {
            Ok(undo) => (undo, State::of(content.kind, secrets)),
            Err(note) => (None, State::Unread(Some(note), 0)),
        };
        Self { undo, body: Body { secrets, state } }
    }

    /// Hands the pieces that `bytes` complete to `take`. The bytes may end anywhere.
    pub fn push(&mut self, bytes: &[u8], mut take: impl FnMut(ContentPiece)) {
        let Self { undo, body } = self;
        let Some(decoder) = undo else { return body.push(bytes, &mut take) };
        let result = decoder.push(bytes, &mut |unfolded| body.push(unfolded, &mut take));
        if let Err(note) = result {
            body.finish(&mut take);
            take(ContentPiece::Note(note));
            (*undo, body.state) = (None, State::Ended);
        }
    }

    /// Hands what waits for more bytes to `take`: there are no more.
    pub fn finish(mut self, mut take: impl FnMut(ContentPiece)) {
        self.body.finish(&mut take);
    }
}

impl Body {
    fn push(&mut self, mut bytes: &[u8], pieces: Pieces<'_>) {
        while !bytes.is_empty() {
            self.turn(&mut bytes);
            if let Err(contradiction) = self.state.step(&mut bytes, pieces) {
                self.contradict(contradiction, pieces);
            }
        }
    }

    fn finish(&mut self, pieces: Pieces<'_>) {
        if let Err(contradiction) = self.state.finish(pieces) {
            self.contradict(contradiction, pieces);
            // Lines contradict nothing.
            let _text = self.state.finish(pieces);
        }
        self.state = State::Ended;
    }

    /// Where the next byte decides what follows.
    fn turn(&mut self, bytes: &mut &[u8]) {
        match &self.state {
            State::Unknown => {
                let is_json = matches!(bytes.first(), Some(b'{' | b'['));
                let kind = if is_json { ContentKind::Json } else { ContentKind::Text };
                self.state = State::of(kind, self.secrets);
            }
            State::JsonThenInput(json) if json.is_behind_value() => {
                // The newline that the client's encoder puts behind the document.
                *bytes = bytes.strip_prefix(b"\n").unwrap_or(bytes);
                self.state = State::Lines(Lines::of(StreamKind::Input));
            }
            _ => {}
        }
    }

    fn contradict(&mut self, contradiction: Contradiction, pieces: Pieces<'_>) {
        contradiction.note.map(ContentPiece::Note).into_iter().for_each(&mut *pieces);
        let mut lines = Lines::masking(self.secrets);
        lines.push(&contradiction.unread, pieces);
        self.state = State::Lines(lines);
    }
}

impl State {
    fn of(kind: ContentKind, secrets: Secrets) -> Self {
        match kind {
            ContentKind::Json => Self::Json(Json::new(Form::Document, secrets)),
            ContentKind::JsonLines => Self::Json(Json::new(Form::Line, secrets)),
            ContentKind::JsonThenInput => Self::JsonThenInput(Json::new(Form::Document, secrets)),
            ContentKind::FramesOrRaw => Self::Frames(Box::new(Frames::new(true))),
            ContentKind::Frames => Self::Frames(Box::new(Frames::new(false))),
            ContentKind::Raw | ContentKind::Text => Self::Lines(Lines::masking(secrets)),
            ContentKind::Input => Self::Lines(Lines::of(StreamKind::Input)),
            ContentKind::WebSocket => Self::WebSocket(WebSocket::default()),
            ContentKind::Tar => Self::Tar(Box::default()),
            ContentKind::Http2 => Self::Unread(Some(ContentNote::Http2), 0),
            ContentKind::Unknown => Self::Unknown,
        }
    }

    fn step(&mut self, bytes: &mut &[u8], pieces: Pieces<'_>) -> Result<(), Contradiction> {
        match self {
            Self::Json(json) | Self::JsonThenInput(json) => json.step(bytes, pieces),
            Self::Frames(frames) => frames.step(bytes, pieces),
            Self::WebSocket(socket) => socket.step(bytes, pieces),
            Self::Tar(packed) => packed.step(bytes, pieces),
            Self::Lines(lines) => {
                lines.push(std::mem::take(bytes), pieces);
                Ok(())
            }
            Self::Unread(note, length) => {
                note.take().map(ContentPiece::Note).into_iter().for_each(pieces);
                *length += std::mem::take(bytes).len() as u64;
                Ok(())
            }
            Self::Unknown | Self::Ended => {
                *bytes = &[];
                Ok(())
            }
        }
    }

    fn finish(&mut self, pieces: Pieces<'_>) -> Result<(), Contradiction> {
        match self {
            Self::Json(json) | Self::JsonThenInput(json) => return json.finish(pieces),
            Self::Frames(frames) => return frames.finish(pieces),
            Self::Tar(packed) => return packed.finish(pieces),
            Self::WebSocket(socket) => socket.finish(pieces),
            Self::Lines(lines) => lines.finish(pieces),
            Self::Unread(_, length @ 1..) => {
                pieces(ContentPiece::Binary { stream: None, length: *length });
            }
            Self::Unread(..) | Self::Unknown | Self::Ended => {}
        }
        Ok(())
    }
}
