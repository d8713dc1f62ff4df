//! What could not be seen, each reason once.

use porthole_model::Gap;

use crate::doc::{Doc, Line, Style};

/// Gaps without their repetitions, in the order they came.
pub(crate) fn distinct<'a>(gaps: impl IntoIterator<Item = &'a Gap>) -> Vec<&'a Gap> {
    let mut kept: Vec<&Gap> = Vec::new();
    for gap in gaps {
        if !kept.contains(&gap) {
            kept.push(gap);
        }
    }
    kept
}

/// A gap in a line: what, why, and what would give it.
pub(crate) fn line(gap: &Gap) -> Line {
    let line = Line::of(Style::Strong, &gap.what).plain(": ").plain(&gap.cause);
    match &gap.remedy {
        Some(remedy) => line.with(Style::Faint, &format!(" ({remedy})")),
        None => line,
    }
}

/// The list below a listing that shows `?`; nothing where nothing is missing.
pub(crate) fn not_seen<'a>(gaps: impl IntoIterator<Item = &'a Gap>) -> Doc {
    let gaps = distinct(gaps);
    let mut doc = Doc::new();
    if !gaps.is_empty() {
        doc.blank().paragraph(Line::of(Style::Warning, "Not seen:"));
        doc.list(gaps.into_iter().map(line).collect());
    }
    doc
}
