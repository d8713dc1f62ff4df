//! When to look at the containers again: once a burst of events is over, or lasts too long.

use std::time::Duration;

use porthole_model::EngineEvent;
use tokio::time::Instant;

/// How many quiet times a burst is waited for.
const LONGEST: u32 = 10;

/// What happens in a container or to its files changes nothing that a template is given; health checks do it all the time.
const BESIDE: [&str; 14] = [
    "archive-path",
    "attach",
    "commit",
    "copy",
    "detach",
    "exec",
    "exec_create",
    "exec_detach",
    "exec_die",
    "exec_died",
    "exec_start",
    "export",
    "extract-to-dir",
    "top",
];

/// When to look again.
#[derive(Debug)]
pub(super) struct Quiet {
    time: Duration,
    first: Option<Instant>,
    due: Option<Instant>,
}

impl Quiet {
    /// A burst is over when nothing happened for that time.
    pub(super) fn new(time: Duration) -> Self {
        Self { time, first: None, due: None }
    }

    /// Something happened.
    pub(super) fn heard(&mut self, now: Instant) {
        let first = *self.first.get_or_insert(now);
        self.due = Some((now + self.time).min(first + self.time * LONGEST));
    }

    /// The last look brought nothing.
    pub(super) fn again(&mut self, at: Instant) {
        self.due = Some(at);
    }

    /// It is being looked, or nothing can be seen.
    pub(super) fn clear(&mut self) {
        (self.first, self.due) = (None, None);
    }

    /// When to look; `None` where nothing happened.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }
}

/// Whether a container or its networks may be others after it.
pub(super) fn tells_of_change(event: &EngineEvent) -> bool {
    !BESIDE.contains(&event.verb())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_waited_for_but_not_for_ever() {
        let (begin, time) = (Instant::now(), Duration::from_millis(200));
        let mut quiet = Quiet::new(time);
        assert_eq!(quiet.due(), None);
        quiet.heard(begin);
        assert_eq!(quiet.due(), Some(begin + time));
        quiet.heard(begin + time / 2);
        assert_eq!(quiet.due(), Some(begin + time / 2 + time));
        for tenths in 0..200 {
            quiet.heard(begin + time / 10 * tenths);
        }
        assert_eq!(quiet.due(), Some(begin + time * 10));
        quiet.clear();
        assert_eq!(quiet.due(), None);
        quiet.heard(begin + time * 30);
        assert_eq!(quiet.due(), Some(begin + time * 31));
    }
}
