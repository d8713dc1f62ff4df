//! Sessions that are kept: what they are called, and who joins them.

use porthole_model::{SessionWay, Uid};
use serde::{Deserialize, Serialize};

use super::Terminal;

/// What makes a session one that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Keeping {
    /// What it is called.
    pub name: String,
    /// What is entered, as people call it.
    pub target: String,
    /// What runs there, as it was typed.
    pub command: Vec<String>,
    /// Which way leads inside.
    pub way: SessionWay,
    /// Who begins it, and stays attached at first.
    pub beginner: Joining,
}

/// Somebody who wants to be attached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joining {
    /// The user, where the socket does not tell.
    pub user: Uid,
    /// The terminal that he or she sits at; without one nobody sees what is shown, or answers what a terminal is asked.
    pub terminal: Option<Terminal>,
    /// Whether whoever is attached has to go.
    pub takes_over: bool,
}

impl Joining {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
