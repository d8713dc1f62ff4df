//! What porthole makes on an engine, and the labels that it is known by.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::encoded;

/// The label of everything that porthole makes on an engine; its value says what it is.
pub(crate) const LABEL: &str = "porthole";
/// The label that says when: seconds since the Unix epoch.
pub(super) const CREATED_LABEL: &str = "porthole.created";

/// What porthole makes on an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Creation {
    /// A container that reads the engine's host.
    Helper,
    /// A container in place of one that does not run, and the image made for it.
    Replica,
    /// A container beside one that somebody is in.
    Session,
    /// A known-good container.
    Testbox,
}

impl Creation {
    pub(super) const ALL: [Self; 4] = [Self::Helper, Self::Replica, Self::Session, Self::Testbox];

    /// The value of the label.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Helper => "helper",
            Self::Replica => "replica",
            Self::Session => "session",
            Self::Testbox => "testbox",
        }
    }

    /// The labels of one that is made now.
    pub(crate) fn labels(self) -> Value {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        json!({ (LABEL): self.word(), (CREATED_LABEL): now.to_string() })
    }

    /// The query that asks for all of them.
    pub(crate) fn filter(self) -> String {
        encoded(&json!({ "label": [format!("{LABEL}={}", self.word())] }).to_string())
    }

    /// Whether one that runs ends by itself, however long that takes, or stays as its user wishes.
    pub(super) fn may_run_on(self) -> bool {
        self != Self::Helper
    }
}
