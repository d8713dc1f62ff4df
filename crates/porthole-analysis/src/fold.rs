//! One cause gives one finding: what another finding explains is put under it.

use porthole_model::{CheckCode, Finding, Subject, SubjectKind};

use crate::checks::Concern;

/// A finding of `cause` explains one of `symptom` where both touch the same thing of a kind.
struct Rule {
    cause: (CheckCode, SubjectKind),
    symptom: (CheckCode, SubjectKind),
    through: SubjectKind,
}

/// A bridge that is gone leaves its ports without a master; a paused program lets its queue fill.
const RULES: [Rule; 2] = [
    Rule {
        cause: (CheckCode(33), SubjectKind::Network),
        symptom: (CheckCode(32), SubjectKind::Container),
        through: SubjectKind::Network,
    },
    Rule {
        cause: (CheckCode(40), SubjectKind::Container),
        symptom: (CheckCode(40), SubjectKind::Port),
        through: SubjectKind::Container,
    },
];

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
    RULES
        .iter()
        .any(|rule| is(cause, rule.cause) && is(symptom, rule.symptom) && meet(cause, symptom, rule.through))
}

fn is(concern: &Concern, (code, kind): (CheckCode, SubjectKind)) -> bool {
    concern.finding.code == code && concern.finding.subject.kind == kind
}

fn meet(cause: &Concern, symptom: &Concern, through: SubjectKind) -> bool {
    let touched = std::iter::once(&cause.finding.subject).chain(&cause.related);
    touched.filter(|subject: &&Subject| subject.kind == through).any(|subject| symptom.touches(subject))
}
