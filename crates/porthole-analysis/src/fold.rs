//! One cause gives one finding: what another finding explains is put under it.

use porthole_model::{CheckCode, Finding, Subject, SubjectKind};

use crate::checks::Concern;

/// A finding of `cause` explains one of `symptom` where they have to do with each other.
struct Rule {
    cause: (CheckCode, SubjectKind),
    symptom: (CheckCode, SubjectKind),
    through: Through,
}

/// What two findings have to do with each other.
#[derive(Clone, Copy)]
enum Through {
    /// Both touch the same thing of each of these kinds.
    Common(&'static [SubjectKind]),
    /// The symptom needs what the cause is about.
    Need,
}

const fn rule(
    cause: (u16, SubjectKind),
    symptom: (u16, SubjectKind),
    through: &'static [SubjectKind],
) -> Rule {
    Rule {
        cause: (CheckCode(cause.0), cause.1),
        symptom: (CheckCode(symptom.0), symptom.1),
        through: Through::Common(through),
    }
}

const fn need(cause: (u16, SubjectKind), symptom: (u16, SubjectKind)) -> Rule {
    Rule { through: Through::Need, ..rule(cause, symptom, &[]) }
}

/// No finding explains itself by way of others: the rules have no circle.
const RULES: &[Rule] = {
    use SubjectKind::{Container, Engine, Host, Network, Port};
    &[
        // A bridge that is gone leaves its ports without a master.
        rule((33, Network), (32, Container), &[Network]),
        // The bridge of a network that is gone is nobody's.
        rule((35, Container), (36, Network), &[Network]),
        // A docker-proxy of nobody keeps a port from who should have it.
        rule((13, Host), (13, Container), &[Host]),
        // An engine does not start with a database that it cannot read, or waits for it.
        rule((37, Engine), (101, Engine), &[Engine]),
        // Nor with a back end that wants packets forwarded, on a host that forwards none.
        rule((26, Engine), (101, Engine), &[Engine]),
        // The rules that a published port goes past keep containers, which come another way, from it.
        rule((8, Host), (7, Host), &[Port]),
        // An interface on which IPv6 is off holds no IPv6 address.
        rule((24, Host), (33, Network), &[Network]),
        rule((24, Network), (33, Network), &[Network]),
        rule((24, Container), (34, Container), &[Container]),
        // Packets that are too large and not told so are first of all too large.
        rule((19, Host), (18, Host), &[Host]),
        // A policy that drops for an engine that keeps its rules elsewhere.
        rule((26, Host), (4, Host), &[Container]),
        // A paused program lets its queue fill.
        rule((40, Container), (40, Port), &[Container]),
        // A health check that asks over the network fails with it. Those of other containers touch the network too.
        rule((1, Host), (109, Container), &[Network]),
        rule((16, Network), (109, Container), &[Network]),
        rule((33, Network), (109, Container), &[Network]),
        rule((30, Container), (109, Container), &[Container, Network]),
        rule((31, Container), (109, Container), &[Container, Network]),
        rule((32, Container), (109, Container), &[Container, Network]),
        rule((34, Container), (109, Container), &[Container, Network]),
        rule((42, Container), (109, Container), &[Container, Network]),
        // A port without a program behind it fails a health check that asks it.
        rule((10, Port), (109, Container), &[Container]),
        rule((11, Port), (109, Container), &[Container]),
        rule((40, Port), (109, Container), &[Container]),
        // What a program may not have, it fails without.
        rule((107, Container), (109, Container), &[Container]),
        rule((110, Container), (109, Container), &[Container]),
        rule((108, Engine), (109, Container), &[Engine]),
        // What ends a container keeps it restarting.
        rule((107, Container), (106, Container), &[Container]),
        rule((108, Engine), (106, Container), &[Engine]),
        rule((110, Container), (106, Container), &[Container]),
        rule((111, Container), (106, Container), &[Container]),
        rule((112, Container), (106, Container), &[Container]),
        // So does what it says itself that it does not find or may not ask.
        rule((23, Container), (106, Container), &[Container]),
        rule((23, Container), (109, Container), &[Container]),
        rule((102, Container), (106, Container), &[Container]),
        // A neighbour that cannot run is not found by its name.
        need((13, Container), (23, Container)),
        need((35, Container), (23, Container)),
        need((107, Container), (23, Container)),
        need((111, Container), (23, Container)),
        need((112, Container), (23, Container)),
        // What was read explains what was tried.
        rule((2, Host), (120, Port), &[Port]),
        rule((3, Host), (120, Port), &[Port]),
        rule((4, Host), (120, Port), &[Port]),
        rule((5, Host), (120, Port), &[Port]),
        rule((6, Host), (120, Port), &[Port]),
        rule((7, Host), (120, Port), &[Port]),
        rule((12, Port), (120, Port), &[Port]),
        rule((13, Port), (120, Port), &[Port]),
        rule((32, Container), (120, Port), &[Container]),
        rule((33, Network), (120, Port), &[Container]),
        rule((34, Container), (120, Port), &[Container]),
        rule((40, Container), (120, Port), &[Container]),
        rule((40, Port), (120, Port), &[Port]),
        rule((42, Container), (120, Port), &[Container]),
        rule((106, Container), (120, Port), &[Container]),
        rule((107, Container), (120, Port), &[Container]),
        rule((110, Container), (120, Port), &[Container]),
        // So do rules and settings what containers ask in vain, and files which servers they ask.
        rule((1, Host), (120, Container), &[Network]),
        rule((2, Host), (120, Container), &[]),
        rule((3, Host), (120, Container), &[]),
        rule((3, Network), (120, Container), &[Network]),
        rule((4, Host), (120, Container), &[Network]),
        rule((5, Host), (120, Container), &[Network]),
        rule((6, Host), (120, Container), &[Network]),
        rule((16, Network), (120, Container), &[Network]),
        rule((20, Container), (120, Container), &[Container]),
        rule((20, Host), (120, Container), &[Container]),
        rule((21, Container), (120, Container), &[Container]),
        rule((22, Container), (120, Container), &[Container]),
        rule((22, Host), (120, Container), &[Container]),
        rule((26, Host), (120, Container), &[Network]),
        rule((27, Host), (120, Container), &[]),
        rule((30, Container), (120, Container), &[Container]),
        rule((31, Container), (120, Container), &[Container]),
        rule((32, Container), (120, Container), &[Container]),
        rule((33, Network), (120, Container), &[Network]),
        rule((34, Container), (120, Container), &[Container]),
        rule((42, Container), (120, Container), &[Container]),
    ]
};

/// Puts each finding under the first one that explains it.
pub(crate) fn fold(concerns: Vec<Concern>) -> Vec<Finding> {
    let cause_of = |symptom: &Concern| concerns.iter().position(|cause| explains(cause, symptom));
    let causes: Vec<_> = concerns.iter().map(cause_of).collect();
    let mut findings: Vec<_> = concerns.into_iter().map(|concern| Some(concern.finding)).collect();
    let roots = (0..findings.len()).filter(|each| causes[*each].is_none());
    roots.filter_map(|root| take(root, &causes, &mut findings)).collect()
}

/// A finding with all that it explains, and as bad as the worst of it.
fn take(number: usize, causes: &[Option<usize>], findings: &mut [Option<Finding>]) -> Option<Finding> {
    let mut finding = findings[number].take()?;
    let effects = (0..causes.len()).filter(|each| causes[*each] == Some(number));
    finding.explains.extend(effects.filter_map(|effect| take(effect, causes, findings)));
    let worst = finding.explains.iter().map(|effect| effect.severity).max();
    finding.severity = worst.map_or(finding.severity, |worst| worst.max(finding.severity));
    Some(finding)
}

fn explains(cause: &Concern, symptom: &Concern) -> bool {
    !symptom.stands_alone
        && RULES.iter().any(|rule| {
            is(cause, rule.cause)
                && is(symptom, rule.symptom)
                && match rule.through {
                    Through::Common(kinds) => kinds.iter().all(|kind| meet(cause, symptom, *kind)),
                    Through::Need => symptom.needs.contains(&cause.finding.subject),
                }
        })
}

fn is(concern: &Concern, (code, kind): (CheckCode, SubjectKind)) -> bool {
    concern.finding.code == code && concern.finding.subject.kind == kind
}

fn meet(cause: &Concern, symptom: &Concern, through: SubjectKind) -> bool {
    let touched = std::iter::once(&cause.finding.subject).chain(&cause.related);
    touched.filter(|subject: &&Subject| subject.kind == through).any(|subject| symptom.touches(subject))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Place = (CheckCode, SubjectKind);

    fn depth(place: Place, above: &[Place]) -> usize {
        assert!(!above.contains(&place), "{place:?} explains itself by way of {above:?}");
        let above = [above, &[place]].concat();
        let below = RULES.iter().filter(|rule| rule.cause == place);
        below.map(|rule| depth(rule.symptom, &above) + 1).max().unwrap_or(0)
    }

    #[test]
    fn the_rules_have_no_circle() {
        for rule in RULES {
            assert!(depth(rule.cause, &[]) > 0);
        }
    }
}
