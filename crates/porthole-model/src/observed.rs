//! A fact that was read, or the reason why it could not be: never an empty value for "could not read".

use std::fmt;

use serde::{Deserialize, Serialize};

/// A fact, or the reason why there is none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed<T> {
    /// The fact was read.
    Known(T),
    /// The fact could not be read, was not there, or was not asked for.
    Missing(Gap),
}

impl<T> Observed<T> {
    /// The fact by reference, or its gap, so that a check can leave through `?`.
    pub fn known(&self) -> Result<&T, Gap> {
        match self {
            Self::Known(value) => Ok(value),
            Self::Missing(gap) => Err(gap.clone()),
        }
    }

    /// The fact, where its absence needs no reason at this place (a column of a table).
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Missing(_) => None,
        }
    }

    /// The same, to be changed.
    pub fn value_mut(&mut self) -> Option<&mut T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Missing(_) => None,
        }
    }

    /// Why the fact is missing.
    pub fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Known(_) => None,
            Self::Missing(gap) => Some(gap),
        }
    }

    /// A fact that an older porthole, whose recording is read, did not know of.
    pub fn not_recorded() -> Self {
        let cause = "the porthole that wrote this recording did not read it";
        Self::Missing(Gap::new(GapKind::NotAsked, "fact", cause).with_remedy("record it anew"))
    }

    /// The same fact seen through `change`.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Observed<U> {
        match self {
            Self::Known(value) => Observed::Known(change(value)),
            Self::Missing(gap) => Observed::Missing(gap),
        }
    }
}

impl<T> From<Result<T, Gap>> for Observed<T> {
    fn from(result: Result<T, Gap>) -> Self {
        match result {
            Ok(value) => Self::Known(value),
            Err(gap) => Self::Missing(gap),
        }
    }
}

/// Why a fact is missing, in words for a person, and what would give it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Gap {
    /// The kind of cause, for programs.
    pub kind: GapKind,
    /// What is missing: "sockets of network namespace 4026532281".
    pub what: String,
    /// Why: "permission denied (setns)".
    pub cause: String,
    /// What would give it, as something the user can do: "run porthole as root".
    pub remedy: Option<String>,
}

impl Gap {
    /// A gap without a remedy.
    pub fn new(kind: GapKind, what: impl Into<String>, cause: impl Into<String>) -> Self {
        Self { kind, what: what.into(), cause: cause.into(), remedy: None }
    }

    /// The same gap with what would close it.
    #[must_use]
    pub fn with_remedy(mut self, remedy: impl Into<String>) -> Self {
        self.remedy = Some(remedy.into());
        self
    }

    /// A fact that this run did not ask for.
    pub fn not_asked(what: impl Into<String>) -> Self {
        Self::new(GapKind::NotAsked, what, "this command does not read it")
    }
}

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.what, self.cause)?;
        match &self.remedy {
            Some(remedy) => write!(formatter, " ({remedy})"),
            None => Ok(()),
        }
    }
}

/// The kinds of causes for a missing fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapKind {
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
