//! What `doctor --fix` did, as JSON.

use schemars::JsonSchema;
use serde::Serialize;

use super::report::SubjectItem;
use crate::fix::{Fix, FixOutcome};

/// What `--fix` came to for one finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FixItem {
    /// The code of the finding's check.
    pub code: String,
    /// What the finding concerned.
    pub subject: SubjectItem,
    /// What the mend does.
    pub explanation: String,
    /// The commands, in order.
    pub commands: Vec<String>,
    /// What it came to.
    pub outcome: FixWord,
    /// Why it failed or was not done; null otherwise.
    pub reason: Option<String>,
    /// The commands that take back what was done, in order; empty where nothing is to be taken back.
    pub undo: Vec<String>,
}

/// What a mend came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FixWord {
    /// It was done, and the finding is gone.
    Mended,
    /// It was done, and the finding is still there.
    Remains,
    /// It could not be done; what had been done of it was taken back, but for what is in `undo`.
    Failed,
    /// It was not done.
    NotDone,
}

impl From<&Fix> for FixItem {
    fn from(fix: &Fix) -> Self {
        let (outcome, reason) = match &fix.outcome {
            FixOutcome::Mended => (FixWord::Mended, None),
            FixOutcome::Remains => (FixWord::Remains, None),
            FixOutcome::Failed { reason, .. } => (FixWord::Failed, Some(reason.clone())),
            FixOutcome::NotDone { reason } => (FixWord::NotDone, Some(reason.clone())),
        };
        Self {
            code: fix.code.to_string(),
            subject: SubjectItem::from(&fix.subject),
            explanation: fix.explanation.clone(),
            commands: fix.commands.clone(),
            outcome,
            reason,
            undo: fix.to_take_back().to_vec(),
        }
    }
}
