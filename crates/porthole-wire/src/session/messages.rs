//! The messages of both directions.

use porthole_model::KeptSession;

use super::{Joining, Message, Plan};

/// The size of a terminal in cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct WindowSize {
    /// Lines.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
}

/// What the user's end says.
#[derive(Clone, Debug, PartialEq)]
pub enum FromClient {
    /// What is to be run; the first message, and said once.
    Begin(Box<Plan>),
    /// Bytes for the command.
    Input(Vec<u8>),
    /// No more input comes.
    EndOfInput,
    /// The user's terminal has another size.
    Resized(WindowSize),
    /// A signal for the command, by its number.
    Signal(u8),
    /// A command that was stopped is to go on.
    Continue,
    /// To a kept session: here is somebody who wants to see it and type. The first message, and said once.
    Join(Joining),
    /// To a kept session: what is it? The first message, and the only one.
    Describe,
    /// To a kept session: end. The first message, and the only one; the answer comes when nothing is left of it.
    End,
}

/// What the agent says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromAgent {
    /// The command runs.
    Begun,
    /// So many bytes of input were given to the command, or to nobody where it takes no more.
    Taken(u32),
    /// Bytes of the command's standard output, or of its terminal.
    Output(Vec<u8>),
    /// Bytes of its standard error.
    Error(Vec<u8>),
    /// The command, which has a terminal, stopped, as by ^Z.
    Stopped,
    /// The command ended with this exit code, 128 + N after signal N; the last message.
    Exited(u8),
    /// The command could not be run, in words; the last message.
    Failed(String),
    /// The kernel does not let the agent go where the command is to run, in words; the last message.
    Refused(String),
    /// What a kept session is; the last message.
    Description(Box<KeptSession>),
    /// A kept session goes on, or is ended, without this client, for this reason; the last message.
    Dismissed(String),
}

impl Message for FromClient {
    fn parts(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Begin(plan) => (b'b', plan.encode()),
            Self::Input(bytes) => (b'i', bytes.clone()),
            Self::EndOfInput => (b'e', Vec::new()),
            Self::Resized(size) => (b'w', [size.rows.to_be_bytes(), size.columns.to_be_bytes()].concat()),
            Self::Signal(number) => (b's', vec![*number]),
            Self::Continue => (b'c', Vec::new()),
            Self::Join(joining) => (b'j', joining.encode()),
            Self::Describe => (b'd', Vec::new()),
            Self::End => (b'x', Vec::new()),
        }
    }

    fn of_parts(kind: u8, content: &[u8]) -> Option<Self> {
        match (kind, content) {
            (b'b', plan) => Plan::decode(plan).map(|plan| Self::Begin(Box::new(plan))),
            (b'i', bytes) => Some(Self::Input(bytes.to_vec())),
            (b'e', []) => Some(Self::EndOfInput),
            (b'w', &[a, b, c, d]) => {
                let (rows, columns) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                Some(Self::Resized(WindowSize { rows, columns }))
            }
            (b's', [number]) => Some(Self::Signal(*number)),
            (b'c', []) => Some(Self::Continue),
            (b'j', joining) => Joining::decode(joining).map(Self::Join),
            (b'd', []) => Some(Self::Describe),
            (b'x', []) => Some(Self::End),
            _ => None,
        }
    }
}

impl Message for FromAgent {
    fn parts(&self) -> (u8, Vec<u8>) {
        match self {
            Self::Begun => (b'B', Vec::new()),
            Self::Taken(count) => (b'T', count.to_be_bytes().to_vec()),
            Self::Output(bytes) => (b'O', bytes.clone()),
            Self::Error(bytes) => (b'E', bytes.clone()),
            Self::Stopped => (b'Z', Vec::new()),
            Self::Exited(code) => (b'X', vec![*code]),
            Self::Failed(words) => (b'F', words.clone().into_bytes()),
            Self::Refused(words) => (b'R', words.clone().into_bytes()),
            Self::Description(session) => (b'D', serde_json::to_vec(session).unwrap_or_default()),
            Self::Dismissed(words) => (b'L', words.clone().into_bytes()),
        }
    }

    fn of_parts(kind: u8, content: &[u8]) -> Option<Self> {
        match (kind, content) {
            (b'B', []) => Some(Self::Begun),
            (b'T', count) => Some(Self::Taken(u32::from_be_bytes(count.try_into().ok()?))),
            (b'O', bytes) => Some(Self::Output(bytes.to_vec())),
            (b'E', bytes) => Some(Self::Error(bytes.to_vec())),
            (b'Z', []) => Some(Self::Stopped),
            (b'X', [code]) => Some(Self::Exited(*code)),
            (b'F', words) => Some(Self::Failed(String::from_utf8_lossy(words).into_owned())),
            (b'R', words) => Some(Self::Refused(String::from_utf8_lossy(words).into_owned())),
            (b'D', session) => serde_json::from_slice(session).ok().map(Self::Description),
            (b'L', words) => Some(Self::Dismissed(String::from_utf8_lossy(words).into_owned())),
            _ => None,
        }
    }
}
