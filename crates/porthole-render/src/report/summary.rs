//! The sum of a report: what was checked, how much was found, how much could not be looked at.

use porthole_model::{CheckOutcome, CheckResult, Finding, Report, Severity};

use super::severity_style;
use crate::doc::{Doc, Line, Style};

/// The last lines of a report.
pub(super) fn doc(report: &Report) -> Doc {
    let mut doc = Doc::new();
    if report.findings.is_empty() && report.checks.iter().any(ran_wholly) {
        let good = Line::of(Style::Good, "Nothing wrong was found.");
        doc.paragraph(
            good.plain(" ").with(Style::Code, "porthole explain").plain(" lists what was looked at."),
        );
    }
    doc.paragraph(sum(report));
    doc
}

fn ran_wholly(check: &CheckOutcome) -> bool {
    matches!(&check.result, CheckResult::Ran { gaps, .. } if gaps.is_empty())
}

/// `12 checks: 1 error, 1 warning, 3 explained by them; 2 not checked`.
fn sum(report: &Report) -> Line {
    let mut line = Line::of(Style::Strong, &counted(report.checks.len(), "check")).plain(": ");
    let mut parts = severities(report);
    match report.findings.iter().map(folded).sum() {
        0 => {}
        folded => parts.push((Style::Faint, format!("{folded} explained by them"))),
    }
    if parts.is_empty() {
        parts.push((Style::Good, "nothing found".to_owned()));
    }
    for (number, (style, text)) in parts.iter().enumerate() {
        line.push(Style::Plain, if number == 0 { "" } else { ", " });
        line.push(*style, text);
    }
    line.append(lacking(report));
    line
}

fn severities(report: &Report) -> Vec<(Style, String)> {
    let count = |severity| report.findings.iter().filter(|finding| finding.severity == severity).count();
    [Severity::Error, Severity::Warning, Severity::Note]
        .into_iter()
        .map(|severity| (severity, count(severity)))
        .filter(|(_, count)| *count > 0)
        .map(|(severity, count)| (severity_style(severity), counted(count, &severity.to_string())))
        .collect()
}

fn folded(finding: &Finding) -> usize {
    finding.explains.len() + finding.explains.iter().map(folded).sum::<usize>()
}

fn lacking(report: &Report) -> Line {
    let skipped =
        report.checks.iter().filter(|check| matches!(check.result, CheckResult::Skipped(_))).count();
    let in_part = report.checks.iter().filter(|check| !ran_wholly(check)).count() - skipped;
    let mut line = Line::new();
    if skipped > 0 {
        line = line.plain("; ").with(Style::Warning, &format!("{skipped} not checked"));
    }
    if in_part > 0 {
        line = line.plain("; ").with(Style::Warning, &format!("{in_part} checked in part"));
    }
    line
}

fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
