//! When a tap ends, what waits to be shown has a moment more: lines all the time they need, heads and bodies not.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// How long heads and bodies that wait are still shown.
const MOMENT: Duration = Duration::from_secs(2);

/// The end of a tap, told to the thread that shows its calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Parting(Arc<OnceLock<Instant>>);

impl Parting {
    /// The end has come.
    pub(super) fn begin(&self) {
        let _first = self.0.get_or_init(Instant::now);
    }

    /// Whether the moment is over.
    pub(super) fn is_over(&self) -> bool {
        self.0.get().is_some_and(|begun| begun.elapsed() > MOMENT)
    }
}
