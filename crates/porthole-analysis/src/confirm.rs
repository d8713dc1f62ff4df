//! Two readings of a living host: only what both found is a finding.

use std::collections::BTreeSet;

use porthole_model::{CheckCode, CheckResult, Finding, Gap, GapKind, Report, Subject};

use crate::diagnose::sort;

/// The second report, with only those findings that the first has too, by code and subject.
///
/// Engine and kernel are read at slightly different moments; what comes or goes in between looks like a fault once.
/// Findings of a check that did not run the first time stay. One that is left out becomes a gap of its check.
pub fn confirm(first: &Report, second: Report) -> Report {
    let seen = keys(&first.findings);
    let unread: BTreeSet<_> = skipped(first).collect();
    let is_confirmed = |finding: &Finding| unread.contains(&finding.code) || seen.contains(&key(finding));
    let mut left_out = Vec::new();
    let mut report = second;
    report.findings = kept(std::mem::take(&mut report.findings), &is_confirmed, &mut left_out);
    sort(&mut report.findings);
    for finding in &left_out {
        note(&mut report, finding);
    }
    report
}

type Key = (CheckCode, Subject);

fn key(finding: &Finding) -> Key {
    (finding.code, finding.subject.clone())
}

fn keys(findings: &[Finding]) -> BTreeSet<Key> {
    findings.iter().flat_map(|finding| keys(&finding.explains).into_iter().chain([key(finding)])).collect()
}

fn skipped(report: &Report) -> impl Iterator<Item = CheckCode> {
    let skipped = report.checks.iter().filter(|check| matches!(check.result, CheckResult::Skipped(_)));
    skipped.map(|check| check.code)
}

/// What is confirmed; a symptom whose cause is not stands for itself.
fn kept(
    findings: Vec<Finding>,
    is_confirmed: &impl Fn(&Finding) -> bool,
    left_out: &mut Vec<Finding>,
) -> Vec<Finding> {
    let mut kept_findings = Vec::new();
    for mut finding in findings {
        let explained = kept(std::mem::take(&mut finding.explains), is_confirmed, left_out);
        if is_confirmed(&finding) {
            finding.explains = explained;
            kept_findings.push(finding);
        } else {
            kept_findings.extend(explained);
            left_out.push(finding);
        }
    }
    kept_findings
}

/// Says of a finding's check that it saw something once.
fn note(report: &mut Report, finding: &Finding) {
    let what = format!("{} on {}", finding.code, finding.subject.name);
    let cause = "it was seen in only one of two readings, so the host was just changing";
    let gap = Gap::new(GapKind::Vanished, what, cause).with_remedy("run this again");
    let check = report.checks.iter_mut().find(|check| check.code == finding.code);
    if let Some(CheckResult::Ran { findings, gaps }) = check.map(|check| &mut check.result) {
        *findings = findings.saturating_sub(1);
        gaps.push(gap);
    }
}
