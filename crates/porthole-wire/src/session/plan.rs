//! What the agent is asked to run.

use serde::{Deserialize, Serialize};

use super::{Keeping, WindowSize};

/// What the agent is asked to run. Words are bytes: what a user types need not be UTF-8.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The program and its arguments.
    pub command: Vec<Vec<u8>>,
    /// Variables that are set beside those of the agent's own environment, or instead of them.
    pub environment: Vec<(Vec<u8>, Vec<u8>)>,
    /// A directory whose programs go before all others.
    pub tools: Option<Vec<u8>>,
    /// Where the command begins, where that is not where the agent is.
    pub directory: Option<Vec<u8>>,
    /// The terminal that the command gets; without one its streams are pipes.
    pub terminal: Option<Terminal>,
    /// How to enter a process's namespaces before, in the words of the one that enters; without it the command runs
    /// where the agent is.
    pub entry: Option<serde_json::Value>,
    /// The container whose first process is meant by that; without it, the process is given by its number.
    pub container: Option<String>,
    /// Whether the command ends by itself, and in order, when its input ends; else it is killed when the client is gone.
    pub ends_with_input: bool,
    /// What makes it a session that is kept.
    #[serde(default)]
    pub keeping: Option<Keeping>,
}

/// The terminal that a command gets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terminal {
    /// Its kind: the user's `TERM`.
    pub kind: Vec<u8>,
    /// Its size.
    pub size: WindowSize,
}

impl Plan {
    pub(super) fn encode(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}
