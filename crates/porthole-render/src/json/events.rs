//! What an engine says happened, each as one line of JSON.

use std::collections::BTreeMap;

use porthole_model::{EngineEvent, EngineTime, EventGap, EventNews, MaskedText, Timestamp};
use schemars::JsonSchema;
use serde::Serialize;

use super::exchange::microseconds;
use super::{SCHEMA_VERSION, compact};
use crate::moment;

/// Something there is to tell of an engine that is followed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole events")]
pub struct EventDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// What there is to tell.
    #[serde(flatten)]
    pub news: EventNewsItem,
}

/// What there is to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "news", rename_all = "snake_case")]
pub enum EventNewsItem {
    /// Something happened.
    Event(EventItem),
    /// The stream of events broke off; it is tried again.
    Lost {
        /// When (RFC 3339), by the clock of porthole's host.
        at: String,
        /// Why.
        cause: String,
    },
    /// Events come again.
    Back {
        /// When (RFC 3339), by the clock of porthole's host.
        at: String,
        /// How long none came, in microseconds.
        away_us: u64,
    },
    /// What happened between two moments of the engine's clock may not be known in full.
    Gap {
        /// The last event before (RFC 3339); null when there was none.
        after: Option<String>,
        /// The first event behind (RFC 3339); null when there was none yet.
        before: Option<String>,
    },
    /// The engine's clock was set back before the next event: times do not show what came first.
    ClockSetBack {
        /// When (RFC 3339), by the clock of porthole's host.
        at: String,
        /// By how much at least, in microseconds.
        by_us: u64,
    },
    /// Events were not taken in time, and are gone.
    Dropped {
        /// How many.
        events: u64,
    },
}

/// Something that happened to an object of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EventItem {
    /// When (RFC 3339), by the engine's clock.
    pub at: String,
    /// The same in nanoseconds since the Unix epoch.
    pub at_ns: i64,
    /// The kind of the object, in the engine's word: container, network, image, volume.
    #[serde(rename = "type")]
    pub kind: String,
    /// What happened, in the engine's words.
    pub action: String,
    /// The object: an id, or the name of what has none.
    pub id: String,
    /// What people call it; null when the engine does not say.
    pub name: Option<String>,
    /// What the engine says of the object; values of labels that look like credentials are masked.
    pub attributes: BTreeMap<String, String>,
    /// local, or swarm.
    pub scope: String,
}

/// One line; `now` is when it is told.
pub fn event_news(news: &EventNews, now: Timestamp) -> String {
    let now = moment::rfc3339(now);
    let item = match news {
        EventNews::Event(event) => EventNewsItem::Event(item(event)),
        EventNews::Lost { cause } => EventNewsItem::Lost { at: now, cause: cause.clone() },
        EventNews::Back { away } => EventNewsItem::Back { at: now, away_us: microseconds(*away) },
        EventNews::Gap(EventGap { after, before }) => {
            EventNewsItem::Gap { after: after.map(nanoseconds), before: before.map(nanoseconds) }
        }
        EventNews::ClockSetBack { by } => EventNewsItem::ClockSetBack { at: now, by_us: microseconds(*by) },
        EventNews::Dropped { events } => EventNewsItem::Dropped { events: *events },
    };
    compact(&EventDocument { schema_version: SCHEMA_VERSION, news: item })
}

fn item(event: &EngineEvent) -> EventItem {
    let attribute = |(name, value): (&String, &MaskedText)| (name.clone(), value.as_str().to_owned());
    EventItem {
        at: nanoseconds(event.at),
        at_ns: event.at.0,
        kind: event.kind.clone(),
        action: event.action.as_str().to_owned(),
        id: event.id.clone(),
        name: event.name().map(str::to_owned),
        attributes: event.attributes.iter().map(attribute).collect(),
        scope: event.scope.clone(),
    }
}

fn nanoseconds(at: EngineTime) -> String {
    match jiff::Timestamp::from_nanosecond(at.0.into()) {
        Ok(known) => known.to_string(),
        Err(_) => format!("{} ns", at.0),
    }
}
