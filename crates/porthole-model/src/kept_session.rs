//! A session in a container that goes on when nobody is attached to it.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, Uid};

/// A session that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptSession {
    /// What it is called.
    pub name: String,
    /// The container, as it was called then, or `pid:N`.
    pub target: String,
    /// What runs there; nothing for a shell.
    pub command: Vec<String>,
    /// Which way led inside.
    pub way: SessionWay,
    /// When it began.
    pub began: Timestamp,
    /// Who is attached to it.
    pub attached: Option<Attached>,
    /// How its command ended, as long as nobody was told.
    pub ended: Option<SessionEnd>,
}

/// Which way led inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionWay {
    /// By the namespaces of the process.
    Local,
    /// By a container beside it.
    Sidecar,
}

/// Who is attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    /// The user on the host where porthole runs.
    pub user: Uid,
    /// Since when.
    pub since: Timestamp,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Its exit code, 128 + N after signal N.
    pub code: u8,
    /// When.
    pub at: Timestamp,
}
