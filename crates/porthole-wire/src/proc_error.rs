//! Why a text of the kernel could not be understood.

use thiserror::Error;

/// A text of `/proc` or `/etc` that is not what its name promises.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{file} is not understood: {problem}")]
pub struct ProcError {
    /// Which kind of file: `/proc/PID/stat`.
    pub file: &'static str,
    /// What is wrong with it.
    pub problem: String,
}

impl ProcError {
    pub(crate) fn new(file: &'static str, problem: impl Into<String>) -> Self {
        Self { file, problem: problem.into() }
    }

    /// The line that could not be understood, shortened.
    pub(crate) fn line(file: &'static str, line: &[u8]) -> Self {
        let shown = String::from_utf8_lossy(line.get(..120).unwrap_or(line));
        Self::new(file, format!("line {shown:?}"))
    }
}

/// The lines of a text, without the empty ones.
pub(crate) fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The words of a line.
pub(crate) fn words(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    line.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// A decimal number.
pub(crate) fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}
