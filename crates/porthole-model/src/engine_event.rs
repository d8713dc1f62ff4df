//! What an engine says when something happened to one of its objects.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{MaskedText, Timestamp};

/// A moment by an engine's clock: nanoseconds since the Unix epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EngineTime(pub i64);

impl EngineTime {
    /// The same to the millisecond.
    pub fn moment(self) -> Timestamp {
        Timestamp(self.0.div_euclid(1_000_000))
    }
}

/// Something happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineEvent {
    /// When, by the engine's clock.
    pub at: EngineTime,
    /// The kind of the object, in the engine's word: `container`, `network`, `image`, `volume`.
    pub kind: String,
    /// What happened, in the engine's words: `start`, `exec_create: ls`.
    pub action: MaskedText,
    /// The object: an id, or the name of what has none.
    pub id: String,
    /// What the engine says of the object: its name, its labels, an exit code.
    pub attributes: BTreeMap<String, MaskedText>,
    /// `local`, or `swarm`.
    pub scope: String,
}

impl EngineEvent {
    /// What people call the object.
    pub fn name(&self) -> Option<&str> {
        self.attributes.get("name").map(MaskedText::as_str)
    }

    /// The first word of what happened: `exec_create` of `exec_create: ls`.
    pub fn verb(&self) -> &str {
        let action = self.action.as_str();
        action.split_once(':').map_or(action, |(verb, _)| verb)
    }
}

/// A stretch of time in which events may have happened that nobody will ever see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventGap {
    /// The last event before it, if there was one.
    pub after: Option<EngineTime>,
    /// The first event behind it, if there was one yet.
    pub before: Option<EngineTime>,
}

/// What there is to tell of an engine that is followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventNews {
    /// Something happened.
    Event(EngineEvent),
    /// The stream of events broke off; it is tried again.
    Lost {
        /// Why.
        cause: String,
    },
    /// Events come again.
    Back {
        /// How long none came.
        away: Duration,
    },
    /// What happened meanwhile may not be known in full.
    Gap(EventGap),
    /// The engine's clock was set back before the next event: times do not show what came first.
    ClockSetBack {
        /// By how much at least.
        by: Duration,
    },
    /// Events that were not taken in time, and are gone.
    Dropped {
        /// How many.
        events: u64,
    },
}
