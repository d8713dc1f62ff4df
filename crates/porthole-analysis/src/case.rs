//! A case: one snapshot under diagnosis, and what several checks work out of it.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use porthole_model::{Gap, Snapshot};

use crate::firewall::{Journeys, Scene};
use crate::probes::Attempts;

/// A snapshot, and what is worked out of it for the first check that asks and kept for the others.
pub struct Case<'s> {
    /// What was read.
    pub snapshot: &'s Snapshot,
    journeys: OnceCell<Result<Rc<Journeys<'s>>, Gap>>,
    scene: OnceCell<Result<Option<Scene<'s>>, Gap>>,
    attempts: OnceCell<Result<Attempts<'s>, Gap>>,
}

impl<'s> Case<'s> {
    /// A case of which nothing has been asked.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        let (journeys, scene, attempts) = (OnceCell::new(), OnceCell::new(), OnceCell::new());
        Self { snapshot, journeys, scene, attempts }
    }

    /// The host through which packets are sent.
    pub(crate) fn journeys(&self) -> Result<Rc<Journeys<'s>>, Gap> {
        let made = self.journeys.get_or_init(|| Journeys::new(self.snapshot).map(Rc::new));
        made.clone()
    }

    /// The rules that the engine keeps in this host's firewall; `None` where it keeps none.
    pub(crate) fn scene(&self) -> Result<Option<&Scene<'s>>, Gap> {
        let made = self.scene.get_or_init(|| Scene::of(self));
        made.as_ref().map(Option::as_ref).map_err(Gap::clone)
    }

    /// The same where some of them are there.
    pub(crate) fn scene_with_rules(&self) -> Result<Option<&Scene<'s>>, Gap> {
        Ok(self.scene()?.filter(|scene| !scene.rules.are_gone()))
    }

    /// What `doctor --active` tries.
    pub(crate) fn attempts(&self) -> Result<&Attempts<'s>, Gap> {
        self.attempts.get_or_init(|| Attempts::of(self)).as_ref().map_err(Gap::clone)
    }
}

impl fmt::Debug for Case<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Case").field("snapshot", self.snapshot).finish_non_exhaustive()
    }
}
