//! Why one call to an engine that once answered brought nothing.

use std::fmt;
use std::time::Duration;

use hyper::Method;
use porthole_model::{Gap, GapKind};

use crate::connect_error::ConnectError;

/// A call, in words: `GET /info`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// The path, without the version.
    pub path: String,
}

impl fmt::Display for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.method, self.path)
    }
}

/// Why a call brought nothing.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The engine does not answer any more.
    #[error(transparent)]
    Unreachable(#[from] Box<ConnectError>),
    /// The engine refused or failed.
    #[error("{call} was answered with status {status}: {message}")]
    Status {
        /// The call.
        call: Call,
        /// The status.
        status: u16,
        /// The engine's words.
        message: String,
    },
    /// No answer in time.
    #[error("{call} was not answered within {} s", limit.as_secs_f32())]
    TimedOut {
        /// The call.
        call: Call,
        /// The time it had.
        limit: Duration,
    },
    /// The connection broke.
    #[error("the connection broke during {call}: {source}")]
    Broken {
        /// The call.
        call: Call,
        /// How.
        source: hyper::Error,
    },
    /// The answer is not what the API promises.
    #[error("the answer to {call} is not understood: {cause}")]
    NotUnderstood {
        /// The call.
        call: Call,
        /// What was not.
        cause: String,
    },
}

impl RequestError {
    /// Whether the thing that was asked for is not there (any more).
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. })
    }

    /// The gap that this leaves where `what` should be.
    pub fn gap(&self, what: impl Into<String>) -> Gap {
        let kind = match self {
            Self::Unreachable(error) => {
                return Gap { what: what.into(), ..Gap::from(error.as_ref()) };
            }
            Self::Status { status: 401 | 403, .. } => GapKind::Permission,
            Self::Status { status: 404 | 405 | 501, .. } => GapKind::Unsupported,
            _ => GapKind::Failed,
        };
        Gap::new(kind, what, self.to_string())
    }
}
