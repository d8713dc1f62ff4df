//! Why an audit could not be opened, written or read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// Why an audit could not be opened, written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AuditError {
    /// A place could not be opened.
    #[error("failed to open the audit {place}")]
    Open {
        /// The place.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// A place could not be written to its end.
    #[error("failed to write the audit {place}, {lost} calls are missing from it")]
    Write {
        /// The place.
        place: String,
        /// The calls that are missing.
        lost: u64,
        /// Why.
        source: io::Error,
    },
    /// A file could not be read.
    #[error("failed to read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}
