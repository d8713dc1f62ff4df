//! Packets that should arrive and do not, as concerns: one for each rule or policy that stops some.

use porthole_model::Gap;

use super::{Concern, Found};
use crate::case::Case;
use crate::firewall::{Culprit, Scene, Stop, Victim};

/// The concerns about what one of these culprits stops; none where Docker's rules are gone, which explains more.
pub(super) fn by(
    case: &Case<'_>,
    culprit: Culprit,
    concern: impl Fn(&Scene<'_>, &Stop, &[Victim<'_>]) -> Concern,
) -> Result<Found, Gap> {
    let mut found = Found::default();
    let Some(scene) = case.scene_with_rules()? else { return Ok(found) };
    for gap in scene.journeys.gaps() {
        found.gap(gap.clone());
    }
    for (stop, victims) in scene.stopped_by(&[culprit])? {
        let concern = concern(scene, &stop, &victims);
        let concern = victims.iter().fold(concern, |concern, victim| concern.related(victim.subject()));
        found.concerns.push(concern);
    }
    Ok(found)
}
