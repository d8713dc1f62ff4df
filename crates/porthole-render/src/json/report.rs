//! A report as JSON.

use porthole_model::{
    CheckOutcome, CheckResult, Confidence, Finding, Gap, Remedy, Report, Severity, Subject, SubjectKind,
};
use schemars::JsonSchema;
use serde::Serialize;

use super::fix::FixItem;
use super::gap::MissingFact;
use super::{SCHEMA_VERSION, pretty};
use crate::fix::Fix;
use crate::moment;

/// What doctor found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[schemars(title = "porthole doctor")]
pub struct ReportDocument {
    /// The version of this document.
    pub schema_version: u32,
    /// When the facts were read (RFC 3339).
    pub observed_at: String,
    /// The host, in a phrase.
    pub host: String,
    /// The engine, in a phrase; null when none was read.
    pub engine: Option<String>,
    /// What was found, worst first.
    pub findings: Vec<FindingItem>,
    /// Every check, by code.
    pub checks: Vec<CheckItem>,
    /// What could not be read.
    pub gaps: Vec<MissingFact>,
    /// What `--fix` came to, in order; empty without it.
    pub fixes: Vec<FixItem>,
}

/// One cause, found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FindingItem {
    /// The code of the check that found it: `PH011`.
    pub code: String,
    /// How bad it is.
    pub severity: SeverityWord,
    /// How sure it is.
    pub confidence: ConfidenceWord,
    /// What it concerns.
    pub subject: SubjectItem,
    /// What is wrong, in a sentence.
    pub summary: String,
    /// What it rests on.
    pub evidence: Vec<EvidenceItem>,
    /// Ways to mend it.
    pub remedies: Vec<RemedyItem>,
    /// Findings that this one explains.
    pub explains: Vec<FindingItem>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SeverityWord {
    /// Worth knowing; nothing is broken.
    Note,
    /// Works now, but is risky or broken for some.
    Warning,
    /// Broken.
    Error,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConfidenceWord {
    /// The evidence admits other causes.
    Likely,
    /// The evidence admits no other cause.
    Certain,
}

/// What a finding concerns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SubjectItem {
    /// Its kind.
    pub kind: SubjectWord,
    /// Its name.
    pub name: String,
}

/// The kinds of subjects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubjectWord {
    /// The host.
    Host,
    /// The engine.
    Engine,
    /// A network.
    Network,
    /// A container.
    Container,
    /// A published port.
    Port,
}

/// One thing that was read or tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EvidenceItem {
    /// Where it was read.
    pub source: String,
    /// What stood there.
    pub observed: String,
}

/// A way to mend a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RemedyItem {
    /// What it does.
    pub explanation: String,
    /// The commands, in order.
    pub commands: Vec<String>,
    /// The commands that take it back, in order; empty where `doctor --fix` leaves it to a person.
    pub undo: Vec<String>,
}

/// What one check came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckItem {
    /// Its code.
    pub code: String,
    /// Its title.
    pub title: String,
    /// Whether it ran.
    pub outcome: CheckWord,
    /// The number of its findings, folded ones too; null when it did not run.
    pub findings: Option<usize>,
}

/// Whether a check ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckWord {
    /// It looked at everything.
    Ran,
    /// It looked at a part; `gaps` says what it could not look at.
    RanInPart,
    /// It did not run; `gaps` says why.
    Skipped,
}

/// A report as JSON.
pub fn report(report: &Report) -> String {
    pretty(&ReportDocument::from(report))
}

/// A report on what is left after `--fix`, with what that did, as JSON.
pub fn fixed_report(report: &Report, fixes: &[Fix]) -> String {
    let fixes = fixes.iter().map(FixItem::from).collect();
    pretty(&ReportDocument { fixes, ..ReportDocument::from(report) })
}

impl From<&Report> for ReportDocument {
    fn from(report: &Report) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            observed_at: moment::rfc3339(report.observed_at),
            host: report.host.clone(),
            engine: report.engine.clone().ok(),
            findings: report.findings.iter().map(FindingItem::from).collect(),
            checks: report.checks.iter().map(CheckItem::from).collect(),
            gaps: gaps(report),
            fixes: Vec::new(),
        }
    }
}

fn gaps(report: &Report) -> Vec<MissingFact> {
    let engine = report.engine.as_ref().err().map(|gap| MissingFact::at("engine".to_owned(), gap));
    let checks = report.checks.iter().enumerate().flat_map(|(place, check)| {
        lacked(check).iter().map(move |gap| MissingFact::at(format!("checks[{place}]"), gap))
    });
    engine.into_iter().chain(checks).collect()
}

fn lacked(check: &CheckOutcome) -> &[Gap] {
    match &check.result {
        CheckResult::Ran { gaps, .. } => gaps,
        CheckResult::Skipped(gap) => std::slice::from_ref(gap),
    }
}

impl From<&Finding> for FindingItem {
    fn from(finding: &Finding) -> Self {
        let evidence = finding.evidence.iter();
        Self {
            code: finding.code.to_string(),
            severity: finding.severity.into(),
            confidence: finding.confidence.into(),
            subject: SubjectItem::from(&finding.subject),
            summary: finding.summary.clone(),
            evidence: evidence
                .map(|item| EvidenceItem { source: item.source.clone(), observed: item.observed.clone() })
                .collect(),
            remedies: finding.remedies.iter().map(RemedyItem::from).collect(),
            explains: finding.explains.iter().map(Self::from).collect(),
        }
    }
}

impl From<&Subject> for SubjectItem {
    fn from(subject: &Subject) -> Self {
        Self { kind: subject.kind.into(), name: subject.name.clone() }
    }
}

impl From<&Remedy> for RemedyItem {
    fn from(remedy: &Remedy) -> Self {
        Self {
            explanation: remedy.explanation.clone(),
            commands: remedy.commands.clone(),
            undo: remedy.mend.as_ref().map(|mend| mend.undo.clone()).unwrap_or_default(),
        }
    }
}

impl From<&CheckOutcome> for CheckItem {
    fn from(check: &CheckOutcome) -> Self {
        let (outcome, findings) = match &check.result {
            CheckResult::Ran { findings, gaps } if gaps.is_empty() => (CheckWord::Ran, Some(*findings)),
            CheckResult::Ran { findings, .. } => (CheckWord::RanInPart, Some(*findings)),
            CheckResult::Skipped(_) => (CheckWord::Skipped, None),
        };
        Self { code: check.code.to_string(), title: check.title.clone(), outcome, findings }
    }
}

impl From<Severity> for SeverityWord {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Note => Self::Note,
            Severity::Warning => Self::Warning,
            Severity::Error => Self::Error,
        }
    }
}

impl From<Confidence> for ConfidenceWord {
    fn from(confidence: Confidence) -> Self {
        match confidence {
            Confidence::Likely => Self::Likely,
            Confidence::Certain => Self::Certain,
        }
    }
}

impl From<SubjectKind> for SubjectWord {
    fn from(kind: SubjectKind) -> Self {
        match kind {
            SubjectKind::Host => Self::Host,
            SubjectKind::Engine => Self::Engine,
            SubjectKind::Network => Self::Network,
            SubjectKind::Container => Self::Container,
            SubjectKind::Port => Self::Port,
        }
    }
}
