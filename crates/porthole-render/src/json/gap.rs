//! Facts that could not be read.

use porthole_model::{Gap, GapKind, Observed};
use schemars::JsonSchema;
use serde::Serialize;

/// A fact that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MissingFact {
    /// Where in this document the fact would stand: `rows[3].fdb`; null where it has no single place.
    pub path: Option<String>,
    /// The kind of cause.
    pub kind: GapWord,
    /// What is missing.
    pub what: String,
    /// Why.
    pub cause: String,
    /// What would give it.
    pub remedy: Option<String>,
}

/// The kinds of causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum GapWord {
    /// The kernel or the engine refused; a right would give it.
    Permission,
    /// The thing ended while it was read.
    Vanished,
    /// This kernel or engine does not have it.
    Unsupported,
    /// This run did not ask for it.
    NotAsked,
    /// The engine does not answer.
    EngineUnreachable,
    /// The kernel facts are of another machine than the engine.
    Elsewhere,
    /// Anything else; the cause says what.
    Failed,
}

impl MissingFact {
    /// A gap and where its fact would stand.
    pub(super) fn at(path: impl Into<Option<String>>, gap: &Gap) -> Self {
        Self {
            path: path.into(),
            kind: GapWord::from(gap.kind),
            what: gap.what.clone(),
            cause: gap.cause.clone(),
            remedy: gap.remedy.clone(),
        }
    }
}

/// The fact, or null and a note in `gaps`.
pub(super) fn known<'a, T>(
    fact: &'a Observed<T>,
    path: impl FnOnce() -> String,
    gaps: &mut Vec<MissingFact>,
) -> Option<&'a T> {
    match fact {
        Observed::Known(value) => Some(value),
        Observed::Missing(gap) => {
            gaps.push(MissingFact::at(path(), gap));
            None
        }
    }
}

impl From<GapKind> for GapWord {
    fn from(kind: GapKind) -> Self {
        match kind {
            GapKind::Permission => Self::Permission,
            GapKind::Vanished => Self::Vanished,
            GapKind::Unsupported => Self::Unsupported,
            GapKind::NotAsked => Self::NotAsked,
            GapKind::EngineUnreachable => Self::EngineUnreachable,
            GapKind::Elsewhere => Self::Elsewhere,
            GapKind::Failed => Self::Failed,
        }
    }
}
