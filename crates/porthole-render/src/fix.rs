//! What `doctor --fix` is about to do, and what came of it.

use porthole_model::{CheckCode, Finding, Mend, Remedy, Subject};

use crate::doc::{Doc, Line, Style};
use crate::report;

/// A mend of a finding, and what it came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The finding's check.
    pub code: CheckCode,
    /// What the finding concerned.
    pub subject: Subject,
    /// What the mend does.
    pub explanation: String,
    /// The commands that do the same, in order.
    pub commands: Vec<String>,
    /// The commands that take it back, in order.
    pub undo: Vec<String>,
    /// What it came to.
    pub outcome: FixOutcome,
}

/// What a mend came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FixOutcome {
    /// It was done, and the finding is gone.
    Mended,
    /// It was done, and the finding is still there.
    Remains,
    /// It could not be done, and what had been done of it was taken back.
    Failed {
        /// Why.
        reason: String,
        /// The commands that take back what could not be taken back.
        left: Vec<String>,
    },
    /// It was not done.
    NotDone {
        /// Why.
        reason: String,
    },
}

impl Fix {
    /// The commands that take back what it left.
    pub fn to_take_back(&self) -> &[String] {
        match &self.outcome {
            FixOutcome::Mended | FixOutcome::Remains => &self.undo,
            FixOutcome::Failed { left, .. } => left,
            FixOutcome::NotDone { .. } => &[],
        }
    }
}

/// A finding, what would be done about it, and how that would be taken back.
pub fn plan(finding: &Finding, remedy: &Remedy, mend: &Mend) -> Doc {
    let mut doc = Doc::new();
    doc.paragraph(report::head(finding));
    let mut inner = Doc::new();
    report::remedy(&mut inner, remedy);
    inner.append(undoing("take it back", &mend.undo));
    doc.nested(inner);
    doc
}

/// What came of each, and how all of it is taken back.
pub fn doc(fixes: &[Fix]) -> Doc {
    let mut doc = Doc::new();
    for fix in fixes {
        doc.blank().append(outcome(fix));
    }
    let undo: Vec<_> = fixes.iter().rev().flat_map(Fix::to_take_back).cloned().collect();
    if !undo.is_empty() {
        doc.blank().append(undoing("to take back what was done", &undo));
    }
    doc
}

fn outcome(fix: &Fix) -> Doc {
    let (style, word, reason) = match &fix.outcome {
        FixOutcome::Mended => (Style::Good, "mended", None),
        FixOutcome::Remains => (Style::Warning, "done, and still found", None),
        FixOutcome::Failed { reason, .. } => (Style::Error, "failed", Some(reason)),
        FixOutcome::NotDone { reason } => (Style::Note, "not done", Some(reason)),
    };
    let mut line = Line::of(style, &format!("{word}[{}]", fix.code)).plain(" ");
    line.append(report::subject(&fix.subject));
    let mut doc = Doc::new();
    doc.paragraph(line.plain(": ").plain(&fix.explanation));
    let mut inner = Doc::new();
    inner.code(fix.commands.iter().map(String::as_str));
    if let Some(reason) = reason {
        inner.paragraph(Line::of(Style::Faint, "because: ").plain(reason));
    }
    doc.nested(inner);
    doc
}

fn undoing(what: &str, commands: &[String]) -> Doc {
    let mut doc = Doc::new();
    doc.definitions(vec![(Line::of(Style::Note, "undo"), what.into())]);
    let mut inner = Doc::new();
    inner.code(commands.iter().map(String::as_str));
    doc.nested(inner);
    doc
}
