//! Why no figure came out.

use std::io;
use std::path::{Path, PathBuf};

use porthole_lab::LabError;

/// What stops the measurements: a figure of a command that failed would be worse than none.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BenchError {
    #[error(transparent)]
    Lab(#[from] LabError),
    #[error("failed to {attempt}: {source}")]
    Io { attempt: String, source: io::Error },
    #[error("there is no porthole at {}; build it with: cargo build --release --package porthole", .0.display())]
    NoPorthole(PathBuf),
    #[error("{0} is not installed; scripts/prepare bench installs what is needed")]
    NoTool(&'static str),
    #[error("`{command}` ended with {status}")]
    Failed { command: String, status: String },
    #[error("`{command}` did not give the full answer: {problem}")]
    Answer { command: String, problem: String },
    #[error("the container {container} was not ready in time: {log}")]
    NotReady { container: String, log: String },
    #[error("the shell of `{command}` did not {attempt}; its terminal shows {shown:?}")]
    Mute { command: String, attempt: &'static str, shown: String },
    #[error("the engine answered {path} with {answer}")]
    Refused { path: String, answer: String },
    #[error("a measurement cannot be read: {0}")]
    Sample(#[from] serde_json::Error),
    #[error("the rules cannot be read: {0}")]
    Rules(String),
    #[error("{} does not say what it should", .0.display())]
    Unreadable(PathBuf),
    #[error("{} lacks the lines between which the figures go", .0.display())]
    NoMarkers(PathBuf),
}

impl BenchError {
    /// For `map_err`: what was tried, as it completes "failed to".
    pub(crate) fn io(attempt: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let attempt = attempt.into();
        move |source| Self::Io { attempt, source }
    }

    /// For `map_err`: a file that refused.
    pub(crate) fn at(verb: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        Self::io(format!("{verb} {}", path.display()))
    }
}
