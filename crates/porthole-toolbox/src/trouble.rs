//! What keeps a tool from doing its work, and how it says so.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

/// A reason to stop.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Nobody reads the output any more; nothing is to be said about it.
    Unread,
    /// What is to be said.
    Said(String),
}

impl Trouble {
    /// What is to be said.
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self::Said(what.to_string())
    }

    /// Something failed at a file or directory.
    pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + use<> {
        let path = path.display().to_string();
        move |error| match Self::from(error) {
            Self::Said(why) => Self::Said(format!("{path}: {why}")),
            Self::Unread => Self::Unread,
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Unread } else { Self::Said(reason(&error)) }
    }
}

impl From<procfs::ProcError> for Trouble {
    fn from(error: procfs::ProcError) -> Self {
        Self::new(error)
    }
}

/// Why a system call failed, without the number of the error.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.clone(), |(words, _)| words.to_owned())
}

/// A line of a tool on standard error.
pub(crate) fn say(tool: &str, what: impl fmt::Display) {
    // Where standard error is closed nobody reads it.
    let _unread = writeln!(io::stderr(), "{tool}: {what}");
}

/// The exit code of a tool: its own, or `code` with a line about the trouble.
pub(crate) fn exit(tool: &str, outcome: Result<i32, Trouble>, code: i32) -> i32 {
    match outcome {
        Ok(own) => own,
        Err(Trouble::Unread) => 0,
        Err(Trouble::Said(what)) => {
            say(tool, what);
            code
        }
    }
}
