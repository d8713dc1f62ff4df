//! The checks that did not run or not wholly, by what they lacked.

use porthole_model::{CheckOutcome, CheckResult, Gap, Report};

use crate::doc::{Doc, Line, Style};
use crate::gaps;

/// `Not checked` with every reason; nothing where every check ran wholly.
pub(super) fn doc(report: &Report) -> Doc {
    let mut doc = Doc::new();
    let reasons = gaps::distinct(report.checks.iter().flat_map(lacked));
    if reasons.is_empty() {
        return doc;
    }
    doc.heading(Line::of(Style::Warning, "Not checked"));
    let mut inner = Doc::new();
    for gap in reasons {
        inner.paragraph(gaps::line(gap));
        inner.list(report.checks.iter().filter_map(|check| concerned(check, gap)).collect());
    }
    doc.nested(inner).blank();
    doc
}

fn lacked(check: &CheckOutcome) -> &[Gap] {
    match &check.result {
        CheckResult::Ran { gaps, .. } => gaps,
        CheckResult::Skipped(gap) => std::slice::from_ref(gap),
    }
}

fn concerned(check: &CheckOutcome, gap: &Gap) -> Option<Line> {
    lacked(check).contains(gap).then(|| {
        let line = Line::of(Style::Strong, &check.code.to_string()).plain(" ").plain(&check.title);
        match check.result {
            CheckResult::Ran { .. } => line.with(Style::Faint, " (in part)"),
            CheckResult::Skipped(_) => line,
        }
    })
}
