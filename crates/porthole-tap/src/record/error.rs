//! Why a recording could not be written or read.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why a recording could not be written or read.
#[derive(Debug, Error)]
pub enum RecordError {
    /// A recording never replaces a file.
    #[error("{} exists already", .path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// There is no such file.
    #[error("{} does not exist", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be made.
    #[error("failed to create {}", .path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file could not be opened.
    #[error("failed to open {}", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is something else.
    #[error("{} is not a recording of porthole: {reason}", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What tells.
        reason: &'static str,
    },
    /// A newer porthole wrote it.
    #[error("{} has schema version {found}; this porthole reads up to {}", .path.display(), super::schema::VERSION)]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version that the file says.
        found: i64,
    },
    /// It ends too early or was altered.
    #[error("{} is damaged or cut off", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// Its latest entries are in the log beside it, and that log cannot be read where it is.
    #[error("the latest entries of {} are in its -wal file, which cannot be read in a read-only directory; \
             copy both to a writable one", .path.display())]
    Unmerged {
        /// The file.
        path: PathBuf,
    },
    /// It could not be read.
    #[error("failed to read {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// It could not be written.
    #[error("failed to write {}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// The disk neither takes what it is given nor refuses it.
    #[error("{} is not written: the disk stands still", .path.display())]
    Still {
        /// The file.
        path: PathBuf,
    },
    /// The thread that writes is gone.
    #[error("the thread that writes {} failed", .path.display())]
    Writer {
        /// The file.
        path: PathBuf,
    },
}

impl RecordError {
    pub(super) fn write(path: &Path, source: rusqlite::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    pub(super) fn damaged(path: &Path, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Damaged { path: path.to_owned(), source: source.into() }
    }

    /// A failure to read is damage where the file's content is its cause.
    pub(super) fn read(path: &Path, source: rusqlite::Error) -> Self {
        let is_damage = match &source {
            rusqlite::Error::SqliteFailure(failure, _) => {
                matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
            }
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::InvalidColumnType(..) => true,
            _ => false,
        };
        if is_damage { Self::damaged(path, source) } else { Self::Read { path: path.to_owned(), source } }
    }
}
