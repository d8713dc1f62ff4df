//! What a recording says of itself, how much may wait for it, and how it tells of trouble.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::RecordError;

/// What a recording says of itself, how much may wait for it, and how it tells of trouble.
#[derive(Clone)]
pub struct RecordSettings {
    /// The version of porthole.
    pub porthole_version: String,
    /// The engine behind the relay.
    pub endpoint: String,
    /// How many bytes of lines may wait to be written.
    pub waiting_lines: usize,
    /// How many bytes of heads and bodies may wait to be written; what is over is dropped and counted.
    pub waiting_bodies: usize,
    /// The longest time from an event to the file.
    pub interval: Duration,
    /// Told of trouble once when it begins and once when it is over, from whatever thread notices.
    pub notify: Arc<dyn Fn(Notice) + Send + Sync>,
}

impl RecordSettings {
    /// The usual limits, and nobody who listens to trouble.
    pub fn new(porthole_version: impl Into<String>, endpoint: impl Into<String>) -> Self {
        Self {
            porthole_version: porthole_version.into(),
            endpoint: endpoint.into(),
            waiting_lines: 16 * 1024 * 1024,
            waiting_bodies: 8 * 1024 * 1024,
            interval: Duration::from_millis(200),
            notify: Arc::new(|_| {}),
        }
    }
}

impl fmt::Debug for RecordSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RecordSettings").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// Trouble of a recording that goes on.
#[derive(Debug)]
pub enum Notice {
    /// A body was dropped for want of room or disk; told of the first one. [`RecordStatus`] counts all.
    BodiesDropped,
    /// Nothing can be written. It is tried again every second.
    Stalled(RecordError),
    /// Writing goes on.
    Resumed {
        /// The exchanges that were lost since the recording began.
        lost: u64,
    },
}

impl fmt::Display for Notice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BodiesDropped => {
                formatter.write_str("bodies are left out of the recording: too much waits")
            }
            Self::Stalled(cause) => write!(formatter, "the recording stands still: {cause}"),
            Self::Resumed { lost: 0 } => formatter.write_str("the recording goes on, nothing was lost"),
            Self::Resumed { lost } => write!(formatter, "the recording goes on, {lost} exchanges were lost"),
        }
    }
}

/// How a recording fares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RecordStatus {
    /// Exchanges that are in the file.
    pub written: u64,
    /// Exchanges that are in the file without the heads and bodies that they had.
    pub bodies_dropped: u64,
    /// Exchanges that are not in the file because it could not be written.
    pub lost: u64,
}
