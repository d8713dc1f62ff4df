//! The one error at the edge: what failed, why, and what the user can do.

use std::error::Error;
use std::io;

use porthole_model::Gap;

use crate::exit::Exit;

/// A command that could not do its job.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// A fragment that completes "failed to …", or a sentence of its own.
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    hints: Vec<String>,
    exit: Exit,
}

impl CommandError {
    /// An error in words alone.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None, hints: Vec::new(), exit: Exit::Failure }
    }

    /// An error with its cause.
    pub(crate) fn caused_by(
        message: impl Into<String>,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self { source: Some(source.into()), ..Self::new(message) }
    }

    /// What porthole prints could not be written. That its reader went away is success, and nothing is said.
    pub(crate) fn unwritten(message: impl Into<String>, error: io::Error) -> Self {
        let is_unread = error.kind() == io::ErrorKind::BrokenPipe;
        let exit = if is_unread { Exit::Success } else { Exit::Failure };
        Self { exit, ..Self::caused_by(message, error) }
    }

    /// The user asked to stop.
    pub(crate) fn interrupted() -> Self {
        Self { exit: Exit::Interrupted, ..Self::new("interrupted") }
    }

    /// The same error with something the user can do.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// How porthole ends with it.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// What failed.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The causes, nearest first.
    pub(crate) fn causes(&self) -> Vec<String> {
        self.chain().map(ToString::to_string).collect()
    }

    /// What the user can do.
    pub(crate) fn hints(&self) -> &[String] {
        &self.hints
    }

    /// Whether whoever was written to went away.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        let is_broken_pipe = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
        self.chain().any(|error| error.downcast_ref().is_some_and(is_broken_pipe))
    }

    fn chain(&self) -> impl Iterator<Item = &(dyn Error + 'static)> {
        let first: Option<&(dyn Error + 'static)> = match &self.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        };
        std::iter::successors(first, |error| (*error).source())
    }
}

impl From<Gap> for CommandError {
    fn from(gap: Gap) -> Self {
        let error = Self::caused_by(format!("cannot read the {}", gap.what), gap.cause);
        match gap.remedy {
            Some(remedy) => error.hint(remedy),
            None => error,
        }
    }
}

/// Prints what clap says of arguments that are wrong, or the help that was asked for.
pub(crate) fn usage(error: &clap::Error) -> Exit {
    // Nothing can be done where even the usage cannot be printed.
    let _unprintable = error.print();
    if error.use_stderr() { Exit::Failure } else { Exit::Success }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_that_went_away_is_success_and_a_connection_that_did_is_not() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert_eq!(CommandError::unwritten("cannot write", broken()).exit(), Exit::Success);
        assert_eq!(
            CommandError::unwritten("cannot write", io::ErrorKind::StorageFull.into()).exit(),
            Exit::Failure
        );
        assert_eq!(CommandError::caused_by("the session was lost", broken()).exit(), Exit::Failure);
    }
}
