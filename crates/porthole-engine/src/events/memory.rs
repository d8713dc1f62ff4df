//! Which events were seen, so that none is taken twice.

use std::collections::{HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use porthole_model::{EngineEvent, EngineTime};

/// How many events are remembered: engines repeat 256 at most.
const REMEMBERED: usize = 4096;

/// How far an engine's clock may go back before it counts as set back, in nanoseconds.
pub(super) const SLACK: i64 = 2_000_000_000;

/// How many of the last events an engine that is well still remembers (moby, `eventsLimit`).
const KEPT: usize = 256;

/// The events that were seen last.
pub(super) struct Memory {
    start: EngineTime,
    order: VecDeque<(EngineTime, u64)>,
    seen: HashSet<u64>,
}

impl Memory {
    /// Nothing was seen; what happened before `start` is not wanted.
    pub(super) fn new(start: EngineTime) -> Self {
        Self { start, order: VecDeque::new(), seen: HashSet::new() }
    }

    /// Whether it was seen before.
    pub(super) fn knows(&self, event: &EngineEvent) -> bool {
        self.seen.contains(&mark(event))
    }

    /// Remembers an event; whether it is a new one.
    pub(super) fn admit(&mut self, event: &EngineEvent) -> bool {
        let mark = mark(event);
        if !self.seen.insert(mark) {
            return false;
        }
        self.order.push_back((event.at, mark));
        if self.order.len() > REMEMBERED
            && let Some((_, oldest)) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
        true
    }

    /// What happened before is not wanted.
    pub(super) fn start(&self) -> EngineTime {
        self.start
    }

    /// The latest moment that was seen, which is not that of the last event where a clock was set back.
    pub(super) fn newest(&self) -> Option<EngineTime> {
        self.order.iter().map(|(at, _)| *at).max()
    }

    /// Since when every event must have been seen that an engine remembers.
    pub(super) fn lately(&self) -> EngineTime {
        self.order.iter().rev().take(KEPT).map(|(at, _)| *at).min().unwrap_or(self.start)
    }

    /// The event that was seen last.
    pub(super) fn last(&self) -> Option<EngineTime> {
        self.order.back().map(|(at, _)| *at)
    }

    /// From when on to ask, by an engine whose clock shows `now` and that was out of reach for so many nanoseconds: from
    /// the oldest event remembered; or, where its clock was set back meanwhile, from when it went out of reach.
    pub(super) fn since(&self, now: EngineTime, away: i64) -> EngineTime {
        let oldest = self.order.iter().map(|(at, _)| *at).min().unwrap_or(self.start);
        let newest = self.order.iter().map(|(at, _)| *at).max().unwrap_or(self.start);
        if now.0.saturating_add(SLACK) < newest.0 {
            EngineTime(now.0.saturating_sub(away).saturating_sub(SLACK)).min(oldest)
        } else {
            oldest
        }
    }
}

fn mark(event: &EngineEvent) -> u64 {
    let mut hasher = DefaultHasher::new();
    (event.at, &event.kind, event.action.as_str(), &event.id, &event.scope).hash(&mut hasher);
    for (name, value) in &event.attributes {
        (name, value.as_str()).hash(&mut hasher);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use porthole_model::{MaskedText, Secrets};

    use super::*;

    fn event(at: i64, action: &str) -> EngineEvent {
        EngineEvent {
            at: EngineTime(at),
            kind: "container".to_owned(),
            action: MaskedText::assignment(action, Secrets::Mask),
            id: "c1".to_owned(),
            attributes: [("name".to_owned(), MaskedText::assignment("web", Secrets::Mask))].into(),
            scope: "local".to_owned(),
        }
    }

    #[test]
    fn an_event_is_taken_once() {
        let mut memory = Memory::new(EngineTime(0));
        assert!(memory.admit(&event(5, "start")));
        assert!(!memory.admit(&event(5, "start")));
        assert!(memory.admit(&event(5, "die")));
        assert!(memory.admit(&event(6, "start")));
        assert!(memory.knows(&event(5, "die")) && !memory.knows(&event(7, "die")));
        assert_eq!(memory.last(), Some(EngineTime(6)));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_asked_for_from_its_oldest() {
        let mut memory = Memory::new(EngineTime(3));
        assert_eq!(memory.since(EngineTime(100), 10), EngineTime(3));
        for at in 0..10_000 {
            assert!(memory.admit(&event(100 + at, "start")));
        }
        assert_eq!(memory.order.len(), REMEMBERED);
        assert_eq!(memory.seen.len(), REMEMBERED);
        assert_eq!(memory.since(EngineTime(20_000), 10), EngineTime(10_100 - 4096));
        assert_eq!(memory.lately(), EngineTime(10_100 - 256));
    }

    #[test]
    fn a_clock_that_was_set_back_loses_nothing() {
        const HOUR: i64 = 3_600_000_000_000;
        let mut memory = Memory::new(EngineTime(10 * HOUR));
        memory.admit(&event(10 * HOUR + 1, "start"));
        let now = EngineTime(9 * HOUR);
        assert_eq!(memory.newest(), memory.last());
        assert_eq!(memory.since(now, 5_000_000_000), EngineTime(9 * HOUR - 7_000_000_000));
        memory.admit(&event(9 * HOUR, "start"));
        assert!(memory.newest() > memory.last());
        assert_eq!(memory.lately(), EngineTime(9 * HOUR));
    }
}
