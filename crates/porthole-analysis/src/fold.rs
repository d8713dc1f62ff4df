//! One cause gives one finding: what another finding explains is put under it.

use porthole_model::{CheckCode, Finding, Subject, SubjectKind};

use crate::checks::Concern;

/// A finding of `cause` explains one of `symptom` where both touch the same thing of a kind.
struct Rule {
    cause: (CheckCode, SubjectKind),
    symptom: (CheckCode, SubjectKind),
    through: SubjectKind,
}

const fn rule(cause: (u16, SubjectKind), symptom: (u16, SubjectKind), through: SubjectKind) -> Rule {
    Rule { cause: (CheckCode(cause.0), cause.1), symptom: (CheckCode(symptom.0), symptom.1), through }
}

const RULES: [Rule; 13] = {
    use SubjectKind::{Container, Host, Network, Port};
    [
        // A bridge that is gone leaves its ports without a master.
        rule((33, Network), (32, Container), Network),
        // An interface on which IPv6 is off holds no IPv6 address.
        rule((24, Host), (33, Network), Network),
        rule((24, Network), (33, Network), Network),
        rule((24, Container), (34, Container), Container),
        // Packets that are too large and not told so are first of all too large.
        rule((19, Host), (18, Host), Host),
        // The rules that a published port goes past keep containers, which come another way, from it.
        rule((8, Host), (7, Host), Port),
        // A policy that drops for an engine that keeps its rules elsewhere.
        rule((26, Host), (4, Host), Container),
        // A paused program lets its queue fill.
        rule((40, Container), (40, Port), Container),
        // A port without a program behind it fails a health check that asks it.
        rule((10, Port), (109, Container), Container),
        rule((11, Port), (109, Container), Container),
        // What kills a container keeps it restarting.
        rule((107, Container), (106, Container), Container),
        rule((111, Container), (106, Container), Container),
        rule((112, Container), (106, Container), Container),
    ]
};

/// Puts each finding under the first one that explains it. No rule's symptom is another's cause.
pub(crate) fn fold(concerns: Vec<Concern>) -> Vec<Finding> {
    let is_symptom: Vec<_> =
        concerns.iter().map(|concern| concerns.iter().any(|cause| explains(cause, concern))).collect();
    let (symptoms, causes): (Vec<_>, Vec<_>) =
        concerns.into_iter().zip(is_symptom).partition(|(_, is_symptom)| *is_symptom);
    let mut causes: Vec<_> = causes.into_iter().map(|(cause, _)| cause).collect();
    for (symptom, _) in symptoms {
        if let Some(cause) = causes.iter_mut().find(|cause| explains(cause, &symptom)) {
            cause.finding.explains.push(symptom.finding);
        }
    }
    causes.into_iter().map(|concern| concern.finding).collect()
}

fn explains(cause: &Concern, symptom: &Concern) -> bool {
    !symptom.stands_alone
        && RULES.iter().any(|rule| {
            is(cause, rule.cause) && is(symptom, rule.symptom) && meet(cause, symptom, rule.through)
        })
}

fn is(concern: &Concern, (code, kind): (CheckCode, SubjectKind)) -> bool {
    concern.finding.code == code && concern.finding.subject.kind == kind
}

fn meet(cause: &Concern, symptom: &Concern, through: SubjectKind) -> bool {
    let touched = std::iter::once(&cause.finding.subject).chain(&cause.related);
    touched.filter(|subject: &&Subject| subject.kind == through).any(|subject| symptom.touches(subject))
}
