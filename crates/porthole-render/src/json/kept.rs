//! Sessions that are kept, as JSON.

use porthole_model::{KeptSession, SessionWay};
use schemars::JsonSchema;
use serde::Serialize;

use super::{SCHEMA_VERSION, pretty};
use crate::moment::rfc3339;

/// Sessions that are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole debug ls")]
pub struct KeptSessionsDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// The sessions, by name.
    pub sessions: Vec<KeptSessionItem>,
}

/// A session that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct KeptSessionItem {
    /// What it is called.
    pub name: String,
    /// The container, as it was called then, or `pid:N`.
    pub target: String,
    /// What runs there; nothing for a shell.
    pub command: Vec<String>,
    /// Which way led inside.
    pub way: SessionWayWord,
    /// When it began (RFC 3339).
    pub began: String,
    /// Who is attached to it.
    pub attached: Option<AttachedItem>,
    /// How its command ended, as long as nobody was told.
    pub ended: Option<SessionEndItem>,
}

/// Which way led inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionWayWord {
    /// By the namespaces of the process.
    Local,
    /// By a container beside it.
    Sidecar,
}

/// Who is attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AttachedItem {
    /// The user on the host where that porthole runs.
    pub user: u32,
    /// Since when (RFC 3339).
    pub since: String,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SessionEndItem {
    /// Its exit code, 128 + N after signal N.
    pub code: u8,
    /// When (RFC 3339).
    pub at: String,
}

/// Sessions that are kept, as JSON.
pub fn kept_sessions(sessions: &[KeptSession]) -> String {
    let sessions = sessions.iter().map(item).collect();
    pretty(&KeptSessionsDocument { schema_version: SCHEMA_VERSION, sessions })
}

fn item(session: &KeptSession) -> KeptSessionItem {
    KeptSessionItem {
        name: session.name.clone(),
        target: session.target.clone(),
        command: session.command.clone(),
        way: match session.way {
            SessionWay::Local => SessionWayWord::Local,
            SessionWay::Sidecar => SessionWayWord::Sidecar,
        },
        began: rfc3339(session.began),
        attached: session
            .attached
            .map(|attached| AttachedItem { user: attached.user.0, since: rfc3339(attached.since) }),
        ended: session.ended.map(|end| SessionEndItem { code: end.code, at: rfc3339(end.at) }),
    }
}
