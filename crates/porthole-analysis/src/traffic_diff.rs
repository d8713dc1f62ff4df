//! How two recordings of the same command differ.
//!
//! What is new in every run is no difference: ids, times of day, the version in the path, which is said once.

mod align;
mod answers;
mod bodies;
mod call;
mod requests;
mod volatile;

use std::collections::BTreeSet;

use align::Step;
pub use call::CallBodies;
use porthole_model::{CallDifference, ChangedCall, DiffSide, Exchange, ExchangeId, TrafficDiff};

/// Names of clients beyond these are not told.
const MOST_AGENTS: usize = 8;

/// Which of two recordings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffOf {
    /// The first that was named.
    Left,
    /// The second.
    Right,
}

/// How the calls of two recordings differ. `read` gives the heads and bodies of a call, and is asked for one pair at a
/// time; its first error ends the comparison.
pub fn traffic_diff<E>(
    left: &[Exchange],
    right: &[Exchange],
    mut read: impl FnMut(DiffOf, ExchangeId) -> Result<CallBodies, E>,
) -> Result<TrafficDiff, E> {
    let mut diff = TrafficDiff { sides: [side(left), side(right)], ..TrafficDiff::default() };
    let mut agents = [BTreeSet::new(), BTreeSet::new()];
    for step in align::steps(left, right) {
        let (first, second) = match step {
            Step::Left(place) => {
                diff.calls.push(CallDifference::OnlyLeft(Box::new(left[place].clone())));
                continue;
            }
            Step::Right(place) => {
                diff.calls.push(CallDifference::OnlyRight(Box::new(right[place].clone())));
                continue;
            }
            Step::Both { left: first, right: second, moved } => {
                diff.reordered += u64::from(moved);
                (&left[first], &right[second])
            }
        };
        let bodies = [read(DiffOf::Left, first.id)?, read(DiffOf::Right, second.id)?];
        note_agents(&mut agents, &bodies);
        compare(&mut diff, [first, second], &bodies);
    }
    for (side, agents) in diff.sides.iter_mut().zip(agents) {
        side.user_agents = agents.into_iter().collect();
    }
    Ok(diff)
}

fn side(exchanges: &[Exchange]) -> DiffSide {
    let versions: BTreeSet<_> =
        exchanges.iter().filter_map(|exchange| exchange.api_version.clone()).collect();
    DiffSide {
        calls: exchanges.len() as u64,
        api_versions: versions.into_iter().collect(),
        ..DiffSide::default()
    }
}

fn note_agents(agents: &mut [BTreeSet<String>; 2], bodies: &[CallBodies; 2]) {
    for (known, bodies) in agents.iter_mut().zip(bodies) {
        if known.len() < MOST_AGENTS {
            known.extend(bodies.user_agent());
        }
    }
}

fn compare(diff: &mut TrafficDiff, [left, right]: [&Exchange; 2], bodies: &[CallBodies; 2]) {
    let (changes, whole) = call::changes([left, right], bodies);
    diff.bodies_not_compared += u64::from(!whole);
    if changes.is_empty() {
        diff.same += 1;
    } else {
        let call = ChangedCall { left: left.clone(), right: right.clone(), changes };
        diff.calls.push(CallDifference::Changed(Box::new(call)));
    }
}

#[cfg(test)]
mod tests;
