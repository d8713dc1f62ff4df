//! The line between client and keeper: the plan, then what either tells the other, each a line of JSON.

use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Request {
    /// A signal for the command's process group, by its number.
    Signal(i32),
    /// A command that was stopped is to go on.
    Continue {
        /// Whether it gets the terminal again.
        in_foreground: bool,
    },
}

/// What the client is told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Report {
    /// The session is inside, and its command is about to run.
    Entered,
    /// The command stopped, as by ^Z. Not told where it shares the client's process group, which stops as well.
    Stopped,
    /// The command cannot be run. `Ended` follows, with 127 for one that is not there and 126 otherwise.
    NotRun {
        /// Why.
        cause: String,
    },
    /// The command ended, and nothing of the session is left inside.
    Ended {
        /// As a shell gives it: 128 and the signal's number for a command that a signal ended.
        code: u8,
    },
    /// There was no way in.
    Failed(EntryFailure),
}

/// Why there was no way in.
#[derive(Clone, Debug, PartialEq, Eq, Error, Serialize, Deserialize)]
#[error("{step}: {cause}")]
pub struct EntryFailure {
    /// What kind of reason it is.
    pub kind: FailureKind,
    /// What was tried: `join the mnt namespace`.
    pub step: String,
    /// What came of it.
    pub cause: String,
}

/// What kind of reason there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FailureKind {
    /// The kernel does not allow it to this user.
    Refused,
    /// The process has ended.
    Gone,
    /// This kernel, or this process's surroundings, cannot do it.
    Unsupported,
    /// Something that was asked for is not there: a user, a directory, a file.
    Absent,
    /// Anything else.
    Other,
}

impl EntryFailure {
    /// Whether another way in, which asks less of the kernel, may be open.
    pub fn is_refusal(&self) -> bool {
        matches!(self.kind, FailureKind::Refused | FailureKind::Unsupported)
    }

    pub(super) fn new(kind: FailureKind, step: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { kind, step: step.into(), cause: cause.into() }
    }

    /// What makes a failure of a call that was tried.
    pub(super) fn at<E: Into<io::Error>>(step: impl Into<String>) -> impl FnOnce(E) -> Self {
        move |error| {
            let error = error.into();
            Self::new(kind(&error), step, error.to_string())
        }
    }
}

fn kind(error: &io::Error) -> FailureKind {
    match Errno::from_io_error(error) {
        Some(Errno::PERM | Errno::ACCESS) => FailureKind::Refused,
        Some(Errno::SRCH) => FailureKind::Gone,
        Some(Errno::NOENT | Errno::NOTDIR) => FailureKind::Absent,
        Some(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NODEV | Errno::INVAL) => FailureKind::Unsupported,
        _ => FailureKind::Other,
    }
}

/// One end of the line.
#[derive(Debug)]
pub(super) struct Line {
    heard: BufReader<UnixStream>,
}

impl Line {
    pub(super) fn new(stream: impl Into<UnixStream>) -> Self {
        Self { heard: BufReader::new(stream.into()) }
    }

    /// Tells; whoever is gone needs not be told.
    pub(super) fn tell(&self, word: &impl Serialize) {
        let _gone = say(&mut self.heard.get_ref(), word);
    }

    /// Waits for the next word; `None` at the end of the line.
    pub(super) fn hear<T: DeserializeOwned>(&mut self) -> io::Result<Option<T>> {
        let mut text = String::new();
        if self.heard.read_line(&mut text)? == 0 { Ok(None) } else { Ok(Some(serde_json::from_str(&text)?)) }
    }

    /// Whether a word has come that was not heard yet and that no look at the socket would show.
    pub(super) fn has_more(&self) -> bool {
        !self.heard.buffer().is_empty()
    }
}

impl AsFd for Line {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.heard.get_ref().as_fd()
    }
}

impl From<OwnedFd> for Line {
    fn from(socket: OwnedFd) -> Self {
        Self::new(UnixStream::from(socket))
    }
}

/// Writes one word.
pub(super) fn say(stream: &mut impl Write, word: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(word)?;
    text.push(b'\n');
    stream.write_all(&text)
}
