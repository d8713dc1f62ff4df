//! Which events are asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use porthole_model::EngineTime;

use crate::dormant::encoded;

/// A second in nanoseconds.
pub(super) const SECOND: i64 = 1_000_000_000;

/// How far moments that an engine may read wrongly are moved, in nanoseconds.
const BREADTH: i64 = 1_000_000;

/// Which events are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// The engine's filters: `type`, `event`, `container`, `label`; values of one name are alternatives.
    pub filters: BTreeMap<String, Vec<String>>,
    /// The first moment; without it, now.
    pub since: Option<EventMoment>,
    /// The last moment; without it, there is no end.
    pub until: Option<EventMoment>,
}

/// A moment by the engine's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventMoment {
    /// That one.
    At(EngineTime),
    /// So long before now.
    Ago(Duration),
}

impl EventQuery {
    /// The same at an engine whose clock shows the second `now`, which begins before now and ends after it: nothing is
    /// left out at either end.
    pub(super) fn at(self, now: EngineTime, is_podman: bool) -> EventSpan {
        let end = EngineTime(now.0.saturating_add(SECOND));
        EventSpan {
            filters: self.filters,
            since: self.since.map_or(now, |since| since.resolved(now)),
            until: self.until.map(|until| until.resolved(end)),
            is_podman,
        }
    }
}

impl EventMoment {
    fn resolved(self, now: EngineTime) -> EngineTime {
        match self {
            Self::At(moment) => moment,
            Self::Ago(ago) => {
                EngineTime(now.0.saturating_sub(i64::try_from(ago.as_nanos()).unwrap_or(i64::MAX)))
            }
        }
    }
}

/// Which events are asked for, by the engine's clock.
pub(super) struct EventSpan {
    pub(super) filters: BTreeMap<String, Vec<String>>,
    pub(super) since: EngineTime,
    pub(super) until: Option<EngineTime>,
    /// Whether the engine is Podman, which may end an answer before it has told all that it remembers where `until` is
    /// over (5.4), and has a way of its own to be asked for all.
    pub(super) is_podman: bool,
}

impl EventSpan {
    /// The path of the call that follows from a moment on.
    pub(super) fn path(&self, since: EngineTime) -> String {
        self.path_with(since, self.until.map(|until| format!("&until={}", seconds(until))))
    }

    /// The path of the call that asks for what happened between two moments; what comes may be later.
    ///
    /// Podman leaves the moments themselves out, and reads them as floating-point numbers: they are a little wider.
    pub(super) fn past(&self, since: EngineTime, until: EngineTime) -> String {
        let (since, until) = (since.0.saturating_sub(BREADTH), until.0.saturating_add(BREADTH));
        let end = if self.is_podman {
            "&stream=false".to_owned()
        } else {
            format!("&until={}", seconds(EngineTime(until)))
        };
        self.path_with(EngineTime(since.min(until)), Some(end))
    }

    fn path_with(&self, since: EngineTime, end: Option<String>) -> String {
        let filters = serde_json::json!(self.filters).to_string();
        let filters = (!self.filters.is_empty()).then(|| format!("&filters={}", encoded(&filters)));
        let (since, optional) = (seconds(since), [end, filters].into_iter().flatten().collect::<String>());
        format!("/events?since={since}{optional}")
    }
}

/// A moment as the API takes it: seconds and nine digits.
fn seconds(at: EngineTime) -> String {
    format!("{}.{:09}", at.0.div_euclid(SECOND), at.0.rem_euclid(SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_as_the_api_takes_it() {
        let query = EventQuery {
            filters: [("type".to_owned(), vec!["container".to_owned()])].into(),
            since: Some(EventMoment::Ago(Duration::from_mins(1))),
            until: Some(EventMoment::At(EngineTime(2 * SECOND))),
        };
        let span = query.at(EngineTime(1_700_000_000 * SECOND + 42), false);
        assert_eq!(
            span.path(span.since),
            "/events?since=1699999940.000000042&until=2.000000000&filters=%7B%22type%22%3A%5B%22container%22%5D%7D"
        );
    }

    #[test]
    fn the_past_is_asked_for_with_some_breadth() {
        let span = EventQuery::default().at(EngineTime(5 * SECOND), false);
        let past = span.past(EngineTime(2 * SECOND), EngineTime(3 * SECOND));
        assert_eq!(past, "/events?since=1.999000000&until=3.001000000");
        let backwards = span.past(EngineTime(3 * SECOND), EngineTime(2 * SECOND));
        assert_eq!(backwards, "/events?since=2.001000000&until=2.001000000");
        let podman = EventQuery::default().at(EngineTime(5 * SECOND), true);
        let past = podman.past(EngineTime(2 * SECOND), EngineTime(3 * SECOND));
        assert_eq!(past, "/events?since=1.999000000&stream=false");
    }

    #[test]
    fn without_a_beginning_it_begins_in_this_second() {
        let until_now = EventQuery { until: Some(EventMoment::Ago(Duration::ZERO)), ..EventQuery::default() };
        let span = until_now.at(EngineTime(5 * SECOND), false);
        assert_eq!(span.path(span.since), "/events?since=5.000000000&until=6.000000000");
    }
}
